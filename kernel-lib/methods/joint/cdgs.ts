/** @file CDGS, compositional diffusion with guided search: of several panoramas the likely ones survive (Mishra et al., arXiv:2601.00126). */
import { rows, stack, type Tensor } from "../../core/tensor.js";
import { ddimStep } from "../../diffusion/ddim.js";
import { lincomb } from "../../diffusion/notation.js";
import type { SamplerHop } from "../../diffusion/samplers/sampler.js";
import { choiceOption, wholeOption } from "../option-table.js";
import { type Carried, type Denoised, denoisedRows, fromState, over, stacked, toState } from "./carried.js";
import { expectFinite } from "./finite.js";
import { cropAll, fuse } from "./fuse.js";
import { jointMethod } from "./joint-method.js";
import type { Asking, Running } from "./joint-run.js";
import { stepsTaken } from "./path.js";
import type { Window } from "./windows.js";

/** Between these shares of the steps panoramas are ranked. */
const RANKED = { from: 0.1, to: 0.9 } as const;
/** Panoramas × repetitions of a step, at most: each has two draws of noise, and a step has 512. */
const MOST = 255;

/**
 * Paints B panoramas z_b at once, of which the least likely are given up on the way. Each step is taken U times, since each time windows hear of each other's
 * choices through what they share:
 *
 *   (a) denoise    x_bj ← the sampler's step                                    of window j of panorama b
 *   (b) fuse       z_b ← the average of all x_bj that cover a latent pixel
 *   (c) search     J_b = Σ_j Σ_i ‖e_i‖², or Σ_j Σ_i ‖e_{i+1} − e_i‖² ;          before the last repetition of every k-th step, from 10 % to 90 % of them;
 *                  z ← the panoramas of least J, copied until there are B       e_i: eps of x̂0_b at window j on its way back through DDIM's steps
 *   (d) repeat     z_b ← (α/α')·z_b + √(σ² − (α/α')²·σ'²)·noise                  back to the level before the step, but for the last repetition
 *
 * eps is −σ·score, so J is small where windows are near a mode of their density; `npm run bench:toy` compares it with the change of eps. After the last step all
 * are ranked once more, and the first is the result; a record has the first of the last ranking. Copies go apart by the noise of (d) and of the sampler: with
 * U = 1 and a sampler that draws none they stay copies. A given latent is the first panorama's start; the others draw theirs.
 * @source arXiv:2601.00126; cdgsearch/getting_started_with_CDGS, samplers.py (`compute_inversion_scores`, `undo_step`, `rearrange_batch_by_scores`), for
 * vectors; there is no official code for panoramas. Differs: windows are averaged after their step, not their eps before it, which is the same for DDIM; J is by
 * default of eps, not of its change (`ranking`), and a sum of squares, not a mean of norms; the first step is undone too before it is repeated; how many survive
 * does not depend on how far the scores lie apart.
 */
export const cdgs = jointMethod({
  name: "cdgs",
  title: "CDGS",
  summary: "several panoramas at once, of which the likely ones survive",
  source: "Mishra et al. arXiv:2601.00126; cdgsearch/getting_started_with_CDGS samplers.py",
  noise: "method",
  options: {
    population: wholeOption({ means: "panoramas that are painted at once", least: 1, default: 4 }),
    resamples: wholeOption({ means: "how often each step is taken, with fresh noise in between", least: 1, default: 2 }),
    rankEvery: wholeOption({ means: "rank the panoramas in every n-th step from 10 % to 90 % of the steps", least: 1, default: 5 }),
    survivors: wholeOption({
      means: "panoramas that survive a ranking; the others become copies of them",
      least: 1,
      otherwise: "half of them",
    }),
    ranking: choiceOption({
      choices: ["norm", "change"],
      means: "what a likely panorama has little of on its way back into noise: predicted noise, or, as in the official code, change of it",
      default: "norm",
    }),
    inversionSteps: wholeOption({ means: "predictions of noise on that way", least: 1, otherwise: "3, or all of fewer steps" }),
  },
  series: [
    { name: "score", per: "step", title: "Ranking: the best panorama", unit: "squared norm, summed over windows" },
    { name: "worst", per: "step", title: "Ranking: the worst panorama", unit: "squared norm, summed over windows" },
    { name: "share", per: "window", title: "Ranking: windows of the best panorama", unit: "squared norm" },
  ],
  resolve({ population, resamples, survivors = Math.ceil(population / 2), inversionSteps, ...own }, { shared }) {
    const steps = Math.max(1, stepsTaken(shared)); // a run that takes none ranks none
    if (survivors > population) throw new RangeError(`survivors ${survivors} of a population of ${population}: want at most as many`);
    if (population * resamples > MOST)
      throw new RangeError(`population ${population} × resamples ${resamples}: want at most ${MOST} together`);
    if (inversionSteps !== undefined && inversionSteps > steps)
      throw new RangeError(`inversionSteps ${inversionSteps}: want at most the run's ${steps} steps`);
    const inverted = inversionSteps ?? Math.min(3, steps);
    if (own.ranking === "change" && inverted < 2)
      throw new RangeError(
        `the ranking "change" with ${inverted} of the run's ${steps} steps inverted: want at least 2, so that there is a change`,
      );
    return { ...own, population, resamples, survivors, inversionSteps: inverted };
  },
  async *steps(run, { windows, population, resamples, rankEvery, survivors, ...search }) {
    let all = populationOf(run, population); // [1,c,H,W] each
    const asking = await run.under(all.flatMap(() => windows)); // of all panoramas
    for (const hop of run.hops) {
      const last = hop.index === hop.of - 1;
      const times = last ? 1 : resamples;
      const ranked = population > 1 && (last || isRanked(hop, rankEvery));
      let [found, ranking]: [readonly Stepped[], readonly Rank[]] = [[], []];
      for (let u = 0; u < times; u++) {
        const draw = (b: number) => 2 * (u * population + b); // a number for each draw of a step
        const drawn = all.map((z, b) => run.draw(z, hop, draw(b)));
        found = await stepped(asking, drawn, { hop, windows }); // (a), (b)
        if (ranked && u === Math.max(0, times - 2)) {
          ranking = await rank({ asking, path: run.path }, found, { hop, windows, ...search }); // (c)
          found = copies(found, ranking.slice(0, last ? population : survivors));
        }
        const again = (z: Tensor, b: number) => renoised(z, hop, run.fresh(hop, z.shape, draw(b) + 1)); // (d)
        all = found.map(({ before, after }, b) => (u < times - 1 ? { x: again(after.x, b), history: before } : after));
      }
      const numbers = ranked && {
        step: { score: ranking[0].score, worst: ranking[population - 1].score },
        windows: { share: ranking[0].shares },
      };
      const state = population > 1 && { state: toState("population", stacked(all.slice(1))) };
      yield run.record(hop, all[0], found[0].windows, { ...numbers, ...state });
    }
    return run.finish(all[0]);
  },
});

/** A panorama after a step. */
interface Stepped {
  /** what the sampler carried before the step, [1,c,H,W] each */
  readonly before: readonly Tensor[];
  readonly windows: Denoised;
  /** [1,c,H,W] */
  readonly after: Carried;
  /** the average of the windows' x0, [1,c,H,W] */
  readonly x0: Tensor;
}

/** A step and its windows. */
interface StepPlace {
  readonly hop: SamplerHop;
  readonly windows: readonly Window[];
}

/** The panoramas of a run, at its start or where it goes on. */
function populationOf(run: Running, population: number): readonly Carried[] {
  const others = fromState("population", run.carriedOver);
  if (!others) return run.starts(population);
  return [run.panorama, ...Array.from({ length: population - 1 }, (_, b) => over(others, (all) => rows(all, b, b + 1)))];
}

const isRanked = ({ index, of }: SamplerHop, every: number): boolean =>
  index > RANKED.from * of && index < RANKED.to * of && index % every === 0;

/** The sampler's step of all panoramas, their windows side by side in the network's calls. */
async function stepped(asking: Asking, all: readonly Carried[], { hop, windows }: StepPlace): Promise<readonly Stepped[]> {
  const n = windows.length;
  const denoised = await asking.denoise(stacked(all.map((z) => over(z, (x) => cropAll(x, windows)))), hop); // [B·n,c,h,w]
  return all.map(({ x: { shape }, history }, b) => {
    const own = denoisedRows(denoised, b * n, (b + 1) * n);
    expectFinite("latent", own.x, hop, { windows });
    const fused = (parts: Tensor) => fuse(parts, windows, shape);
    return { before: history, windows: own, after: over(own, fused), x0: fused(own.x0) };
  });
}

/** A panorama's place in a ranking. */
interface Rank {
  /** its number */
  readonly of: number;
  /** J */
  readonly score: number;
  /** of each window in J */
  readonly shares: readonly number[];
}

/** The panoramas of a ranking's head, and copies of them in place of the others. */
const copies = <T>(all: readonly T[], head: readonly Rank[]): readonly T[] => all.map((_, b) => all[head[b % head.length].of]);

/** A sample at the level after a step, brought back to the level before it: q(x_now | x_next). */
function renoised(x: Tensor, { now, next }: SamplerHop, noise: Tensor): Tensor {
  const kept = now.alpha / next.alpha;
  return lincomb(kept, x, Math.sqrt(Math.max(0, now.sigma ** 2 - (kept * next.sigma) ** 2)), noise);
}

/** Ranks panoramas by J of their x0, the lowest first. @throws NumericError that names a window whose share is not finite */
async function rank(
  { asking, path }: Pick<Running, "path"> & { readonly asking: Asking },
  all: readonly Stepped[],
  { hop, windows, ranking, inversionSteps }: StepPlace & { readonly ranking: "change" | "norm"; readonly inversionSteps: number },
): Promise<readonly Rank[]> {
  const levels = [...new Map(path.map(({ now }) => [now.t, now])).values()].reverse(); // the cleanest first
  const n = windows.length;
  const shares = new Float32Array(all.length * n);
  let x = stack(all.map(({ x0 }) => cropAll(x0, windows))); // [B·n,c,h,w]
  let before: Tensor | undefined;
  for (let i = 0; i < inversionSteps; i++) {
    const eps = await asking.noise(x, { now: levels[i] });
    const counted = ranking === "norm" ? eps : before && lincomb(1, eps, -1, before);
    const size = x.data.length / shares.length;
    for (const [k, e] of (counted?.data ?? []).entries()) shares[Math.floor(k / size)] += e * e;
    if (i + 1 < inversionSteps) x = ddimStep(x, eps, levels[i], levels[i + 1]).prev;
    before = eps;
  }
  expectFinite("ranking", { data: shares, shape: [shares.length] }, hop, { windows: all.flatMap(() => windows) });
  const ranks = all.map((_, of): Rank => {
    const own = [...shares.subarray(of * n, (of + 1) * n)];
    return { of, score: own.reduce((total, share) => total + share, 0), shares: own };
  });
  return ranks.sort((a, b) => a.score - b.score);
}

/** Paints a panorama by guided search, step by step: the algorithm is at `cdgs`. @returns and @throws as `multiDiffusion` */
export const guidedSearch = cdgs.run;
