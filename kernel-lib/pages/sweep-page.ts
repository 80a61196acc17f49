/** @file The report of a sweep: its variants' numbers, and every run's picture as a thumbnail that lies beside the page. */
import { duration } from "../core/words.js";
import type { Measured } from "../runs/measure/measure-folders.js";
import { type Html, html } from "./html.js";
import { differenceText, intervalText, short4, shownColumns } from "./measure-page.js";
import { pageShell } from "./page-shell.js";
import { REPORT_STYLE } from "./report-style.js";

/** A run's picture on the page; addresses are relative to it. */
export interface SweepFigure {
  readonly src: string;
  /** where a click leads */
  readonly href: string;
  readonly alt: string;
  readonly caption: string;
  /** of the picture itself, in pixels */
  readonly width: number;
  readonly height: number;
}

/** The runs that differ in what they show alone. */
export interface SweepVariant {
  readonly variant: string;
  readonly runs: number;
  /** mean of a run */
  readonly seconds: number;
  /** means of the last step's numbers, by their names */
  readonly numbers: Readonly<Record<string, number>>;
}

/** What the page shows; any text. */
export interface SweepPage {
  readonly title: string;
  readonly facts: string;
  readonly notes: readonly string[];
  readonly variants: readonly SweepVariant[];
  readonly subjects: readonly { readonly subject: string; readonly figures: readonly SweepFigure[] }[];
  /** how many pictures the page leaves out */
  readonly left: number;
  readonly failures: readonly { readonly title: string; readonly reason: string }[];
  readonly measured?: Measured;
  /** as JSON */
  readonly plan: string;
}

const STYLE = `${REPORT_STYLE}
.wide{overflow-x:auto}
.wide table{width:auto;min-width:min(100%,520px);font-variant-numeric:tabular-nums}
.wide th,.wide td{width:auto;padding:9px 28px 9px 0;vertical-align:top;overflow-wrap:normal}
.wide td+td{white-space:nowrap}
.failed td+td{white-space:normal;min-width:16em}
.wide td small{display:block;color:var(--soft);font-size:12.5px;white-space:nowrap}
h3{margin:36px 0 12px;font:400 19px/1.3 "Iowan Old Style","Palatino Linotype",Palatino,"Book Antiqua",Georgia,serif;overflow-wrap:anywhere}
.runs{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,300px),1fr));gap:18px 20px}
@media (min-width:760px){.runs[style]{grid-template-columns:repeat(var(--variants),1fr)}}
.runs figure{margin:0}
.runs a{display:block}
.runs img{display:block;width:100%;height:auto;border-radius:6px;background:var(--card)}
.runs figcaption{margin-top:5px;overflow-wrap:anywhere}`;

/** Makes the page, for a file beside the thumbnails. All text is escaped. */
export function sweepPage({ title, facts, notes, variants, subjects, left, failures, measured, plan }: SweepPage): string {
  const body = html`<main>
<header><p class="kind">Sweep</p><h1>${title}</h1><p class="facts">${facts}</p></header>
${notes.map((note) => html`<p class="stopped">${note}</p>\n`)}
${variants.length === 0 ? undefined : html`<h2>Variants</h2>\n<p>Means of a variant's runs; numbers of a run are those of its last step.</p>\n<div class="wide">${variantTable(variants)}</div>`}
${measured && html`<h2>Measured</h2>\n<p>Means with their 95 % interval; the difference to the first variant is taken picture by picture, of the same subject and seed.</p>\n<div class="wide">${measuredTable(measured)}</div>`}
${failures.length === 0 ? undefined : html`<h2>Failed</h2>\n<div class="wide failed"><table><tbody>${failures.map(({ title, reason }) => html`<tr><td>${title}</td><td>${reason}</td></tr>\n`)}</tbody></table></div>`}
<h2>Runs</h2>
<p>A click opens a run's ${subjects.some(({ figures }) => figures.some(({ href }) => href.endsWith(".html"))) ? "report" : "picture"}. table.csv, beside this page, has a row for each run.${left > 0 ? ` ${left} more are there alone.` : ""}</p>
${subjects.map(({ subject, figures }) => html`<section><h3>${subject}</h3><div class="runs"${rowsOf(variants.length, figures.length)}>${figures.map(figure)}</div></section>\n`)}
<h2>Plan</h2>
<pre><code>${plan}</code></pre>
</main>`;
  return pageShell({ title, style: STYLE, body, policy: "pictures" });
}

/** Few variants stand side by side, a row for each seed, where none of them lacks a picture. */
const rowsOf = (variants: number, figures: number): Html | undefined =>
  variants >= 2 && variants <= 4 && figures % variants === 0 ? html` style="--variants:${variants}"` : undefined;

const figure = ({ src, href, alt, caption, width, height }: SweepFigure): Html =>
  html`<figure><a href="${href}"><img src="${src}" alt="${alt}" width="${width}" height="${height}" loading="lazy"></a><figcaption>${caption}</figcaption></figure>\n`;

function variantTable(variants: readonly SweepVariant[]): Html {
  const names = [...new Set(variants.flatMap(({ numbers }) => Object.keys(numbers)))];
  return html`<table><thead><tr><th>variant</th><th>runs</th><th>time of one</th>${names.map((name) => html`<th>${name}</th>`)}</tr></thead><tbody>${variants.map(
    ({ variant, runs, seconds, numbers }) =>
      html`<tr><td>${variant}</td><td>${runs}</td><td>${duration(seconds)}</td>${names.map((name) => html`<td>${numbers[name] === undefined ? "–" : short4(numbers[name])}</td>`)}</tr>\n`,
  )}</tbody></table>`;
}

/** A row per variant: many variants are read downwards. */
function measuredTable(measured: Measured): Html {
  const columns = shownColumns(measured);
  return html`<table><thead><tr><th>variant</th>${columns.map(({ title, better }) => html`<th>${title}<small>${better} is better</small></th>`)}</tr></thead><tbody>${measured.folders.map(
    ({ dir, columns: of }) =>
      html`<tr><td>${dir.split(/[\\/]/).at(-1)}</td>${columns.map(({ name }) => {
        const cell = of[name];
        if (!cell) return html`<td>–</td>`;
        return html`<td>${intervalText(cell.value)}${cell.difference && html`<small>${differenceText(cell.difference)}</small>`}</td>`;
      })}</tr>\n`,
  )}</tbody></table>`;
}
