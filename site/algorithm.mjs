/** @file An algorithm's pseudo-code and its code beside each other, their steps (a) to (e) in the same colours. */
import { highlight } from "#kernel-lib/ipynb/export/highlight.js";
import { escapeHtml } from "#kernel-lib/pages/html.js";

/** @typedef {{ letter: string, name: string, formula: string[], remark: string[] }} Step */

const mark = (/** @type {string} */ letter) => `<b class="step step-${letter}">(${letter})</b>`;
/** Marks the steps that a text names. @param {string} html */
const withSteps = (html) => html.replace(/\(([a-e])\)/g, (_, letter) => mark(letter));

/** Marks the lines of highlighted code whose comments name steps, in the margin too, where they are seen without scrolling. @param {string} html */
const withMargin = (html) =>
  html
    .split("\n")
    .map((line) => {
      const letters = [...line.matchAll(/\(([a-e])\)/g)].map(([, letter]) => letter);
      if (letters.length === 0 || !line.includes("code-comment")) return line;
      const named = /\([a-e]\) to \([a-e]\)/.test(line) ? `${letters[0]}–${letters.at(-1)}` : letters.join("");
      return `<span class="step-${letters[0]}" data-steps="${named}"></span>${withSteps(line)}`;
    })
    .join("\n");

/** A line of a step: its letter and name, its formula, and a remark after three spaces or more. */
const STEP = /^\(([a-e])\) (\S+)\s{2,}(.*)$/;

/** The steps of a block, if each of its lines belongs to one. @param {string} text @returns {Step[] | undefined} */
function stepsOf(text) {
  /** @type {(Step & { remarkAt: number })[]} */
  const steps = [];
  for (const line of text.split("\n")) {
    const [, letter, name, told] = STEP.exec(line) ?? [];
    if (letter) {
      const apart = /^(.*?[^,\s])\s{3,}(\S.*)$/.exec(told);
      const [formula, remark] = apart ? [apart[1], apart[2]] : [told, undefined];
      const remarkAt = remark === undefined ? Number.POSITIVE_INFINITY : line.length - remark.length;
      steps.push({ letter, name, formula: [formula], remark: remark === undefined ? [] : [remark], remarkAt });
      continue;
    }
    const last = steps.at(-1);
    if (!last || !/^\s{4,}\S/.test(line)) return undefined;
    const cut = /^\s*(\S.*?)\s{3,}(\S.*)$/.exec(line);
    if (cut && line.length - cut[2].length >= last.remarkAt - 1) {
      last.formula.push(cut[1]);
      last.remark.push(cut[2]);
    } else (line.length - line.trimStart().length >= last.remarkAt - 1 ? last.remark : last.formula).push(line.trim());
  }
  return steps;
}

/** @param {Step} step */
const stepHtml = ({ letter, name, formula, remark }) =>
  `<li>${mark(letter)} <b>${escapeHtml(name)}</b> ${formula.map((line) => `<code>${escapeHtml(line)}</code>`).join("")}${
    remark.length > 0 ? `<span>${withSteps(escapeHtml(remark.join(" ")))}</span>` : ""
  }</li>`;

/** @param {{ readonly kind: "code" | "text", readonly text: string }} block */
function blockHtml({ kind, text }) {
  if (kind === "text") return `<p>${withSteps(escapeHtml(text))}</p>`;
  const steps = stepsOf(text);
  return steps
    ? `<ol class="steps">${steps.map(stepHtml).join("")}</ol>`
    : `<pre class="source" tabindex="0"><code>${withSteps(escapeHtml(text))}</code></pre>`;
}

/** The algorithm and its code. @param {import("./method-source.mjs").MethodSource} source @returns {string} HTML without a blank line, which Markdown would end it at */
export function besideHtml({ file, algorithm, code }) {
  const left = `<p class="kind">The algorithm</p>${algorithm.map(blockHtml).join("")}`;
  const right = `<p class="kind">The code, in ${file}</p><pre class="source" tabindex="0"><code class="marked">${withMargin(highlight(code))}</code></pre>`;
  return `<div class="beside"><div>${left}</div><div>${right}</div></div>`.replace(/\n(?=\n)/g, "\n&#8203;");
}
