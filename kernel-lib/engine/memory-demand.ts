/** @file Whether calls fit into memory, before the first is made. */
import { MemoryError } from "../core/errors.js";
import { bytesInWords } from "../core/words.js";
import type { Plan } from "./plan.js";

/** Calls of one plan. */
export interface MemoryDemand {
  /** names the calls in an error */
  readonly name: string;
  readonly plan: Pick<Plan, "rowBytes" | "weightBytes">;
  /** rows of one call */
  readonly rows: number;
  /** what one row is made of, where it cannot be cut into calls; activations grow at least in proportion */
  readonly holds?: { readonly count: number; readonly of: string };
}

/**
 * Refuses calls whose weights, together with the activations of the largest call, are more than what is free.
 * @param free bytes
 * @throws MemoryError: what they need and for what, what is free, and the batch, or the parts of a row, that would fit
 */
export function expectFit(demands: readonly MemoryDemand[], free: number): void {
  const needs = demands.map(({ plan, ...demand }) => ({ ...plan, ...demand, activations: demand.rows * plan.rowBytes }));
  const largest = needs.reduce((a, b) => (b.activations > a.activations ? b : a));
  const weights = needs.reduce((sum, { weightBytes }) => sum + weightBytes, 0);
  if (weights + largest.activations <= free) return;
  const fitting = Math.floor((free - weights) / largest.rowBytes);
  const { holds } = largest;
  const parts = holds && Math.floor((holds.count * (free - weights)) / largest.activations);
  throw new MemoryError(
    `this run needs ${bytesInWords(weights + largest.activations)} of memory: ${bytesInWords(weights)} for the weights of ${needs.map(({ name }) => name).join(", ")}, ` +
      `${bytesInWords(largest.activations)} for one call of ${largest.name}${largest.rows > 1 ? ` with a batch of ${largest.rows}` : ""}` +
      `${holds ? `, which takes all ${holds.count} ${holds.of} together` : ""}; ${bytesInWords(free)} are free` +
      (largest.rows > 1 && fitting >= 1 ? `; a batch of ${fitting} would fit` : "") +
      (holds && parts && parts >= 1 ? `; ${parts} ${holds.of} would fit: take a smaller panorama or a larger stride` : ""),
  );
}
