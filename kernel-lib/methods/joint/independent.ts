/** @file Independent windows: the baseline that the papers compare joint methods with. Its windows do not overlap, so nothing is fused. */
import { ddimStep } from "../../diffusion/ddim.js";
import { cropAll, fuse } from "./fuse.js";
import { jointMethod } from "./joint-method.js";

export const independent = jointMethod({
  name: "independent",
  title: "Independent windows",
  summary: "windows side by side that know nothing of each other",
  source: "the baseline of arXiv:2302.08113 and arXiv:2306.05178",
  prepare(options, { window }) {
    if (options.stride !== undefined && options.stride !== (options.window ?? window))
      throw new RangeError(`stride ${options.stride}: independent windows do not overlap; leave stride out`);
    return { ...options, stride: options.windows ? undefined : (options.window ?? window) };
  },
  async *steps(run, { windows }) {
    let z = run.start; // [1,c,H,W]
    for (const hop of run.hops) {
      const xt = cropAll(z, windows); // [windows,c,h,w]
      const denoised = ddimStep(xt, await run.noise(xt, hop), hop.now, hop.next);
      z = fuse(denoised.prev, windows, z.shape); // each latent pixel lies in one window: its place, no average
      yield run.record(hop, z, denoised);
    }
    return run.finish(z);
  },
});

/**
 * Paints windows side by side: in each step x_j ← DDIM(x_j, eps(x_j)) for every window j, and no window sees another.
 * @returns a record a step; at the end the latent and the panorama
 * @throws at once where an option is wrong: RangeError (naming the nearest sizes that tile), ShapeError, TypeError
 */
export const independentWindows = independent.run;
