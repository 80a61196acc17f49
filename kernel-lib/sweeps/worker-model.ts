/** @file The model of a worker: opened once, for all its runs. */
import { CheckpointError } from "../core/errors.js";
import type { DeviceChoice } from "../engine/device.js";
import type { Precision } from "../graph/half.js";
import type { OpenedCheckpoint } from "../pipelines/model.js";
import { openModel } from "../pipelines/open-model.js";
import type { SweepCommand, SweepPlan } from "./plan.js";

/** The model of a worker, of any kind; the methods take what they need of it. */
export type WorkerModel = OpenedCheckpoint;

/** Where a worker's model runs; what is absent is the plan's, else the device's own. */
export interface WorkerPlace {
  readonly device?: DeviceChoice;
  readonly precision?: Precision;
  readonly threads?: number;
}

/** The model of each command where the plan names none. */
const STANDARD: Readonly<Record<SweepCommand, string>> = { paint: "tiny-landscapes", edit: "tiny-landscapes", scene: "tiny-scenes" };

/** The name or the path of a plan's model. */
export const modelName = ({ model, command = "paint" }: SweepPlan): string => model ?? STANDARD[command];

/** Opens a plan's model. */
export const openPlanModel = (
  plan: SweepPlan,
  { device = plan.device, precision = plan.precision, threads }: WorkerPlace,
): Promise<WorkerModel> =>
  openModel<WorkerModel>(modelName(plan), {
    device,
    precision,
    threads,
    prediction: plan.prediction,
    ...(plan.controlNet && { control: plan.controlNet }),
    ...(plan.lora && { lora: plan.lora }),
    ...(plan.embedding && { embedding: plan.embedding }),
  });

/** Refuses a model that is not the sweep's. @throws CheckpointError with both digests */
export function expectSweepModel(
  dir: string,
  expected: { readonly name: string; readonly digest: string },
  { path, digest }: WorkerModel,
): void {
  if (digest !== expected.digest)
    throw new CheckpointError(path, {
      expected: `the model of the sweep ${dir}: ${expected.name}, digest ${expected.digest}`,
      found: `digest ${digest}`,
      fix: "give this machine the same checkpoint, or begin a sweep of its own in another folder",
    });
}
