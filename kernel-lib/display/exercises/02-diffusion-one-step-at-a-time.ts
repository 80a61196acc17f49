/** @file The exercises of lesson 2: diffusion, one step at a time. */
import { aFunction, aNumber } from "./answer-kinds.js";
import { about, isOneOf, sameAs } from "./comparing.js";
import type { Exercise } from "./exercise.js";

/** The noise level sigma where alphaBar is 0.36: 0.8. */
export const sigmaOfLevel: Exercise<number> = {
  name: "2.1",
  answer: aNumber,
  accepts: (sigma) => Math.abs(sigma - Math.sqrt(1 - 0.36)) < 1e-3,
  because: "sigma = √(1 − 0.36) = 0.8; alpha is 0.6.",
  mistakes: [
    { when: (sigma) => sigma < 0, hint: "A standard deviation is not below 0." },
    { when: about(0.64), hint: "That is the square of sigma." },
    { when: about(0.6), hint: "That is alpha: the part of the picture, not of the noise." },
    { when: about(0.36), hint: "That is ᾱ itself." },
    { when: about(0.4), hint: "The squares of alpha and sigma add up to 1, not alpha and sigma." },
    { when: about(0.87, 0.933), hint: "You have squared ᾱ, but it is a square already." },
    { when: about(0.4096), hint: "That is squared once too often: a root was wanted." },
    { when: (sigma) => sigma > 1, hint: "Neither alpha nor sigma is above 1." },
  ],
  hint: "alpha² is ᾱ, and alpha² + sigma² = 1.",
};

/** The latents that the U-Net sees in 50 guided steps of 24 windows: 2400. */
export const latentsSeen: Exercise<number> = {
  name: "2.2",
  answer: aNumber,
  accepts: (looks) => looks === 24 * 50 * 2,
  because: "24 windows × 50 steps × 2 texts. SyncDiffusion more than doubles it.",
  mistakes: [
    { when: isOneOf(24 * 50), hint: "A guided prediction asks about two texts." },
    { when: isOneOf(50, 24, 2), hint: "Three numbers are given, and every one of them counts." },
    { when: isOneOf(48), hint: "That is one step." },
    { when: isOneOf(100), hint: "That is one window." },
    { when: isOneOf(76, 74), hint: "Each window is seen in each step: multiply." },
    { when: isOneOf(4800), hint: "Nothing is synchronised here, and each text is asked about once a step." },
    { when: isOneOf(2448, 2352), hint: "50 steps are 50 calls: no one more for the end, no one less." },
  ],
  hint: "Every window, in every step, for the prompt and for the negative prompt.",
};

type FromV = (xt: number, v: number, alpha: number, sigma: number) => number;
/** Arguments of `FromV`: x0, eps and alpha, mixed. */
const mixed = [
  [0.7, -1.2, 0.6],
  [-0.1, 0.4, 0.96],
  [1.3, 0.9, 0.28],
].map(([x0, eps, alpha]): [number, number, number, number] => {
  const sigma = Math.sqrt(1 - alpha ** 2);
  return [alpha * x0 + sigma * eps, alpha * eps - sigma * x0, alpha, sigma];
});
const givesV = (wrong: FromV) => sameAs(mixed, wrong);

/** x0 from x_t and v = alpha·eps − sigma·x0. */
export const cleanFromV: Exercise<FromV> = {
  name: "2.3",
  answer: aFunction(aNumber),
  accepts: givesV((xt, v, alpha, sigma) => alpha * xt - sigma * v),
  because: "alpha·x_t − sigma·v = (alpha² + sigma²)·x0: a rotation turned back. It holds at sigma = 1 too, where x0 from eps divides by 0.",
  mistakes: [
    {
      when: givesV((xt, v, alpha, sigma) => alpha * xt + sigma * v),
      hint: "Right but for a sign: put in what x_t and v are, and see whether eps goes away.",
    },
    { when: givesV((xt, v, alpha, sigma) => sigma * xt + alpha * v), hint: "That is eps; the picture is asked for." },
    { when: givesV((xt, v, alpha, sigma) => (xt - sigma * v) / alpha), hint: "That would be right if v were eps." },
    { when: givesV((xt, v, alpha, sigma) => alpha * v - sigma * xt), hint: "x_t and v have changed places." },
    { when: givesV((xt, v, alpha, sigma) => sigma * v - alpha * xt), hint: "That is the picture with its sign turned." },
    {
      when: givesV((xt, v, alpha, sigma) => (alpha * xt - sigma * v) / alpha),
      hint: "Nothing is left to divide by: what do the squares of alpha and sigma add up to?",
    },
    { when: givesV((xt) => xt), hint: "That is the noisy picture as it came." },
    { when: givesV((_, v) => v), hint: "That is v as it came." },
  ],
  hint: "Write x_t and v in terms of x0 and eps. Which multiples of the two must be combined so that eps goes away?",
};
