/** @file A bar for loops that are written by hand, where `track` has no run to watch. */
import { clock } from "../core/words.js";
import { escapeHtml } from "../pages/html.js";
import { currentSink, liveOutput, type MimeBundle } from "./display.js";
import { whenEnding } from "./ending.js";
import { barHtml, OUTPUT_STYLE } from "./output-look.js";
import { timeLeft } from "./progress.js";

/** Options of `progress`. */
export interface ProgressBarOptions {
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
 * The items of a list one after the other, with a bar that shows how many are done: `for await (const hop of progress(path))`. In a notebook
 * the bar is one output that changes in place; elsewhere nothing is shown. A loop that is left early, or stopped, says where.
 * @throws TypeError if `items` is not a list
 */
export async function* progress<T>(items: readonly T[], { unit = "step" }: ProgressBarOptions = {}): AsyncGenerator<T, void, undefined> {
  if (!Array.isArray(items)) throw new TypeError(`progress: got ${typeof items}, want a list; [...items] makes one`);
  if (currentSink().lines) return yield* items; // a plain script stays quiet
  const output = liveOutput();
  const ends = [performance.now()];
  const gone = () => performance.now() - ends[0];
  let [done, updated] = [0, Number.NEGATIVE_INFINITY];
  const state = (phase: State["phase"]): State => {
    const left = phase === "running" && done > 0 ? timeLeft(ends, items.length - done) : undefined;
    return { done, of: items.length, phase, gone: gone(), left };
  };
  const ending = whenEnding(() => output.replaceNow(forms(state("stopped"), unit)));
  try {
    await output.set(forms(state("running"), unit));
    for (const item of items) {
      yield item;
      done++;
      ends.push(performance.now());
      if (done === items.length || performance.now() - updated < UPDATE_APART) continue;
      updated = performance.now();
      await output.set(forms(state("running"), unit));
    }
  } finally {
    ending.over();
    await output.set(forms(state(done === items.length ? "finished" : "stopped"), unit));
  }
}

function words({ done, of, phase, gone, left }: State, unit: string): string {
  if (phase === "finished") return `${of} ${unit}${of === 1 ? "" : "s"} in ${clock(gone)}`;
  if (phase === "stopped") return `stopped after ${unit} ${done} of ${of} · ${clock(gone)} gone`;
  return `${unit} ${done}/${of}${left === undefined ? "" : ` · ${clock(gone)} gone, ${clock(left)} left`}`;
}

function forms(state: State, unit: string): MimeBundle {
  const { done, of, phase } = state;
  const text = words(state, unit);
  const bar = barHtml(of === 0 ? 1 : done / of, phase === "stopped" ? "stopped" : "going");
  return {
    "text/html": `<div class="veduta-progress" style="${OUTPUT_STYLE}">${bar}<div>${escapeHtml(text)}</div></div>`,
    "text/plain": `[${text}]`,
  };
}
