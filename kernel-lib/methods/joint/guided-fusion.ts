/** @file Guided fusion: an average that trusts a window most in its centre (GVCFDiffusion's GF, AAAI 2025). */
import { over } from "./carried.js";
import { centreWeights } from "./centre-weights.js";
import { cropAll, fuseWeighted } from "./fuse.js";
import { jointMethod } from "./joint-method.js";

/**
 * Paints a panorama step by step. In each step, with g as `centreWeights`:
 *
 *   (a) denoise   x_j ← the sampler's step                each window alone
 *   (b) fuse      z ← Σ_j g·x_j / Σ_j g                   at each latent pixel, over the windows that cover it
 *
 * @source GVCFDiffusion eb9b0ed, diffusion.py, step_func "gf"; its weights differ, see `centreWeights`
 */
export const guided = jointMethod({
  name: "guided",
  title: "Guided fusion",
  summary: "windows that are averaged with more weight in their centres",
  source: "GVCFDiffusion (AAAI 2025), guided fusion",
  async *steps(run, { windows }) {
    const weights = centreWeights(windows[0]); // [h·w]
    let z = run.panorama; // [1,c,H,W]
    for (const hop of run.hops) {
      const xt = over(run.draw(z, hop), (all) => cropAll(all, windows)); // [windows,c,h,w]
      const denoised = await run.denoise(xt, hop); // (a)
      const fused = (parts: typeof z.x) => fuseWeighted(parts, windows, z.x.shape, weights); // (b)
      z = over(denoised, fused);
      yield run.record(hop, z, denoised, { foreseen: fused(denoised.x0) });
    }
    return run.finish(z);
  },
});

/** Paints a panorama by guided fusion, step by step: the algorithm is at `guided`. @returns and @throws as `multiDiffusion` */
export const guidedFusion = guided.run;
