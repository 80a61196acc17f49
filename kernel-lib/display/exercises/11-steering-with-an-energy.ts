/** @file The exercises of lesson 11: steering with an energy. */
import { aFunction, aNumber, numbers } from "./answer-kinds.js";
import { isOneOf, sameAs } from "./comparing.js";
import type { Exercise } from "./exercise.js";

/** The steps of factor 1 − h/2, h = 0.05, until the square of the norm is below half: 14. */
export const stepsToHalf: Exercise<number> = {
  name: "11.1",
  answer: aNumber,
  accepts: (steps) => steps === Array.from({ length: 100 }, (_, n) => (1 - 0.05 / 2) ** (2 * n)).findIndex((size) => size < 0.5),
  because: "0.975^28 = 0.49: 14 steps. The noise, h in each step, is what fills it up.",
  mistakes: [
    { when: isOneOf(13), hint: "There it is still above half." },
    { when: isOneOf(15), hint: "It is below half before that." },
    { when: isOneOf(27, 28), hint: "There z itself is half as long; its square falls twice as fast." },
    { when: isOneOf(7, 6), hint: "A step multiplies by 1 − h/2, not by 1 − h." },
    { when: isOneOf(20, 40), hint: "It does not fall by the same amount in each step, but by the same factor." },
    { when: isOneOf(10), hint: "It does not fall by the same amount in each step, but by the same factor." },
    { when: (steps) => !Number.isInteger(steps), hint: "A number of steps is whole: which is the first behind that place?" },
    { when: isOneOf(1), hint: "One step takes away a twentieth." },
  ],
  hint: "By which factor does the square of the norm fall in one step?",
};

type Pull = (v: number, a: number[], b: number[], s: number[], J: number[]) => readonly number[];

/** The toy of the lesson: two steps, every latent one number. */
const [a, b, s] = [
  [1.3, 1.1],
  [-0.7, -0.4],
  [0.6, 0.2],
];
const jump = (x: number, k: number, noise: number): number => a[k] * x + b[k] * Math.sin(2 * x) + s[k] * noise;
const z = [0.4, -0.8, 1.1];
const energy = ([z0, z1, z2]: readonly number[]): number => (jump(jump(z0, 0, z1), 1, z2) - 1) ** 2 / 2;
const x1 = jump(z[0], 0, z[1]);
const toy: [number, number[], number[], number[], number[]][] = [
  [jump(x1, 1, z[2]) - 1, a, b, s, [z[0], x1].map((x) => 2 * Math.cos(2 * x))],
];
/** dE/dz by central differences. */
const slopes = z.map((_, k) => {
  const moved = (h: number) => energy(z.map((x, j) => (j === k ? x + h : x)));
  return (moved(1e-4) - moved(-1e-4)) / 2e-4;
});
const gives = (wrong: Pull) => sameAs(toy, wrong);

/** The gradient of an energy of x_2 with respect to z_0, z_1 and z_2, by hand. */
export const pullByHand: Exercise<Pull> = {
  name: "11.2",
  answer: aFunction(numbers(3)),
  accepts: gives(() => slopes),
  because: "The library does the same with latents, in a loop over T: code-sampler.ts.",
  mistakes: [
    { when: gives((v, a, _, s) => [a[0] * a[1] * v, s[0] * a[1] * v, s[1] * v]), hint: "The way through the network is missing: b · J." },
    {
      when: gives((v, _, b, s, J) => [b[0] * J[0] * b[1] * J[1] * v, s[0] * b[1] * J[1] * v, s[1] * v]),
      hint: "The straight way is missing: a.",
    },
    { when: gives((v) => [v, v, v]), hint: "v has to pass the steps between x_2 and each noise." },
    { when: gives((v, _a, _b, s) => [v, s[0] * v, s[1] * v]), hint: "v has to pass the steps between x_2 and each noise." },
    {
      when: gives((v, a, b, s, J) => [s[1] * v, s[0] * (a[1] + b[1] * J[1]) * v, (a[0] + b[0] * J[0]) * (a[1] + b[1] * J[1]) * v]),
      hint: "The list is the wrong way round: it begins with z_0.",
    },
    {
      when: gives((v, a, b, s, J) => [(a[0] + b[0] * J[0]) * (a[1] + b[1] * J[1]) * v, s[1] * (a[1] + b[1] * J[1]) * v, s[0] * v]),
      hint: "z_1 comes in with s[0] and z_2 with s[1]; yours have changed places.",
    },
    {
      when: gives((v, a, b, s, J) => [(a[0] + b[0] * J[1]) * (a[1] + b[1] * J[0]) * v, s[0] * (a[1] + b[1] * J[0]) * v, s[1] * v]),
      hint: "J[0] belongs to the step from x_0, J[1] to that from x_1; yours have changed places.",
    },
    {
      when: gives((v, a, b, s, J) => [(a[0] + b[0] * J[0]) * v, s[0] * v, s[1] * v]),
      hint: "Only the first step is passed: v has to come back through the second one before.",
    },
    {
      when: gives((v, a, b, _s, J) => [(a[0] + b[0] * J[0]) * (a[1] + b[1] * J[1]) * v, (a[1] + b[1] * J[1]) * v, v]),
      hint: "The noises come in with s.",
    },
    {
      when: gives((v, a, b, s, J) => [s[0] * (a[0] + b[0] * J[0]) * (a[1] + b[1] * J[1]) * v, s[0] * (a[1] + b[1] * J[1]) * v, s[1] * v]),
      hint: "z_0 is x_0 itself: no s in front of it.",
    },
  ],
  hint: "Backwards, the last step first: what does z_2 change? Then let v pass that step, and go on.",
};

/** The calls of the U-Net of one Langevin step with 5 sampler steps: 10. */
export const callsOfLangevin: Exercise<number> = {
  name: "11.3",
  answer: aNumber,
  accepts: (calls) => calls === 2 * 5,
  because:
    "5 forwards, 5 backwards: 10. So 50 sampler steps would cost ten times as much, and a code ten times as large: that is why T is small here.",
  mistakes: [
    { when: isOneOf(5), hint: "That is one way; the gradient comes back." },
    { when: isOneOf(6, 12), hint: "Noises are one more than steps: the start asks for no call." },
    { when: isOneOf(11, 9), hint: "Each step is passed once there and once back, and nothing besides." },
    { when: isOneOf(20), hint: "Without guidance the U-Net is asked about one text." },
    { when: isOneOf(15), hint: "A call backwards is one call, whatever work is in it." },
    { when: isOneOf(1, 2), hint: "The sampler asks in each of its steps." },
    { when: isOneOf(25), hint: "A step's Jacobian is used once, not once for every other step." },
    { when: isOneOf(40), hint: "Counted for one code, not for all four." },
  ],
  hint: "G asks once per step; how often does the way back ask?",
};
