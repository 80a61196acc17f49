/** @file How large a random network's weights are, so that its activations neither explode nor vanish: about 1 everywhere. */
import { type Shape, sizeOf } from "../../core/tensor.js";

/** The mean and standard deviation of a tensor's numbers. */
export interface Spread {
  readonly mean: number;
  readonly deviation: number;
}

/** What the recipe must know beyond key and shape. */
export interface RecipeOptions {
  /** of the autoencoder: its latent is the diffusion model's divided by this */
  readonly scalingFactor: number;
}

/** E[silu(x)²]^-½ for standard normal x: what a layer after a norm and silu multiplies by to come out at 1. */
const AFTER_SILU = 1.68;

/**
 * Weights keep the variance of their input (deviation 1/√fan-in), except the last layer of a residual branch, which adds a tenth of it: the
 * sum over all of the U-Net's branches then stays below 4. (Attention's last layer does not need it: it averages.) Noise comes out at
 * deviation 1, an image at ½: most of it within [-1,1].
 * @param part the folder, as `unet`
 */
export function spreadOf(part: string, key: string, shape: Shape, { scalingFactor }: RecipeOptions): Spread {
  if (key.endsWith(".bias")) return { mean: 0, deviation: 0.05 };
  if (shape.length === 1) return { mean: 1, deviation: 0.1 }; // a norm's weight
  if (/^lin\d/.test(key)) return { mean: 0.2, deviation: 0.1 }; // LPIPS: uniform within 0.2 ± 0.1·√3, so never negative
  if (key.includes("_embedding.weight")) return { mean: 0, deviation: Math.SQRT1_2 }; // token and position are added
  const gain = GAINS.find(([pattern]) => pattern.test(`${part}/${key}`))?.[1] ?? 1;
  const scale = typeof gain === "number" ? gain : gain(scalingFactor);
  return { mean: 0, deviation: scale / Math.sqrt(sizeOf(shape.slice(1))) };
}

/** First match counts. */
const GAINS: readonly (readonly [RegExp, number | ((scalingFactor: number) => number)])[] = [
  [/^unet\/conv_out\./, AFTER_SILU],
  [/^vae\/decoder\.conv_out\./, AFTER_SILU / 2],
  [/^vae\/encoder\.conv_out\./, AFTER_SILU],
  [/^vae\/quant_conv\./, (scalingFactor) => 1 / scalingFactor],
  [/^vae\/post_quant_conv\./, (scalingFactor) => scalingFactor],
  [/^perceptual\//, Math.SQRT2], // before each relu, which halves the variance
  [/\.(conv2|proj_out|ff\.net\.2|out_proj|mlp\.fc2)\./, 0.3],
];
