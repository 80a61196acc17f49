/** @file The exercises of lesson 15: a window's part of a condition, the scales of guess mode, and the steps of an interval. */
import { AnswerFault, aFunction, aNumber, numbers } from "./answer-kinds.js";
import { about, isOneOf, sameAs } from "./comparing.js";
import type { Exercise } from "./exercise.js";

type Crop = (columns: number[], left: number, width: number) => readonly number[];

const places: [number[], number, number][] = [
  [[10, 11, 12, 13, 14, 15], 1, 3],
  [[10, 11, 12, 13, 14, 15], 4, 4],
  [[7, 5, 3, 9], 3, 2],
];
const crops = (wrong: Crop) => sameAs(places, wrong);
const upTo = (width: number, value: (x: number) => number) => Array.from({ length: width }, (_, x) => value(x));

/** The columns of a window of a closed panorama. */
export const cropOfWindow: Exercise<Crop> = {
  name: "15.1",
  answer: aFunction(numbers()),
  accepts: (answer) => {
    for (const [columns, left, width] of places) {
      const { length } = answer([...columns], left, width);
      if (length !== width)
        throw new AnswerFault(
          `for ${columns.length} columns, left ${left} and width ${width} the function returns ${length} numbers, want ${width}.`,
        );
    }
    return crops((columns, left, width) => upTo(width, (x) => columns[(left + x) % columns.length]))(answer);
  },
  because: "A window past the right edge goes on at the left one, as its latent does: then condition and noise roll together.",
  mistakes: [
    {
      when: crops((columns, left, width) => upTo(width, (x) => columns[Math.min(left + x, columns.length - 1)])),
      hint: "Past the edge it repeats the last column; the panorama is closed.",
    },
    {
      when: crops((columns, left, width) => upTo(width, (x) => columns[left + x] ?? 0)),
      hint: "Past the edge it has zeros; there the panorama goes on at its left edge.",
    },
    {
      when: crops((columns, left, width) => columns.slice(Math.min(left, columns.length - width)).slice(0, width)),
      hint: "That moves the window until it fits; it lies where it lies.",
    },
    {
      when: crops((columns, left, width) => upTo(width, (x) => columns[Math.min(left + x, 2 * columns.length - 2 - left - x)])),
      hint: "Past the edge it is mirrored; a ring has no mirror.",
    },
    { when: crops((columns, _, width) => columns.slice(0, width)), hint: "Every window gets the first columns: left is not used." },
    {
      when: crops((columns, _, width) => upTo(width, (x) => columns[Math.floor((x * columns.length) / width)])),
      hint: "That squeezes the whole condition into one window: then every window paints the whole skyline.",
    },
    {
      when: crops((columns, left, width) => upTo(width, (x) => columns[(left + width - 1 - x) % columns.length])),
      hint: "The columns come in the wrong order.",
    },
    {
      when: crops((columns, left, width) => upTo(width, (x) => columns[(left + x + 1) % columns.length])),
      hint: "Off by one: the first column is the one at left.",
    },
  ],
  hint: "Column x of the window is column left + x of the panorama, counted around.",
};

type Share = (i: number, L: number) => number;
const residuals: [number, number][] = [0, 3, 6, 12].flatMap((i) => [[i, 12] as [number, number], [Math.min(i, 7), 7] as [number, number]]);
const shares = (wrong: Share, within?: number) => sameAs(residuals, wrong, within);

/** The factor of residual i of L in guess mode: 10^(−1 + i/L). */
export const shareOfGuess: Exercise<Share> = {
  name: "15.2",
  answer: aFunction(aNumber),
  accepts: shares((i, L) => 10 ** (i / L - 1), 1e-4),
  because: "From a tenth at the finest residual to one at the middle block: the coarse ones decide where things are.",
  mistakes: [
    { when: shares((i, L) => 0.825 ** (L - i)), hint: "So the original has it for 12 residuals. For any L it is a power of 10." },
    { when: shares((i, L) => 10 ** (i / L)), hint: "That goes from 1 to 10; guess mode goes from a tenth to 1." },
    { when: shares((i, L) => 10 ** (-i / L)), hint: "The other way round: the coarse residuals, with large i, count more." },
    { when: shares((i, L) => 0.1 + (0.9 * i) / L), hint: "From a tenth to one, but not in equal steps: in equal factors." },
    { when: shares((i, L) => i / L), hint: "The finest residual counts a tenth, not nothing." },
    { when: shares((i, L) => 10 ** (i / (L + 1) - 1)), hint: "At i = L, the middle block, the factor is 1." },
    { when: shares((i, L) => 10 ** (i / (L - 1) - 1)), hint: "At i = L, the middle block, the factor is 1." },
    { when: shares((i, L) => Math.exp(i / L - 1)), hint: "A power of 10, not of e: the finest counts a tenth." },
    { when: shares(() => 1), hint: "So it is in the mode balanced." },
    { when: shares(() => 0.1), hint: "Only the finest counts a tenth." },
  ],
  hint: "It is 0.1 at i = 0 and 1 at i = L, and grows by the same factor from each residual to the next.",
};

/** Steps of 10 that lie wholly before 0.75: 7. */
export const stepsOfInterval: Exercise<number> = {
  name: "15.3",
  answer: aNumber,
  accepts: (steps) => steps === 7,
  because: "Step i counts where (i + 1)/10 ≤ 0.75: i = 0 … 6. The step that lies across the end does not count.",
  mistakes: [
    { when: about(7.5), hint: "A step counts wholly or not at all." },
    { when: isOneOf(8), hint: "The step from 0.7 to 0.8 lies across the end, and does not count." },
    { when: isOneOf(6), hint: "That is the last step's number; the first one is 0." },
    { when: isOneOf(3, 2), hint: "So many are left out; how many count?" },
    { when: isOneOf(10), hint: "So many steps there are; after three quarters of them the control ends." },
    { when: about(0.75, 0.7), hint: "That is a share of the steps; how many are they?" },
    { when: isOneOf(9, 5, 4), hint: "Write down the interval of each step: the first is [0, 0.1], the second [0.1, 0.2]." },
  ],
  hint: "Step i takes the share of the run from i/10 to (i + 1)/10; it counts if all of that lies before the end.",
};
