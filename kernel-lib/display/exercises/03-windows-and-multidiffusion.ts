/** @file The exercises of lesson 3: windows and MultiDiffusion. */
import { planWindows, windowCoverage } from "../../methods/joint/windows.js";
import { aFunction, aNumber } from "./answer-kinds.js";
import { isOneOf, sameAs } from "./comparing.js";
import type { Exercise } from "./exercise.js";

/** The windows of an open panorama of 1024 px at stride 4: 29. */
export const windowsOfStrip: Exercise<number> = {
  name: "3.1",
  answer: aNumber,
  accepts: (count) => count === planWindows({ window: 16, width: 1024 / 8, stride: 4 }).length,
  because: "(128 − 16) / 4 + 1 = 29.",
  mistakes: [
    { when: isOneOf(28), hint: "You have counted the moves from window to window; the first window is there before any move." },
    { when: isOneOf(32), hint: "Windows would pass the right edge; here the last one ends at it." },
    { when: isOneOf(31, 33), hint: "The last window ends at the right edge: where does it begin?" },
    { when: isOneOf(8), hint: "That is windows side by side: stride 16, not 4." },
    { when: isOneOf(252, 253, 256), hint: "The panorama's width is in pixels, the window's in latent pixels." },
    { when: isOneOf(21, 24), hint: "That is a panorama of 768 px." },
    { when: isOneOf(64), hint: "Neither pixels nor latent pixels: a latent pixel is 8 pixels wide." },
  ],
  hint: "1024 px are 128 latent pixels, and the last window ends at the right edge.",
};

/** The windows that see column 5 at stride 4: 2. */
export const windowsOverColumn: Exercise<number> = {
  name: "3.2",
  answer: aNumber,
  accepts: (count) => count === windowCoverage(planWindows({ window: 16, width: 96, stride: 4 }), { height: 16, width: 96 })[5],
  because: "Those that begin at 0 and at 4. Edges are seen less than the middle, unless the panorama closes (lesson 6).",
  mistakes: [
    { when: isOneOf(1), hint: "So it is in the first columns; column 5 lies further in." },
    { when: isOneOf(4), hint: "So it is in the middle; near the edge windows are missing." },
    { when: isOneOf(3), hint: "One of these begins only behind column 5." },
    { when: isOneOf(5, 6, 16), hint: "That counts columns, not windows." },
    { when: isOneOf(21), hint: "That is all windows." },
    { when: isOneOf(0), hint: "Every column is seen, else it would stay noise." },
    { when: (count) => !Number.isInteger(count), hint: "A number of windows is whole." },
  ],
  hint: "Windows begin at 0, 4, 8, …: which of them have begun by column 5?",
};

type Fused = (x: number[], w: number[]) => number;
const opinions: [number[], number[]][] = [
  [
    [0, 6],
    [1, 1],
  ],
  [
    [1, 2, 9],
    [3, 1, 0.5],
  ],
  [
    [-4, 5, 2, 8],
    [0.2, 2, 1, 4],
  ],
];
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const product = (x: readonly number[], w: readonly number[]): number => sum(x.map((value, j) => w[j] * value));
const gives = (wrong: Fused) => sameAs(opinions, wrong);
const median = (x: number[]): number => {
  const sorted = x.sort((a, b) => a - b);
  return (sorted[Math.floor((x.length - 1) / 2)] + sorted[Math.floor(x.length / 2)]) / 2;
};

/** The number with the least weighted squares to some others: their weighted mean. */
export const weightedFuse: Exercise<Fused> = {
  name: "3.3",
  answer: aFunction(aNumber),
  accepts: gives((x, w) => product(x, w) / sum(w)),
  because: "The weighted mean, sum of w·x over sum of w: MultiDiffusion's eq. 5 in full. With equal weights it is the average above.",
  mistakes: [
    { when: gives((x) => sum(x) / x.length), hint: "That is the plain mean: every opinion has the same say." },
    { when: gives(product), hint: "Not yet a mean: with twice the weights everywhere it would be twice as large." },
    {
      when: gives((x, w) => product(x, w) / x.length),
      hint: "You divide by the number of opinions. With twice the weights everywhere the answer should stay, and it does not.",
    },
    {
      when: gives(
        (x, w) =>
          product(
            x,
            w.map((each) => each ** 2),
          ) / sum(w.map((each) => each ** 2)),
      ),
      hint: "The weights are squared; in the sum only the differences are.",
    },
    {
      when: gives((x, w) => product(x, w.map(Math.sqrt)) / sum(w.map(Math.sqrt))),
      hint: "The weights have lost a root: they stand in the sum as they are.",
    },
    {
      when: gives(
        (x, w) =>
          product(
            x,
            w.map((each) => 1 / each),
          ) / sum(w.map((each) => 1 / each)),
      ),
      hint: "The weights are upside down: a large one must draw more.",
    },
    { when: gives((x, w) => x[w.indexOf(Math.max(...w))]), hint: "The heaviest opinion does not decide alone." },
    { when: gives(median), hint: "That is the median: it makes the sum of distances smallest, not of their squares." },
    { when: gives((x) => sum(x)), hint: "A sum lies outside of the opinions; the answer lies between them." },
    { when: gives((x) => x[0]), hint: "That is the first opinion alone." },
  ],
  hint: "Set the derivative with respect to z to 0.",
};
