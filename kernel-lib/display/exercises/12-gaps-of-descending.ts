/** @file The last exercises of lesson 12, the gaps 4 and 5 of the authors' assignment: foreseeing and descending. */
import type { Tensor } from "../../core/tensor.js";
import { AnswerFault, aFunction, aTensor } from "./answer-kinds.js";
import { sameAs } from "./comparing.js";
import type { Exercise } from "./exercise.js";

type Foresee = (x: Tensor, eps: Tensor, level: Level) => Tensor;
type Descend = (x: Tensor, gradient: Tensor, descent: Descent) => Tensor;

/** A noise level: what is left of the picture, and how much noise lies over it. */
export interface Level {
  readonly alpha: number;
  readonly sigma: number;
}
/** What scales a descent: weight, decay, step from 0. */
export interface Descent {
  readonly w: number;
  readonly d: number;
  readonly i: number;
}

const box = (values: readonly number[]): Tensor => ({ data: Float32Array.from(values), shape: [1, 1, 2, 2] });
const foreseeing: [Tensor, Tensor, Level][] = [
  [box([1, -2, 0.5, 3]), box([0.2, -1, 2, 0]), { alpha: 0.6, sigma: 0.8 }],
  [box([0, 1, -1, 2]), box([1, 1, -1, 0.5]), { alpha: 0.96, sigma: 0.28 }],
];
const both = (a: Tensor, b: Tensor, make: (a: number, b: number) => number): Tensor => ({
  data: a.data.map((x, k) => make(x, b.data[k])),
  shape: a.shape,
});
const foresees = (make: (x: number, eps: number, level: Level) => number) =>
  sameAs(foreseeing, (x: Tensor, eps: Tensor, level: Level) => both(x, eps, (a, b) => make(a, b, level)));
/** Refuses a tensor of another shape, which no comparison would name. */
const shapedAs = <Args extends readonly [Tensor, ...unknown[]]>(answer: (...args: Args) => Tensor, [sample]: readonly Args[]) => {
  const { shape } = answer(...structuredClone(sample));
  if (String(shape) !== String(sample[0].shape))
    throw new AnswerFault(`the function returns the shape [${shape}] for x of [${sample[0].shape}], want that shape again.`);
  return answer;
};

/** Gap 4: the picture that a noisy window foresees, as a latent. */
export const gapForesee: Exercise<Foresee> = {
  name: "12.4",
  answer: aFunction(aTensor),
  accepts: (answer) => foresees((x, eps, { alpha, sigma }) => (x - sigma * eps) / alpha)(shapedAs(answer, foreseeing)),
  because: "DDIM's eq. 9 read backwards: x = α·x̂₀ + σ·ε̂. Decoded, the anchor's is what all others are compared with.",
  mistakes: [
    { when: foresees((x, eps, { alpha, sigma }) => (x - alpha * eps) / sigma), hint: "α and σ are swapped." },
    { when: foresees((x, eps, { alpha, sigma }) => (x + sigma * eps) / alpha), hint: "The noise is added once more; it has to come off." },
    { when: foresees((x, eps, { sigma }) => x - sigma * eps), hint: "The noise is off, but what is left is still as faint as α makes it." },
    { when: foresees((x, eps, { alpha }) => (x - eps) / alpha), hint: "The noise lies over the picture with the strength σ, not 1." },
    { when: foresees((x, eps, { alpha, sigma }) => x / alpha - sigma * eps), hint: "α divides the noise too: mind the brackets." },
    {
      when: foresees((x, eps, { alpha, sigma }) => alpha * x - sigma * eps),
      hint: "That is x̂₀ of a network that predicts v; this one's answer was turned into ε.",
    },
    { when: foresees((x, eps, { alpha, sigma }) => alpha * (x - sigma * eps)), hint: "Multiplied by α in place of divided." },
    { when: foresees((x, eps, { alpha, sigma }) => (x - sigma ** 2 * eps) / alpha), hint: "σ is squared; it is the square root already." },
    { when: foresees((x, eps, { alpha, sigma }) => (x - sigma * eps) / alpha ** 2), hint: "α is squared; it is the square root already." },
    { when: foresees((_, eps) => eps), hint: "That is the noise, not the picture." },
    { when: foresees((x) => x), hint: "That is the noisy window itself." },
  ],
  hint: "Solve x = α·x₀ + σ·ε for x₀.",
};

const descending: [Tensor, Tensor, Descent][] = [
  [box([1, -2, 0.5, 3]), box([0.02, -0.1, 0.2, 0]), { w: 40, d: 0.95, i: 3 }],
  [box([0, 1, -1, 2]), box([0.1, 0.1, -0.1, 0.5]), { w: 20, d: 0.9, i: 0 }],
];
const descends = (make: (x: number, slope: number, descent: Descent) => number) =>
  sameAs(descending, (x: Tensor, gradient: Tensor, descent: Descent) => both(x, gradient, (a, b) => make(a, b, descent)));

/** Gap 5: one step of gradient descent. */
export const gapDescend: Exercise<Descend> = {
  name: "12.5",
  answer: aFunction(aTensor),
  accepts: (answer) => descends((x, slope, { w, d, i }) => x - w * d ** i * slope)(shapedAs(answer, descending)),
  because: "Algorithm 1 of SyncDiffusion. The anchor is not moved: it is the measure.",
  mistakes: [
    { when: descends((x, slope, { w, d, i }) => x + w * d ** i * slope), hint: "Uphill: the windows would move apart." },
    { when: descends((x, slope, { w }) => x - w * slope), hint: "The decay is missing: later steps descend less." },
    { when: descends((x, slope, { w, d, i }) => x - w * d * i * slope), hint: "The decay is a power of the step, not a multiple." },
    {
      when: descends((x, slope, { w, d, i }) => x - w * d ** (i + 1) * slope),
      hint: "One step off: step 0 descends with the whole weight.",
    },
    { when: descends((x, slope, { w, d, i }) => x - (w * d) ** i * slope), hint: "Only d is raised to a power, not w." },
    { when: descends((x, slope) => x - slope), hint: "The weight and the decay are missing." },
    { when: descends((x, slope, { d, i }) => x - d ** i * slope), hint: "The weight is missing." },
    { when: descends((_, slope, { w, d, i }) => -w * d ** i * slope), hint: "That is the way, not where it leads: add it to x." },
    { when: descends((x, slope, { w, d, i }) => x - (w / d ** i) * slope), hint: "Divided by the decay: the steps would grow." },
    {
      when: descends((x, slope, { w, d, i }) => x - w * d ** i * Math.sign(slope)),
      hint: "Only the direction of the gradient is used, not its size.",
    },
    {
      when: descends((x, slope, { w, d, i }) => (1 - w * d ** i) * x - w * d ** i * slope),
      hint: "x shrinks as well, as with weight decay; only the gradient moves it.",
    },
    { when: descends((x) => x), hint: "Nothing moves." },
  ],
  hint: "Walk against the gradient; w · dⁱ says how far.",
};
