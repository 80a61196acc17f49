/** @file AdamW over a range of flat arrays, so that several threads can each take a part, and the running average of the parameters. */

/** A trainer's numbers, one array each over all parameters. */
export interface OptimizerArrays {
  readonly parameters: Float32Array;
  /** running mean of the gradient */
  readonly first: Float32Array;
  /** running mean of the squared gradient */
  readonly second: Float32Array;
  readonly average: Float32Array;
}

export interface AdamRates {
  readonly learningRate: number;
  /** decoupled weight decay, of the elements that decay */
  readonly weightDecay: number;
  /** the average keeps this share of itself */
  readonly averaging: number;
  /** of this step, counted from 1: for the bias correction */
  readonly step: number;
  /** the gradient is multiplied by this: 1/(micro-batches), times what clipping leaves */
  readonly scale: number;
}

const BETA1 = 0.9;
const BETA2 = 0.99;
const EPSILON = 1e-8;
/** Gradients together are scaled down to this L2 norm. */
const CLIP = 1;

/** What a gradient of this norm is multiplied by so that it is at most CLIP long. */
export const clipScale = (norm: number): number => Math.min(1, CLIP / (norm + 1e-12));

/**
 * One step of AdamW (arXiv:1711.05101, algorithm 2) and of the running average on the elements from `from` to `to`.
 * @param decays 1 for elements of matrices and kernels, 0 for norms and biases
 */
export function adamRange(
  { parameters, first, second, average }: OptimizerArrays,
  gradient: Float32Array,
  decays: Uint8Array,
  { learningRate, weightDecay, averaging, step, scale }: AdamRates,
  [from, to]: readonly [number, number],
): void {
  const rate = (learningRate * Math.sqrt(1 - BETA2 ** step)) / (1 - BETA1 ** step);
  const shrink = learningRate * weightDecay;
  for (let k = from; k < to; k++) {
    const g = gradient[k] * scale;
    const m = first[k] + (1 - BETA1) * (g - first[k]);
    const v = second[k] + (1 - BETA2) * (g * g - second[k]);
    first[k] = m;
    second[k] = v;
    const p = parameters[k] * (1 - shrink * decays[k]) - (rate * m) / (Math.sqrt(v) + EPSILON);
    parameters[k] = p;
    average[k] += (1 - averaging) * (p - average[k]);
  }
}

/** Adds the other gradients to the first on a range; @returns the sum of its squares there */
export function foldRange([sum, ...others]: readonly Float32Array[], [from, to]: readonly [number, number]): number {
  for (const other of others) for (let k = from; k < to; k++) sum[k] += other[k];
  let square = 0;
  for (let k = from; k < to; k++) square += sum[k] * sum[k];
  return square;
}
