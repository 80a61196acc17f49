/** @file SyncDiffusion: windows move towards an anchor before they are denoised (Lee et al., arXiv:2306.05178, algorithm 1). */
import { lincomb } from "../../diffusion/notation.js";
import { realOption, wholeOption } from "../option-table.js";
import { anchorIndex, anchorOption } from "./anchor.js";
import { ANCHOR_SERIES } from "./anchor-series.js";
import { over } from "./carried.js";
import { cropAll, fuse } from "./fuse.js";
import { jointMethod } from "./joint-method.js";
import type { Descent } from "./joint-run.js";

/** The paper's weight, and the default of the official function. The official command line has 0.1 with a decay of 0.99. */
const PAPER_WEIGHT = 20;

/**
 * Paints a panorama step by step. MultiDiffusion averages windows that were denoised alone, so noon may end beside night. Here every window
 * first moves towards the predicted image of one of them, the anchor a. In each synchronised step i at timestep t, where z is the panorama's
 * latent:
 *
 *   x_j = z at window j,   foreseen(x) = decode(x0(x, eps(x, t))),   x0(x, eps) = (x − sigma·eps) / alpha
 *
 *   (a) foresee   A = foreseen(x_a)                          the anchor's predicted image, once per step
 *   (b) compare   L_j = LPIPS(foreseen(x_j), A)              and its gradient through LPIPS, decoder and U-Net, for every window but the anchor
 *   (c) descend   x_j ← x_j − weight · decay^i · ∂L_j/∂x_j   the anchor stays
 *   (d) denoise   x_j ← the sampler's step from x_j          with a new noise prediction, at the moved x_j
 *   (e) fuse      z ← the average of all x_j that cover a latent pixel
 *
 * Step i is synchronised if (i+1) % syncEvery = 0 and i < syncSteps. Any other step is (d) and (e) alone, as in MultiDiffusion. The decay counts
 * every step. LPIPS gets images clamped to its range, so a saturated pixel has no gradient.
 *
 * @source KAIST-Visual-AI-Group/SyncDiffusion, syncdiffusion_model.py. Differs: a closed panorama has the full ring of windows; its
 * anchor is the middle one of those that do not wrap; the anchor's own backward pass, whose result is unused there, is left out.
 */
export const sync = jointMethod({
  name: "sync",
  title: "SyncDiffusion",
  summary: "windows that move towards one of them, the anchor, before each step",
  source: "Lee et al. arXiv:2306.05178, algorithm 1",
  needs: ["noise", "gradient"],
  options: {
    weight: realOption({
      means: "how far windows move towards the anchor in the first step",
      otherwise: `the checkpoint's recommendation, else ${PAPER_WEIGHT}`,
    }),
    decay: realOption({ means: "factor of the weight per step: step i has weight · decay^i", least: 0, default: 0.95 }),
    syncEvery: wholeOption({ means: "synchronise only every n-th step", least: 1, default: 1 }),
    syncSteps: wholeOption({ means: "synchronise only the first n steps", least: 0, otherwise: "all" }),
    anchor: anchorOption,
  },
  series: [ANCHOR_SERIES.loss, ANCHOR_SERIES.gradientNorm, { name: "weight", per: "step", title: "Weight of the descent", unit: "weight" }],
  resolve: ({ weight, syncSteps, anchor, ...own }, { shared, config }) => ({
    ...own,
    weight: weight ?? config.weight ?? PAPER_WEIGHT,
    syncSteps: syncSteps ?? shared.steps,
    anchor: anchorIndex(anchor, shared, config),
  }),
  async *steps(run, options) {
    const { windows, anchor, syncEvery, syncSteps } = options;
    let z = run.panorama; // [1,c,H,W]
    for (const hop of run.hops) {
      const i = hop.index;
      const weight = options.weight * options.decay ** i;
      let xt = over(run.draw(z, hop), (all) => cropAll(all, windows)); // [windows,c,h,w]
      let descent: Descent | undefined;
      if ((i + 1) % syncEvery === 0 && i < syncSteps) {
        const image = await run.foresee(xt.x, anchor, hop); // (a) [1,3,8h,8w]
        const { loss, gradient } = await run.perceptual(xt.x, { index: anchor, image }, hop); // (b) [windows], [windows,c,h,w]
        xt = { ...xt, x: lincomb(1, xt.x, -weight, gradient) }; // (c)
        descent = { loss, gradient, weight };
      }
      const denoised = await run.denoise(xt, hop); // (d)
      z = over(denoised, (parts) => fuse(parts, windows, z.x.shape)); // (e)
      yield run.record(hop, z, denoised, { anchor, descent });
    }
    return run.finish(z);
  },
});

/**
 * Paints a panorama by SyncDiffusion, step by step: the algorithm is at `sync`, above.
 * @param model anything that implements `JointModel`
 * @returns one record per step; at the end the latent and the panorama. `.options` holds all options in use, with the seed that was drawn.
 * @throws at once for a wrong option: RangeError (with the nearest sizes that tile), ShapeError, TypeError
 * @throws while running: NumericError at the first step with NaN or infinity; the signal's reason, within one network call
 */
export const syncDiffusion = sync.run;

/** The options of `syncDiffusion`. */
export type SyncOptions = Parameters<typeof syncDiffusion>[1];
/** The options of `syncDiffusion` with all defaults filled in. */
export type ResolvedSyncOptions = ReturnType<typeof syncDiffusion>["options"];
