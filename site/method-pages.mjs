/**
 * @file One page for each method, made of what is there: its picture, its doc comment beside its code, its option table, and what docs/methods.md says of it
 * in tables whose first column names methods.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { allMethods } from "#kernel-lib/methods/methods.js";
import { escapeHtml } from "#kernel-lib/pages/html.js";
import { optionTable } from "../scripts/option-tables.mjs";
import { ROOT } from "../scripts/paths.mjs";
import { besideHtml } from "./algorithm.mjs";
import { API_PAGES, methodFunctions } from "./api-pages.mjs";
import { slugOf } from "./markdown.mjs";
import { EDITED, PAINTED, PICTURES } from "./method-pictures.mjs";
import { methodSource } from "./method-source.mjs";

/** @typedef {import("#kernel-lib/methods/method.js").MethodInfo} MethodInfo */

/** Links to papers, and the repository's text to Markdown. @param {string} text */
const linked = (text) => text.replace(/(?<![\w/[])arXiv:(\d{4}\.\d{4,5})/g, "[arXiv:$1](https://arxiv.org/abs/$1)");

/** The tables of docs/methods.md that say something of single methods, with the headings above them. */
function tablesOfMethods() {
  const text = readFileSync(join(ROOT, "docs/methods.md"), "utf8").replace(/<!-- options[\s\S]*?<!-- end -->/g, "");
  let heading = "";
  /** @type {{ heading: string, head: string, rows: string[] }[]} */
  const tables = [];
  const lines = text.split("\n");
  for (const [k, line] of lines.entries()) {
    const found = /^#+ (.*)$/.exec(line);
    if (found) heading = found[1];
    if (/^\|[-|: ]+\|$/.test(line)) tables.push({ heading, head: lines[k - 1], rows: [] });
    else if (line.startsWith("| `") && lines[k - 1].startsWith("|")) tables.at(-1)?.rows.push(line);
  }
  return tables.filter(({ rows }) => rows.length > 0);
}

/** What is said of a method in the tables: its own rows, and those of its variants. @param {string} name */
function saidOf(name) {
  return tablesOfMethods().flatMap(({ heading, head, rows }) => {
    const own = rows.filter((line) => new RegExp(`^\\| \`${name}(:[^\`]*)?\``).test(line));
    return own.length > 0 ? [{ heading, head: cells(head), rows: own.map(cells) }] : [];
  });
}

const cells = (/** @type {string} */ line) =>
  line
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());

/** Headings of docs/methods.md that speak of all methods, as a single method's page has them. @type {Record<string, string>} */
const OF_ONE = {
  "What each costs": "Cost",
  "What each cannot do": "Limits",
  "Edit methods": "Cost and limits",
  "Pyramid methods": "Cost and limits",
  "Which to take": "Measured against the others",
};

/** One row of a table as text: its only column, or a list of what its columns say. @param {readonly string[]} head @param {readonly string[]} row */
const rowText = (head, row) =>
  row.length === 2
    ? row[1]
    : head
        .slice(1)
        .flatMap((title, k) => (row[k + 1] ? [`- ${title}: ${row[k + 1]}`] : []))
        .join("\n");

/** What the tables say of a method, as Markdown. @param {string} name */
const saidText = (name) =>
  saidOf(name)
    .map(({ heading, head, rows }) => {
      const lines = [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`);
      const text = (rows.length === 1 ? rowText(head, rows[0]) : lines.join("\n")).replaceAll("](#", "](methods.md#");
      return `## ${OF_ONE[heading] ?? heading}\n\n${text}\n\nThe others: [${heading}](methods.md#${slugOf(heading)}).`;
    })
    .join("\n\n");

/** The picture, with what made it. @param {MethodInfo} method */
function pictureText({ name, title, family }) {
  if (!existsSync(join(PICTURES, `${name}.webp`)))
    return "No bundled model can run this method, so this page has no picture: [what it needs](frido.md).";
  const { prompt, seed, steps, width, shown } = PAINTED;
  const file = `../site/pictures/${name}.webp`;
  if (family === "edit")
    return `![A panorama of ${EDITED.source}, and below it what ${title} makes of it with the prompt "${EDITED.prompt}"](${file})\n\n<p class="caption">Above: "${EDITED.source}", painted by MultiDiffusion. Below: edited with the prompt "${EDITED.prompt}", ${EDITED.steps} steps, seed ${EDITED.seed}, defaults otherwise; the bundled model.</p>`;
  const what = name === "regions" ? '"mountains at night", with the region "sea at noon" in its right half' : `"${prompt}"`;
  return `![Three strips: what ${title} predicts after step ${shown.join(" and after step ")}, and the finished panorama](${file})\n\n<p class="caption">What the run predicts after step ${shown[0]}, after step ${shown[1]}, and its result after ${steps} steps: ${escapeHtml(what)}, ${width} pixels, closed, seed ${seed}, defaults otherwise; the bundled model. All joint methods start from this noise.</p>`;
}

/** How the method is called, on the command line and in code. @param {MethodInfo} method @param {string} call the function's name */
function useText({ name, family, options }, call) {
  const { prompt, seed, steps, width } = PAINTED;
  const what =
    name === "regions"
      ? '"mountains at night" --method regions --region "sea at noon=0.5,0,0.5,1" --feather 32'
      : `"${prompt}" --method ${name}`;
  const command = {
    panorama: `veduta paint ${what} --width ${width} --loop --seed ${seed} --steps ${steps}`,
    edit: `veduta edit pano.png "${EDITED.prompt}" --method ${name}${"sourcePrompt" in options ? ` --source "${EDITED.source}"` : ""} --loop`,
    pyramid: "veduta scene --model DIR --layout boats.json --seed 7",
  }[family];
  const place = API_PAGES.find(({ symbols }) => symbols.includes(call));
  return `\`\`\`sh\n${command}\n\`\`\`\n\nIn code: [\`${call}\`](site:api/${place?.name}.html#${call}).`;
}

/** A method's page as Markdown, whose links lead as from docs/. @param {MethodInfo} method @param {string} call */
function methodMarkdown(method, call) {
  const source = methodSource(method.name);
  const { name, title, summary, options, sharedOptions } = method;
  const own = Object.keys(options).length > 0 ? optionTable(options) : "It has no options of its own.";
  const differs = source.tags.source?.match(/Differs: ([\s\S]*)$/)?.[1];
  const parts = [
    `# ${title}`,
    `<p class="lead">${summary[0].toUpperCase()}${escapeHtml(summary.slice(1))}.</p>`,
    `Source: ${linked(method.source)}.`,
    pictureText(method),
    useText(method, call),
    "## Algorithm",
    linked(source.intro),
    besideHtml(source),
    linked(source.rest),
    ...(differs ? [`**Where it differs from the official code:** ${linked(differs)}`] : []),
    `The whole file: [${source.file}](../${source.file}).`,
    "## Options",
    own,
    `<details><summary>Options that all ${{ panorama: "joint", edit: "edit", pyramid: "pyramid" }[method.family]} methods share</summary>\n\n${optionTable(sharedOptions)}\n\n</details>`,
    saidText(name),
  ];
  return parts.filter(Boolean).join("\n\n");
}

/** @returns {Promise<Map<string, string>>} each method's page as Markdown, by the method's name */
export async function methodMarkdowns() {
  const calls = new Map([
    ["frido", "pyramidDiffusion"],
    ...[...(await methodFunctions())].map(([call, name]) => /** @type {const} */ ([name, call])),
  ]);
  const methods = [...allMethods(), ...allMethods("edit"), ...allMethods("pyramid")];
  return new Map(methods.map((method) => [method.name, methodMarkdown(method, calls.get(method.name) ?? method.name)]));
}
