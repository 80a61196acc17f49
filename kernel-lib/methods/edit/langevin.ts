/** @file Plug-and-play guidance: Langevin dynamics over a sampler's latent code (Wu and De la Torre, arXiv:2210.05559, section 3.4). */
import { NumericError } from "../../core/errors.js";
import { createRng, randn } from "../../core/random.js";
import { rows, stack, type Tensor } from "../../core/tensor.js";
import { lincomb } from "../../diffusion/notation.js";
import type { CodeSampler } from "./code-sampler.js";
import type { Energy } from "./energies.js";

/** An energy and its weight. */
export interface WeightedEnergy {
  readonly name: string;
  readonly weight: number;
  readonly energy: Energy;
}

/** Options of `langevin`. */
export interface LangevinOptions {
  /** default 200 */
  readonly steps?: number;
  /** h; default 0.05 */
  readonly stepSize?: number;
  /** codes that are moved together; default 1 */
  readonly batch?: number;
  /** of the start, where none is given, and of the noise ω; a start must not come from the same seed, or ω repeats it; default 0 */
  readonly seed?: number;
  /** the codes to begin with, as many as the sampler has noises, [batch,c,h,w] each; default drawn from the prior */
  readonly start?: readonly Tensor[];
  /** aborts within one network call */
  readonly signal?: AbortSignal;
}

/** The state before a step; the last one comes after the last step. */
export interface LangevinStep {
  readonly index: number;
  /** U(z) of each code, [batch] */
  readonly energy: Tensor;
  /** the prior ½‖z‖² and each weighted energy of each code, [batch] by name */
  readonly parts: Readonly<Record<string, Tensor>>;
  /** L2 norm of ∇U over all noises, [batch] */
  readonly gradientNorm: Tensor;
  /** ‖z‖² / dim of each code, [batch]; 1 for draws of the prior */
  readonly normPerDim: Tensor;
  /** the pictures that the codes make, [batch,3,H,W], about [-1,1] */
  readonly image: Tensor;
}

/** The best code of each row: the one with the lowest weighted energies, without the prior. */
export interface LangevinResult {
  /** the noises, [batch,c,h,w] each */
  readonly code: readonly Tensor[];
  /** [batch,3,H,W], about [-1,1] */
  readonly image: Tensor;
  /** its weighted energies, [batch] */
  readonly energy: Tensor;
}

/**
 * Samples codes z with density ∝ p(z) · exp(−Σ w_c E_c(G(z))), p(z) = N(0, 1), where G is the sampler:
 *
 *   U(z) = ½‖z‖² + Σ w_c E_c(G(z)),   z ← z − (h/2)·∇U(z) + √h·ω,   ω ~ N(0, 1)
 *
 * @returns yields `steps + 1` records, the last one of the final codes; returns each row's best code, the final one included. The official code keeps the
 * best of a batch of one and does not score its last code.
 * @throws NumericError for an energy or a gradient with NaN or infinity: step and row; the records so far stay usable
 * @source arXiv:2210.05559, eq. 7; ChenWu98/unified-generative-zoo (h 0.05, 200 steps; weights 500 for CLIP, 5 for a class)
 */
export async function* langevin(
  sampler: CodeSampler,
  energies: readonly WeightedEnergy[],
  { steps = 200, stepSize = 0.05, batch = 1, seed = 0, start, signal }: LangevinOptions = {},
): AsyncGenerator<LangevinStep, LangevinResult, void> {
  if (!(Number.isInteger(steps) && steps >= 1)) throw new RangeError(`langevin: steps ${steps}, want a whole number >= 1`);
  if (!(stepSize > 0)) throw new RangeError(`langevin: stepSize ${stepSize}, want a number above 0`);
  if (!(Number.isInteger(batch) && batch >= 1)) throw new RangeError(`langevin: batch ${batch}, want a whole number >= 1`);
  const rng = createRng(seed);
  const shape = [batch, ...sampler.shape];
  let z = start ?? Array.from({ length: sampler.noises }, () => randn(rng, shape)); // [batch,c,h,w] each
  const best = bestOf(batch);
  for (let index = 0; index <= steps; index++) {
    signal?.throwIfAborted();
    const { image, pull } = await sampler.run(z);
    const parts: Record<string, Tensor> = { prior: perRow(batch, (row) => 0.5 * squares(z, row)) };
    let cotangent: Tensor = { data: new Float32Array(image.data.length), shape: image.shape }; // Σ w_c ∂E_c/∂image
    for (const { name, weight, energy } of energies) {
      const { energy: value, gradient } = await energy(image);
      expectFiniteRows(index, name, value, gradient);
      parts[name] = lincomb(weight, value, 0, value);
      cotangent = lincomb(1, cotangent, weight, gradient);
    }
    const pulled = await pull(cotangent); // [batch,c,h,w] each
    const gradient = z.map((each, k) => lincomb(1, each, 1, pulled[k])); // ∇U, the prior's is z
    for (const each of gradient) expectFiniteRows(index, "gradient", each);
    const guided = perRow(batch, (row) => energies.reduce((sum, { name }) => sum + parts[name].data[row], 0));
    best.see(guided, z, image);
    yield {
      index,
      energy: lincomb(1, guided, 1, parts.prior),
      parts,
      gradientNorm: perRow(batch, (row) => Math.sqrt(squares(gradient, row))),
      normPerDim: perRow(batch, (row) => squares(z, row) / (z.length * sampler.shape.reduce((a, b) => a * b, 1))),
      image,
    };
    if (index < steps)
      z = z.map((each, k) => lincomb(1, lincomb(1, each, -stepSize / 2, gradient[k]), Math.sqrt(stepSize), randn(rng, shape)));
  }
  return best.result();
}

/** Keeps the code and the picture of the lowest energy of each row. */
function bestOf(batch: number) {
  const kept: { energy: number; code: Tensor[]; image: Tensor }[] = [];
  return {
    see(energy: Tensor, z: readonly Tensor[], image: Tensor) {
      for (let row = 0; row < batch; row++)
        if (!kept[row] || energy.data[row] < kept[row].energy)
          kept[row] = { energy: energy.data[row], code: z.map((each) => rows(each, row, row + 1)), image: rows(image, row, row + 1) };
    },
    result: (): LangevinResult => ({
      code: kept[0].code.map((_, k) => stack(kept.map(({ code }) => code[k]))),
      image: stack(kept.map(({ image }) => image)),
      energy: { data: Float32Array.from(kept, ({ energy }) => energy), shape: [batch] },
    }),
  };
}

const perRow = (batch: number, f: (row: number) => number): Tensor => ({
  data: Float32Array.from({ length: batch }, (_, k) => f(k)),
  shape: [batch],
});

/** Σ over all noises of a row's squares. */
const squares = (z: readonly Tensor[], row: number): number =>
  z.reduce((sum, each) => rows(each, row, row + 1).data.reduce((part, x) => part + x * x, sum), 0);

function expectFiniteRows(step: number, what: string, ...tensors: readonly Tensor[]): void {
  for (const x of tensors) {
    const wrong = x.data.findIndex((value) => !Number.isFinite(value));
    if (wrong < 0) continue;
    const row = Math.floor(wrong / (x.data.length / x.shape[0]));
    throw new NumericError(
      `langevin: step ${step}: ${x.data[wrong]} in ${what} of row ${row}; the records so far stay usable; take a smaller stepSize`,
    );
  }
}
