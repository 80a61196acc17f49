/** @file The first page: the README, whose head and moving picture become a panorama to turn in. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { escapeHtml } from "#kernel-lib/pages/html.js";
import { stripCoverage } from "#kernel-lib/panorama/coverage.js";
import { ROOT } from "../scripts/paths.mjs";
import { relativeTo } from "./layout.mjs";
import { addressOf } from "./outline.mjs";

/** The size of docs/with.webp and docs/without.webp. */
const SIZE = { width: 768, height: 128 };

// In the page itself: a page that is opened from a disk may not read the pictures beside it.
const picture = (/** @type {string} */ name) => `data:image/webp;base64,${readFileSync(join(ROOT, `docs/${name}.webp`), "base64")}`;

/**
 * @param {{ html: string, headings: readonly import("./markdown.mjs").Heading[] }} readme rendered
 * @param {string} address
 * @returns {import("./layout.mjs").PageParts}
 * @throws Error if the README no longer begins with its name, two paragraphs and a picture
 */
export function homePage({ html, headings }, address) {
  const head = /^<h1[\s\S]*?<\/h1>\s*<p>([\s\S]*?)<\/p>\s*<p>(<img[\s\S]*?)<\/p>\s*/.exec(html);
  if (!head) throw new Error("README.md: want a heading, a paragraph and a picture first, as the site's first page reads them");
  const [what, ...forWhom] = head[1].split("\n");
  const { horizontal, vertical } = stripCoverage({ ...SIZE, edge: "wrap" });
  const to = (/** @type {string} */ page) => relativeTo(address, addressOf(page));
  const before = `<section class="hero" aria-labelledby="veduta">
<div class="words">
<div><h1 id="veduta">Veduta</h1>
<p class="lead">${what}</p></div>
<div><p>${forWhom.join(" ")}</p>
<p class="doors"><a class="door first" href="${to("docs/getting-started.md")}">Get started</a><a class="door" href="${to("notebooks/README.md")}">Lessons</a><a class="door" href="${to("docs/methods.md")}">Methods</a><a class="door" href="${to("api/index")}">API</a></p></div>
</div>
<veduta-panorama src="${picture("with")}" alt="A closed panorama of mountains at a pale dawn" label="with SyncDiffusion" compare="${picture("without")}" compare-label="without" haov="${horizontal}" vaov="${vertical.toFixed(2)}" projection="cylinder" caption="${escapeHtml('"mountains", painted by the bundled model from the same noise with and without SyncDiffusion. Drag to turn, and move the divider.')}"><img src="${picture("with")}" alt=""></veduta-panorama>
</section>
`;
  return { address, title: "Veduta", body: html.slice(head[0].length), headings, before, scripts: ["veduta-viewer.js"] };
}
