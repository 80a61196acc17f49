/** @file The id that connects the figures of one run. */
import { createHash } from "node:crypto";
import type { StepNumbers } from "../runs/run-data.js";

/** A run's id in a page: a digest of its records' numbers, so that a run and its saved folder have the same id. */
export function runIdOf(steps: readonly Omit<StepNumbers, "seconds">[]): string {
  const numbers = steps.map(({ index, timestep, weight, anchor, windows }) => [
    index,
    timestep,
    weight,
    anchor,
    windows.map(({ top, left, height, width, loss, gradientNorm }) => [top, left, height, width, loss ?? null, gradientNorm ?? null]),
  ]);
  return createHash("sha256").update(JSON.stringify(numbers)).digest("hex").slice(0, 16);
}
