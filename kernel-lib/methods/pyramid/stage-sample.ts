/** @file What a stage is trained on: its own channels noised, the coarser ones nearly clean. Source: Frido, models/diffusion/frido.py. */
import { expectShape, type Tensor } from "../../core/tensor.js";
import type { Level } from "../../diffusion/notation.js";

/** Options of `stageSample`. */
export interface StageSampleOptions {
  /** from 0, the coarsest */
  readonly stage: number;
  /** of each stage, coarse first */
  readonly stageChannels: readonly number[];
  /** of each row */
  readonly levels: readonly Level[];
  /** m: how much noise the coarser stages get at any timestep; default 0.1 */
  readonly mix?: number;
}

/**
 * Teacher forcing: a stage's channels at their timestep, the coarser ones with a little noise, the finer ones pure noise:
 *
 *     own: alpha·z + sigma·w     coarser: (1 − m)·z + m·w     finer: w
 *
 * The noise of coarser stages makes the network forgive what sampling leaves in them; a sampler gives them as they are.
 * @param z a picture's scaled latent, [N,C,h,w]
 * @param w standard normal noise, the same for all stages, [N,C,h,w]
 * @returns [N,C,h,w]
 * @source arXiv:2208.13753, section 3.2; frido/models/diffusion/frido.py `q_sample`
 */
export function stageSample(z: Tensor, w: Tensor, { stage, stageChannels, levels, mix = 0.1 }: StageSampleOptions): Tensor {
  const [N, C, h, width] = z.shape;
  expectShape("stageSample: w", w, z.shape);
  if (levels.length !== N) throw new RangeError(`stageSample: got ${levels.length} levels, want one for each of ${N} rows`);
  const before = stageChannels.slice(0, stage).reduce((a, b) => a + b, 0);
  const after = before + stageChannels[stage];
  const size = h * width;
  const data = new Float32Array(z.data.length);
  for (let n = 0; n < N; n++)
    for (let c = 0; c < C; c++) {
      const { alpha, sigma } = levels[n];
      const [kept, added] = c < before ? [1 - mix, mix] : c < after ? [alpha, sigma] : [0, 1];
      for (let k = (n * C + c) * size; k < (n * C + c + 1) * size; k++) data[k] = kept * z.data[k] + added * w.data[k];
    }
  return { data, shape: z.shape };
}

/** The loss of a stage: the mean of |eps − w| (l1) or of (eps − w)² (l2) over its own channels, [N,own,h,w] both. */
export function stageLoss(eps: Tensor, w: Tensor, kind: "l1" | "l2"): number {
  expectShape("stageLoss: w", w, eps.shape);
  let sum = 0;
  for (const [k, value] of eps.data.entries()) sum += kind === "l1" ? Math.abs(value - w.data[k]) : (value - w.data[k]) ** 2;
  return sum / eps.data.length;
}
