/** @file Counts what a run asks of its networks: passes of the U-Net over a window, backward passes, and their time. */
import type { JointModel } from "../../diffusion/joint-model.js";

/** What was counted. A call at another size than a window counts by its share of a window's latent pixels. */
export interface Passes {
  /** guided U-Net passes over a window, those inside of gradients among them */
  forward: number;
  /** gradients of a window */
  backward: number;
  /** of all calls, decoding among them */
  milliseconds: number;
}

/** A model that counts. @param passes is added to */
export function countPasses<M extends JointModel>(model: M, passes: Passes): M {
  const { window } = model.config;
  const counting =
    <Args extends [latent: { readonly shape: readonly number[] }, ...rest: unknown[]], Result>(
      call: (...args: Args) => Promise<Result>,
      kind: { readonly forward: 0 | 1; readonly backward: 0 | 1 },
    ) =>
    async (...args: Args): Promise<Result> => {
      const [n, , h, w] = args[0].shape;
      const windows = (n * h * w) / window ** 2;
      passes.forward += kind.forward * windows;
      passes.backward += kind.backward * windows;
      const begun = performance.now();
      try {
        return await call(...args);
      } finally {
        passes.milliseconds += performance.now() - begun;
      }
    };
  const { predictMergedNoise, predictMergedVelocity, predictNoise, predictVelocity, foresee, perceptualGradient, decodedGradient, decode } =
    model;
  return Object.assign(Object.create(model) as M, {
    predictNoise: counting(predictNoise, { forward: 1, backward: 0 }),
    ...(predictVelocity && { predictVelocity: counting(predictVelocity, { forward: 1, backward: 0 }) }),
    ...(predictMergedNoise && { predictMergedNoise: counting(predictMergedNoise, { forward: 1, backward: 0 }) }),
    ...(predictMergedVelocity && { predictMergedVelocity: counting(predictMergedVelocity, { forward: 1, backward: 0 }) }),
    ...(foresee && { foresee: counting(foresee, { forward: 1, backward: 0 }) }),
    perceptualGradient: counting(perceptualGradient, { forward: 1, backward: 1 }),
    ...(decodedGradient && { decodedGradient: counting(decodedGradient, { forward: 0, backward: 1 }) }),
    decode: counting(decode, { forward: 0, backward: 0 }),
  });
}
