/**
 * @file What a sampler is: a pure function from a sample at one noise level to the sample at the next. It works number by number, and so does what it
 * carries: its history is cropped, rolled and fused like the latent itself, so that any joint method runs under any sampler.
 */
import type { Tensor } from "../../core/tensor.js";
import type { Level, Prediction } from "../notation.js";
import type { Hop, Schedule } from "../schedule.js";

/** What a sampler carries from step to step. */
export interface SamplerState {
  /** tensors of the sample's shape, in the sampler's own order; none before the first step */
  readonly history: readonly Tensor[];
}

/** One step of a sampler's path. */
export interface SamplerHop extends Hop {
  /** where the step begins, if not at the level `now` of the network's call */
  readonly from?: Level;
  /** the levels of the calls before this one, newest first */
  readonly before: readonly Level[];
  /** how many hops the path has */
  readonly of: number;
}

/** The steps of a run. */
export interface SamplerPath {
  /** one for each call of the network */
  readonly hops: readonly SamplerHop[];
  /** the standard deviation of the starting noise */
  readonly start: number;
}

/** What a step takes beside the sample and the network's output. */
export interface SamplerStepOptions {
  /** what `output` is; default "epsilon" */
  readonly prediction?: Prediction;
  /** standard normal, of the sample's shape; a sampler that draws wants it in every step */
  readonly noise?: Tensor;
}

/** The result of a step. */
export interface SamplerStep {
  /** for the next step */
  readonly state: SamplerState;
  /** the predicted x0, [N,c,h,w] */
  readonly x0: Tensor;
  /** the sample at level `next`, [N,c,h,w] */
  readonly prev: Tensor;
}

/** A sampler. */
export interface Sampler {
  readonly name: string;
  readonly title: string;
  /** the paper, and diffusers' class with the same numbers */
  readonly source: string;
  /** whether a step draws fresh noise */
  readonly draws: "none" | "every step";
  /** how many tensors it carries at most */
  readonly keeps: number;
  /** The state before the first step. */
  init(): SamplerState;
  /**
   * The steps of a run.
   * @param skip how many of the first steps are left out, as where a run begins with a picture; default 0. What is left counts from 0, without history
   * @throws RangeError for a number of steps that the schedule does not have
   */
  path(schedule: Schedule, steps: number, skip?: number): SamplerPath;
  /**
   * One step.
   * @param xt the sample at the level `now` of the hop, [N,c,h,w], of variance alpha² + sigma² = 1
   * @param output the network's prediction for xt at `now`, after guidance, [N,c,h,w]
   * @throws TypeError where noise is missing
   */
  step(state: SamplerState, xt: Tensor, output: Tensor, hop: SamplerHop, options?: SamplerStepOptions): SamplerStep;
}

/** The level without noise, at which most samplers end. */
export const CLEAN: Level = { t: -1, alpha: 1, sigma: 0 };

/** No history. */
export const emptyState = (): SamplerState => ({ history: [] });

/** Numbers the hops of a path, and gives each the levels before it. */
export const numberedHops = (hops: readonly Pick<SamplerHop, "now" | "next" | "from">[]): readonly SamplerHop[] =>
  hops.map((hop, index) => ({
    ...hop,
    index,
    of: hops.length,
    before: hops
      .slice(0, index)
      .map(({ now }) => now)
      .reverse(),
  }));

/** The noise of a step. @throws TypeError where it is missing */
export function wantNoise(name: string, noise: Tensor | undefined): Tensor {
  if (!noise) throw new TypeError(`sampler ${name}: got no noise, want fresh noise of the sample's shape in every step`);
  return noise;
}

/** Half the logarithm of the signal-to-noise ratio, log(alpha/sigma); infinite without noise. */
export const logSnr = ({ alpha, sigma }: Level): number => Math.log(alpha) - Math.log(sigma);
