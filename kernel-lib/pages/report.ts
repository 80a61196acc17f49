/** @file A run as one page: the panorama to turn, what every window did, and every option. One file, no network. */

import { duration } from "../core/words.js";
import type { Coverage } from "../panorama/coverage.js";
import type { ReportRun, RunInfo, StepNumbers } from "../runs/run-data.js";
import { figureJob, panoramaFigure, viewerScript } from "./figure.js";
import { escapeHtml } from "./html.js";
import { lossCurve } from "./loss-curve.js";
import { REPORT_STYLE } from "./report-style.js";
import { runFigure } from "./run-figure.js";
import { type StripPlace, windowMap } from "./window-map.js";

const METHODS = { sync: "SyncDiffusion", multi: "MultiDiffusion" } as const;

/** Nothing is fetched: the browser itself holds the page to that. */
const POLICY =
  "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/**
 * The report of a run, finished or interrupted, as one self-contained HTML page. All text of the run (prompts, paths, reasons) is escaped.
 * @throws CheckpointError where the viewer was not built
 */
export function report(run: ReportRun): string {
  const { info, steps } = run;
  const prompt = typeof info.options.prompt === "string" ? info.options.prompt : "Untitled";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${escapeHtml(prompt)} · Veduta</title>
<link rel="icon" href="data:,">
<style>${REPORT_STYLE}</style>
</head>
<body>
<main>
<header>
<p class="kind">Veduta, ${METHODS[info.method]}</p>
<h1>${escapeHtml(prompt)}</h1>
<p class="facts">${escapeHtml(facts(info, steps))}</p>
</header>
${info.complete ? "" : `<p class="stopped">This run stopped after ${count(steps.length, "step")}: ${escapeHtml(info.stopped ?? "it was interrupted")}. The picture is what it foresaw by then.</p>`}
${pictureSection(run, prompt)}
${mapSection(info, steps)}
${curveSection(info, steps)}
<h2>How it was painted</h2>
<p>Every option of the run. With the same checkpoint, device and versions they give the same picture, bit for bit.</p>
<div class="tables">${optionTable(info)}${machineTable(info, steps)}</div>
<pre>${escapeHtml(command(info))}</pre>
${steps.some(({ windows }) => windows.some(({ loss }) => loss !== undefined)) ? FOOTNOTES : ""}
</main>
${run.picture ? `<script>${viewerScript()}</script>` : ""}
</body>
</html>
`;
}

const FOOTNOTES = `<footer>
<p>Distances are LPIPS between what a window foresees and what the anchor foresees, before the descent; lower is more alike. Steps and windows count from 0.</p>
<p>Colours: viridis (Smith, van der Walt and Firing, CC0), even in lightness and readable with every common colour blindness.</p>
</footer>`;

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`;
const placeOf = ({ width, scaleFactor, coverage }: RunInfo): StripPlace => ({ width, scaleFactor, coverage });

function facts(info: RunInfo, steps: readonly StepNumbers[]): string {
  const { width, height, coverage, options, seconds, model } = info;
  const turn = coverage.edge === "wrap" ? "a full turn" : `${Math.round(coverage.horizontal)}° wide`;
  const parts = [
    `${width} × ${height} pixels, ${turn}`,
    `${count(steps[0]?.windows.length ?? 0, "window")}, ${count(steps.length, "step")}`,
  ];
  if (typeof options.seed === "number") parts.push(`seed ${options.seed}`);
  return `${[...parts, `${duration(seconds)} on ${model.device}`].join("; ")}.`;
}

function pictureSection(run: ReportRun, prompt: string): string {
  const drawn = runFigure(run);
  if (!drawn) return "";
  const alt = `Panorama: ${prompt}`;
  const figure = panoramaFigure("panorama", { ...drawn, alt });
  const scrub = drawn.spec.steps ? " The slider goes back through what each step foresaw." : "";
  return `<figure class="picture">${figure}</figure>
<p class="hint">Drag to turn, scroll to zoom; the arrow keys do the same.${scrub}</p>`;
}

function mapSection(info: RunInfo, steps: readonly StepNumbers[]): string {
  const strip = windowMap(steps, placeOf(info));
  if (!strip)
    return `<h2>Distances</h2><p>${
      info.method === "multi"
        ? "MultiDiffusion averages its windows and measures no distance between them. The same seed with --method sync shows what synchronising changes."
        : "No step of this run was synchronised, so no distance was measured."
    }</p>`;
  const last = steps[steps.length - 1].index;
  const skipped = strip.every > 1 ? ` Every ${strip.every}th step is drawn.` : "";
  const { left, width, name } = anchorColumns(info, steps);
  const mark = left.map((at, k) => `<div class="anchor" style="left:${at}%;width:${width[k]}%"></div>`).join("");
  return `<h2>How far each window is from the anchor</h2>
<p>A column is a window, where it lies in the panorama; a row is a step, the first at the top. Click one to look there.${skipped}</p>
<figure id="strip" class="map" style="margin-inline:0">
<div class="anchor-name">${name}</div>
<div class="strip"><img data-copy hidden alt="">${mark}</div>
<div class="rows"><span>${steps[0].index}</span><span>${last}</span></div>
<div class="cells">${strip.svg}${mark}</div>
<div class="degrees">${degreeLabels(info.coverage)}</div>
</figure>
${strip.legend}
${figureJob(["strip", "strip", { viewer: "panorama", coverage: info.coverage }])}`;
}

/** Where the anchor's window lies, in percent of the width; in two pieces where it passes the cut. */
function anchorColumns(info: RunInfo, steps: readonly StepNumbers[]): { left: number[]; width: number[]; name: string } {
  const { anchor, windows } = steps[steps.length - 1];
  const window = windows[anchor];
  if (!window) return { left: [], width: [], name: "" };
  const percent = (x: number) => Math.round(((x * info.scaleFactor) / info.width) * 1e4) / 100;
  const [left, width] = [percent(window.left), percent(window.width)];
  const name = `<span style="left:${Math.min(94, Math.max(6, (left + width / 2) % 100))}%">anchor</span>`;
  return left + width > 100.1 ? { left: [left, 0], width: [100 - left, left + width - 100], name } : { left: [left], width: [width], name };
}

function degreeLabels({ horizontal }: Coverage): string {
  return [-0.5, -0.25, 0, 0.25, 0.5]
    .map((at) => `<span style="left:${(at + 0.5) * 100}%">${at < 0 ? "−" : ""}${Math.round(Math.abs(at) * horizontal)}°</span>`)
    .join("");
}

function curveSection(info: RunInfo, steps: readonly StepNumbers[]): string {
  const curve = lossCurve(steps, placeOf(info));
  return curve ? `<h2>How the distances fall</h2>\n<p>One line a window, on a logarithmic axis.</p>\n${curve}` : "";
}

/** What the options mean, for their table; options that are not listed are shown under their own name. */
const MEANINGS: Readonly<Record<string, string>> = {
  prompt: "prompt",
  negativePrompt: "negative prompt",
  width: "width, pixels",
  height: "height, pixels",
  steps: "denoising steps",
  guidanceScale: "guidance scale",
  seed: "seed",
  loop: "closed to a full turn",
  windows: "windows",
  window: "window, latent pixels",
  stride: "stride, latent pixels",
  batch: "windows a network call",
  weight: "weight of the first descent",
  decay: "its decay a step",
  syncEvery: "synchronised, every n-th step",
  syncSteps: "synchronised, first n steps",
  anchor: "anchor window",
  latent: "starting noise",
  text: "text embeddings",
};

function optionTable({ options }: RunInfo): string {
  const known = Object.keys(MEANINGS).filter((key) => options[key] !== undefined);
  const others = Object.keys(options).filter((key) => !(key in MEANINGS) && options[key] !== undefined);
  return table(
    "Options",
    [...known, ...others].map((key) => [MEANINGS[key] ?? key, shown(key, options[key])]),
  );
}

function machineTable({ model, versions, started, seconds }: RunInfo, steps: readonly StepNumbers[]): string {
  const timed = steps.flatMap((step) => (step.seconds === undefined ? [] : [step.seconds]));
  const perStep = timed.length > 0 ? [["a step", duration(timed.reduce((a, b) => a + b, 0) / timed.length)] as const] : [];
  return table("Machine", [
    ["model", model.name],
    ["checkpoint digest", model.digest],
    ["device", model.device],
    ["precision", model.precision ?? "float32"],
    ["threads", String(model.threads)],
    ["started", started],
    ["time", duration(seconds)],
    ...perStep,
    ...Object.entries(versions),
  ]);
}

const table = (caption: string, rows: readonly (readonly [string, string])[]): string =>
  `<table><caption>${caption}</caption><tbody>${rows.map(([key, value]) => `<tr><th scope="row">${escapeHtml(key)}</th><td>${escapeHtml(value)}</td></tr>`).join("")}</tbody></table>`;

function shown(key: string, value: unknown): string {
  if (value === "") return "(none)";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (key === "windows" && Array.isArray(value))
    return `${value.length}${value[0] ? ` of ${value[0].width}×${value[0].height} latent pixels` : ""}`;
  if (typeof value === "object" && value !== null && "shape" in value) return `given, [${String(value.shape)}]`;
  return typeof value === "string" || typeof value === "number" ? String(value) : JSON.stringify(value);
}

/** The command that repeats the run, where its options can be said on the command line. */
function command({ method, options, model }: RunInfo): string {
  const flags: Readonly<Record<string, string>> = {
    negativePrompt: "--negative",
    width: "--width",
    height: "--height",
    steps: "--steps",
    guidanceScale: "--guidance",
    window: "--window",
    stride: "--stride",
    seed: "--seed",
    batch: "--batch",
    ...(method === "sync"
      ? { weight: "--weight", decay: "--decay", syncEvery: "--sync-every", syncSteps: "--sync-steps", anchor: "--anchor" }
      : {}),
  };
  const given = Object.entries(flags).flatMap(([key, flag]) =>
    options[key] === undefined || options[key] === "" ? [] : [flag, quoted(String(options[key]))],
  );
  const words = [
    "veduta paint",
    quoted(String(options.prompt ?? "")),
    "--method",
    method,
    ...given,
    ...(options.loop === true ? ["--loop"] : []),
  ];
  const precision = model.precision === undefined ? [] : ["--precision", model.precision];
  return [...words, "--device", model.device, ...precision, "--threads", String(model.threads)].join(" ");
}

/** A word as a POSIX shell takes it. */
const quoted = (word: string): string => (/^[\w.,:/-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
