/** @file How many bytes of how many, on the terminal, and how fast. */
import { bytesInWords, clock } from "../core/words.js";
import { type Out, progressLine } from "../display/progress-line.js";
import type { PullEvent } from "../hub/pulling.js";

/** A progress display in bytes. */
export interface ByteProgress {
  /** @param what is written or downloaded; another begins anew */
  show(what: string, done: number, total: number): void;
  /** Says something in a line of its own. */
  say(text: string): void;
  /** Ends the line, so that what follows begins a new one. */
  end(): void;
}

/** Milliseconds of the past that the rate is reckoned from. */
const RECENT = 5_000;

/** Makes a progress display in bytes. */
export function createByteProgress(out: Out): ByteProgress {
  const line = progressLine(out);
  let shown: string | undefined;
  let samples: { readonly at: number; readonly done: number }[] = [];
  return {
    show(what, done, total) {
      const at = performance.now();
      if (shown !== what || done < (samples.at(-1)?.done ?? 0)) samples = [];
      shown = what;
      samples.push({ at, done });
      while (samples.length > 2 && at - samples[1].at > RECENT) samples.shift();
      const rate = (done - samples[0].done) / Math.max(1, at - samples[0].at); // bytes per millisecond
      const left = rate > 0 && done < total ? [`${bytesInWords(1000 * rate)}/s`, `${clock((total - done) / rate)} left`] : [];
      line.show(done / total, `${bytesInWords(done)} of ${bytesInWords(total)}`, ...left, what); // a narrow terminal cuts the name
    },
    say: line.say,
    end: line.end,
  };
}

/** What a pull tells, on the terminal. */
export function showPull(progress: ByteProgress, event: PullEvent): void {
  if (event.kind === "bytes") progress.show(event.path, event.have, event.bytes);
  else if (event.kind === "waiting") progress.say(`${event.path}: another process is at it; waiting for it`);
  else if (event.kind === "retry") progress.say(`${event.url}: ${event.failed}; again in ${Math.ceil(event.milliseconds / 1000)} s`);
  else progress.say(`${event.path}: ${SAID[event.how]}`);
}

const SAID = { downloaded: "downloaded, verified", kept: "here already, verified", converted: "converted" } as const;
