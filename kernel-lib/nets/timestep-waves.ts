/**
 * @file A timestep as the U-Net takes it. Source: diffusers 0.15.1, models/embeddings.py, get_timestep_embedding. Computed here and fed to the
 * graph: of sines and cosines a GPU promises nothing outside [−π, π], and a timestep's angles go up to 1000.
 */
import type { UNetConfig } from "../checkpoint/configs.js";
import type { Tensor } from "../core/tensor.js";

/** Sines and cosines of timesteps at geometrically spaced frequencies: N numbers -> [N,C0], C0 the width of the U-Net's first level. */
export function timestepWaves(
  { blockOutChannels: [width], flipSinToCos, freqShift }: UNetConfig,
  timesteps: readonly number[] | Float32Array,
): Tensor {
  const half = width / 2;
  const [sinAt, cosAt] = flipSinToCos ? [half, 0] : [0, half];
  const data = new Float32Array(timesteps.length * width);
  for (let k = 0; k < half; k++) {
    // rounded to float32 where the official code does: near timestep 1000 an angle would be off by 6e-5 radians otherwise
    const exponent = Math.fround(Math.fround(Math.fround(-Math.log(10000)) * k) / (half - freqShift));
    const frequency = Math.fround(Math.exp(exponent));
    for (const [n, t] of timesteps.entries()) {
      const angle = Math.fround(t * frequency);
      data[n * width + sinAt + k] = Math.sin(angle);
      data[n * width + cosAt + k] = Math.cos(angle);
    }
  }
  return { data, shape: [timesteps.length, width] };
}
