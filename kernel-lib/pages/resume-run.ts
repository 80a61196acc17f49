/** @file Repeats a saved run, or goes on with one that was stopped. */
import { CheckpointError } from "../core/errors.js";
import type { JointModel } from "../diffusion/joint-model.js";
import type { PyramidModel } from "../diffusion/pyramid-model.js";
import type { AnyResult, AnyRun, AnyStep } from "../methods/any-run.js";
import type { EditModel } from "../methods/edit/edit-model.js";
import type { ResumeState } from "../methods/method.js";
import { methodNamed } from "../methods/methods.js";
import { openRun, type SavedRun } from "../runs/run-folder.js";
import { savedOptions } from "../runs/run-options.js";
import { readState } from "../runs/run-state.js";
import { continueRunWriter, type RunWriter } from "../runs/run-writer.js";
import { type ReportKind, reportPage } from "./save-run.js";

/** A model that may have made a run. */
export type ReplayModel = (JointModel | EditModel | PyramidModel) & { readonly digest: string };

/** Options of `replay` and `resume`. */
export interface ReplayOptions {
  readonly signal?: AbortSignal;
}

/**
 * Starts a saved run again, from its first step, with the options and batch that its folder records: with the same model, device and versions it gives the
 * same picture, bit for bit.
 * @throws CheckpointError if another model made the run, naming both digests; RangeError for a method that is not registered
 */
export const replay = (run: SavedRun, model: ReplayModel, { signal }: ReplayOptions = {}): AnyRun => startedFrom(run, model, { signal });

function startedFrom(run: SavedRun, model: ReplayModel, more: { readonly signal?: AbortSignal; readonly resume?: ResumeState }): AnyRun {
  const { info } = run;
  if (info.model.digest !== model.digest)
    throw new CheckpointError(run.dir, {
      expected: `the model that made the run, digest ${info.model.digest}`,
      found: `digest ${model.digest}`,
      fix: `open ${info.model.name}`,
    });
  if (info.family === "pyramid")
    return methodNamed(info.method, "pyramid").run(model as PyramidModel, { ...savedOptions(run, "pyramid"), ...more } as never);
  if (info.family === "edit")
    return methodNamed(info.method, "edit").run(model as EditModel, { ...savedOptions(run, "edit"), ...more } as never);
  return methodNamed(info.method).run(model as JointModel, { ...savedOptions(run), ...more } as never);
}

/** Options of `resume`. */
export interface ResumeOptions extends ReplayOptions {
  /** default "embedded" */
  readonly report?: ReportKind;
  /** keeps the foreseen picture of every n-th step; default: the run writer's */
  readonly foreseenEvery?: number;
  /** called after each step */
  readonly onStep?: (step: AnyStep) => void;
}

/**
 * Goes on with a run that was stopped or killed, in its folder, from the last state that was written, and finishes it. The picture is the one that the
 * run would have made undisturbed, bit for bit.
 * @throws CheckpointError if the run is complete, or another model made it
 */
export async function resume(
  dir: string,
  model: ReplayModel,
  { signal, report = "embedded", foreseenEvery, onStep }: ResumeOptions = {},
): Promise<SavedRun> {
  const { run, writer } = await resumed(dir, model, { signal, report, foreseenEvery });
  return followed(run, writer, onStep);
}

/** The run that `resume` goes on with, not begun, and the writer of its folder. @throws as resume */
export async function resumed(
  dir: string,
  model: ReplayModel,
  { signal, report = "embedded", foreseenEvery }: Omit<ResumeOptions, "onStep"> = {},
): Promise<{ readonly run: AnyRun; readonly writer: RunWriter; readonly done: number }> {
  const saved = await openRun(dir);
  if (saved.info.complete)
    throw new CheckpointError(dir, { expected: "a run that was stopped", found: "a complete one", fix: "replay repeats it" });
  const state = readState(dir);
  const run = startedFrom(saved, model, { signal, resume: state });
  const writer = await continueRunWriter(saved, { page: await reportPage(dir, report), foreseenEvery });
  return { run, writer, done: state ? state.index + 1 : 0 };
}

/** Runs to the end and writes every step. */
async function followed(run: AnyRun, writer: RunWriter, onStep?: (step: AnyStep) => void): Promise<SavedRun> {
  try {
    for (;;) {
      const next: IteratorResult<AnyStep, AnyResult> = await run.next();
      if (next.done) return await writer.finish(next.value);
      await writer.step(next.value);
      onStep?.(next.value);
    }
  } catch (error) {
    await writer.abort(error);
    throw error;
  }
}
