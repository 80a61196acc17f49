/** @file GVCF: guided fusion that keeps the variance of windows with noise of their own (GVCFDiffusion, AAAI 2025). */
import { type Shape, type Tensor, zeros } from "../../core/tensor.js";
import { over } from "./carried.js";
import { centreWeights } from "./centre-weights.js";
import { cropAll, fuseWeighted, sumOver } from "./fuse.js";
import { jointMethod } from "./joint-method.js";
import { samplerWith } from "./path.js";
import type { Window } from "./windows.js";

/**
 * Paints a panorama step by step, with a sampler that draws fresh noise; here each window draws its own. Their average would have too little variance, so
 * the average's noise is made larger where windows overlap. In each step, with g as `centreWeights`:
 *
 *   (a) denoise   μ_j ← the sampler's step without its noise,  v_j ← with it
 *   (b) fuse      z ← (G/√Q)·v̄ + (1 − G/√Q)·μ̄     G = Σ g, Q = Σ g², bars are averages with the weights g
 *
 * @source GVCFDiffusion eb9b0ed, diffusion.py, step_func "gvcf"; its weights differ, see `centreWeights`
 */
export const gvcf = jointMethod({
  name: "gvcf",
  title: "GVCF diffusion",
  summary: "guided fusion of windows that draw fresh noise, at the right variance",
  source: "GVCFDiffusion (AAAI 2025), guided and variance-corrected fusion",
  prepare: (options) => ({ ...options, sampler: options.sampler ?? (options.eta ? "ddim" : "ddpm") }),
  resolve(own, { shared, config }) {
    if (samplerWith(shared, config).draws === "none")
      throw new RangeError(`gvcf: the sampler ${shared.sampler} draws no noise; want ddpm, euler-a, lcm, or ddim with eta above 0`);
    return own;
  },
  async *steps(run, { windows }) {
    const weights = centreWeights(windows[0]); // [h·w]
    let z = run.panorama; // [1,c,H,W]
    const gain = noiseGain(windows, z.x.shape, weights);
    for (const hop of run.hops) {
      const xt = over(z, (all) => cropAll(all, windows)); // [windows,c,h,w]
      const predicted = await run.predict(xt, hop);
      const step = (noise: Tensor) => run.step({ ...xt, noise }, predicted, hop);
      const mean = step(zeros(xt.x.shape)); // (a) μ
      const drawn = step(run.fresh(hop, xt.x.shape)); // (a) v
      const average = (parts: Tensor) => fuseWeighted(parts, windows, z.x.shape, weights);
      z = { ...over(drawn, average), x: varianceCorrected(average(mean.x), average(drawn.x), gain) }; // (b)
      yield run.record(hop, z, drawn, { foreseen: average(drawn.x0) });
    }
    return run.finish(z);
  },
});

/** G/√Q at each latent pixel of the panorama, [c·H·W]: what brings the noise of an average back to the variance of one window's. @param weights g, [h·w] */
export function noiseGain(windows: readonly Window[], shape: Shape, weights: ArrayLike<number>): Float64Array {
  const Q = sumOver(windows, shape, (_, at) => weights[at] ** 2);
  return sumOver(windows, shape, (_, at) => weights[at]).map((G, k) => G / Math.sqrt(Q[k]));
}

/** (G/√Q)·v̄ + (1 − G/√Q)·μ̄. @param mean μ̄, the average of the windows without their noise, [1,c,H,W] @param drawn v̄, with it @param gain G/√Q */
export const varianceCorrected = (mean: Tensor, drawn: Tensor, gain: Float64Array): Tensor => ({
  data: drawn.data.map((v, k) => gain[k] * (v - mean.data[k]) + mean.data[k]),
  shape: drawn.shape,
});

/** Paints a panorama by GVCF, step by step: the algorithm is at `gvcf`. @returns and @throws as `multiDiffusion` */
export const gvcfDiffusion = gvcf.run;
