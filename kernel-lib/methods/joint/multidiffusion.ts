/** @file MultiDiffusion: one panorama from many windows, each denoised alone (Bar-Tal et al., arXiv:2302.08113). */
import { over } from "./carried.js";
import { cropAll, fuse } from "./fuse.js";
import { jointMethod } from "./joint-method.js";

/**
 * Paints a panorama step by step. In each step, where z is the panorama's latent:
 *
 *   (a) crop      x_j = z at window j                                     for every window j
 *   (b) denoise   x_j ← the sampler's step from x_j by eps(x_j)           each window alone
 *   (c) fuse      z ← the average of all x_j that cover a latent pixel    their algorithm 1, eq. 5 with equal weights
 */
export const multi = jointMethod({
  name: "multi",
  title: "MultiDiffusion",
  summary: "windows that are averaged where they overlap",
  source: "Bar-Tal et al. arXiv:2302.08113, algorithm 1",
  async *steps(run, { windows }) {
    let z = run.panorama; // [1,c,H,W]
    for (const hop of run.hops) {
      const xt = over(run.draw(z, hop), (all) => cropAll(all, windows)); // (a) [windows,c,h,w]
      const denoised = await run.denoise(xt, hop); // (b)
      z = over(denoised, (parts) => fuse(parts, windows, z.x.shape)); // (c)
      yield run.record(hop, z, denoised);
    }
    return run.finish(z);
  },
});

/**
 * Paints a panorama by MultiDiffusion, step by step: the algorithm is at `multi`, above.
 * @param model anything that implements `JointModel`
 * @returns one record per step; at the end the latent and the panorama. `.options` holds all options in use, with the seed that was drawn.
 * @throws at once for a wrong option: RangeError (with the nearest sizes that tile), ShapeError, TypeError
 * @throws while running: NumericError at the first step with NaN or infinity; the signal's reason, within one network call
 */
export const multiDiffusion = multi.run;
