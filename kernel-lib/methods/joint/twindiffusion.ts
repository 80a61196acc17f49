/** @file TwinDiffusion: the overlap of neighbours is made one before the average (Zhou and Tang, arXiv:2404.19475). */
import type { Tensor } from "../../core/tensor.js";
import { realOption, wholeOption } from "../option-table.js";
import { over } from "./carried.js";
import { cropAll, fuse } from "./fuse.js";
import { jointMethod } from "./joint-method.js";
import { stepsTaken } from "./path.js";
import type { Window } from "./windows.js";

/**
 * Paints a panorama step by step. In step i, with windows in their order from left to right:
 *
 *   (a) shift     inner windows lie (i mod shifts)·⌊stride/shifts⌋ further to the right
 *   (b) denoise   x_j ← the sampler's step                                             each window alone
 *   (c) twin      x_j|overlap ← (x_{j−1}|overlap + λ·x_j|overlap)/(1 + λ)              during the first half of the steps, x_{j−1} already so treated
 *   (d) fuse      z ← the average of all x_j that cover a latent pixel
 *
 * @source TwinDiffusion db0eb64, panorama.py `text2panorama_optm`. Differs: a closed panorama has no first and no last window, so all of its windows shift;
 * each row of a grid is treated alone.
 */
export const twin = jointMethod({
  name: "twin",
  title: "TwinDiffusion",
  summary: "windows whose overlap is drawn to the left neighbour's before they are averaged",
  source: "Zhou and Tang arXiv:2404.19475; TwinDiffusion panorama.py",
  options: {
    lambda: realOption({ means: "weight of a window's own overlap beside its left neighbour's", least: 0, default: 1 }),
    shifts: wholeOption({ means: "how many places windows take in turn, between one stride and the next", least: 1, default: 2 }),
  },
  async *steps(run, { windows, lambda, shifts, loop, ...shared }) {
    let z = run.panorama; // [1,c,H,W]
    const width = z.x.shape[3];
    const apart = windows.length > 1 && windows[1].top === windows[0].top ? windows[1].left - windows[0].left : 0; // the stride
    for (const hop of run.hops) {
      const by = (hop.index % shifts) * Math.floor(apart / shifts);
      const places = windows.map((window) => (loop || isInner(window, width) ? { ...window, left: (window.left + by) % width } : window)); // (a)
      const xt = over(run.draw(z, hop), (all) => cropAll(all, places)); // [windows,c,h,w]
      const asking = await run.under(places);
      const denoised = await asking.denoise(xt, hop); // (b)
      const twins = hop.index < Math.floor(stepsTaken(shared) / 2) ? (x: Tensor) => twinned(x, places, lambda, width) : (x: Tensor) => x; // (c)
      z = over(denoised, (parts) => fuse(twins(parts), places, z.x.shape)); // (d)
      yield run.record(hop, z, denoised, { places, foreseen: fuse(denoised.x0, places, z.x.shape) });
    }
    return run.finish(z);
  },
});

/** Whether a window touches neither end of an open strip. */
const isInner = ({ left, width }: Window, end: number): boolean => left > 0 && left + width < end;

/** Each window's overlap with its left neighbour of the same row, drawn to the neighbour's: [windows,c,h,w]. */
function twinned(x: Tensor, places: readonly Window[], lambda: number, width: number): Tensor {
  const [, c, h, w] = x.shape;
  const data = x.data.slice();
  for (const [j, { top, left }] of places.entries()) {
    const before = places[j - 1];
    if (!before || before.top !== top) continue; // the first of its row
    const apart = (left - before.left + width) % width; // the overlap begins there in the neighbour
    for (let row = 0; row < c * h; row++)
      for (let k = 0; k < w - apart; k++) {
        const own = (j * c * h + row) * w + k;
        data[own] = (data[own - c * h * w + apart] + lambda * data[own]) / (1 + lambda);
      }
  }
  return { data, shape: x.shape };
}

/** Paints a panorama by TwinDiffusion, step by step: the algorithm is at `twin`. @returns and @throws as `multiDiffusion` */
export const twinDiffusion = twin.run;
