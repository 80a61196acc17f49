/** @file Shows a download's progress: a line that is redrawn, or plain lines without a terminal. */

import { bytesInWords, clock } from "../core/words.js";
import type { Out } from "../display/progress.js";
import type { PullEvent } from "../hub/pulling.js";

/** Without a terminal, there is a line at least every `LINE_EVERY` milliseconds. */
const LINE_EVERY = 15_000;
/** Minimum milliseconds between two redraws on a terminal. */
const DRAW_EVERY = 100;
/** Milliseconds over which the rate is averaged. */
const RECENT = 5_000;

/** Makes a listener that shows a pull's progress. @param now milliseconds; default the clock's */
export function pullProgress(out: Out, now: () => number = () => performance.now()): (event: PullEvent) => void {
  let begun: string | undefined;
  let samples: { readonly at: number; readonly have: number }[] = [];
  let saidAt = Number.NEGATIVE_INFINITY;
  const line = (text: string) => out.write(out.isTTY ? `\r${text}\x1b[K\n` : `${text}\n`);
  return (event) => {
    if (event.kind === "waiting") return void line(`${event.path}: another process is downloading it; waiting`);
    if (event.kind === "retry") return void line(`${event.url}: ${event.failed}; again in ${Math.ceil(event.milliseconds / 1000)} s`);
    if (event.kind === "here") {
      begun = undefined;
      return void line(`${event.path}: ${SAID[event.how]}`);
    }
    const { path, have, bytes } = event;
    const at = now();
    if (begun !== path || have < (samples[samples.length - 1]?.have ?? 0)) samples = [];
    if (begun !== path) saidAt = out.isTTY ? Number.NEGATIVE_INFINITY : at;
    begun = path;
    samples.push({ at, have });
    while (samples.length > 2 && at - samples[1].at > RECENT) samples.shift();
    if (at - saidAt < (out.isTTY ? DRAW_EVERY : LINE_EVERY)) return;
    saidAt = at;
    const rate = (have - samples[0].have) / Math.max(1, at - samples[0].at); // bytes per millisecond
    const left = rate > 0 ? `, ${bytesInWords(1000 * rate)}/s, ${clock((bytes - have) / rate)} left` : "";
    const text = `${bytesInWords(have)} of ${bytesInWords(bytes)}${left}: ${path}`; // a narrow terminal cuts the name
    out.write(out.isTTY ? `\r${text.slice(0, (out.columns ?? 80) - 1)}\x1b[K` : `${text}\n`);
  };
}

const SAID = { downloaded: "downloaded, verified", kept: "here already, verified", converted: "converted" } as const;
