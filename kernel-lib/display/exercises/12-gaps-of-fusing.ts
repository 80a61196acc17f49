/** @file The first exercises of lesson 12, the gaps 1 to 3 of the authors' assignment: fusing windows. */
import { AnswerFault, aFunction, numbers } from "./answer-kinds.js";
import { sameAs } from "./comparing.js";
import type { Exercise } from "./exercise.js";

/** The sum at each place, and what a window became; its number j lies at places[j]. */
type AddWindow = (sum: number[], became: number[], places: number[]) => readonly number[];
type CountWindow = (count: number[], places: number[]) => readonly number[];
type Average = (sum: number[], count: number[]) => readonly number[];

const aList = numbers();
/** A panorama of six places, some of them full, and a window of three over its end and its beginning. */
const adding: [number[], number[], number[]][] = [
  [
    [0, 0, 0, 0, 0, 0],
    [1, 2, 3],
    [1, 2, 3],
  ],
  [
    [5, 4, 3, 2, 1, 0],
    [10, -20, 30],
    [4, 5, 0],
  ],
];
const adds = (wrong: AddWindow) => sameAs(adding, wrong);
/** A list whose places are changed by a window's numbers. */
const changed = (list: readonly number[], places: readonly number[], change: (old: number, j: number) => number): number[] => {
  const copy = [...list];
  for (const [j, at] of places.entries()) copy[at] = change(copy[at], j);
  return copy;
};
/** Refuses a list of another length, which no comparison would name. */
const asLongAs = <Args extends readonly [readonly number[], ...unknown[]]>(
  answer: (...args: Args) => readonly number[],
  samples: readonly Args[],
) => {
  const [first] = samples;
  const { length } = answer(...structuredClone(first));
  if (length !== first[0].length)
    throw new AnswerFault(`the function returns a list of ${length}, want one number for each of the ${first[0].length} places.`);
  return answer;
};

/** Gap 1: a window is added to the sum. */
export const gapAdd: Exercise<AddWindow> = {
  name: "12.1",
  answer: aFunction(aList),
  accepts: (answer) => adds((sum, became, places) => changed(sum, places, (old, j) => old + became[j]))(asLongAs(answer, adding)),
  because: "The numerator of MultiDiffusion's average: every window says at each of its places what it became.",
  mistakes: [
    {
      when: adds((sum, became, places) => changed(sum, places, (_, j) => became[j])),
      hint: "The last window wins: what earlier windows said there is lost.",
    },
    {
      when: adds((sum, became) => changed(sum, [0, 1, 2], (old, j) => old + became[j])),
      hint: "Every window lands at the beginning: places says where each number goes.",
    },
    { when: adds((sum, _, places) => changed(sum, places, (old) => old + 1)), hint: "That counts windows, which is gap 2." },
    {
      when: adds((sum, became, places) => changed(sum, places, (old, j) => (old + became[j]) / 2)),
      hint: "A mean of two, again and again, weighs the last window most. The average comes once, in gap 3.",
    },
    {
      when: adds((sum, became, places) => changed(sum, places, (old, j) => old - became[j])),
      hint: "Subtracted in place of added.",
    },
    { when: adds((sum) => [...sum]), hint: "The sum comes back as it was." },
    {
      when: adds((sum, became, places) => changed(sum, places, (old, j) => old + became[places[j] % became.length])),
      hint: "places[j] is an index into the panorama; the window's own index is j.",
    },
    {
      when: adds((sum, _, places) => changed(sum, places, (old, j) => old + places[j])),
      hint: "That adds where the numbers lie, not what they are.",
    },
  ],
  hint: "For each j of the window: the sum at places[j] grows by became[j]; the others stay.",
};

const counting: [number[], number[]][] = [
  [
    [0, 0, 0, 0, 0, 0],
    [1, 2, 3],
  ],
  [
    [2, 1, 1, 1, 2, 2],
    [4, 5, 0],
  ],
];
const counts = (wrong: CountWindow) => sameAs(counting, wrong);

/** Gap 2: how many windows cover each place. */
export const gapCount: Exercise<CountWindow> = {
  name: "12.2",
  answer: aFunction(aList),
  accepts: (answer) => counts((count, places) => changed(count, places, (old) => old + 1))(asLongAs(answer, counting)),
  because: "The denominator. It depends on the windows alone, so it is the same in every step.",
  mistakes: [
    {
      when: counts((count, places) => changed(count, places, () => 1)),
      hint: "That says whether a place is covered, not by how many windows.",
    },
    { when: counts((count) => count.map((old) => old + 1)), hint: "Every place is counted; a window covers only some." },
    { when: counts((count) => [...count]), hint: "The count comes back as it was." },
    {
      when: counts((count, places) => changed(count, places, (old) => old + places.length)),
      hint: "A window counts once at each of its places, however large it is.",
    },
    {
      when: counts((count, places) => changed(count, places, (old, j) => old + j)),
      hint: "Each place counts the same, whichever number of the window it is.",
    },
    { when: counts((count, places) => changed(count, places, (old, j) => old + places[j])), hint: "That adds the places themselves." },
    {
      when: counts((count, places) => changed(count, places, (old) => old * 2)),
      hint: "Each window adds to the count; it does not double it.",
    },
    { when: counts((count, places) => changed(count, places, (old) => old - 1)), hint: "Subtracted in place of added." },
    {
      when: counts((count) => changed(count, [0, 1, 2], (old) => old + 1)),
      hint: "Every window is counted at the beginning: places says where it lies.",
    },
  ],
  hint: "For each of the window's places: one window more.",
};

const averaging: [number[], number[]][] = [
  [
    [6, 3, 0, 8],
    [3, 1, 2, 4],
  ],
  [
    [-4, 10, 9, 0.5],
    [2, 5, 3, 1],
  ],
];
const averages = (wrong: Average) => sameAs(averaging, wrong);
const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** Gap 3: the average of all windows that cover a place. */
export const gapAverage: Exercise<Average> = {
  name: "12.3",
  answer: aFunction(aList),
  accepts: (answer) => averages((sum, count) => sum.map((x, k) => x / count[k]))(asLongAs(answer, averaging)),
  because: "Eq. 5 of MultiDiffusion with equal weights. With these three gaps the sampler paints any width.",
  mistakes: [
    { when: averages((sum) => [...sum]), hint: "That is the sum itself: where windows overlap it is too large." },
    {
      when: averages((sum, count) => sum.map((x) => x / Math.max(...count))),
      hint: "Every place is divided by the same count; edges are covered by fewer windows.",
    },
    { when: averages((sum, count) => sum.map((x) => x / count.length)), hint: "Divided by the number of places, not of windows." },
    { when: averages((sum, count) => sum.map((x, k) => count[k] / x)), hint: "Upside down." },
    { when: averages((sum, count) => sum.map((x, k) => x * count[k])), hint: "Multiplied in place of divided." },
    { when: averages((sum, count) => sum.map((x, k) => x - count[k])), hint: "Subtracted in place of divided." },
    { when: averages((sum, count) => sum.map((x) => x / total(count))), hint: "Divided by all counts together; each place has its own." },
    { when: averages((sum, count) => sum.map((x, k) => x / (count[k] + 1))), hint: "One window too many in the denominator." },
    {
      when: averages((sum, count) => sum.map((x, k) => x / Math.sqrt(count[k]))),
      hint: "The root keeps the variance of noise; what is averaged here are latents that were denoised already, as MultiDiffusion has it.",
    },
    { when: averages((sum, count) => sum.map((x, k) => Math.floor(x / count[k]))), hint: "Latents are no whole numbers." },
  ],
  hint: "At each place: what all windows said there, shared among those that said something.",
};
