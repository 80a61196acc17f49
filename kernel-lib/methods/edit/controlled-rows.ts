/** @file Noise of rows in groups, one group a latent or a window, whose last row's attention follows the first's. */
import { rows, stack, type Tensor } from "../../core/tensor.js";
import type { ControlMaps } from "../../diffusion/capabilities.js";
import { evenParts } from "../even-parts.js";
import type { EditModel } from "./edit-model.js";

/** Rows of one kind, one for each group: latents [G,c,h,w] and their texts [G,tokens,dim]. */
export interface Side {
  readonly latent: Tensor;
  readonly text: Tensor;
}

/** Options of `controlledRows`. */
export interface ControlledRowsOptions {
  readonly timestep: number;
  readonly control: ControlMaps;
  /** rows per network call; a group is never divided, so a call has one group at least */
  readonly batch: number | undefined;
  readonly signal?: AbortSignal;
}

/**
 * Noise of every side, [G,c,h,w] each. The first side follows the source under its prompt, the last is the edit under its prompt.
 * @throws TypeError if the model cannot control attention
 */
export async function controlledRows(
  model: EditModel,
  sides: readonly Side[],
  { timestep, control, batch, signal }: ControlledRowsOptions,
): Promise<readonly Tensor[]> {
  if (!model.predictControlledNoise) throw new TypeError("control: this model cannot control attention; leave control out");
  const grouped = (parts: readonly Tensor[]): Tensor => {
    const [{ shape }] = parts;
    const all = Array.from({ length: shape[0] }, (_, g) => parts.map((part) => rows(part, g, g + 1))).flat();
    return { data: stack(all).data, shape: [shape[0], parts.length, ...shape.slice(1)] };
  };
  const latent = grouped(sides.map((side) => side.latent)); // [G,R,c,h,w]
  const text = grouped(sides.map((side) => side.text)); // [G,R,tokens,dim]
  const [G, R, ...rest] = latent.shape;
  const most = batch === undefined ? G : Math.max(1, Math.floor(batch / R));
  const [latents, texts] = [latent, text].map((x) => evenParts(x, most));
  const done: Tensor[] = [];
  for (const [k, part] of latents.entries()) {
    signal?.throwIfAborted();
    done.push(await model.predictControlledNoise(part, { timestep, text: texts[k], control, batch: latents[0].shape[0] }));
  }
  const flat = { data: stack(done).data, shape: [G * R, ...rest] };
  return sides.map((_, r) => stack(Array.from({ length: G }, (_, g) => rows(flat, g * R + r, g * R + r + 1))));
}
