/** @file MultiDiffusion: one panorama from many windows, each denoised alone (Bar-Tal et al., arXiv:2302.08113). */
import { ddimStep } from "../../diffusion/ddim.js";
import { cropAll, fuse } from "./fuse.js";
import { jointMethod } from "./joint-method.js";

/**
 * Paints a panorama step by step. In each step, z the panorama's latent:
 *
 *   (a) crop      x_j = z at window j                                     for every window j
 *   (b) denoise   x_j ← DDIM(x_j, eps(x_j))                               each window alone
 *   (c) fuse      z ← the average of all x_j that cover a latent pixel    their algorithm 1, eq. 5 with equal weights
 */
export const multi = jointMethod({
  name: "multi",
  title: "MultiDiffusion",
  summary: "windows that are averaged where they overlap",
  source: "Bar-Tal et al. arXiv:2302.08113, algorithm 1",
  async *steps(run, { windows }) {
    let z = run.start; // [1,c,H,W]
    for (const hop of run.hops) {
      const xt = cropAll(z, windows); // (a) [windows,c,h,w]
      const denoised = ddimStep(xt, await run.noise(xt, hop), hop.now, hop.next); // (b)
      z = fuse(denoised.prev, windows, z.shape); // (c)
      yield run.record(hop, z, denoised);
    }
    return run.finish(z);
  },
});

/**
 * Paints a panorama by MultiDiffusion, step by step: the algorithm stands at `multi`, above.
 * @param model any model behind `JointModel`'s functions
 * @returns a record a step; at the end the latent and the panorama. `.options` holds the options in use, the seed drawn among them.
 * @throws at once where an option is wrong: RangeError (naming the nearest sizes that tile), ShapeError, TypeError
 * @throws while running NumericError at the step where a number is not finite; the signal's reason, within one network call
 */
export const multiDiffusion = multi.run;
