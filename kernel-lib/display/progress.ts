/** @file Shows a run's progress on the terminal: a bar that is redrawn, or plain lines if the output is not a terminal. */
import { clock } from "../core/words.js";
import type { WindowRecord } from "../methods/joint/step-record.js";

/** A stream for text. */
export interface Out {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

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
  /** milliseconds; default the clock's */
  readonly now?: () => number;
}

/** Without a terminal, there is a line every tenth of the run, and at least every `LINE_EVERY` milliseconds. */
const LINE_EVERY = 15_000;
/** The time left is estimated from this many last steps, because the first ones also load the networks. */
const LAST_STEPS = 6;

/** Makes the progress display of a run. */
export function createProgress({ steps, windows, out, now = () => performance.now() }: ProgressOptions): Progress {
  const ends = [now()];
  let lineAt = ends[0];
  let tenth = 0;
  const bar = (done: number, ...facts: string[]) => {
    const text = `${done}/${steps}  ${facts.join("  ")}`;
    const room = Math.min(32, (out.columns ?? 80) - text.length - 4);
    const full = Math.round((Math.max(0, room) * done) / steps);
    const line = room < 6 ? text.slice(0, Math.max(1, (out.columns ?? 80) - 1)) : `${"━".repeat(full)}${"─".repeat(room - full)}  ${text}`;
    out.write(`\r${line}\x1b[K`);
  };
  if (out.isTTY) bar(0, `${windows} windows`, "loading the networks");
  return {
    step({ index, anchor, windows: records }) {
      ends.push(now());
      const done = index + 1;
      const left = timeLeft(ends, steps - done);
      const loss = meanLoss(records, anchor);
      const facts = [
        `${windows} windows`,
        ...(loss === undefined ? [] : [`loss ${loss.toPrecision(3)}`]),
        done < steps ? `${clock(left)} left` : "decoding",
      ];
      if (out.isTTY) return bar(done, ...facts);
      const reached = Math.floor((done * 10) / steps);
      if (reached === tenth && done > 1 && ends[ends.length - 1] - lineAt < LINE_EVERY) return;
      tenth = reached;
      lineAt = ends[ends.length - 1];
      out.write(`step ${done}/${steps}, ${facts.join(", ")}\n`);
    },
    end() {
      if (out.isTTY) out.write("\n");
    },
  };
}

/** Estimates the milliseconds that `steps` more steps take. @param ends the time at which the run began, then at which each step ended */
export function timeLeft(ends: readonly number[], steps: number): number {
  const recent = ends.slice(-LAST_STEPS - 1);
  return ((recent[recent.length - 1] - recent[0]) / (recent.length - 1)) * steps;
}

/** The mean distance of the other windows to the anchor; undefined if none was measured. */
export function meanLoss(windows: readonly WindowRecord[], anchor: number): number | undefined {
  const losses = windows.flatMap(({ loss }, j) => (loss === undefined || j === anchor ? [] : [loss]));
  return losses.length === 0 ? undefined : losses.reduce((a, b) => a + b, 0) / losses.length;
}
