/** @file MultiDiffusion of regions: each part of the panorama has a prompt of its own (Bar-Tal et al., arXiv:2302.08113, region-based generation). */
import { atLatentSize } from "../../conditions/regions.js";
import { stack, type Tensor } from "../../core/tensor.js";
import { givenOption, realOption, wholeOption } from "../option-table.js";
import { ANCHOR_SERIES } from "./anchor-series.js";
import { type Backgrounds, backgroundsOf, expectBackgrounds, onBackground } from "./bootstrapping.js";
import { type Denoised, over } from "./carried.js";
import { cropAll, fuseWeighted } from "./fuse.js";
import { jointMethod } from "./joint-method.js";
import type { Descent } from "./joint-run.js";
import { stepsTaken } from "./path.js";
import { descended, expectCoveredByRegions, joined, layersOf, regionsOption } from "./region-layers.js";
import { DESCENT_OPTIONS } from "./syncdiffusion.js";

/**
 * Paints a panorama step by step. Every region r has a mask m_r and a prompt; the run's prompt is that of the background, whose mask is what the regions leave,
 * 1 − Σ m_r. In each step i at a level of alpha and sigma, for every r and every window j in which m_r is not 0 everywhere:
 *
 *   (a) crop        x_rj = z at window j
 *   (b) bootstrap   x_rj ← m_r·x_rj + (1 − m_r)·(alpha·b + sigma·z_T)    in the first steps, not for the background; b: the latent of a picture of one
 *                                                                        random colour, drawn anew for every step, window and region; z_T: the starting noise
 *   (c) descend     x_rj ← x_rj − sync · decay^i · ∂L_rj/∂x_rj           only with sync above 0
 *   (d) denoise     x_rj ← the sampler's step from x_rj                  by the noise predicted under the prompt of r
 *   (e) fuse        z ← Σ_rj m_r·x_rj / Σ_rj m_r                         at each latent pixel: their eq. 5 with masks as weights
 *
 * Bootstrapping makes a region's object grow inside of its mask: around it the network sees a plain colour, and not what other prompts paint there.
 * With `sync`, SyncDiffusion runs in each region by itself, as in the layouts of its paper: L_rj is LPIPS of the window's predicted picture, under the region's
 * prompt, to that of the region's anchor, the middle one of the windows that the region fills most; the anchor stays. A region's look agrees over all of its
 * windows, and regions do not pull at each other.
 * One region everywhere is MultiDiffusion, and with `sync` SyncDiffusion, bit for bit.
 *
 * @source omerbt/MultiDiffusion, region_based.py. Differs: a window that a region does not touch is not computed for it, which changes nothing; masks may be
 * grey; there may be no background. There is no official code of SyncDiffusion with regions.
 */
export const regions = jointMethod({
  name: "regions",
  title: "Region diffusion",
  summary: "windows that are averaged where they overlap, with a prompt for each region of the panorama",
  source: "Bar-Tal et al. arXiv:2302.08113, region-based generation; MultiDiffusion region_based.py",
  needs: ["noise", "gradient"],
  calls: ({ sync }) => (sync > 0 ? ["noise", "gradient"] : ["noise"]),
  options: {
    regions: regionsOption,
    feather: realOption({ means: "width of the transition between regions, in pixels", least: 0, default: 0 }),
    bootstrapping: wholeOption({
      means: "how many of the first steps show each region on random backgrounds",
      least: 0,
      otherwise: "two fifths of the steps, as the official 20 of 50",
    }),
    backgrounds: givenOption<Backgrounds>({
      means:
        "latents [n,c,h,w] of one window's size, and which one at each step, window and region, [steps,windows,regions]; replaces the random ones",
      want: "{ latents, chosen }",
    }),
    sync: realOption({
      means: "how far a region's windows move towards its anchor in the first step; 0: not at all",
      least: 0,
      default: 0,
    }),
    ...DESCENT_OPTIONS,
  },
  series: [ANCHOR_SERIES.loss, ANCHOR_SERIES.gradientNorm],
  // regions that cover everything need no other prompt
  prepare: (options) => (options.regions?.length ? { ...options, prompt: options.prompt ?? "" } : options),
  resolve({ regions = [], bootstrapping, syncSteps, ...own }, { shared, config: { scaleFactor, latentChannels } }) {
    const { steps, height, width } = shared;
    const taken = stepsTaken(shared);
    const picture = { height: height / scaleFactor, width: width / scaleFactor, scaleFactor };
    const resolved = {
      ...own,
      regions: atLatentSize(regions, picture),
      bootstrapping: bootstrapping ?? Math.floor(0.4 * taken),
      syncSteps: syncSteps ?? steps,
    };
    expectCoveredByRegions({ ...shared, ...resolved }, picture);
    expectBackgrounds({ ...shared, ...resolved }, latentChannels);
    return resolved;
  },
  async *steps(run, options) {
    const { sync: weight, decay, syncSteps, bootstrapping } = options;
    let z = run.panorama; // [1,c,H,W]
    const { shape } = z.x;
    const layers = await layersOf(run, options, shape);
    const places = layers.flatMap(({ windows }) => windows); // n, over all layers
    const weights = stack(layers.map(({ masks }) => masks)).data; // [n·h·w]
    const backgrounds = await backgroundsOf(run, options, shape);
    for (const hop of run.hops) {
      const i = hop.index;
      const drawn = run.draw(z, hop);
      const [parts, descents]: [Denoised[], Descent[]] = [[], []];
      for (const layer of layers) {
        let xt = over(drawn, (all) => cropAll(all, layer.windows)); // (a) [windows,c,h,w]
        if (backgrounds && i < bootstrapping) xt = { ...xt, x: onBackground(xt.x, layer, backgrounds, hop) }; // (b)
        if (weight > 0 && i < syncSteps) {
          const { x, ...descent } = await descended(xt.x, layer, hop, weight * decay ** i); // (c)
          xt = { ...xt, x };
          descents.push(descent);
        }
        parts.push(await layer.ask.denoise(xt, hop)); // (d)
      }
      const { denoised, descent } = joined(parts, descents);
      const fused = (all: Tensor) => fuseWeighted(all, places, shape, weights);
      z = over(denoised, fused); // (e)
      const anchor = weight > 0 && layers.length === 1 ? layers[0].anchor : -1;
      yield run.record(hop, z, denoised, { places, foreseen: fused(denoised.x0), descent, anchor });
    }
    return run.finish(z);
  },
});

/**
 * Paints a panorama of regions, step by step: the algorithm is at `regions`, above.
 * @param model anything that implements `JointModel`; to bootstrap it also needs `encode`
 * @returns as `multiDiffusion`; a record's windows are those of every region, the background's first
 * @throws as `multiDiffusion`; at once for regions that are empty, of a wrong size, or leave a place without a prompt; TypeError, while running, for a model
 * without an encoder
 */
export const regionDiffusion = regions.run;
