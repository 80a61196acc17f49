/** @file The exercises of lesson 13: what other joint methods do, and what averaging costs. */
import { aNumber } from "./answer-kinds.js";
import { about, isOneOf } from "./comparing.js";
import type { Exercise } from "./exercise.js";

/** How many times fewer passes SpotDiffusion takes than MultiDiffusion at a quarter of the window: 21/6. */
export const fewerPassesOfSpot: Exercise<number> = {
  name: "13.1",
  answer: aNumber,
  accepts: (factor) => Math.abs(factor - 21 / 6) < 0.05,
  because: "384/64 = 6 windows side by side cover the strip: 21/6 = 3.5.",
  mistakes: [
    { when: about(6 / 21), hint: "Upside down: how many times fewer?" },
    { when: isOneOf(6), hint: "So many passes does it take; a factor is asked for." },
    { when: isOneOf(15), hint: "So many fewer it takes; a factor is asked for." },
    { when: isOneOf(4), hint: "The stride is four times as large, but the last window has no stride behind it." },
    { when: about(21 / 5, 21 / 7), hint: "Count again the windows that lie side by side." },
    { when: isOneOf(21, 384, 64, 16, 24), hint: "That is a number of the exercise, not yet the answer." },
    { when: isOneOf(1), hint: "Its windows do not overlap, so there are fewer of them." },
  ],
  hint: "How many windows of 64 lie side by side in 384?",
};

/** Variance of the average of four independent noises of variance 1: 1/4. */
export const varianceOfAverage: Exercise<number> = {
  name: "13.2",
  answer: aNumber,
  accepts: (variance) => Math.abs(variance - 0.25) < 1e-6,
  because: "The variance of a mean of n independent values is that of one, divided by n. So windows must share their noise by place.",
  mistakes: [
    { when: about(0.5), hint: "That is the deviation; the variance is its square." },
    { when: isOneOf(4), hint: "The sum has four times the variance; the average is a quarter of the sum." },
    { when: isOneOf(1), hint: "So it would be if all four had the same noise." },
    { when: isOneOf(2, 16), hint: "Averaging makes noise smaller, not larger." },
    {
      when: about(1 / 16, 1 / 8),
      hint: "Too small: dividing by 4 divides the variance by 16, but the sum of four had four times as much.",
    },
    { when: isOneOf(0), hint: "Independent noises do not cancel altogether." },
    { when: about(1 / 3), hint: "There are four of them." },
  ],
  hint: "The variance of a sum of independent values is the sum of their variances; a factor c multiplies a variance by c².",
};

/** Overlaps that DiffCollage subtracts in a closed ring of 12 windows: 12. */
export const overlapsOfRing: Exercise<number> = {
  name: "13.3",
  answer: aNumber,
  accepts: (count) => count === 12,
  because: "A ring has as many overlaps as windows. A strip of 12 has 11: the last window has no neighbour on its right.",
  mistakes: [
    { when: isOneOf(11), hint: "So it is in a strip; the ring is closed." },
    { when: isOneOf(24), hint: "Each overlap belongs to two windows, and is counted once." },
    { when: isOneOf(6), hint: "Half a window is the overlap's size, not its share." },
    { when: isOneOf(13, 10), hint: "Off by one: go around and count." },
    { when: isOneOf(22, 23), hint: "Each overlap is counted once." },
    { when: isOneOf(0), hint: "Without subtracting, what two windows share would count twice." },
    { when: isOneOf(66, 132), hint: "Only neighbours overlap." },
  ],
  hint: "Every window overlaps its right neighbour once.",
};
