/** @file How far a run is, on the terminal. */
import { clock } from "../core/words.js";
import { type MeasuredStep, measured, placeOf } from "../methods/any-run.js";
import { type Out, progressLine } from "./progress-line.js";

export type { Out } from "./progress-line.js";

/** The progress display of a run. */
export interface Progress {
  /** Shows a finished step. */
  step(step: { readonly index: number } & MeasuredStep): void;
  /** Ends the bar's line, so that later output begins a new one. */
  end(): void;
}

/** Options of `createProgress`. */
export interface ProgressOptions {
  readonly steps: number;
  /** what it works on, in words: "24 windows" */
  readonly units: string;
  readonly out: Out;
}

/** Time left is reckoned from the last so many steps: the first ones also load the networks. */
const LAST_STEPS = 6;

/** Makes the progress display of a run. */
export function createProgress({ steps, units, out }: ProgressOptions): Progress {
  const ends = [performance.now()];
  const line = progressLine(out);
  const show = (done: number, ...facts: (string | undefined)[]) => line.show(done / steps, `step ${done} of ${steps}`, units, ...facts);
  if (out.isTTY) show(0, "loading the networks");
  return {
    step(record) {
      ends.push(performance.now());
      const done = placeOf(record) + 1;
      const numbers = measured(record);
      const loss = numbers && `${numbers.name === "LPIPS" ? "loss" : numbers.name} ${numbers.mean.toPrecision(3)}`;
      const state = done < steps ? `${clock(timeLeft(ends, steps - done))} left` : "decoding";
      show(done, loss, state);
    },
    end: line.end,
  };
}

/** Milliseconds that so many steps more will take. @param ends when the run began, and when each of its steps ended */
export function timeLeft(ends: readonly number[], steps: number): number {
  const recent = ends.slice(-LAST_STEPS - 1);
  return ((recent[recent.length - 1] - recent[0]) / (recent.length - 1)) * steps;
}
