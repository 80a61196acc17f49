/** @file SyncDiffusion's own options. Its paper's and its function's defaults; the published command line has others (0.1, 0.99). */
import type { JointModelConfig } from "../../diffusion/joint-model.js";
import { expectNumber, isCount, type JointOptions, type ResolvedOptions, resolveOptions } from "./options.js";
import { middleWindow } from "./windows.js";

export interface SyncOptions extends JointOptions {
  /** of the gradient in the first step; default the checkpoint's recommended one, else the paper's 20 */
  readonly weight?: number;
  /** step i descends with weight · decay^i; default 0.95 */
  readonly decay?: number;
  /** step i is synchronised where (i+1) % syncEvery = 0; default 1 */
  readonly syncEvery?: number;
  /** only the first so many steps are synchronised; default all, 0 allowed */
  readonly syncSteps?: number;
  /** the window all others are drawn to: its index, or the middle one of those that do not wrap; default "middle" */
  readonly anchor?: "middle" | number;
}

export interface ResolvedSyncOptions extends ResolvedOptions {
  readonly weight: number;
  readonly decay: number;
  readonly syncEvery: number;
  readonly syncSteps: number;
  readonly anchor: number;
}

export const SYNC_DEFAULTS = { weight: 20, decay: 0.95, syncEvery: 1, anchor: "middle" } as const satisfies SyncOptions;

/** The options of a run on this model. @throws as resolveOptions does, and RangeError for SyncDiffusion's own */
export function resolveSyncOptions(who: string, config: JointModelConfig, options: SyncOptions): ResolvedSyncOptions {
  const shared = resolveOptions(who, config, options);
  const weight = options.weight ?? config.weight ?? SYNC_DEFAULTS.weight;
  const decay = options.decay ?? SYNC_DEFAULTS.decay;
  const syncEvery = options.syncEvery ?? SYNC_DEFAULTS.syncEvery;
  const syncSteps = options.syncSteps ?? shared.steps;
  const wanted = options.anchor ?? SYNC_DEFAULTS.anchor;
  const anchor = wanted === "middle" ? middleWindow(shared.windows, shared.width / config.scaleFactor) : wanted;
  const last = shared.windows.length - 1;
  expectNumber("weight", weight, Number.isFinite, "a number");
  expectNumber("decay", decay, (x) => Number.isFinite(x) && x >= 0, "a number >= 0");
  expectNumber("syncEvery", syncEvery, isCount, "a whole number >= 1");
  expectNumber("syncSteps", syncSteps, (x) => x === 0 || isCount(x), "a whole number >= 0");
  expectNumber("anchor", anchor, (x) => x === 0 || (isCount(x) && x <= last), `"middle" or a window's index, from 0 to ${last}`);
  return { ...shared, weight, decay, syncEvery, syncSteps, anchor };
}
