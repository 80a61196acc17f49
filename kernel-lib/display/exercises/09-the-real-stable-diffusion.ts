/** @file The exercises of lesson 9: the real Stable Diffusion. */
import { planWindows } from "../../methods/joint/windows.js";
import { aNumber } from "./answer-kinds.js";
import { about, isOneOf, near } from "./comparing.js";
import type { Exercise } from "./exercise.js";

/** The windows of 4608×512 px with Stable Diffusion at stride 16: 33. */
export const windowsOfLonger: Exercise<number> = {
  name: "9.1",
  answer: aNumber,
  accepts: (count) => count === planWindows({ window: 64, width: 4608 / 8, stride: 16 }).length,
  because: "(576 − 64) / 16 + 1 = 33.",
  mistakes: [
    { when: isOneOf(32), hint: "You have counted the moves from window to window; the first window is there before any move." },
    { when: isOneOf(36), hint: "So many has a ring; this panorama does not close." },
    { when: isOneOf(34, 35), hint: "The last window ends at the right edge: where does it begin?" },
    { when: isOneOf(9), hint: "That is windows side by side." },
    { when: isOneOf(284, 285, 288), hint: "The width is in pixels, window and stride in latent pixels." },
    { when: isOneOf(21), hint: "That is the paper's panorama, 3072 px wide." },
    { when: isOneOf(141, 140), hint: "That is the bundled model's window and stride." },
    { when: isOneOf(72, 8, 576), hint: "That counts latent pixels, not windows." },
  ],
  hint: "How many latent pixels are 4608 px, and where does the last window begin?",
};

/** What lesson 9 hands over: the window of its model. */
export interface OwnWindow {
  /** side of a window in latent pixels */
  readonly window: number;
}

const sides = ({ window }: OwnWindow): number => 64 / window;

/** How many times more numbers a window's latent has in Stable Diffusion: (64 / window)². */
export const timesMoreNumbers: Exercise<number, OwnWindow> = {
  name: "9.2",
  answer: aNumber,
  accepts: (factor, given) => near(factor, sides(given) ** 2),
  because:
    "Twice the side is four times the numbers; and attention compares every place with every other, so there the work grows with the square of even that.",
  mistakes: [
    { when: (factor, given) => near(factor, sides(given)), hint: "That is one side; a window has two." },
    { when: (factor, given) => near(factor, sides(given) ** 4), hint: "That is the work of attention, not the numbers." },
    { when: (factor, given) => near(factor, sides(given) ** 3), hint: "Only two axes grow: the channels are the same." },
    { when: (factor, given) => near(factor, 1 / sides(given) ** 2), hint: "Upside down." },
    { when: (factor, { window }) => near(factor, 4 * 64 ** 2 - 4 * window ** 2), hint: "That is a difference; a factor is asked for." },
    {
      when: (factor, { window }) => [4 * 64 ** 2, 64 ** 2, 4 * window ** 2, window ** 2].includes(factor),
      hint: "That is the numbers of one of the two; divide them.",
    },
    { when: (factor, given) => near(factor, 4 * sides(given) ** 2), hint: "Both have 4 channels: they cancel." },
    { when: about(165, 8, 2), hint: "That is another ratio of the two models; compare the numbers of a latent." },
  ],
  hint: "Both have 4 channels: compare how many places a window has.",
};

/** The gradients of 21 windows with syncSteps 3: 60. */
export const gradientsTaken: Exercise<number> = {
  name: "9.3",
  answer: aNumber,
  accepts: (gradients) => gradients === 3 * (21 - 1),
  because: "60 in place of 1000: the official README's advice for speed, and lesson 5 shows what it costs.",
  mistakes: [
    { when: isOneOf(63), hint: "One window needs no gradient: it is the measure." },
    { when: isOneOf(1000, 1050), hint: "Only the first steps are synchronised." },
    { when: isOneOf(20, 21), hint: "That is one step." },
    { when: isOneOf(3), hint: "Each window needs one of its own." },
    { when: isOneOf(150), hint: "Gradients are taken of windows, not in steps that are not synchronised." },
    { when: isOneOf(126, 120), hint: "Forward passes are not gradients." },
    { when: isOneOf(40, 42, 80, 84), hint: "Count the synchronised steps again: which are they?" },
    { when: isOneOf(940, 987, 47), hint: "That counts the steps that are not synchronised." },
  ],
  hint: "How many steps are synchronised, and how many windows need a gradient in one?",
};
