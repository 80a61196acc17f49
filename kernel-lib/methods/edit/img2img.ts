/** @file Image to image as Stable Diffusion's pipelines have it: deterministic DDIM from a noisy picture. */
import { ddimStep } from "../../diffusion/ddim.js";
import { addNoise } from "../../diffusion/notation.js";
import { realOption } from "../option-table.js";
import { editMethod } from "./edit-method.js";

/**
 * Edits pictures step by step:
 *
 *   (a) start  x̂ = alpha·x_0 + sigma·w_0 at the level that leaves floor(steps · strength) steps
 *   (b) step   x̂_next = DDIM(x̂, eps(x̂; prompt)), without fresh noise
 */
export const img2imgMethod = editMethod({
  name: "img2img",
  title: "Image to image",
  who: "img2img",
  summary: "adds noise to the picture by its strength and denoises it without fresh noise",
  source: "diffusers 0.15.1, pipeline_stable_diffusion_img2img.py",
  options: {
    strength: realOption({ means: "share of the steps that are run, above 0, at most 1", least: 0, default: 0.8 }),
  },
  series: [],
  resolve: (own, { steps }) => {
    if (!(own.strength <= 1 && Math.floor(steps * own.strength) >= 1))
      throw new RangeError(
        `img2img: strength ${own.strength} of ${steps} steps, want at most 1 and at least one step, so ${1 / steps} or more`,
      );
    return own;
  },
  skip: ({ steps, strength }) => steps - Math.floor(steps * strength),
  async *steps(run, { guidanceScale }) {
    let edited = run.resumed?.latent ?? addNoise(run.x0, run.fresh(), run.hops[0].now); // (a) [N,c,h,w]
    for (const hop of run.hops.slice(run.done)) {
      const [eps] = await run.predict([{ latent: edited, text: run.text, guidanceScale }], hop.now.t);
      const { x0, prev } = ddimStep(edited, eps, hop.now, hop.next); // (b)
      edited = prev;
      yield run.record(hop, { latent: edited, x0 });
    }
    return run.finish(edited);
  },
});

/** Edits pictures by image to image, step by step: the algorithm is at `img2imgMethod`. @throws RangeError, ShapeError, TypeError at once; NumericError */
export const img2img = img2imgMethod.run;
