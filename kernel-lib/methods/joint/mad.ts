/** @file MAD, Merge-Attend-Diffuse: windows attend to the whole panorama (Quattrini et al., arXiv:2408.15660). */
import { choiceOption, realOption } from "../option-table.js";
import { over } from "./carried.js";
import { cropAll, fuse } from "./fuse.js";
import { jointMethod } from "./joint-method.js";

/**
 * Paints a panorama step by step: MultiDiffusion, but for the attention inside of the network. In the first steps, in every attention layer:
 *
 *   (a) merge      q̄, k̄, v̄ = the averages of all windows' q_j, k_j, v_j at each pixel of the layer's map of the panorama
 *   (b) attend     o = Attention(q̄, k̄, v̄) over the whole panorama; to the text Attention(q̄, k, v)
 *   (c) diffuse    window j goes on with o at window j
 *
 * and in each step, with eps from (a) to (c) or, later, of each window alone:
 *
 *   (d) denoise    x_j ← the sampler's step by eps(x_j)
 *   (e) fuse       z ← the average of all x_j that cover a latent pixel
 *
 * All windows go into one network call while attention is merged, whatever the batch. On a ring the panorama of (a) is closed.
 * @source aimagelab/MAD 4021424, merge_attend_stable_diffusion.py `sample` and nn_utils.py. Differs: after the first steps the official code's self-attention is
 * plain, but the queries of its cross-attention stay merged to the end. The paper has one operator for both, that is on or off, and without it each window is to
 * follow its own path; so ours ends both. `mergeQueries: "always"` is the official code. Its `mad_blocks` has no effect and is not here.
 */
export const mad = jointMethod({
  name: "mad",
  title: "MAD",
  summary: "windows that attend to the whole panorama at first, and are averaged where they overlap",
  source: "Quattrini et al. arXiv:2408.15660; aimagelab/MAD merge_attend_stable_diffusion.py",
  attention: "merged",
  options: {
    mergeShare: realOption({ means: "share of the steps, from the first, in which attention is merged", least: 0, most: 1, default: 0.5 }),
    mergeQueries: choiceOption({
      choices: ["early", "always"],
      means: "when cross-attention merges its queries: in those steps, or in all of them as the official code does",
      default: "early",
    }),
  },
  async *steps(run, { windows, mergeShare, mergeQueries }) {
    let z = run.panorama; // [1,c,H,W]
    const later = mergeQueries === "always" ? "queries" : undefined;
    for (const hop of run.hops) {
      const merged = hop.index < Math.round(mergeShare * hop.of) ? "all" : later;
      const xt = over(run.draw(z, hop), (all) => cropAll(all, windows)); // [windows,c,h,w]
      const denoised = await run.denoise(xt, hop, merged); // (a) to (d)
      z = over(denoised, (parts) => fuse(parts, windows, z.x.shape)); // (e)
      yield run.record(hop, z, denoised);
    }
    return run.finish(z);
  },
});

/** Paints a panorama by Merge-Attend-Diffuse, step by step: the algorithm is at `mad`. @returns and @throws as `multiDiffusion`; TypeError for a model without `predictMergedNoise` */
export const mergeAttendDiffuse = mad.run;
