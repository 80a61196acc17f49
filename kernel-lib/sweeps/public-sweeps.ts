/** @file What the package exports of sweeps. */
export { type FailedSweepRun, type OpenedSweep, type OpenSweepOptions, openSweep, type SavedSweepRun } from "./open-sweep.js";
export type { PaintOutcome, SweepKeep } from "./paint-run.js";
export type { SweepCommand, SweepMeasure, SweepPlan, SweepRange } from "./plan.js";
export type { SweptOptions } from "./plan-options.js";
export type { PlannedRun } from "./plan-runs.js";
export type { PrepareOptions } from "./prepare-sweep.js";
export type { Shard } from "./shard.js";
export { type Sweep, type SweepOptions, sweep } from "./sweep.js";
export type { EngineEvent, SweepCounts, SweepEvent, SweepResult } from "./sweep-event.js";
export type { FailedRun, SweepRun } from "./sweep-folder.js";
export type { WorkerModel, WorkerPlace } from "./worker-model.js";
