/**
 * @file A run's progress as an output: the foreseen panorama, a bar, the times and the distances. It is HTML with inline styles, so it is complete
 * in a sanitised notebook. Its structure and size never change, so that nothing moves when it is replaced.
 */

import { clock, short } from "../core/words.js";
import type { Measured } from "../methods/any-run.js";
import { escapeHtml } from "../pages/html.js";
import { barHtml, OUTPUT_STYLE, OUTPUT_WIDTH } from "./output-look.js";

/** Distances of a step: of windows to the anchor, or of edited pictures to their sources. */
export interface Losses extends Measured {
  readonly index: number;
}

/** The state of a tracked run. */
export interface TrackState {
  readonly phase: "running" | "decoding" | "finished" | "stopped";
  /** steps that were finished before this `track`; default 0 */
  readonly before?: number;
  /** finished steps, and all steps */
  readonly done: number;
  readonly steps: number;
  /** milliseconds elapsed, and left; absent while unknown */
  readonly gone: number;
  readonly left?: number;
  /** the panorama's size in pixels */
  readonly width: number;
  readonly height: number;
  /** the picture as a data: URL, and its alternative text */
  readonly picture?: { readonly src: string; readonly alt: string };
  /** one entry per step that measured distances, in order */
  readonly losses: readonly Losses[];
  /** a message, such as why the run stopped; any text */
  readonly note?: string;
}

/** Minimum and maximum height of the picture in CSS pixels, where the width leaves room for it. */
const [LOWEST, HIGHEST] = [256, 512];
/** A transparent pixel, a placeholder until there is a picture. */
const NOTHING = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";
/** Readable on white and on black. */
const COLOURS = { mean: "#2f88a0", max: "#8d8d8d" } as const;

/** Makes the HTML of a run's progress. */
export function trackHtml(state: TrackState): string {
  const { phase, done, steps, width, height, picture, losses, note = "" } = state;
  const wide = Math.min(OUTPUT_WIDTH, Math.round((Math.min(HIGHEST, Math.max(LOWEST, height)) * width) / height));
  const spark = `<img src="${escapeHtml(sparkline(losses, steps))}" alt="${escapeHtml(course(losses))}" width="120" height="28" decoding=sync style="display:block;flex:none;width:120px;height:28px;margin:0">`;
  return `<div class="veduta-track" style="${OUTPUT_STYLE}">
<img src="${escapeHtml(picture?.src ?? NOTHING)}" alt="${escapeHtml(picture?.alt ?? "nothing foreseen yet")}" width="${wide}" height="${Math.round((wide * height) / width)}" decoding=sync style="display:block;box-sizing:border-box;width:100%;max-width:${wide}px;height:auto;aspect-ratio:${width}/${height};margin:0;border-radius:6px;background:rgb(128 128 128/.18)">
${barHtml(steps === 0 ? 1 : done / steps, phase === "stopped" ? "stopped" : "going")}
<div style="display:flex;gap:12px;justify-content:space-between;min-height:40px"><div>${summary(state)}<br><span style="opacity:.75">${escapeHtml(note)}</span></div>${spark}</div>
</div>`;
}

/** Describes the state in one line. */
export function trackText(state: TrackState): string {
  const { note } = state;
  return `[${summary(state).replace(/<\/?b>/g, "")}${note === undefined ? "" : `; ${note}`}]`;
}

/** How far a run is. */
export interface TrackPlace {
  /** finished steps */
  readonly done: number;
  readonly steps: number;
}

/** How far the run of an output is that `trackText` described; undefined for any other text, and once the run has ended. */
export function trackPlace(text: string): TrackPlace | undefined {
  const [, done, steps] = /^\[step (\d+)\/(\d+)\b/.exec(text) ?? [];
  return steps === undefined ? undefined : { done: Number(done), steps: Number(steps) };
}

function summary({ phase, before = 0, done, steps, gone, left, losses }: TrackState): string {
  const loss = losses[losses.length - 1];
  const where = {
    running: `step ${done}/${steps}`,
    decoding: `step ${done}/${steps}, decoding`,
    finished: `${before > 0 ? `${done - before} of ` : ""}${steps} step${steps === 1 ? "" : "s"} in ${clock(gone)}`,
    stopped: done === 0 ? `stopped in the first of ${steps} steps` : `stopped after step ${done} of ${steps}`,
  }[phase];
  const times = {
    running: left === undefined ? (before > 0 ? "going on" : "loading the networks") : `${clock(gone)} gone, ${clock(left)} left`,
    decoding: `${clock(gone)} gone`,
    finished: done === before ? "" : `${short(gone / 1000 / (done - before))} s per step`,
    stopped: `${clock(gone)} gone`,
  }[phase];
  const facts = [`<b>${where}</b>`, times, ...(loss ? [inWords(loss)] : [])];
  return facts.filter((fact) => fact !== "").join(" · ");
}

const inWords = ({ name, mean, max, count }: Measured): string =>
  count === 1 && name !== "LPIPS" ? `${name} ${short(mean)}` : `${name} ${short(mean)} mean, ${short(max)} max`;

const course = (losses: readonly Losses[]): string =>
  losses.length === 0 ? "" : `mean distance ${short(losses[0].mean)} to ${short(losses[losses.length - 1].mean)}`;

/** The distances over all steps on a logarithmic axis, as the data: URL of an SVG. */
function sparkline(losses: readonly Losses[], steps: number): string {
  const values = losses.flatMap(({ mean, max }) => [mean, max]).filter((value) => value > 0);
  const low = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = values.reduce((a, b) => Math.max(a, b), 0);
  const x = (index: number) => 2 + (116 * index) / Math.max(1, steps - 1);
  const y = (value: number) => (high > low ? 25 - (22 * Math.log(value / low)) / Math.log(high / low) : 14);
  const line = (key: "mean" | "max") => {
    const points = losses.filter((step) => step[key] > 0).map((step) => `${round1(x(step.index))} ${round1(y(step[key]))}`);
    const d = points.length === 1 ? `M${points[0]}h.1` : points.map((point, k) => `${k === 0 ? "M" : "L"}${point}`).join("");
    return `<path d="${d}" stroke="${COLOURS[key]}" stroke-width="${key === "mean" ? 2 : 1.2}"/>`;
  };
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 28" fill="none" stroke-linejoin="round" stroke-linecap="round">${line("max")}${line("mean")}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

const round1 = (value: number): number => Math.round(value * 10) / 10;
