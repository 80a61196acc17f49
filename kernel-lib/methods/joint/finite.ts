/** @file Finds the first NaN or infinity of a step and names the step and window in a NumericError. */
import { NumericError } from "../../core/errors.js";
import { rows, type Tensor } from "../../core/tensor.js";
import type { Hop } from "../../diffusion/schedule.js";
import { nameWindow, type Window } from "./windows.js";

/**
 * Refuses a tensor with one row per window, [windows,…], if any element is NaN or infinite.
 * @param what the tensor's name in the error
 * @param place `windows`: in the order of the rows; `first`: the window of the first row, default 0
 * @throws NumericError naming the step and the first window
 */
export function expectFinite(
  what: string,
  x: Tensor,
  hop: Hop,
  place: { readonly windows: readonly Window[]; readonly first?: number },
): void {
  const wrong = x.data.findIndex((value) => !Number.isFinite(value));
  if (wrong < 0) return;
  const row = Math.floor(wrong / rows(x, 0, 1).data.length);
  const kept = hop.index === 0 ? "no step was finished" : `the records of steps 0 to ${hop.index - 1} stay usable`;
  const window = nameWindow(place.windows, row + (place.first ?? 0));
  throw new NumericError(`step ${hop.index} (timestep ${hop.now.t}): ${x.data[wrong]} in the ${what} of ${window}; ${kept}`);
}
