/** @file Shows the progress of a tracked run: an output that changes in place, or lines on a terminal. */
import { encodePng, encodeWebp } from "../core/image.js";
import { type AnyResult, type AnyRun, type AnyStep, measured, picturesOf, placeOf, unitsOf } from "../methods/any-run.js";
import { dataUrl } from "../pages/html.js";
import { displayable, liveOutput, type MimeBundle } from "./display.js";
import { whenEnding } from "./ending.js";
import { GAP, sideBySide } from "./image.js";
import { OUTPUT_WIDTH } from "./output-look.js";
import { createProgress, type Out, timeLeft } from "./progress.js";
import { type Losses, type TrackState, trackHtml, trackText } from "./track-view.js";

/** Minimum interval between automatic previews: 1.5 s, or 8× the time a preview takes, whichever is longer. */
const PREVIEW_APART = 1500;
const PREVIEW_COST = 8;
/** Minimum milliseconds between two updates of the output. */
const UPDATE_APART = 200;

/** Shows the progress of a run. */
export interface Watcher {
  begin(): Promise<void>;
  step(record: AnyStep): Promise<void>;
  finish(result: AnyResult): Promise<void>;
  stop(reason: unknown): Promise<void>;
}

/** Shows progress as one line of a terminal, or a line every tenth of the run; the result is a figure. */
export function watchInLines(run: AnyRun, out: Out): Watcher {
  const steps = run.stepCount;
  const progress = createProgress({ steps, units: unitsOf(run), out });
  const begun = performance.now();
  const losses: Losses[] = [];
  let before: number | undefined;
  let done = 0;
  return {
    begin: async () => {},
    async step(record) {
      losses.push(...lossesOf(record));
      before ??= placeOf(record);
      done = placeOf(record) + 1;
      progress.step(record);
    },
    async finish(result) {
      progress.end();
      const gone = performance.now() - begun;
      const state: TrackState = { phase: "finished", before, done, steps, gone, ...shownSize(run), losses };
      await displayable(() => finished(state, result)).show();
    },
    async stop(reason) {
      progress.end();
      out.write(`stopped after step ${done} of ${steps}: ${wordsOf(reason)}\n`);
    },
  };
}

/** Shows progress as an output of a notebook. */
export function watchInOutput(run: AnyRun, steps: readonly AnyStep[], previewEvery?: number): Watcher {
  const { stepCount } = run;
  const output = liveOutput();
  const begun = performance.now();
  const ends = [begun];
  const before = steps.length === 0 ? 0 : placeOf(steps[steps.length - 1]) + 1;
  let state: TrackState = {
    phase: "running",
    before,
    done: before,
    steps: stepCount,
    gone: 0,
    ...shownSize(run),
    losses: steps.flatMap(lossesOf),
  };
  const previews = previewer(previewEvery);
  let updated = Number.NEGATIVE_INFINITY;
  let over = false; // stopped during an update: no more updates follow
  const update = async (change: Partial<TrackState>, when: "now" | "soon" = "now") => {
    if (over) return;
    state = { ...state, ...change, gone: performance.now() - begun };
    if (when === "soon" && performance.now() - updated < UPDATE_APART) return;
    updated = performance.now();
    await output.set(forms(state));
  };
  const ending = whenEnding(() => {
    output.replaceNow(forms({ ...state, phase: "stopped", gone: performance.now() - begun, note: "the kernel ended before the run did" }));
  });

  return {
    begin: () => update({}),
    async step(record) {
      ends.push(performance.now());
      const done = placeOf(record) + 1;
      const last = done === stepCount;
      const seen = !last && previews.due(placeOf(record)) ? await previews.make(record) : {};
      const notices = record.notices ? { note: record.notices.join("; ") } : {};
      await update(
        {
          phase: last ? "decoding" : "running",
          ...(ends.length === 2 ? { before: placeOf(record) } : {}), // steps may have been taken before by hand
          done,
          left: timeLeft(ends, stepCount - done),
          losses: [...state.losses, ...lossesOf(record)],
          ...notices,
          ...seen,
        },
        last || ends.length === 2 || "picture" in seen ? "now" : "soon",
      );
    },
    async finish(result) {
      ending.over();
      state = { ...state, phase: "finished", gone: performance.now() - begun };
      await output.set(await finished(state, result));
    },
    async stop(reason) {
      ending.over();
      const note = `${wordsOf(reason)}${state.done > 0 ? `; trackedSteps(run) has the steps so far` : ""}`;
      const shown = update({ phase: "stopped", note });
      over = true;
      await shown;
    },
  };
}

/** The pictures of a run on its way: when one is due, and what it adds to the output. */
interface Previewer {
  due(index: number): boolean;
  /** If a preview fails, the output says so and no more previews follow; the run continues. */
  make(record: AnyStep): Promise<Partial<TrackState>>;
}

function previewer(every: number | undefined): Previewer {
  let ended = Number.NEGATIVE_INFINITY; // when the last preview ended
  let cost = 0; // milliseconds that it took
  let failed = false;
  return {
    due(index) {
      if (failed) return false;
      if (every !== undefined) return every > 0 && (index + 1) % every === 0;
      return performance.now() - ended >= Math.max(PREVIEW_APART, PREVIEW_COST * cost);
    },
    async make(record) {
      const from = performance.now();
      try {
        const image = sideBySide(await record.preview()); // [1,3,H,W]
        const src = dataUrl("image/webp", await encodeWebp(image, { quality: 75, maxWidth: OUTPUT_WIDTH }));
        ended = performance.now();
        cost = ended - from;
        return { picture: { src, alt: `foreseen after step ${placeOf(record)}` } };
      } catch (error) {
        failed = true;
        return { note: `no preview: ${wordsOf(error)}` };
      }
    },
  };
}

const forms = (state: TrackState): MimeBundle => ({ "text/html": trackHtml(state), "text/plain": trackText(state) });

/** The size of a run's pictures side by side. */
function shownSize({ options: { width, height, ...options } }: AnyRun): { readonly width: number; readonly height: number } {
  const pictures =
    "count" in options ? options.count : "image" in options ? (options.image?.shape[0] ?? 1) : (options.latent?.shape[0] ?? 1);
  return { width: pictures * width + (pictures - 1) * GAP, height };
}

/** The forms of the finished output. */
async function finished(state: TrackState, result: AnyResult): Promise<MimeBundle> {
  const pictures = picturesOf(result); // [N,3,H,W]
  const shown = sideBySide(pictures); // [1,3,H,W']
  const src = dataUrl("image/webp", await encodeWebp(shown, { quality: 90, maxWidth: OUTPUT_WIDTH }));
  const png = await encodePng(shown, { maxWidth: OUTPUT_WIDTH });
  const what = "panorama" in result ? "panorama" : pictures.shape[0] === 1 ? "picture" : `${pictures.shape[0]} pictures`;
  return {
    ...forms({ ...state, picture: { src, alt: `the finished ${what}, ${state.width}×${state.height}` } }),
    "image/png": Buffer.from(png).toString("base64"),
  };
}

/** A step's distances; an empty list if it measured none. */
function lossesOf(step: AnyStep): Losses[] {
  const numbers = measured(step);
  return numbers ? [{ index: placeOf(step), ...numbers }] : [];
}

/** The reason of a stop in one line. */
function wordsOf(reason: unknown): string {
  if (reason instanceof Error && reason.name === "AbortError") return "interrupted";
  return (reason instanceof Error ? reason.message : String(reason)).split("\n")[0];
}
