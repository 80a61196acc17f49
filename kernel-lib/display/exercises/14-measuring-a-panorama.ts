/** @file The exercises of lesson 14: pairs of crops, intervals, and flipped signs. */
import { aNumber } from "./answer-kinds.js";
import { about, isOneOf } from "./comparing.js";
import type { Exercise } from "./exercise.js";

/** Pairs of 6 crops: 15. */
export const pairsOfCrops: Exercise<number> = {
  name: "14.1",
  answer: aNumber,
  accepts: (pairs) => pairs === 15,
  because: "6 · 5 / 2: each crop with each later one.",
  mistakes: [
    { when: isOneOf(30), hint: "A pair counts once, whichever crop stands first." },
    { when: isOneOf(36), hint: "No crop is compared with itself, and a pair counts once." },
    { when: isOneOf(18), hint: "A pair counts once, and no crop is compared with itself." },
    { when: isOneOf(21), hint: "No crop is compared with itself." },
    { when: isOneOf(5), hint: "So many pairs has one crop, or the neighbours; all pairs are taken." },
    { when: isOneOf(6), hint: "So many crops are there; how many pairs of them?" },
    { when: isOneOf(3), hint: "Each crop belongs to more than one pair." },
    { when: isOneOf(12), hint: "Count for each crop the later ones." },
  ],
  hint: "The first crop has 5 others, the second 4 that are left, and so on.",
};

/** Panoramas for an interval of a third of the width of 8: 72. */
export const panoramasForThird: Exercise<number> = {
  name: "14.2",
  answer: aNumber,
  accepts: (count) => count >= 60 && count <= 80,
  because: "The width falls with √n: a third of the width takes nine times as many, 8 · 9 = 72.",
  mistakes: [
    { when: isOneOf(24), hint: "The width does not fall with n, but with its root." },
    { when: isOneOf(14, 13), hint: "The other way round: the width falls with the root of n." },
    { when: isOneOf(9, 3), hint: "That is a factor; how many panoramas?" },
    { when: isOneOf(216), hint: "Three to the third is too much: the width falls with the root of n." },
    { when: isOneOf(48, 32), hint: "Square the factor by which the width shall fall." },
    { when: isOneOf(81), hint: "Nine times eight." },
    { when: isOneOf(2.67, 2, 8), hint: "A narrower interval takes more panoramas." },
  ],
  hint: "The width of an interval of a mean falls with √n.",
};

/** Probability of five equal signs by chance, on both sides: 2/32. */
export const flippedSigns: Exercise<number> = {
  name: "14.3",
  answer: aNumber,
  accepts: (probability) => Math.abs(probability - 1 / 16) < 1e-4,
  because: "Of 2⁵ = 32 ways two are as far from 0: all signs as they are, and all turned. So five pairs can never reach 0.05.",
  mistakes: [
    { when: about(1 / 32), hint: "All signs turned is as far from 0." },
    { when: about(0.05), hint: "That is the usual level, not the probability." },
    { when: about(1 / 5, 2 / 5), hint: "Each sign is flipped or not: how many ways are there in all?" },
    { when: about(1 / 10, 2 / 10), hint: "The number of ways doubles with each pair." },
    { when: about(2 / 25, 1 / 25), hint: "There are 2⁵ ways, not 5²." },
    { when: about(0.5), hint: "That is the chance of one sign." },
    { when: isOneOf(32, 16, 2), hint: "That is a number of ways; a probability is asked for." },
    { when: about(1 / 64, 1 / 8), hint: "Count the ways of five signs." },
    { when: isOneOf(0), hint: "It is rare, not impossible." },
  ],
  hint: "Count the ways to flip five signs, and those that leave the mean as far from 0.",
};
