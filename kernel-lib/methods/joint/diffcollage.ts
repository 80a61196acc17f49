/** @file DiffCollage: the noise of the whole is the windows' minus that of their overlaps (Zhang et al., arXiv:2303.17076). */
import type { Tensor } from "../../core/tensor.js";
import { cropAll, sumOver } from "./fuse.js";
import { jointMethod } from "./joint-method.js";
import { overlapOf, strideNear } from "./window-grid.js";
import type { Window } from "./windows.js";

/**
 * Paints a panorama step by step. As a chain of windows that know of each other only through their overlaps, p(z) = Π p(window) / Π p(overlap); so the score of
 * the whole is the sum of the windows' scores less that of the overlaps', which are asked for at their own size. In each step:
 *
 *   (a) windows    e_j = eps(z at window j)
 *   (b) overlaps   o_k = eps(z at overlap k)                     of neighbours; in a grid also those of four windows, which are added back
 *   (c) collage    e ← Σ_j e_j − Σ_k o_k                         at each latent pixel
 *   (d) denoise    z ← the sampler's step of the whole by e
 *
 * A ring is a cycle of windows. By default neighbours overlap by half a window.
 * @source Zhang et al., DiffCollage, CVPR 2023, eq. 5 and 7
 */
export const collage = jointMethod({
  name: "collage",
  title: "DiffCollage",
  summary: "the windows' noise less that of their overlaps, and one step of the whole",
  source: "Zhang et al. arXiv:2303.17076, eq. 5 and 7",
  prepare: (options, config) => strideNear(0.5, options, config),
  resolve(own, { shared: { windows, width, height }, config: { windowMultiple = 1, scaleFactor } }) {
    const { across, down } = overlapOf("diffCollage", windows, { height: height / scaleFactor, width: width / scaleFactor });
    for (const overlap of [across, down])
      if (overlap % windowMultiple !== 0)
        throw new RangeError(
          `diffCollage: an overlap of ${overlap} latent pixels, want a multiple of ${windowMultiple}, since the network halves it; change stride`,
        );
    return own;
  },
  async *steps(run, { windows }) {
    let z = run.panorama; // [1,c,H,W]
    const { shape } = z.x;
    const parts = await Promise.all(
      collageOf(windows, { height: shape[2], width: shape[3] }).map(async (part) => ({ ...part, ask: await run.under(part.places) })),
    );
    for (const hop of run.hops) {
      const output = { data: new Float32Array(z.x.data.length), shape };
      for (const { places, sign, ask } of parts) {
        const eps = await ask.noise(cropAll(z.x, places), hop); // (a), (b) [n,c,h,w]
        add(output, eps, places, sign); // (c)
      }
      const denoised = run.step(run.draw(z, hop), { output, prediction: "epsilon" }, hop); // (d) [1,c,H,W]
      z = denoised;
      yield run.record(hop, z, denoised, { foreseen: denoised.x0 });
    }
    return run.finish(z);
  },
});

/** Places of one size whose noise is added or taken away. */
interface CollagePart {
  readonly places: readonly Window[];
  readonly sign: 1 | -1;
}

/** The windows, their overlaps with the right and the lower neighbour, and the overlaps of those. */
export function collageOf(windows: readonly Window[], extent: { readonly height: number; readonly width: number }): readonly CollagePart[] {
  const { across, down } = overlapOf("diffCollage", windows, extent);
  const has = (top: number, left: number) =>
    windows.some((window) => window.top === top % extent.height && window.left === left % extent.width);
  const right = windows.filter(({ top, left, width }) => across > 0 && has(top, left + width - across));
  const below = windows.filter(({ top, left, height }) => down > 0 && has(top + height - down, left));
  const corner = right.filter((window) => below.includes(window));
  const shift = (window: Window, x: number, y: number) => ({
    top: (window.top + (y > 0 ? window.height - y : 0)) % extent.height,
    left: (window.left + (x > 0 ? window.width - x : 0)) % extent.width,
    height: y > 0 ? y : window.height,
    width: x > 0 ? x : window.width,
  });
  const all: CollagePart[] = [
    { places: windows, sign: 1 },
    { places: right.map((window) => shift(window, across, 0)), sign: -1 },
    { places: below.map((window) => shift(window, 0, down)), sign: -1 },
    { places: corner.map((window) => shift(window, across, down)), sign: 1 },
  ];
  return all.filter(({ places }) => places.length > 0);
}

/** Adds the noise of places to that of the whole, or takes it away. */
function add(
  whole: { readonly data: Float32Array; readonly shape: readonly number[] },
  parts: Tensor,
  places: readonly Window[],
  sign: 1 | -1,
): void {
  const [, c, h, w] = parts.shape;
  const sum = sumOver(places, whole.shape, (k, _, from) => parts.data[k * c * h * w + from]);
  for (const [k, x] of sum.entries()) whole.data[k] += sign * x;
}

/** Paints a panorama by DiffCollage, step by step: the algorithm is at `collage`. @returns and @throws as `multiDiffusion`; RangeError for a stride below half a window */
export const diffCollage = collage.run;
