/** @file The exercises of lesson 4: SyncDiffusion by hand. */
import { aFunction, aNumber } from "./answer-kinds.js";
import { about, isOneOf, near, sameAs } from "./comparing.js";
import type { Exercise } from "./exercise.js";

/** The weight of step 10 with w = 20 and d = 0.95: 11.97. */
export const weightOfStep: Exercise<number> = {
  name: "4.1",
  answer: aNumber,
  accepts: (weight) => Math.abs(weight - 20 * 0.95 ** 10) < 0.05,
  because: "20 · 0.95^10 = 11.97: early steps, which choose the time of day, are drawn most.",
  mistakes: [
    { when: about(20), hint: "That is the first step's weight; it decays." },
    { when: about(20 * 0.95 ** 9, 20 * 0.95 ** 11), hint: "One step off: steps count from 0, and step 0 has the full weight." },
    { when: about(20 * 0.95 * 10), hint: "The decay is a power of the step, not a multiple." },
    { when: about(19), hint: "That has decayed once." },
    { when: about(0.95 ** 10), hint: "That is the decay alone, without the weight." },
    { when: about(10, 20 - 0.95 * 10), hint: "The weight does not fall by the same amount in each step, but by the same factor." },
    { when: about(20 / 0.95 ** 10), hint: "Divided in place of multiplied: weights fall." },
    { when: (weight) => near(weight, (20 * 0.95) ** 10, 1e-3), hint: "Only d is raised to a power, not w." },
  ],
  hint: "Line (c) has the weight of step i.",
};

const counts: [number][] = [[5], [9], [21]];
const looks = (wrong: (n: number) => number) => sameAs(counts, wrong);

/** The windows that the U-Net sees in a synchronised step of n windows: 2n. */
export const looksPerStep: Exercise<(n: number) => number> = {
  name: "4.2",
  answer: aFunction(aNumber),
  accepts: looks((n) => 1 + (n - 1) + n),
  because:
    "1 to foresee the anchor, n − 1 for the gradients, n to denoise: 2n. The official code takes the anchor's gradient too: 2n + 1, 43 for 21 windows.",
  mistakes: [
    { when: looks((n) => n), hint: "That is line (d) alone." },
    {
      when: looks((n) => 2 * n + 1),
      hint: "That is the official code's number: it computes a gradient that it does not use. Ours leaves it out.",
    },
    { when: looks((n) => 2 * n - 1), hint: "Line (a) is missing: the anchor is foreseen before anything is compared." },
    { when: looks((n) => n + 1), hint: "Line (b) is missing: a gradient passes the U-Net forwards first." },
    { when: looks((n) => 3 * n), hint: "No line foresees every window: line (a) takes only the anchor." },
    { when: looks((n) => 3 * n - 1), hint: "Backward passes are not counted here, only forward ones." },
    { when: looks((n) => n - 1), hint: "That is line (b) alone." },
    { when: looks((n) => n * n), hint: "Windows are compared with the anchor, not each with each." },
    { when: (f) => near(f(5), f(21)), hint: "It has to grow with n." },
  ],
  hint: "Lines (a), (b) and (d) of the loop: for how many windows does each call the U-Net?",
};

/** What a clamped pixel adds to the gradient: 0. */
export const clampedPixel: Exercise<number> = {
  name: "4.3",
  answer: aNumber,
  accepts: (slope) => slope === 0,
  because: "The clamp is flat there, so its derivative is 0: a burnt-out sun pulls at nothing.",
  mistakes: [
    { when: isOneOf(1), hint: "That is the slope inside the range, or the clamped value; the pixel lies outside." },
    { when: about(0.3, -0.3), hint: "That is how far the pixel lies outside. How does the clamped value change when it moves?" },
    { when: isOneOf(1.3), hint: "That is the pixel's value, not a slope." },
    { when: about(1 / 1.3), hint: "Clamping does not scale: what is outside is cut off." },
    { when: isOneOf(-1), hint: "Nothing turns around at the edge of the range." },
    { when: about(0.5), hint: "Half of the slope would be right at the edge itself, if anywhere." },
  ],
  hint: "Move the pixel a little: does the clamped value move?",
};
