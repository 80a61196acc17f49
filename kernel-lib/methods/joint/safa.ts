/** @file SaFa: neighbours swap columns of their overlap, and follow a reference window at first (Dai et al., ICCV 2025). */
import { rows, type Tensor } from "../../core/tensor.js";
import { realOption } from "../option-table.js";
import { denoisedRows, fromState, over, stacked, toState } from "./carried.js";
import { cropAll, fuseWeighted } from "./fuse.js";
import { jointMethod } from "./joint-method.js";
import { stepsTaken } from "./path.js";
import { type Overlap, overlapOf, strideNear } from "./window-grid.js";

/** Weight of a place at which the other window wins: it changes nothing there, and is enough where no other window lies. */
const LOSER = 1e-12;
/** Numbers of steps that no run has, for the reference window's own noise. */
const REFERENCE = 2 ** 19;

/**
 * Paints a panorama step by step. An average blurs what windows do not agree on; here every latent pixel of an overlap is one window's own. In each step, with
 * x_ref a window of its own that is denoised beside the others:
 *
 *   (a) denoise     x_j, x_ref ← the sampler's step                            each alone
 *   (b) reference   x_j|middle ← W_ref·x_ref|middle + (1 − W_ref)·x_j|middle   in the first steps; W_ref is 1 in every second row
 *   (c) swap        overlap of neighbours ← W·x_j + (1 − W)·x_{j+1}            for both; W is 1 in every second column
 *
 * The middle is what no neighbour overlaps. By default neighbours overlap by about a fifth of a window.
 * @source Dai et al., SaFa, ICCV 2025: from the paper, there is no official code. In a grid every second row of a vertical overlap is swapped as well.
 */
export const safa = jointMethod({
  name: "safa",
  title: "SaFa",
  summary: "windows that swap every second column of their overlap, and follow a reference window at first",
  source: "Dai et al., SaFa, ICCV 2025: latent swap and reference-guided swap",
  options: {
    referenceShare: realOption({
      means: "share of the steps, from the first, that follow the reference window",
      least: 0,
      most: 1,
      default: 0.3,
    }),
  },
  prepare: (options, config) => strideNear(0.8, options, config),
  resolve: (own, { shared: { windows, width, height }, config: { scaleFactor } }) => ({
    ...own,
    overlap: overlapOf("safa", windows, { height: height / scaleFactor, width: width / scaleFactor }),
  }),
  async *steps(run, { windows, referenceShare, overlap, ...shared }) {
    let z = run.panorama; // [1,c,H,W]
    const [, c] = z.x.shape;
    const [{ height: h, width: w }] = windows;
    const weights = swapWeights(h, w, overlap); // [h·w]
    const follows = windows.length > 1 ? Math.round(referenceShare * stepsTaken(shared)) : 0; // a single window has nobody to agree with
    const n = windows.length;
    let reference = fromState("reference", run.carriedOver) ?? {
      x: run.startAt(run.fresh({ index: REFERENCE }, [1, c, h, w]), windows[0]),
      history: [],
    };
    const asking = await run.under([...windows, windows[0]]); // the reference lies nowhere in the panorama: it sees the first window's condition
    for (const hop of run.hops) {
      const drawn = over(run.draw(z, hop), (all) => cropAll(all, windows)); // [n,c,h,w]
      const beside = { ...reference, ...(drawn.noise && { noise: run.fresh({ index: REFERENCE + 1 + hop.index }, [1, c, h, w]) }) };
      const denoised = await asking.denoise(stacked([drawn, beside]), hop); // (a) [n+1,c,h,w]
      const swapped = (parts: Tensor) => {
        const own = rows(parts, 0, n);
        const led = hop.index < follows ? everySecondRow(own, rows(parts, n, n + 1), overlap) : own; // (b)
        return fuseWeighted(led, windows, z.x.shape, weights); // (c)
      };
      z = over(denoised, swapped);
      reference = over(denoised, (parts) => rows(parts, n, n + 1));
      const own = denoisedRows(denoised, 0, n);
      yield run.record(hop, z, own, { foreseen: swapped(denoised.x0), state: toState("reference", reference) });
    }
    return run.finish(z);
  },
});

/** 1 at each place of a window where its own value stays, and next to nothing where the neighbour's does: [h·w]. */
export function swapWeights(height: number, width: number, { across, down }: Overlap): Float64Array {
  // the same latent pixel is number k of the left window's overlap and of the right window's, so one of the two has an even k in its favour
  const wins = (at: number, size: number, overlap: number) => {
    if (at < overlap) return at % 2 === 1;
    return at < size - overlap || (at - (size - overlap)) % 2 === 0;
  };
  return Float64Array.from({ length: height * width }, (_, k) =>
    wins(k % width, width, across) && wins(Math.floor(k / width), height, down) ? 1 : LOSER,
  );
}

/** The reference's latent in every second row of each window's middle: [n,c,h,w]. */
function everySecondRow(windows: Tensor, { data: reference }: Tensor, { across }: Overlap): Tensor {
  const [, , h, w] = windows.shape;
  const ofReference = (k: number) => (Math.floor(k / w) % h) % 2 === 0 && k % w >= across && k % w < w - across;
  return { data: windows.data.map((x, k) => (ofReference(k) ? reference[k % reference.length] : x)), shape: windows.shape };
}

/** Paints a panorama by SaFa, step by step: the algorithm is at `safa`. @returns and @throws as `multiDiffusion`; RangeError for a stride below half a window */
export const safaDiffusion = safa.run;
