/** @file A run's report: the panorama in a viewer, every window's numbers, and every option, in one file without network access. */

import { counted, duration } from "../core/words.js";
import { ANCHOR_SERIES } from "../methods/joint/anchor-series.js";
import type { Family, Series } from "../methods/method.js";
import { DEFAULT_METHODS, methodInfo } from "../methods/methods.js";
import type { Coverage } from "../panorama/coverage.js";
import type { ReportRun, RunInfo, StepNumbers } from "../runs/run-data.js";
import { type Html, html, trusted } from "./html.js";
import { pageShell } from "./page-shell.js";
import { figureJob, panoramaFigure, viewerScript } from "./panorama-figure.js";
import { optionsOf, repeatCommand } from "./repeat-command.js";
import { REPORT_STYLE } from "./report-style.js";
import { runFigure } from "./run-figure.js";
import { pictureFigure, sceneSections, sceneTitle } from "./scene-sections.js";
import { seriesCurve, stepCurve } from "./series-curve.js";
import { type StripPlace, windowMap } from "./window-map.js";

export interface ReportOptions {
  /** the viewer's script inside the page, or its address beside the page, so that several reports share one file; default "embedded" */
  readonly viewer?: "embedded" | { readonly src: string };
}

/**
 * Makes the report of a finished or interrupted run as one HTML page, which fetches nothing. All text of the run (prompts, paths, reasons) is escaped.
 * @throws CheckpointError if the viewer was not built
 */
export function report(run: ReportRun, { viewer = "embedded" }: ReportOptions = {}): string {
  const { info, steps } = run;
  const prompt = sceneTitle(info.options);
  const script = viewer === "embedded" ? html`<script>${trusted(viewerScript())}</script>` : html`<script src="${viewer.src}"></script>`;
  const stopped = html`<p class="stopped">This run stopped after ${counted(steps.length, "step")}: ${info.stopped ?? "it was interrupted"}. The picture is what it foresaw in its last step.</p>`;
  return pageShell({
    title: prompt,
    style: REPORT_STYLE,
    policy: viewer === "embedded" ? "sealed" : "files",
    body: html`<main>
<header>
<p class="kind">Veduta, ${titleOf(info)}</p>
<h1>${prompt}</h1>
<p class="facts">${facts(info, steps)}</p>
</header>
${info.complete ? undefined : stopped}
${pictureSection(run, prompt)}
${info.family === "pyramid" ? sceneSections(run) : info.family === "edit" ? undefined : mapSection(info, steps)}
${curveSections(info, steps)}
${givenSection(run)}
<h2>${HOW[info.family ?? "panorama"]}</h2>
<p>Every option of the run. With the same checkpoint, device and versions they give the same picture, bit for bit.</p>
<div class="tables">${optionTable(info)}${machineTable(info, steps)}</div>
<pre>${repeatCommand(info)}</pre>
${footnotes(info, steps)}
</main>`,
    scripts: run.picture ? [script] : [],
  });
}

const HOW: Readonly<Record<Family, string>> = { panorama: "How it was painted", edit: "How it was edited", pyramid: "How it was made" };

/** The display name of the run's method. */
const titleOf = ({ title, method }: RunInfo): string => title ?? methodInfo(method)?.title ?? method;

/** The run's series per window; a run of an older version has those of its method. */
const windowSeries = ({ series, method }: RunInfo): readonly Series[] =>
  (series ?? methodInfo(method)?.series ?? []).filter(({ per }) => per === "window");

const isMeasured = ({ name }: Series, steps: readonly StepNumbers[]): boolean =>
  steps.some(({ windows }) => windows.some((window) => window[name] !== undefined));

function footnotes(info: RunInfo, steps: readonly StepNumbers[]): Html | undefined {
  const measured = windowSeries(info).filter((series) => isMeasured(series, steps));
  if (measured.length === 0) return undefined;
  const distances = measured.some(({ name }) => name === ANCHOR_SERIES.loss.name)
    ? "Distances are LPIPS between a window's foreseen image and the anchor's, before the descent; lower is more similar. "
    : "";
  return html`<footer>
<p>${distances}Steps and windows count from 0.</p>
<p>Colours: viridis (Smith, van der Walt and Firing, CC0), even in lightness and readable with every common colour blindness.</p>
</footer>`;
}

const placeOf = ({ width, scaleFactor, coverage }: RunInfo): StripPlace => ({ width, scaleFactor, coverage });

function facts(info: RunInfo, steps: readonly StepNumbers[]): string {
  const { width, height, coverage, options, seconds, model } = info;
  const panorama = (info.family ?? "panorama") === "panorama";
  const turn = coverage.edge === "wrap" ? ", a full turn" : panorama ? `, ${Math.round(coverage.horizontal)}° wide` : "";
  const windows = panorama ? steps[0]?.windows : options.windows;
  const parts = [
    `${width} × ${height} pixels${turn}`,
    ...(Array.isArray(windows) || panorama ? [`${counted(Array.isArray(windows) ? windows.length : 0, "window")}`] : []),
    counted(steps.length, "step"),
  ];
  if (info.source) parts.unshift(`an edit of ${info.source.name}`);
  if (typeof options.seed === "number") parts.push(`seed ${options.seed}`);
  return `${[...parts, `${duration(seconds)} on ${model.device}`].join("; ")}.`;
}

function pictureSection(run: ReportRun, prompt: string): Html | undefined {
  const drawn = runFigure(run);
  if (!drawn) return undefined;
  const alt = `${PICTURE[run.info.family ?? "panorama"]}: ${prompt}`;
  const figure = trusted(panoramaFigure("panorama", { ...drawn, alt }));
  const scrub = drawn.spec.steps ? ` The slider shows what each step foresaw${run.source ? ", on both paths" : ""}.` : "";
  const sides = run.source
    ? html`<p>The edit and its source are compared; the list below the picture has other ways to compare them.</p>`
    : undefined;
  return html`<figure class="picture">${figure}</figure>${sides}
<p class="hint">Drag to turn, scroll to zoom; the arrow keys do the same.${scrub}</p>`;
}

const PICTURE: Readonly<Record<Family, string>> = { panorama: "Panorama", edit: "Edited picture", pyramid: "Picture" };

function mapSection(info: RunInfo, steps: readonly StepNumbers[]): Html {
  const [series] = windowSeries(info);
  const strip = series && windowMap(steps, placeOf(info), series);
  if (!strip)
    return html`<h2>Windows</h2><p>${
      series
        ? "No step of this run measured its windows."
        : `${titleOf(info)} does not measure its windows. The same seed with --method ${DEFAULT_METHODS.panorama.name} shows the distances between them.`
    }</p>`;
  const last = steps[steps.length - 1].index;
  const skipped = strip.every > 1 ? ` Every ${strip.every}th step is drawn.` : "";
  const { left, width, name } = anchorColumns(info, steps);
  const mark = left.map((at, k) => html`<div class="anchor" style="left:${at}%;width:${width[k]}%"></div>`);
  return html`<h2>${series.title}</h2>
<p>Each column is a window, at its place in the panorama; each row is a step, the first at the top. Click a cell to look there.${skipped}</p>
<figure id="strip" class="map" style="margin-inline:0">
<div class="anchor-name">${name}</div>
<div class="strip"><img data-copy hidden alt="">${mark}</div>
<div class="rows"><span>${steps[0].index}</span><span>${last}</span></div>
<div class="cells">${trusted(strip.svg)}${mark}</div>
<div class="degrees">${degreeLabels(info.coverage)}</div>
</figure>
${trusted(strip.legend)}
${trusted(figureJob(["strip", "strip", { viewer: "panorama", coverage: info.coverage }]))}`;
}

/** The anchor's place in percent of the width: two pieces if it passes the cut. */
function anchorColumns(info: RunInfo, steps: readonly StepNumbers[]): { left: number[]; width: number[]; name?: Html } {
  const { anchor, windows } = steps[steps.length - 1];
  const window = windows[anchor];
  if (!window) return { left: [], width: [] };
  const percent = (x: number) => Math.round(((x * info.scaleFactor) / info.width) * 1e4) / 100;
  const [left, width] = [percent(window.left), percent(window.width)];
  const name = html`<span style="left:${Math.min(94, Math.max(6, (left + width / 2) % 100))}%">anchor</span>`;
  return left + width > 100.1 ? { left: [left, 0], width: [100 - left, left + width - 100], name } : { left: [left], width: [width], name };
}

function degreeLabels({ horizontal }: Coverage): Html[] {
  return [-0.5, -0.25, 0, 0.25, 0.5].map(
    (at) => html`<span style="left:${(at + 0.5) * 100}%">${at < 0 ? "−" : ""}${Math.round(Math.abs(at) * horizontal)}°</span>`,
  );
}

const GIVEN_TITLES: Readonly<Record<string, string>> = {
  init: "The picture that it started from",
  anchorImage: "The picture that all windows were drawn to",
};

/** The pictures that the run was given. */
const givenSection = ({ given = {} }: ReportRun): Html[] =>
  Object.entries(given).map(
    ([name, picture]) => html`<h2>${GIVEN_TITLES[name] ?? name}</h2>
${pictureFigure(picture, GIVEN_TITLES[name] ?? name)}
`,
  );

/** One chart for each series per window, and for runs without windows for each series per step. */
const curveSections = (info: RunInfo, steps: readonly StepNumbers[]): Html[] =>
  (info.family ?? "panorama") === "panorama" ? windowCurves(info, steps) : stepCurves(info, steps);

const stepCurves = ({ series = [] }: RunInfo, steps: readonly StepNumbers[]): Html[] =>
  series.flatMap((each) => {
    const curve = stepCurve(steps, each);
    if (curve === undefined) return [];
    return [html`<h2>${each.title}</h2>\n<p>The ${each.unit}, step by step, on a logarithmic axis.</p>\n${trusted(curve)}\n`];
  });

const windowCurves = (info: RunInfo, steps: readonly StepNumbers[]): Html[] =>
  windowSeries(info).flatMap((series) => {
    const curve = seriesCurve(steps, placeOf(info), series);
    if (curve === undefined) return [];
    return [html`<h2>${series.title} over the steps</h2>\n<p>One line per window, on a logarithmic axis.</p>\n${trusted(curve)}\n`];
  });

/** The run's options in the order of its method's table, each with its meaning. */
function optionTable({ options, method }: RunInfo): Html {
  const specs = optionsOf(method);
  const known = Object.keys(specs).filter((key) => options[key] !== undefined);
  const others = Object.keys(options).filter((key) => !(key in specs) && options[key] !== undefined);
  return table(
    "Options",
    [...known, ...others].map((key) => [key, shown(key, options[key]), specs[key]?.means ?? ""]),
  );
}

function machineTable({ model, versions, started, seconds }: RunInfo, steps: readonly StepNumbers[]): Html {
  const timed = steps.flatMap((step) => (step.seconds === undefined ? [] : [step.seconds]));
  const perStep = timed.length > 0 ? [["a step", duration(timed.reduce((a, b) => a + b, 0) / timed.length)] as const] : [];
  return table("Machine", [
    ["model", model.name],
    ["checkpoint digest", model.digest],
    ...(model.lora ?? []).map(({ file, scale, sha256 }) => [`LoRA ${file}`, `scale ${scale}; sha256 ${sha256}`] as const),
    ...(model.embedding ?? []).map(({ file, word, sha256 }) => [`textual inversion ${file}`, `${word}; sha256 ${sha256}`] as const),
    ["device", model.device],
    ["precision", model.precision ?? "float32"],
    ["threads", String(model.threads)],
    ["started", started],
    ["time", duration(seconds)],
    ...perStep,
    ...Object.entries(versions),
  ]);
}

/** A table with one row for each name, value and meaning. */
const table = (caption: string, rows: readonly (readonly [name: string, value: string, meaning?: string])[]): Html =>
  html`<table><caption>${caption}</caption><tbody>${rows.map(
    ([name, value, meaning]) =>
      html`<tr><th scope="row">${name}${meaning ? html`<small>${meaning}</small>` : undefined}</th><td>${value}</td></tr>`,
  )}</tbody></table>`;

function shown(key: string, value: unknown): string {
  if (value === "") return "(none)";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (key === "windows" && Array.isArray(value))
    return `${value.length}${value[0] ? ` of ${value[0].width}×${value[0].height} latent pixels` : ""}`;
  if (isTensor(value)) return given(value);
  if (typeof value === "string" || typeof value === "number") return String(value);
  return JSON.stringify(value, (_, each: unknown) => (isTensor(each) ? given(each) : each));
}

const isTensor = (value: unknown): value is { readonly shape: unknown } => typeof value === "object" && value !== null && "shape" in value;
const given = ({ shape }: { readonly shape: unknown }): string => `given, [${String(shape)}]`;
