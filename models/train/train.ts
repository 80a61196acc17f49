/** @file The training loop: steps, learning rate, log, hourly measures, and a state to resume from. */
import { appendFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { probeConvBlock } from "../../kernel-lib/engine/conv-block.js";
import type { Device } from "../../kernel-lib/engine/device.js";
import { startLanes } from "./lanes.js";
import { layoutOf, trainingArrays, unflatten } from "./layout.js";
import { trainingProgram } from "./program.js";
import { startRevision } from "./revision.js";
import type { Progress, StateFiles } from "./state.js";
import { keptAverage, loadState, readProgress, saveState, stateFile } from "./state.js";
import type { Training } from "./training.js";

/** "constant" may be extended by more steps at any time; "falling" ends at 0 and is what is shipped. */
export type RateShape = "constant" | "falling";

export interface Sitting {
  /** of the state file and the logs */
  readonly name: string;
  readonly training: Training;
  /** over all sittings of this name: a busy machine takes longer for them, and they are no fewer */
  readonly steps: number;
  readonly rate: RateShape;
  /** the sitting whose state this one begins with */
  readonly from?: string;
}

export interface TrainOptions {
  readonly files: StateFiles;
  /** the blocked layout of convolutions is the CPU's alone */
  readonly device: Device;
  /** threads, each with a session of its own; one is enough on a GPU */
  readonly lanes: number;
  /** the module whose TRAININGS has the training */
  readonly table: string;
  /** takes the lines that tell how far it is */
  readonly say: (line: string) => void;
}

const WARM_UP_STEPS = 500;
const SAVE_SECONDS = 60;
const LOG_STEPS = 50;
const MEASURE_SECONDS = 3600;
/** Batches without a finite gradient after which the training is given up. */
const MOST_BROKEN = 100;

export const logFile = ({ folder }: StateFiles, name: string): string => join(folder, `${name}.csv`);
export const measuresFile = ({ folder }: StateFiles, name: string): string => join(folder, `${name}-measures.csv`);

/** The learning rate as a share of the training's: it rises over the first steps, and a falling one ends at 0. */
export const rateShare = ({ rate, steps }: Pick<Sitting, "rate" | "steps">, { step, begun }: Pick<Progress, "step" | "begun">): number =>
  Math.min(1, (step + 1) / WARM_UP_STEPS) * (rate === "constant" ? 1 : 1 - (step - begun) / steps);

/** Trains until the steps are done or a signal comes. The state is saved every minute and at the end. */
export async function train(sitting: Sitting, { files, device, lanes: count, table, say }: TrainOptions): Promise<"done" | "stopped"> {
  const { name, training, steps } = sitting;
  let stopping = false;
  const stop = () => {
    stopping = true;
  };
  mkdirSync(files.folder, { recursive: true });
  const convBlock = device === "cpu" ? await probeConvBlock() : undefined;
  const { model, shapes } = trainingProgram(training.loss, convBlock);
  const slots = layoutOf(shapes);
  const arrays = trainingArrays(slots, count);
  const file = stateFile(files, name);
  const progress = loadState(sitting, slots, arrays, files);
  const shared = (await training.prepare?.()) ?? {};
  process.on("SIGINT", stop).on("SIGTERM", stop); // until here a signal simply ends the process: nothing was trained, and files are written whole
  const lanes = await startLanes(
    { table, device, training: training.name, model, slots, arrays, shared, lanes: count },
    training.microBatches,
  );
  const revision = await startRevision(training.revision, training.seed, slots, arrays);
  const layout = convBlock ? `in blocks of ${convBlock}` : "plain";
  say(`${name}: ${arrays.parameters.length} parameters, ${count} lanes, convolutions ${layout}, from step ${progress.step}`);

  const log = stepLog(sitting, logFile(files, name), say);
  const save = () => {
    training.save(unflatten(slots, arrays.average), seenBy(training, progress));
  };
  const measure = async () => {
    const measures = await training.measure?.();
    if (measures) appendRow(measuresFile(files, name), { step: progress.step, seconds: Math.round(progress.seconds), ...measures });
  };
  let [saved, measured, broken] = [progress.seconds, progress.seconds, 0];
  while (!stopping && progress.step - progress.begun < steps) {
    const began = performance.now();
    const step = progress.step + 1;
    const learningRate = training.learningRate * rateShare(sitting, progress);
    const values = await lanes.step({
      step,
      learningRate,
      averaging: Math.min(training.averaging, (1 + step) / (10 + step)),
      weightDecay: training.weightDecay,
      seed: training.seed * 10_000_019 + step + broken,
    });
    progress.seconds += (performance.now() - began) / 1000;
    if (!Number.isFinite(values.norm)) {
      if (++broken > MOST_BROKEN) throw new Error(`train ${name}: ${MOST_BROKEN} batches gave no finite gradient; lower the learning rate`);
      continue;
    }
    await revision.after(step);
    progress.step = step;
    log(progress, learningRate, values);
    if (progress.seconds - saved > SAVE_SECONDS) {
      saveState(slots, arrays, file, progress);
      saved = progress.seconds;
    }
    if (progress.seconds - measured > MEASURE_SECONDS) {
      save();
      await measure();
      measured = progress.seconds;
    }
  }
  saveState(slots, arrays, file, progress);
  save();
  if (!stopping) await measure();
  await lanes.close();
  await revision.close();
  process.off("SIGINT", stop).off("SIGTERM", stop);
  const outcome = stopping ? "stopped" : "done";
  say(`${name}: ${outcome} after ${progress.step - progress.begun} of ${steps} steps, ${(progress.seconds / 3600).toFixed(2)} hours`);
  return outcome;
}

/**
 * Hands a finished training's kept parameters to its model again, on a machine where its state is gone: later parts of the queue read the model.
 * @returns whether there was anything to hand over
 */
export function saveKept({ name, training }: Pick<Sitting, "name" | "training">, files: StateFiles): boolean {
  const average = keptAverage(name, files);
  if (!average) return false;
  training.save(average, seenBy(training, readProgress(name, files)));
  return true;
}

/** What a training has seen until now. */
const seenBy = ({ microBatches, rows }: Training, { step, seconds }: Pick<Progress, "step" | "seconds">) => ({
  steps: step,
  rows: step * microBatches * rows,
  hours: Number((seconds / 3600).toFixed(2)),
});

/** Averages what steps give and writes a row every LOG_STEPS: step, seconds, learning rate, rows per second, the averages. */
function stepLog({ name, training, steps }: Sitting, file: string, say: TrainOptions["say"]) {
  const running: Record<string, number> = {};
  let since: { readonly step: number; readonly seconds: number } | undefined;
  return ({ step, begun, seconds }: Progress, learningRate: number, values: Readonly<Record<string, number>>): void => {
    for (const [key, value] of Object.entries(values))
      running[key] = running[key] === undefined ? value : 0.98 * running[key] + 0.02 * value;
    if (step % LOG_STEPS) return;
    const rows = since && ((step - since.step) * training.microBatches * training.rows) / (seconds - since.seconds);
    since = { step, seconds };
    const shown = Object.fromEntries(Object.entries(running).map(([key, value]) => [key, value.toPrecision(5)]));
    appendRow(file, { step, seconds: Math.round(seconds), rate: learningRate.toExponential(2), rows: rows?.toFixed(1) ?? "", ...shown });
    const words = Object.entries(running).map(([key, value]) => `${key} ${value.toPrecision(4)}`);
    say(
      `${name} step ${step - begun} of ${steps} · ${(seconds / 3600).toFixed(2)} h · ${rows?.toFixed(1) ?? "?"} rows/s · ${words.join(" · ")}`,
    );
  };
}

function appendRow(file: string, row: Readonly<Record<string, string | number>>): void {
  if (!existsSync(file)) appendFileSync(file, `${Object.keys(row).join(",")}\n`);
  appendFileSync(file, `${Object.values(row).join(",")}\n`);
}
