/** @file A name of a run that its numbers give: the same records always have the same, so figures and viewers of one run find each other. */
import { createHash } from "node:crypto";
import type { StepNumbers } from "./run-data.js";

/** @returns 16 hexadecimal digits of a SHA-256 over the records' numbers; saved and opened again, a run keeps its name */
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
