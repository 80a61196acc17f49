/** @file Runs a sweep to its end, with one output that shows its progress. */
import { encodeWebp } from "../core/image.js";
import type { Tensor } from "../core/tensor.js";
import { counted } from "../core/words.js";
import { dataUrl } from "../pages/html.js";
import { openRun } from "../runs/run-folder.js";
import type { Sweep } from "../sweeps/sweep.js";
import type { SweepEvent, SweepResult } from "../sweeps/sweep-event.js";
import { runFolder } from "../sweeps/sweep-folder.js";
import { currentSink, liveOutput } from "./display.js";
import { whenEnding } from "./ending.js";
import { OUTPUT_WIDTH } from "./output-look.js";
import { progressLine } from "./progress-line.js";
import { LAST, type SweepPicture, type SweepState, sweepForms, sweepWords } from "./sweep-view.js";

/** Minimum milliseconds between two updates of the output. */
const UPDATE_APART = 500;

/** Follows a sweep to its end; `stop` ends it within one network call. */
export async function trackSweep(sweep: Sweep, stop?: AbortSignal): Promise<SweepResult> {
  const sink = currentSink();
  const end = () => sweep.stop();
  stop?.addEventListener("abort", end, { once: true });
  try {
    return await (sink.lines ? inLines(sweep, progressLine(sink.lines)) : inOutput(sweep));
  } finally {
    stop?.removeEventListener("abort", end);
  }
}

/** What is shown, after each event. */
function stateOf(): { readonly state: () => SweepState; readonly add: (event: SweepEvent) => void } {
  const begun = performance.now();
  let state: SweepState = { phase: "running", counts: { all: 0, there: 0, failed: 0 }, made: 0, gone: 0, failures: [], pictures: [] };
  return {
    state: () => ({ ...state, gone: performance.now() - begun }),
    add(event) {
      const { counts } = event;
      state = { ...state, counts };
      if (event.kind === "done") state = { ...state, made: state.made + 1 };
      if (event.kind === "failed") state = { ...state, failures: [...state.failures, { key: event.key, ...event.failed }] };
      if (event.kind === "note") state = { ...state, note: event.text };
      if (event.kind === "measured") state = { ...state, note: `${event.done} of ${counted(event.of, "picture")} measured` };
    },
  };
}

async function inLines(sweep: Sweep, line: ReturnType<typeof progressLine>): Promise<SweepResult> {
  const { state, add } = stateOf();
  try {
    for (;;) {
      const { value, done } = await sweep.next();
      if (done) return value;
      add(value);
      if (value.kind === "note") line.say(value.text);
      else line.show(value.counts.there / Math.max(1, value.counts.all), sweepWords(state()));
    }
  } finally {
    line.end();
  }
}

async function inOutput(sweep: Sweep): Promise<SweepResult> {
  const { state, add } = stateOf();
  const output = liveOutput();
  let pictures: readonly SweepPicture[] = [];
  let updated = Number.NEGATIVE_INFINITY;
  let newest: string[] = []; // keys whose pictures are not shown yet
  const update = async (phase: SweepState["phase"]) => {
    updated = performance.now();
    for (const key of newest.splice(0).slice(-LAST)) pictures = [...pictures, await pictureOf(sweep.out, key)].slice(-LAST);
    await output.set(sweepForms({ ...state(), phase, pictures }));
  };
  const ending = whenEnding(() =>
    output.replaceNow(sweepForms({ ...state(), phase: "stopped", pictures, note: "the kernel ended before the sweep did" })),
  );
  try {
    await update("running");
    for (;;) {
      const { value, done } = await sweep.next();
      if (done) {
        await update("finished");
        return value;
      }
      add(value);
      if (value.kind === "done") newest = [...newest, value.key];
      if (performance.now() - updated >= UPDATE_APART) await update("running");
    }
  } catch (error) {
    await update("stopped");
    throw error;
  } finally {
    ending.over();
  }
}

async function pictureOf(out: string, key: string): Promise<SweepPicture> {
  const { info, panorama, image = panorama } = await openRun(runFolder(out, key));
  const { prompt, seed } = info.options;
  const label = [info.title ?? info.method, ...(typeof prompt === "string" ? [prompt] : []), `seed ${String(seed)}`].join(", ");
  return {
    src: dataUrl("image/webp", await encodeWebp(image as Tensor, { quality: 80, maxWidth: OUTPUT_WIDTH })),
    label,
    width: info.width,
    height: info.height,
  };
}
