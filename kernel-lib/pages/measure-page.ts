/** @file A measurement as a table in words, as CSV, and as a page with the pictures. */
import { basename } from "node:path";
import type { MeanInterval } from "../metrics/interval.js";
import type { Measured, MeasuredDifference } from "../runs/measure/measure-folders.js";
import { type Html, html, trusted } from "./html.js";
import { pageShell } from "./page-shell.js";
import { REPORT_STYLE } from "./report-style.js";

/** The columns that apply to a picture at all. */
export const shownColumns = ({ columns, folders }: Measured): Measured["columns"] =>
  columns.filter(({ name }) => folders.some((folder) => folder.columns[name]));

/** A number with about four significant digits, without an exponent where it can do without. */
export const short4 = (x: number): string => (x !== 0 && Math.abs(x) < 1e-3 ? x.toExponential(2) : Number(x.toPrecision(4)).toString());

/** "0.31 (0.28 to 0.35), n = 24"; a number without an interval says so */
export const intervalText = ({ mean, low, high, count }: MeanInterval): string =>
  `${short4(mean)} (${Number.isNaN(low) ? "no interval" : `${short4(low)} to ${short4(high)}`}), n = ${count}`;

/** "−0.02 (−0.03 to −0.01), p = 0.003, 24 pairs" */
export const differenceText = ({ mean, low, high, count, probability }: MeasuredDifference): string =>
  `${sign(mean)} (${Number.isNaN(low) ? "no interval" : `${sign(low)} to ${sign(high)}`}), p = ${probability.toPrecision(2)}, ${count} ${count === 1 ? "pair" : "pairs"}`;

const sign = (x: number): string => `${x < 0 ? "−" : "+"}${short4(Math.abs(x))}`;

/** Rows of a table: a column of the measurement each, with a cell per folder. */
export function measureRows(measured: Measured): readonly Readonly<Record<string, string>>[] {
  return shownColumns(measured).map(({ name, better }) => {
    const cells = measured.folders.flatMap(({ dir, columns: { [name]: cell } }): [string, string][] => {
      if (!cell) return [[dir, "–"]];
      const value: [string, string] = [dir, intervalText(cell.value)];
      return cell.difference ? [value, [`${dir}, difference`, differenceText(cell.difference)]] : [value];
    });
    return { metric: name, better, ...Object.fromEntries(cells) };
  });
}

/** One row per picture: folder, file, key, and its numbers by column. */
export function measureCsv({ columns, folders }: Measured): string {
  const names = columns
    .map(({ name }) => name)
    .filter((name) => folders.some(({ pictures }) => pictures.some(({ values }) => values[name] !== undefined)));
  const quoted = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = folders.flatMap(({ dir, pictures }) =>
    pictures.map(({ file, key, values }) =>
      [dir, basename(file), key]
        .map(quoted)
        .concat(names.map((name) => String(values[name] ?? "")))
        .join(","),
    ),
  );
  return `${[["folder", "file", "key", ...names].map(quoted).join(","), ...lines].join("\n")}\n`;
}

const STYLE = `${REPORT_STYLE}
.wide{overflow-x:auto}
table.measured{min-width:560px;font-variant-numeric:tabular-nums}
.measured th,.measured td{width:auto;padding:9px 18px 9px 0}
.measured small{display:block;color:var(--soft);font-size:12.5px}
.pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,420px),1fr));gap:14px 20px}
.pictures figure{margin:0}
.pictures img{display:block;width:100%;height:auto;border-radius:6px}`;

/** What a page of a measurement shows. */
export interface MeasurePage {
  readonly measured: Measured;
  /** the command that makes it again */
  readonly command: string;
  /** data: URLs of some pictures of each folder, in the folders' order */
  readonly pictures: readonly (readonly { readonly name: string; readonly src: string }[])[];
}

/** A self-contained page. */
export function measurePage({ measured, command, pictures }: MeasurePage): string {
  const { folders, against } = measured;
  const title = folders.map(({ dir }) => basename(dir)).join(", ");
  const body = html`<main>
<header><p class="kind">Measurement</p><h1>${title}</h1><p class="facts">${folders.map(({ dir, pictures: all }) => `${dir}: ${all.length} ${all.length === 1 ? "picture" : "pictures"}`).join("; ")}${against === undefined ? "" : `; reference: ${against}`}</p></header>
<h2>Numbers</h2>
<p>Means over pictures, with the interval that holds the truth in 95 % of such samples.${folders.length > 1 ? html` The difference to ${folders[0].dir} is taken picture by picture; p is the chance of one as large where there is none, corrected for the number of rows.` : undefined}</p>
<div class="wide">${numbers(measured)}</div>
<h2>Pictures</h2>
${folders.map(
  ({ dir }, k) =>
    html`<h3>${dir}</h3><div class="pictures">${pictures[k].map(({ name, src }) => html`<figure><img src="${trusted(src)}" alt="${name}" loading="lazy"><figcaption>${name}</figcaption></figure>\n`)}</div>\n`,
)}
<h2>Again</h2>
<pre><code>${command}</code></pre>
</main>`;
  return pageShell({ title, style: STYLE, body, policy: "sealed" });
}

function numbers(measured: Measured): Html {
  return html`<table class="measured"><thead><tr><th>metric</th>${measured.folders.map(({ dir }) => html`<th>${basename(dir)}</th>`)}</tr></thead><tbody>
${shownColumns(measured).map(
  ({ name, title, better }) =>
    html`<tr><td>${title}<small>${name}; ${better} is better</small></td>${measured.folders.map(({ columns: { [name]: cell } }) =>
      cell
        ? html`<td>${intervalText(cell.value)}${cell.difference && html`<small>${differenceText(cell.difference)}</small>`}</td>`
        : html`<td>–</td>`,
    )}</tr>\n`,
)}</tbody></table>`;
}
