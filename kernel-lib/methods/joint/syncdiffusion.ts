/** @file SyncDiffusion: windows that agree before they are denoised (Lee et al., arXiv:2306.05178, algorithm 1). */
import { ddimStep } from "../../diffusion/ddim.js";
import type { JointModel } from "../../diffusion/joint-model.js";
import { lincomb } from "../../diffusion/notation.js";
import { cropAll, fuse } from "./fuse.js";
import { begin, type Descent, jointRun } from "./joint-run.js";
import type { JointRun, JointSteps } from "./step-record.js";
import { type ResolvedSyncOptions, resolveSyncOptions, type SyncOptions } from "./sync-options.js";

/**
 * Paints a panorama step by step. MultiDiffusion averages windows that were denoised alone, so noon may end beside night; here every window
 * first moves towards what one of them, the anchor a, will look like. In each synchronised step i at timestep t, z the panorama's latent:
 *
 *   x_j = z at window j,   foreseen(x) = decode(x0(x, eps(x, t))),   x0(x, eps) = (x − sigma·eps) / alpha
 *
 *   (a) foresee   A = foreseen(x_a)                          the anchor's image to come, once a step
 *   (b) compare   L_j = LPIPS(foreseen(x_j), A)              and its gradient, through LPIPS, decoder and U-Net; every window but the anchor
 *   (c) descend   x_j ← x_j − weight · decay^i · ∂L_j/∂x_j   the anchor stays
 *   (d) denoise   x_j ← DDIM(x_j, eps(x_j, t))               with a noise prediction of its own, from where x_j now is
 *   (e) fuse      z ← the average of all x_j that cover a latent pixel
 *
 * Step i is synchronised where (i+1) % syncEvery = 0 and i < syncSteps; any other is (d) and (e) alone, MultiDiffusion's. The decay counts
 * every step. LPIPS sees images clamped to its range, so a saturated pixel pulls at nothing.
 *
 * @param model any model behind `JointModel`'s functions
 * @returns a record a step; at the end the latent and the panorama. `.options` holds the options in use, the seed drawn among them.
 * @throws at once where an option is wrong: RangeError (naming the nearest sizes that tile), ShapeError, TypeError
 * @throws while running NumericError at the step where a number is not finite; the signal's reason, within one network call
 * @source KAIST-Visual-AI-Group/SyncDiffusion, syncdiffusion_model.py. Differs: a closed panorama has the full ring of windows, its
 * anchor is the middle of those that do not wrap, and the anchor's own backward pass, whose result is unused there, is not taken.
 */
export function syncDiffusion(model: JointModel, options: SyncOptions): JointRun<ResolvedSyncOptions> {
  const resolved = resolveSyncOptions("syncDiffusion", model.config, options);
  return jointRun(resolved, paint(model, resolved, options.signal));
}

async function* paint(model: JointModel, options: ResolvedSyncOptions, signal?: AbortSignal): JointSteps {
  const run = await begin(model, options, ["noise", "gradient"], signal);
  const { windows, anchor, syncEvery, syncSteps } = options;
  let z = run.start; // [1,c,H,W]
  for (const hop of run.hops) {
    const i = hop.index;
    const weight = options.weight * options.decay ** i;
    let xt = cropAll(z, windows); // [windows,c,h,w]
    let descent: Descent | undefined;
    if ((i + 1) % syncEvery === 0 && i < syncSteps) {
      const image = await run.foresee(xt, anchor, hop); // (a) [1,3,8h,8w]
      const pull = await run.pull(xt, { index: anchor, image }, hop); // (b) loss [windows], gradient [windows,c,h,w]
      xt = lincomb(1, xt, -weight, pull.gradient); // (c)
      descent = { ...pull, weight };
    }
    const denoised = ddimStep(xt, await run.noise(xt, hop), hop.now, hop.next); // (d)
    z = fuse(denoised.prev, windows, z.shape); // (e)
    yield run.record(hop, z, denoised, { anchor, descent });
  }
  return run.finish(z);
}
