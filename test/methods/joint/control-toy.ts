/** @file A toy model with ControlNets: each moves the predicted noise by its scale times the condition's mean. */
import { sizeOf } from "#kernel-lib/core/tensor.js";
import type { NoiseControl } from "#kernel-lib/diffusion/capabilities.js";
import type { JointModel } from "#kernel-lib/diffusion/joint-model.js";
import { type Toy, toy } from "./toy.js";

export interface ControlToy extends Toy {
  /** of every call for noise, in their order */
  readonly controls: readonly (readonly NoiseControl[])[];
}

export function controlToy(controlNets: readonly string[] = ["net"]): ControlToy {
  const plain = toy({ config: { controlNets } });
  const controls: (readonly NoiseControl[])[] = [];
  const steered =
    (predict: JointModel["predictNoise"]): JointModel["predictNoise"] =>
    async (latent, options) => {
      const eps = await predict(latent, options);
      const used = options.controls ?? [];
      controls.push(used);
      const size = sizeOf(eps.shape.slice(1));
      const pull = used.map(({ image, scale }) => {
        const of = sizeOf(image.shape.slice(1));
        return Array.from(
          { length: image.shape[0] },
          (_, n) => (scale / of) * image.data.subarray(n * of, (n + 1) * of).reduce((a, b) => a + b, 0),
        );
      });
      return { ...eps, data: eps.data.map((x, k) => pull.reduce((sum, rows) => sum + rows[Math.floor(k / size)], x)) };
    };
  const merged = plain.predictMergedNoise?.bind(plain);
  return {
    ...plain,
    controls,
    predictNoise: steered(plain.predictNoise.bind(plain)),
    ...(merged && { predictMergedNoise: (latent, options) => steered((x, asked) => merged(x, { ...options, ...asked }))(latent, options) }),
  };
}
