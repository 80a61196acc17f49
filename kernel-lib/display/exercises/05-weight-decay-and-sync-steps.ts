/** @file The exercises of lesson 5: weight, decay and the number of synchronised steps. */
import { aNumber, numbers } from "./answer-kinds.js";
import { about, isOneOf } from "./comparing.js";
import type { Exercise } from "./exercise.js";

/** The first step whose weight is below 10, with w = 20 and d = 0.95: 14. */
export const stepOfHalf: Exercise<number> = {
  name: "5.1",
  answer: aNumber,
  accepts: (step) => step === 14,
  because: "0.95^13 = 0.513 and 0.95^14 = 0.488: after a quarter of a run of 50 steps half of the weight is gone.",
  mistakes: [
    { when: isOneOf(13), hint: "There the weight is still above 10." },
    { when: isOneOf(15), hint: "The weight is below 10 before that: steps count from 0." },
    { when: (step) => !Number.isInteger(step), hint: "A step is a whole number: which is the first behind that place?" },
    { when: isOneOf(10), hint: "The weight does not fall by the same amount in each step, but by the same factor." },
    { when: isOneOf(27, 28), hint: "There a quarter of the weight is left." },
    { when: isOneOf(45, 44, 46, 58, 59), hint: "There about a tenth is left: below 2, not below 10." },
    { when: isOneOf(1, 0), hint: "A single step takes away a twentieth." },
  ],
  hint: "Below 10 is below half of w.",
};

const list =
  (...values: readonly number[]) =>
  (answer: readonly number[]): boolean =>
    JSON.stringify([...answer].sort((a, b) => a - b)) === JSON.stringify(values);
const every3 = Array.from({ length: 10 }, (_, i) => i).filter((i) => (i + 1) % 3 === 0);

/** The synchronised steps of syncEvery 3 and 10 steps: 2, 5 and 8, in any order. */
export const stepsOfSyncEvery: Exercise<readonly number[]> = {
  name: "5.2",
  answer: numbers(),
  accepts: list(...every3),
  because: "So step 0, which chooses the most, is left out: the published code's own rule, and a reason not to use it on short runs.",
  mistakes: [
    { when: list(0, 3, 6, 9), hint: "So it would be if step 0 were the first: the rule counts i + 1." },
    { when: list(3, 6, 9), hint: "That counts steps from 1; indices are from 0." },
    { when: (steps) => steps.some((step) => step > 9 || step < 0), hint: "There are ten steps: 0 to 9." },
    { when: list(1, 4, 7), hint: "One step off. For which i is i + 1 divisible by 3?" },
    { when: list(0, 1, 3, 4, 6, 7, 9), hint: "Those are the steps that are not synchronised." },
    { when: list(0, 1, 2), hint: "Those would be the steps of syncSteps: 3." },
    { when: (steps) => new Set(steps).size < steps.length, hint: "A step is there twice." },
    { when: (steps) => steps.length > 0 && steps.every((step) => every3.includes(step)), hint: "These are, but not these alone." },
    { when: (steps) => every3.every((step) => steps.includes(step)), hint: "Not all of these." },
    { when: (steps) => steps.length === 0, hint: "Some are." },
  ],
  hint: "Step i is synchronised where (i + 1) is divisible by 3.",
};

/** How much faster 50 steps are with 5 synchronised ones, at cost 4 to 1: 200/65. */
export const fasterBySyncSteps: Exercise<number> = {
  name: "5.3",
  answer: aNumber,
  accepts: (factor) => Math.abs(factor - (50 * 4) / (5 * 4 + 45)) < 0.05,
  because: "200 / 65 = 3.08. The official README advises 3, 5 or 10 such steps for speed.",
  mistakes: [
    { when: about(10), hint: "The 45 other steps cost something too." },
    { when: about(4), hint: "So much would be gained if no step were synchronised." },
    { when: about(65 / 200), hint: "Upside down." },
    { when: about(200 / 45), hint: "The five synchronised steps are missing." },
    { when: about(200 / 70), hint: "The five steps are counted twice: 5 and 45, not 5 and 50." },
    { when: about(135, 65, 200), hint: "That is a cost; a factor is asked for." },
    { when: about(0.675, 67.5), hint: "That is the part saved; a factor is asked for." },
    { when: about(50 / 45, 1), hint: "A synchronised step costs four times a plain one." },
  ],
  hint: "Add up the cost of each run's steps; then divide.",
};
