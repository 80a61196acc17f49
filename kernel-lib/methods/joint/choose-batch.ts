/** @file How many windows a network call of a joint run takes. */
import type { CallKind, JointModel } from "../../diffusion/joint-model.js";
import type { Batch } from "../method.js";
import { controlSets } from "./control-calls.js";
import type { ResolvedOptions } from "./options.js";
import { pathOf } from "./path.js";

/**
 * Chooses the windows per network call of a run: the user's number, else what fits the free memory, else all. It is chosen once, so that every
 * call of the run has the size that is recorded.
 */
export function chooseBatch(model: JointModel, options: ResolvedOptions, needs: readonly CallKind[]): Batch {
  const { windows, batch, control = [] } = options;
  const given = typeof batch === "number" ? { noise: batch, gradient: batch } : (batch ?? {});
  const sets = controlSets(control, pathOf(options, model.config).hops.length);
  const fitting = (kind: CallKind) => model.batchSize && Math.min(...sets.map((set) => model.batchSize?.(kind, windows[0], set) ?? 1));
  const most = (kind: CallKind) => given[kind] ?? fitting(kind) ?? windows.length;
  return Object.fromEntries(needs.map((kind) => [kind, Math.max(1, Math.floor(most(kind)))]));
}
