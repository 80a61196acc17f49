/** @file SyncDiffusion: windows move towards an anchor before they are denoised (Lee et al., arXiv:2306.05178, algorithm 1). */
import { GIVEN_PICTURES, pictureOfSize } from "../../conditions/given-picture.js";
import { expectShape, type Tensor } from "../../core/tensor.js";
import { lincomb } from "../../diffusion/notation.js";
import { choiceOption, type OptionSpec, pictureOption, realOption, wholeOption } from "../option-table.js";
import { anchorIndex, anchorOption, atStep, perStep } from "./anchor.js";
import { ANCHOR_SERIES } from "./anchor-series.js";
import { over } from "./carried.js";
import { cropAll, fuse } from "./fuse.js";
import { jointMethod } from "./joint-method.js";
import type { Descent } from "./joint-run.js";

/** A number for all steps, a list with one for each step, or a function of the step; the last two are the step's whole weight, without the decay. */
export type SyncWeight = number | readonly number[] | ((step: number) => number);

const weightOption: OptionSpec<SyncWeight> = {
  ...realOption({
    means: "how far windows move towards the anchor in the first step; in code also a list or a function of the step",
    otherwise: `the checkpoint's recommendation, else 20`,
  }),
  want: "a number, a list of numbers, or a function of the step",
  fits: (value) =>
    typeof value === "function" || (Array.isArray(value) && value.length > 0 ? value : [value]).every((x) => Number.isFinite(x)),
};

/** The options of a descent beside its weight. */
export const DESCENT_OPTIONS = {
  decay: realOption({ means: "factor of the weight per step: step i has weight · decay^i", least: 0, default: 0.95 }),
  syncSteps: wholeOption({ means: "synchronise only the first n steps", least: 0, otherwise: "all" }),
} as const;

/** weight · decay^i, or the i-th of a list. */
const weightAt = ({ weight, decay }: { readonly weight: number | readonly number[]; readonly decay: number }, i: number): number =>
  typeof weight === "number" ? weight * decay ** i : atStep(weight, i);

const WHO = "syncDiffusion: anchorImage";
/** From [0,1] to [-1,1]. */
const signed = ({ data, shape }: Tensor): Tensor => ({ data: data.map((x) => 2 * x - 1), shape });

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
 * With `gradientMode: "decoder"`, eps is held fixed in (b): ∂L/∂x ≈ (∂L/∂x0) / alpha, and (a) takes the anchor's row of the same prediction. With
 * "decoder-half", foreseen(x) is decode(P·x0), where P averages blocks of 2×2, and the gradient is Pᵀ·(∂L/∂(P·x0)) / alpha.
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
    weight: weightOption,
    decay: DESCENT_OPTIONS.decay,
    syncEvery: wholeOption({ means: "synchronise only every n-th step", least: 1, default: 1 }),
    syncSteps: DESCENT_OPTIONS.syncSteps,
    anchor: anchorOption,
    anchorImage: pictureOption({
      means:
        "a picture that all windows are drawn to, in place of the anchor's; a file is scaled until it covers a window, and cut evenly; in code [1,3,h,w] in [-1,1], one window large, or { image, fit }",
      flag: "--anchor-image",
      file: GIVEN_PICTURES.anchorImage,
    }),
    gradientMode: choiceOption({
      choices: ["full", "decoder", "decoder-half"],
      means:
        "how far back the gradient goes: through the U-Net; through the decoder alone; or through the decoder at half the size, which costs least",
      default: "full",
    }),
    distance: choiceOption({
      choices: ["lpips", "style"],
      means: "what windows are compared by: LPIPS, or the Gram matrices of the same network's features",
      default: "lpips",
    }),
  },
  series: [ANCHOR_SERIES.loss, ANCHOR_SERIES.gradientNorm, { name: "weight", per: "step", title: "Weight of the descent", unit: "weight" }],
  resolve({ weight, syncSteps, anchor, anchorImage, ...own }, { shared, config }) {
    const { scaleFactor } = config;
    const [{ height, width }] = shared.windows;
    const size = { height: scaleFactor * height, width: scaleFactor * width };
    const picture = anchorImage && ("image" in anchorImage ? signed(pictureOfSize(WHO, anchorImage, size)) : anchorImage); // [1,3,h,w]
    if (picture) expectShape(WHO, picture, [1, 3, size.height, size.width]);
    if (own.gradientMode === "decoder-half" && (height % 2 || width % 2))
      throw new RangeError(
        `syncDiffusion: got windows of ${height}×${width} latent pixels, want even sides for gradientMode "decoder-half"`,
      );
    return {
      ...own,
      anchorImage: picture,
      weight:
        weight === undefined ? (config.weight ?? PAPER_WEIGHT) : typeof weight === "function" ? perStep(shared.steps, weight) : weight,
      syncSteps: syncSteps ?? shared.steps,
      anchor: picture ? undefined : anchorIndex(anchor, shared, config),
    };
  },
  async *steps(run, options) {
    const { windows, anchorImage, gradientMode, distance, syncEvery, syncSteps } = options;
    let z = run.panorama; // [1,c,H,W]
    for (const hop of run.hops) {
      const i = hop.index;
      const weight = weightAt(options, i);
      const anchor = options.anchor === undefined ? -1 : atStep(options.anchor, i);
      let xt = over(run.draw(z, hop), (all) => cropAll(all, windows)); // [windows,c,h,w]
      let descent: Descent | undefined;
      if ((i + 1) % syncEvery === 0 && i < syncSteps) {
        const to = { index: anchor, image: anchorImage, distance };
        const { loss, gradient } =
          gradientMode === "full"
            ? await run.perceptual(xt.x, { ...to, image: anchorImage ?? (await run.foresee(xt.x, anchor, hop)) }, hop) // (a), (b)
            : await run.perceptualDecoded(xt.x, to, hop, gradientMode === "decoder" ? "whole" : "half"); // [windows], [windows,c,h,w]
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
