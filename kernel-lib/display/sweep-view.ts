/**
 * @file A sweep's progress as an output: a bar, runs a minute, the time left, the last pictures, and what failed. It is HTML with inline styles, so it is
 * complete in a sanitised notebook.
 */
import type { MimeBundle } from "../core/host.js";
import { clock, counted, short } from "../core/words.js";
import { escapeHtml } from "../pages/html.js";
import type { SweepCounts } from "../sweeps/sweep-event.js";
import type { FailedRun } from "../sweeps/sweep-folder.js";
import { barHtml, OUTPUT_STYLE, OUTPUT_WIDTH } from "./output-look.js";

/** Pictures that are shown, the last ones. */
export const LAST = 4;
/** Failures that are named. */
const NAMED = 5;

/** A run's picture. */
export interface SweepPicture {
  /** a data: URL */
  readonly src: string;
  readonly label: string;
  readonly width: number;
  readonly height: number;
}

/** What is shown of a sweep. */
export interface SweepState {
  readonly phase: "running" | "finished" | "stopped";
  readonly counts: SweepCounts;
  /** runs that were made since it began */
  readonly made: number;
  /** milliseconds since it began */
  readonly gone: number;
  readonly failures: readonly ({ readonly key: string } & FailedRun)[];
  readonly pictures: readonly SweepPicture[];
  /** any text */
  readonly note?: string;
}

/** The state in one line. */
export function sweepWords({ phase, counts: { all, there, failed }, made, gone, note }: SweepState): string {
  const open = all - there - failed;
  const times = {
    running: made === 0 ? "no run is finished yet" : `${clock((gone / made) * open)} left`,
    finished: `${counted(made, "run")} in ${clock(gone)}`,
    stopped: "stopped; the same call goes on",
  }[phase];
  return [
    `${there} of ${counted(all, "run")}`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(made > 0 ? [`${short((60_000 * made) / gone)} a minute`] : []),
    times,
    ...(note === undefined ? [] : [note]),
  ].join(" · ");
}

/** The forms of the output. */
export function sweepForms(state: SweepState): MimeBundle {
  const { phase, counts, pictures, failures } = state;
  const words = sweepWords(state);
  const figures = pictures.map(
    ({ src, label, width, height }) =>
      `<figure style="margin:10px 0 0"><img src="${escapeHtml(src)}" alt="${escapeHtml(label)}" width="${Math.min(OUTPUT_WIDTH, width)}" style="display:block;width:100%;max-width:${Math.min(OUTPUT_WIDTH, width)}px;height:auto;aspect-ratio:${width}/${height};margin:0;border-radius:6px"><figcaption style="margin:2px 0 0;opacity:.75">${escapeHtml(label)}</figcaption></figure>`,
  );
  const named = failures
    .slice(0, NAMED)
    .map(
      ({ key, name, message }) =>
        `<tr style="background:none"><td style="${CELL}">${key}</td><td style="${CELL}">${escapeHtml(`${name}: ${message}`)}</td></tr>`,
    );
  const more = failures.length > NAMED ? `<div style="opacity:.75">and ${failures.length - NAMED} more</div>` : "";
  const table =
    named.length === 0
      ? ""
      : `<table style="border-collapse:collapse;margin:10px 0 0;font:inherit;color:inherit"><caption style="text-align:left;color:inherit"><b>Failed</b></caption><tbody>${named.join("")}</tbody></table>${more}`;
  const bar = barHtml(counts.all === 0 ? 0 : counts.there / counts.all, phase === "stopped" ? "stopped" : "going");
  return {
    "text/html": `<div class="veduta-sweep" style="${OUTPUT_STYLE}">${bar}<div>${escapeHtml(words)}</div>${table}${figures.join("")}</div>`,
    "text/plain": `[${words}]`,
  };
}

const CELL = "padding:4px 14px 4px 0;text-align:left;vertical-align:top;background:none;border:0;border-top:1px solid rgb(128 128 128/.35)";
