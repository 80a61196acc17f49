/** @file A bar for loops that are written by hand, where `track` has no run to watch. */
import { clock } from "../core/words.js";
import { escapeHtml } from "../pages/html.js";
import { currentSink, liveOutput, type MimeBundle } from "./display.js";
import { whenEnding } from "./ending.js";
import { barHtml, OUTPUT_STYLE } from "./output-look.js";
import { timeLeft } from "./progress.js";

/** Options of `progress`. */
export interface ProgressBarOptions {
  /** how many items there are; default the length of a list */
  readonly length?: number;
  /** what a turn of the loop is, in words; any text; default "step" */
  readonly unit?: string;
}

/** Minimum milliseconds between two updates of the bar. */
const UPDATE_APART = 200;

interface State {
  readonly done: number;
  readonly of: number;
  readonly phase: "running" | "finished" | "stopped";
  /** milliseconds elapsed, and left; absent while unknown */
  readonly gone: number;
  readonly left?: number;
}

/**
 * The items of a list, or of a generator, one after the other, with a bar that shows how many are done:
 * `for await (const hop of progress(path))`. In a notebook the bar is one output that changes in place; elsewhere nothing is shown. A loop that
 * is left early, or stopped, says where.
 * @throws RangeError where `length` is no whole number >= 0, or is missing and `items` is no list
 */
export async function* progress<T>(
  items: Iterable<T> | AsyncIterable<T>,
  { unit = "step", length = Array.isArray(items) ? items.length : undefined }: ProgressBarOptions = {},
): AsyncGenerator<T, void, undefined> {
  if (length === undefined || !Number.isInteger(length) || length < 0)
    throw new RangeError(`progress: got length ${length}, want a whole number >= 0; only a list has one of its own`);
  if (currentSink().lines) return yield* items; // a plain script stays quiet
  const output = liveOutput();
  const ends = [performance.now()];
  let [done, updated] = [0, Number.NEGATIVE_INFINITY];
  const at = (phase: State["phase"]): MimeBundle => {
    const left = phase === "running" && done > 0 ? timeLeft(ends, length - done) : undefined;
    return forms({ done, of: length, phase, gone: performance.now() - ends[0], left }, unit);
  };
  const ending = whenEnding(() => output.replaceNow(at("stopped")));
  try {
    await output.set(at("running"));
    for await (const item of items) {
      yield item;
      done++;
      ends.push(performance.now());
      if (done >= length || performance.now() - updated < UPDATE_APART) continue;
      updated = performance.now();
      await output.set(at("running"));
    }
  } finally {
    ending.over();
    await output.set(at(done >= length ? "finished" : "stopped"));
  }
}

function words({ done, of, phase, gone, left }: State, unit: string): string {
  if (phase === "finished") return `${done} ${unit}${done === 1 ? "" : "s"} in ${clock(gone)}`;
  if (phase === "stopped") return `stopped after ${unit} ${done} of ${of} · ${clock(gone)} gone`;
  return `${unit} ${done}/${of}${left === undefined ? "" : ` · ${clock(gone)} gone, ${clock(left)} left`}`;
}

function forms(state: State, unit: string): MimeBundle {
  const { done, of, phase } = state;
  const text = words(state, unit);
  const bar = barHtml(of === 0 ? 1 : Math.min(1, done / of), phase === "stopped" ? "stopped" : "going");
  const html = `<div class="veduta-progress" style="${OUTPUT_STYLE}">${bar}<div>${escapeHtml(text)}</div></div>`;
  return { "text/html": html, "text/plain": `[${text}]` };
}
