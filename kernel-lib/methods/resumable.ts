/** @file Whether a run can go on from a state. */
import { expectShape, type Shape } from "../core/tensor.js";
import type { ResumeState } from "./method.js";

/**
 * Refuses a state that does not fit a run.
 * @param shape of the run's latent  @param steps how many it takes
 * @throws ShapeError for another shape, RangeError for a step that leaves nothing to do
 */
export function expectResumable({ index, latent, source, history = [] }: ResumeState, shape: Shape, steps: number): void {
  if (!(Number.isInteger(index) && index >= 0 && index < steps))
    throw new RangeError(`resume: index ${index}, want a finished step of ${steps}, from 0 to ${steps - 1}`);
  expectShape("resume: latent", latent, shape, "go on with the options that the run was begun with");
  for (const each of history) expectShape("resume: history", each, shape);
  if (source) expectShape("resume: source", source, shape);
}
