/** @file The option `noise` of methods that draw a posterior path, and the check of eta. */
import { ShapeError } from "../../core/errors.js";
import { expectShape, rows, sizeOf, type Tensor } from "../../core/tensor.js";
import type { JointModelConfig } from "../../diffusion/joint-model.js";
import { givenOption } from "../option-table.js";
import type { ResolvedEditOptions } from "./options.js";

/** Standard normal noise instead of a seed. */
export const noiseOption = givenOption<Tensor>({
  means: "standard normal noise [n,N,c,h,w] for n steps, the start's first; [n,c,h,w] for one picture; replaces seed",
  want: "a tensor",
});

/** Refuses an eta that records no noise. @throws RangeError */
export function expectEta(who: string, eta: number): void {
  if (eta === 0) throw new RangeError(`${who}: eta 0 records no noise; DDIB is the deterministic method`);
  if (!(eta > 0 && eta <= 1)) throw new RangeError(`${who}: eta ${eta}, want a number above 0, at most 1`);
}

/** Checks given noise against the run's steps and pictures. @throws ShapeError */
export function sourceNoise(
  who: string,
  { noise, skipSteps }: { readonly noise?: Tensor; readonly skipSteps: number },
  { steps, height, width, image, latent }: ResolvedEditOptions,
  { latentChannels, scaleFactor }: JointModelConfig,
): { readonly noise?: Tensor; readonly seed?: undefined } {
  if (!noise) return {};
  const N = (image ?? latent)?.shape[0] ?? 1;
  const n = steps - skipSteps;
  const one = [latentChannels, height / scaleFactor, width / scaleFactor];
  if (noise.shape[0] !== n)
    throw new ShapeError(`${who}: noise`, {
      got: `${noise.shape[0]} draws`,
      want: `${n}, one for the start and one for each of ${steps} steps less ${skipSteps} skipped but the last`,
    });
  expectShape(`${who}: noise`, noise, noise.shape.length === 4 && N === 1 ? [n, ...one] : [n, N, ...one]);
  return { noise: { data: noise.data, shape: [n, N, ...one] }, seed: undefined };
}

/** Draw k of given noise: [N,c,h,w]. */
export const drawOf = (noise: Tensor, k: number): Tensor => {
  const shape = noise.shape.slice(1);
  return { data: rows(noise, k, k + 1).data.subarray(0, sizeOf(shape)), shape };
};
