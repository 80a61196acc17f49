/** @file How far a run is, on the terminal. */
import { clock } from "../core/words.js";
import type { WindowRecord } from "../methods/joint/step-record.js";
import { type Out, progressLine } from "./progress-line.js";

export type { Out } from "./progress-line.js";

/** The progress display of a run. */
export interface Progress {
  /** Shows a finished step. */
  step(step: { readonly index: number; readonly anchor: number; readonly windows: readonly WindowRecord[] }): void;
  /** Ends the bar's line, so that later output begins a new one. */
  end(): void;
}

/** Options of `createProgress`. */
export interface ProgressOptions {
  readonly steps: number;
  readonly windows: number;
  readonly out: Out;
}

/** Time left is reckoned from the last so many steps: the first ones also load the networks. */
const LAST_STEPS = 6;

/** Makes the progress display of a run. */
export function createProgress({ steps, windows, out }: ProgressOptions): Progress {
  const ends = [performance.now()];
  const line = progressLine(out);
  const show = (done: number, ...facts: string[]) =>
    line.show(done / steps, (columns) =>
      Number.isFinite(columns)
        ? barOf(done / steps, `${done}/${steps}  ${facts.join("  ")}`, columns)
        : `step ${done}/${steps}, ${facts.join(", ")}`,
    );
  if (out.isTTY) show(0, `${windows} windows`, "loading the networks");
  return {
    step({ index, anchor, windows: records }) {
      ends.push(performance.now());
      const done = index + 1;
      const loss = meanLoss(records, anchor);
      const state = done < steps ? `${clock(timeLeft(ends, steps - done))} left` : "decoding";
      show(done, `${windows} windows`, ...(loss === undefined ? [] : [`loss ${loss.toPrecision(3)}`]), state);
    },
    end: line.end,
  };
}

/** Words with a bar before them, where there is room for one. */
function barOf(part: number, words: string, columns: number): string {
  const room = Math.min(32, columns - words.length - 4);
  if (room < 6) return words;
  const full = Math.round(room * part);
  return `${"━".repeat(full)}${"─".repeat(room - full)}  ${words}`;
}

/** Milliseconds that so many steps more will take. @param ends when the run began, and when each of its steps ended */
export function timeLeft(ends: readonly number[], steps: number): number {
  const recent = ends.slice(-LAST_STEPS - 1);
  return ((recent[recent.length - 1] - recent[0]) / (recent.length - 1)) * steps;
}

/** The mean distance of the other windows to the anchor; undefined if none was measured. */
export function meanLoss(windows: readonly WindowRecord[], anchor: number): number | undefined {
  const losses = windows.flatMap(({ loss }, j) => (loss === undefined || j === anchor ? [] : [loss]));
  return losses.length === 0 ? undefined : losses.reduce((a, b) => a + b, 0) / losses.length;
}
