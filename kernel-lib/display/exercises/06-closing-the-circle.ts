/** @file The exercises of lesson 6: closing the circle. */
import { planWindows } from "../../methods/joint/windows.js";
import { aNumber } from "./answer-kinds.js";
import { about, isOneOf } from "./comparing.js";
import type { Exercise } from "./exercise.js";

/** The windows of a ring of 1024 px at stride 4: 32. */
export const windowsOfRing: Exercise<number> = {
  name: "6.1",
  answer: aNumber,
  accepts: (count) => count === planWindows({ window: 16, width: 128, stride: 4, loop: true }).length,
  because: "128 / 4 = 32; open it had 29 (lesson 3): the three that pass the edge are new.",
  mistakes: [
    { when: isOneOf(29, 28), hint: "That is a strip with two ends; in a ring windows pass the edge." },
    { when: isOneOf(31), hint: "That is the official code's ring: one is missing." },
    { when: isOneOf(33), hint: "The last of these is the first again." },
    { when: isOneOf(8), hint: "That is windows side by side: stride 16, not 4." },
    { when: isOneOf(256), hint: "The stride is in latent pixels, the width in pixels." },
    { when: isOneOf(16, 13, 24, 21), hint: "That is another width: count this panorama's latent columns." },
    { when: isOneOf(128, 4), hint: "That counts columns, not windows." },
  ],
  hint: "How many latent columns has the ring, and how often does a window begin?",
};

/** The last column of a window of 16 from column 56 of a ring of 64: 7. */
export const lastColumn: Exercise<number> = {
  name: "6.2",
  answer: aNumber,
  accepts: (column) => column === (56 + 16 - 1) % 64,
  because: "(56 + 15) mod 64 = 7.",
  mistakes: [
    { when: isOneOf(71, 72), hint: "The ring has no such column: behind 63 comes 0." },
    { when: isOneOf(8), hint: "That column lies behind the window: the one it begins with is one of the 16." },
    { when: isOneOf(6), hint: "Column 0 counts too." },
    { when: isOneOf(63), hint: "There the strip ends, but not the window." },
    { when: isOneOf(55, 41, 40), hint: "The window goes to the right." },
    { when: isOneOf(15, 16), hint: "So it would be if the window began at column 0." },
    { when: isOneOf(57, 0), hint: "Count on: the window has 16 columns." },
  ],
  hint: "Count on from 63 with 0, 16 columns in all.",
};

/** What is left of a jump at the edge in the average with the picture turned by half: a half. */
export const averagedJump: Exercise<number> = {
  name: "6.3",
  answer: aNumber,
  accepts: (part) => Math.abs(part - 0.5) < 1e-6,
  because:
    "At the edge the other picture has no jump, so the mean has half of it, and a second half appears in the middle. Averaging moves a cut about; it does not close it.",
  mistakes: [
    { when: isOneOf(0), hint: "It would be gone if the other picture jumped the other way there; it does not jump at all." },
    { when: isOneOf(1), hint: "There the picture is mixed with another one, which has no jump." },
    { when: isOneOf(2), hint: "A mean of two pictures jumps no more than either." },
    { when: about(0.25), hint: "Each picture is halved once." },
    { when: about(Math.SQRT1_2), hint: "Jumps add up as they are, not as squares." },
    { when: (part) => part < 0, hint: "A jump is a mean of absolute differences: it is not below 0." },
    { when: (part) => part > 1, hint: "A mean of two pictures jumps no more than either." },
  ],
  hint: "What does the turned picture have at that place, and with which weight does each come in?",
};
