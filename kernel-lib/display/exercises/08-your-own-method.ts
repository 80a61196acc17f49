/** @file The exercises of lesson 8: a method of one's own. */
import { createRng, randn } from "../../core/random.js";
import type { Tensor } from "../../core/tensor.js";
import { AnswerFault, aFunction, aNumber, aTensor } from "./answer-kinds.js";
import { isOneOf, sameAs } from "./comparing.js";
import type { Exercise } from "./exercise.js";

/** How many windows more than agreeing on rows SyncDiffusion shows the U-Net: 600. */
export const looksMore: Exercise<number> = {
  name: "8.1",
  answer: aNumber,
  accepts: (more) => more === 50 * (2 * 12 - 12),
  because: "600 for ours, 1200 for SyncDiffusion: 600 more, and 550 of those go backwards as well.",
  mistakes: [
    { when: isOneOf(1200), hint: "That is all of SyncDiffusion; how many more than ours is asked for." },
    { when: isOneOf(0), hint: "SyncDiffusion asks for gradients, and they pass the U-Net forwards first." },
    { when: isOneOf(550), hint: "Those are the gradients; the anchor is foreseen besides." },
    { when: isOneOf(650), hint: "That is the official code, which takes the anchor's gradient too." },
    { when: isOneOf(1800), hint: "That is both together." },
    { when: isOneOf(12), hint: "That is one step." },
    { when: isOneOf(50), hint: "That is one window." },
    { when: isOneOf(2), hint: "That is a factor; a difference is asked for." },
  ],
  hint: "n per step against 2n per step (lesson 4, exercise 2).",
};

/** How far the rows' means of windows are apart after the correction with s = 1: 0. */
export const distanceAfter: Exercise<number> = {
  name: "8.2",
  answer: aNumber,
  accepts: (distance) => Math.abs(distance) < 1e-5,
  because: "m(x + m(a) − m(x)) = m(a): they are equal. Only what varies within a row stays each window's own.",
  mistakes: [
    { when: (distance) => distance < 0, hint: "A distance is never below 0." },
    { when: isOneOf(1), hint: "That is s. Put the corrected picture into m, and use that m is linear." },
    { when: isOneOf(2), hint: "The correction is added once, and its direction is towards the anchor." },
    { when: isOneOf(0.5), hint: "Half the way would be s = 0.5." },
    {
      when: (distance) => distance < 0.2,
      hint: "Small is not the question: what is left, but for rounding, after a whole step towards it?",
    },
    { when: isOneOf(11, 12, 16), hint: "That counts windows or columns." },
    { when: (distance) => distance > 0.2, hint: "So far apart they were before. What does m make of m(a) and of m(x)?" },
  ],
  hint: "The mean of a row is linear: m(x + y) = m(x) + m(y), and m(m(x)) = m(x).",
};

type Towards = (means: Tensor) => Tensor;
/** Means of rows of 3 windows: [3,4,6,5], each row of one number. */
const means = (): Tensor => {
  const { data } = randn(createRng(1), [3, 4, 6, 5]);
  return { data: data.map((_, k) => data[k - (k % 5)]), shape: [3, 4, 6, 5] };
};
const samples = (): [Tensor][] => [[means()]];
/** A function of windows that makes number k of window j of all windows' numbers k. */
const perPlace =
  (make: (all: readonly number[], j: number) => number): Towards =>
  ({ data, shape }) => {
    const [n, size] = [shape[0], data.length / shape[0]];
    const all = (k: number) => Array.from({ length: n }, (_, j) => data[j * size + (k % size)]);
    return { data: data.map((_, k) => make(all(k), Math.floor(k / size))), shape };
  };
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const gives = (wrong: Towards) => (answer: Towards) => sameAs(samples(), wrong)(answer);
const shaped = (answer: Towards): Towards => {
  const { shape } = answer(means());
  if (String(shape) !== "3,4,6,5")
    throw new AnswerFault(`the function returns the shape [${shape}] for means [3,4,6,5], want what is added to each window: [3,4,6,5].`);
  return answer;
};

/** `towards` to the mean of all windows. */
export const towardsMean: Exercise<Towards> = {
  name: "8.3",
  answer: aFunction(aTensor),
  accepts: (answer) => gives(perPlace((all, j) => mean(all) - all[j]))(shaped(answer)),
  because: "Nobody is the measure then. Try it in agreeOnRows: the mean of noon and night is a time of day that nobody has seen.",
  mistakes: [
    { when: gives(perPlace(mean)), hint: "That is the mean itself; what is added is the way from a window to it." },
    { when: gives(perPlace((all, j) => all[j] - mean(all))), hint: "The other way round: windows would move apart." },
    {
      when: gives(perPlace((all, j) => mean(all) * all.length - all[j])),
      hint: "That is a sum; the mean is divided by the number of windows.",
    },
    { when: gives(perPlace((all, j) => all[0] - all[j])), hint: "That leads to window 0: it is an anchor still." },
    { when: gives(perPlace((all, j) => all[all.length - 1] - all[j])), hint: "That leads to the last window: it is an anchor still." },
    { when: gives(perPlace(() => 0)), hint: "That adds nothing: each window keeps its own rows." },
    { when: gives(perPlace((all, j) => all[j])), hint: "That gives the means back as they came." },
    {
      when: gives(perPlace((all, j) => all[(j + 1) % all.length] - all[j])),
      hint: "That leads to the next window, not to the mean of all.",
    },
    {
      when: gives(perPlace((all, j) => mean(all.filter((_, k) => k !== j)) - all[j])),
      hint: "The mean of all has the window itself in it.",
    },
    {
      when: gives(({ data, shape }) => ({ data: data.map((x) => mean([...data]) - x), shape })),
      hint: "That is one mean of everything; each channel and row has its own.",
    },
  ],
  hint: "Add up the windows place by place, divide by N, subtract each window's own.",
};
