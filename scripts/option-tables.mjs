/**
 * @file The tables of options in docs/, made from the methods' option tables. `node scripts/option-tables.mjs` writes them; a test compares what is
 * written with what would be.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { flagWords, methodFlags } from "#kernel-lib/cli/method-flags.js";
import { allMethods, DEFAULT_METHODS } from "#kernel-lib/methods/methods.js";
import { defaultInWords, flagName } from "#kernel-lib/methods/option-table.js";
import { ROOT } from "./paths.mjs";

/** @param {readonly string[]} cells */
const row = (cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
/** @param {readonly string[]} head @param {readonly (readonly string[])[]} rows */
const table = (head, rows) => [row(head), `|${"---|".repeat(head.length)}`, ...rows.map(row)].join("\n");

/** The flags of a family's methods. @param {import("#kernel-lib/methods/method.js").Family} family */
function flagTable(family) {
  const methods = allMethods(family);
  const quoted = (/** @type {string} */ name) => `\`${name}\``;
  const flags = [...methodFlags(methods)].map(([name, flag]) => {
    const { means, otherwise = "" } = flagWords(flag, quoted);
    const value = flag.spec.flag?.value === undefined ? "" : ` ${flag.spec.flag.value.toUpperCase()}`;
    return [`\`${name}${value}\``, means, otherwise];
  });
  const names = methods.map(({ name }) => quoted(name)).join(", ");
  return table(
    ["option", "meaning", "default"],
    [["`--method NAME`", `one of ${names}: [Methods](methods.md)`, quoted(DEFAULT_METHODS[family].name)], ...flags],
  );
}

/** Options by the names that code gives them. @param {import("#kernel-lib/methods/option-table.js").OptionTable} options */
export function optionTable(options) {
  const rows = Object.entries(options).map(([key, spec]) => {
    const flag = flagName(key, spec);
    return [`\`${key}\``, flag ? `\`${flag}\`` : "", spec.means, defaultInWords(spec) ?? ""];
  });
  return table(["option", "flag", "meaning", "default"], rows);
}

/** A family's methods, each with its own options. @param {import("#kernel-lib/methods/method.js").Family} family */
const methodTables = (family) =>
  allMethods(family)
    .map(({ name, title, summary, source, options }) => {
      const own = Object.keys(options).length > 0 ? `\n\n${optionTable(options)}` : "\n\nIt has no options of its own.";
      return `### ${title}: \`${name}\`\n\n${summary[0].toUpperCase()}${summary.slice(1)}. Source: ${source}.${own}`;
    })
    .join("\n\n");

/** What each marker in docs/ stands for. @type {Record<string, () => string>} */
export const TABLES = {
  paint: () => flagTable("panorama"),
  edit: () => flagTable("edit"),
  scene: () => flagTable("pyramid"),
  pyramids: () => optionTable(allMethods("pyramid")[0].sharedOptions),
  methods: () => methodTables("panorama"),
  edits: () => methodTables("edit"),
};

/** A page with each table in its place. @param {string} text */
export const withTables = (text) =>
  text.replace(/<!-- options: (\w+) -->[\s\S]*?<!-- end -->/g, (_, name) => `<!-- options: ${name} -->\n${TABLES[name]()}\n<!-- end -->`);

export const PAGES = ["docs/command-line.md", "docs/methods.md", "docs/frido.md"].map((name) => join(ROOT, name));

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const page of PAGES) writeFileSync(page, withTables(readFileSync(page, "utf8")));
