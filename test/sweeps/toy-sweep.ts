/** @file Sweeps on a model whose network is a closed formula. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SweepPlan } from "#kernel-lib/sweeps/plan.js";
import { prepareSweep } from "#kernel-lib/sweeps/prepare-sweep.js";
import type { SweepFolder } from "#kernel-lib/sweeps/sweep-folder.js";
import type { WorkerModel } from "#kernel-lib/sweeps/worker-model.js";
import { type ToyOptions, toy } from "../methods/joint/toy.js";

/** The toy as a worker's model. @param digest "feed" unless told */
export const toyWorker = (options: ToyOptions = {}, digest = "feed"): WorkerModel =>
  ({
    ...toy(options),
    ...{ device: "cpu", precision: "float32", threads: 1, digest, path: "/models/toy", notices: [] },
    close: async () => {},
  }) as WorkerModel;

/** Four runs: two seeds by two methods. */
export const PLAN: SweepPlan = {
  format: 1,
  fixed: { prompt: "hills", width: 32, steps: 2 },
  grid: { seed: [1, 2], method: ["multi", "sync"] },
};

/** A plan's folder, on the toy. */
export const toySweep = (plan: SweepPlan | string, out: string, digest = "feed"): Promise<SweepFolder> =>
  prepareSweep(plan, { out, open: async () => toyWorker({}, digest) });

/** Folders of a test file that are removed at its end. */
export function temporary(name: string): { readonly at: (...names: string[]) => string; readonly remove: () => void } {
  const root = mkdtempSync(join(tmpdir(), `veduta-${name}-`));
  return { at: (...names) => join(root, ...names), remove: () => rmSync(root, { recursive: true, force: true }) };
}
