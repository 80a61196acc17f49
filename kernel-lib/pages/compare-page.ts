/** @file A page that compares methods: a table, the frontier of agreement against cost, and the panoramas under one another, seed by seed. */
import type { MeanInterval } from "../metrics/interval.js";
import type { MethodSummary } from "../runs/compare-methods.js";
import { type Html, html, trusted } from "./html.js";
import { pageShell } from "./page-shell.js";
import { REPORT_STYLE } from "./report-style.js";
import { type ScatterPoint, scatter } from "./scatter.js";

/** What a page compares. */
export interface Comparison {
  readonly prompt: string;
  /** such as the checkpoint's name, the steps, the device; any text */
  readonly facts: string;
  /** the command that makes it again */
  readonly command: string;
  /** the baseline first */
  readonly summaries: readonly MethodSummary[];
  /** of each method, by its name */
  readonly titles: Readonly<Record<string, string>>;
  /** those that are not worth a plot against the cost, such as measures of the cut, have `plot: "none"` */
  readonly metrics: readonly {
    readonly name: string;
    readonly title: string;
    readonly better: "lower" | "higher";
    readonly plot?: "frontier" | "none";
  }[];
  /** data: URLs, by seed and then in the order of the methods */
  readonly seeds: readonly { readonly seed: number; readonly pictures: readonly { readonly method: string; readonly src: string }[] }[];
}

const STYLE = `${REPORT_STYLE}
.wide{overflow-x:auto}
table.compared{border-collapse:collapse;font-variant-numeric:tabular-nums;min-width:640px;width:100%}
.compared th,.compared td{padding:9px 14px 9px 0;text-align:right;border-bottom:1px solid var(--line);vertical-align:top;white-space:nowrap}
.compared th:first-child,.compared td:first-child{text-align:left}
.compared small{display:block;color:var(--soft);font-size:12.5px}
.strips figure{margin:0 0 12px}
.strips img{display:block;width:100%;height:auto;border-radius:6px}
.strips figcaption{color:var(--soft);font-size:14px;margin:0 0 4px}
.frontiers{display:grid;grid-template-columns:repeat(auto-fit,minmax(300px,1fr));gap:28px}
.frontiers svg{width:100%;height:auto;display:block}
.frontiers text{fill:var(--ink);font:13px system-ui,sans-serif;paint-order:stroke;stroke:var(--page);stroke-width:3px}
.frontiers .soft{fill:var(--soft)}
.frontiers path{stroke:var(--line);fill:none}
.frontiers circle{fill:var(--ink)}`;

/** A self-contained page. */
export function comparePage(comparison: Comparison): string {
  const { prompt, facts, command, summaries, titles, metrics, seeds } = comparison;
  const points = (name: string): ScatterPoint[] =>
    summaries.flatMap(({ method, passes, backward, metrics: of }) =>
      of[name] ? [{ label: titles[method], x: passes + 2 * backward, y: of[name].value }] : [],
    );
  const plotted = metrics.filter(({ plot = "frontier" }) => plot === "frontier");
  const body = html`<main>
<header><p class="kind">Comparison of methods</p><h1>${prompt}</h1><p class="facts">${facts}</p></header>
<h2>Numbers</h2>
<p>Every method begins with the same noise, ${seeds.length} ${seeds.length === 1 ? "seed" : "seeds"}. Means with their 95 % intervals; below them the difference to ${titles[summaries[0].method]}, seed by seed.</p>
<div class="wide">${table(comparison)}</div>
<h2>What agreement costs</h2>
<p>Passes of the U-Net over a window per step; a backward pass counts as two. ${plotted.map(({ title, better }) => `${title}: ${better} is better.`).join(" ")}</p>
<div class="frontiers">${plotted.map(({ name, title }) => trusted(scatter(points(name), { x: "passes per step", y: title })))}</div>
<h2>Panoramas</h2>
<p>The rows of a seed begin with the same noise.</p>
${seeds.map(
  ({ seed, pictures }) =>
    html`<section class="strips"><h3>Seed ${seed}</h3>${pictures.map(
      ({ method, src }) =>
        html`<figure><figcaption>${titles[method]}</figcaption><img src="${trusted(src)}" alt="${`${prompt}, ${titles[method]}, seed ${seed}`}" loading="lazy"></figure>\n`,
    )}</section>\n`,
)}
<h2>Again</h2>
<pre><code>${command}</code></pre>
</main>`;
  return pageShell({ title: `${prompt}: ${summaries.map(({ method }) => method).join(", ")}`, style: STYLE, body, policy: "sealed" });
}

function table({ summaries, titles, metrics }: Comparison): Html {
  return html`<table class="compared"><thead><tr><th>method</th><th>seconds</th><th>passes per step</th>${metrics.map(({ title }) => html`<th>${title}</th>`)}</tr></thead><tbody>
${summaries.map(
  ({ method, passes, backward, seconds, metrics: of }) =>
    html`<tr><td>${titles[method]}<small>${method}</small></td><td>${inWords(seconds, 1)}</td><td>${round(passes)}${backward > 0 ? html`<small>${round(backward)} backward</small>` : undefined}</td>${metrics.map(
      ({ name }) =>
        of[name]
          ? html`<td>${inWords(of[name].value, 3)}${of[name].difference && html`<small>${signed(of[name].difference)}</small>`}</td>`
          : html`<td>–</td>`,
    )}</tr>\n`,
)}</tbody></table>`;
}

const inWords = ({ mean, low, high }: MeanInterval, digits: number): Html =>
  html`${mean.toFixed(digits)}${Number.isNaN(low) ? undefined : html`<small>${low.toFixed(digits)} to ${high.toFixed(digits)}</small>`}`;

const signed = ({ mean, low, high }: MeanInterval): string => {
  const words = (x: number) => `${x < 0 ? "−" : "+"}${Math.abs(x).toFixed(3)}`;
  return `${words(mean)}${Number.isNaN(low) ? "" : ` (${words(low)} to ${words(high)})`}`;
};

const round = (x: number): string => String(Number(x.toFixed(1)));
