/** @file The exercises of lesson 1: a first panorama. */
import { aNumber } from "./answer-kinds.js";
import { about, isOneOf, near } from "./comparing.js";
import type { Exercise } from "./exercise.js";

/** What lesson 1 hands over: the steps of its run. */
export interface MeasuredSteps {
  readonly steps: readonly { readonly windows: readonly { readonly loss?: number }[] }[];
}

/** How many windows of 16, one every 4 around a circle, see a column: 4. */
export const windowsPerColumn: Exercise<number> = {
  name: "1.1",
  answer: aNumber,
  accepts: (count) => count === 16 / 4,
  because: "16 / 4 = 4, everywhere: a ring has no edge (lesson 6).",
  mistakes: [
    { when: isOneOf(24), hint: "That is all windows of the ring; the question is how many of them lie over one column." },
    {
      when: isOneOf(21),
      hint: "That is how many windows a panorama has that does not close; the question is how many lie over one column.",
    },
    { when: isOneOf(3), hint: "You have counted the neighbours of a window; the window itself sees the column too." },
    { when: isOneOf(5), hint: "Where the last of these begins, the first has just ended." },
    { when: isOneOf(16, 96, 64, 12), hint: "That counts latent pixels, not windows." },
    { when: isOneOf(1, 6), hint: "So it would be if windows lay side by side; they overlap." },
    { when: isOneOf(2), hint: "A window overlaps with more than its next neighbour." },
    { when: about(0.25), hint: "Upside down." },
  ],
  hint: "How wide is a window, and how far from it does the next one begin?",
};

const meanOf = (windows: MeasuredSteps["steps"][number]["windows"]): number =>
  windows.reduce((sum, { loss = 0 }) => sum + loss, 0) / Math.max(1, windows.length - 1); // the anchor's is 0
const ends = ({ steps }: MeasuredSteps): readonly [number, number] => [meanOf(steps[0].windows), meanOf(steps[steps.length - 1].windows)];
const largest = (windows: MeasuredSteps["steps"][number]["windows"]): number => Math.max(...windows.map(({ loss = 0 }) => loss));
const tenth = (a: number, b: number): boolean => Math.abs(a / b - 1) < 0.1;

/** By which factor the mean distance to the anchor falls from the first step to the last; within a tenth. */
export const fallOfDistance: Exercise<number, MeasuredSteps> = {
  name: "1.2",
  answer: aNumber,
  accepts(factor, given) {
    const [first, last] = ends(given);
    return tenth(factor, first / last);
  },
  because: "The large shapes and colours are open at first, and that is when windows can still follow the anchor.",
  mistakes: [
    { when: (factor) => factor <= 0, hint: "A factor between two distances is above 0." },
    { when: (factor, given) => tenth(factor, ends(given)[1] / ends(given)[0]), hint: "Upside down: that is what part is left." },
    { when: (factor, given) => near(factor, ends(given)[0] - ends(given)[1], 0.02), hint: "That is a difference; a factor is asked for." },
    { when: (factor, given) => tenth(factor, ends(given)[0]), hint: "That is the first mean alone." },
    { when: (factor, given) => tenth(factor, ends(given)[1]), hint: "That is the last mean alone." },
    {
      when: (factor, given) => tenth(factor, Math.log10(ends(given)[0] / ends(given)[1])),
      hint: "You have counted decades of the logarithmic axis; a factor is asked for.",
    },
    {
      when: (factor, given) => [1, 100].some((unit) => near(factor / unit, 1 - ends(given)[1] / ends(given)[0], 0.02)),
      hint: "That is the part that is gone, not the factor.",
    },
    {
      when: (factor, { steps }) => tenth(factor, largest(steps[0].windows) / largest(steps[steps.length - 1].windows)),
      hint: "That is the furthest window's line; the thick one is the mean.",
    },
    {
      when: (factor, { steps }) => steps.slice(1, -1).some(({ windows }) => tenth(factor, meanOf(steps[0].windows) / meanOf(windows))),
      hint: "That is the fall up to a step in the middle; go on to the last.",
    },
  ],
  hint: "Take the thick line of the figure: its value at the first step over its value at the last.",
};

/** The Intra-LPIPS of a panorama that is one plain grey: 0, though it is no panorama of hills. */
export const greyPanorama: Exercise<number> = {
  name: "1.3",
  answer: aNumber,
  accepts: (value) => Math.abs(value) < 1e-6,
  because:
    "Equal pieces are at no distance, so grey beats every method. The measure says that pieces are alike, not that they show hills: look at the picture too (lessons 5 and 8).",
  mistakes: [
    { when: (value) => value < 0, hint: "A distance is never below 0." },
    { when: isOneOf(15, 30, 36, 6), hint: "That counts pieces or pairs; their mean distance is asked for." },
    { when: (value) => value >= 1, hint: "So far apart are pieces that have little in common. These have all in common." },
    { when: (value) => value < 1, hint: "Take two of the six pieces. In which pixel do they differ?" },
  ],
  hint: "Take two of the six pieces. In which pixel do they differ?",
};
