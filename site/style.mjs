/** @file The style sheet of all pages, site.css: the sheets of style/ with the colours that reports and exported lessons have. */
import { readFileSync } from "node:fs";
import { CATEGORIES, pageVariables } from "#kernel-lib/panorama/colors.js";

/** Colours of code, and of the steps (a) to (e) of an algorithm, with enough contrast on the page. */
const INKS = {
  light: "--comment:#5f6a62;--text:#20662f;--number:#8a3c00;--word:#7a2a86;--a:#005a91;--b:#8a5a00;--c:#00704f;--d:#a84300;--e:#8f3f73;",
  dark: `--comment:#98a39b;--text:#93d3a0;--number:#f0b27e;--word:#d9a4e2;--a:${CATEGORIES.sky};--b:${CATEGORIES.orange};--c:#3cc79a;--d:#ff8f4d;--e:#e3a3c8;`,
};

/** The sheets of style/, the later over the earlier. */
const SHEETS = ["frame", "text", "method", "home", "search", "narrow"];

/** The CSS of all pages: light or dark as the browser prefers, or as the reader chose. */
export function siteStyle() {
  const light = `color-scheme:light;${pageVariables("light")}${INKS.light}`;
  const dark = `color-scheme:dark;${pageVariables("dark")}${INKS.dark}`;
  const colours = `:root{${light}}\n@media (prefers-color-scheme:dark){:root{${dark}}}\n:root[data-scheme=light]{${light}}\n:root[data-scheme=dark]{${dark}}\n`;
  return [colours, ...SHEETS.map((name) => readFileSync(new URL(`style/${name}.css`, import.meta.url), "utf8"))].join("\n");
}
