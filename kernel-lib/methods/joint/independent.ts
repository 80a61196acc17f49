/** @file Independent windows: the baseline that the papers compare joint methods with. Windows do not overlap, so nothing is averaged. */
import { over } from "./carried.js";
import { cropAll, fuse } from "./fuse.js";
import { jointMethod } from "./joint-method.js";

/** Independent windows, as a row of the table of methods. */
export const independent = jointMethod({
  name: "independent",
  title: "Independent windows",
  summary: "windows side by side, denoised independently",
  source: "the baseline of arXiv:2302.08113 and arXiv:2306.05178",
  placement: "side by side",
  async *steps(run, { windows }) {
    let z = run.panorama; // [1,c,H,W]
    for (const hop of run.hops) {
      const xt = over(run.draw(z, hop), (all) => cropAll(all, windows)); // [windows,c,h,w]
      const denoised = await run.denoise(xt, hop);
      z = over(denoised, (parts) => fuse(parts, windows, z.x.shape)); // one window covers each latent pixel, so this only places them
      yield run.record(hop, z, denoised);
    }
    return run.finish(z);
  },
});

/**
 * Paints windows side by side. Each step is the sampler's, for every window alone.
 * @returns one record per step; at the end the latent and the panorama
 * @throws at once for a wrong option: RangeError (with the nearest sizes that tile), ShapeError, TypeError
 */
export const independentWindows = independent.run;
