/** @file Right and wrong answers to the exercises of lessons 13 and 14. */
import type { AnswersTo } from "./answers.js";

export const LESSONS_13_AND_14: AnswersTo<"13" | "14"> = {
  "13.1": { right: [3.5, 21 / 6], wrong: [6, 6 / 21, 15, 4, 4.2, 3, 21, 1, 24, 2], given: [] },
  "13.2": { right: [0.25, 1 / 4], wrong: [0.5, 4, 1, 2, 1 / 16, 0, 1 / 3, 16, 0.125, 0.75], given: [] },
  "13.3": { right: [12], wrong: [11, 24, 6, 13, 0, 22, 10, 66, 23, 3], given: [] },
  "14.1": { right: [15, (6 * 5) / 2], wrong: [30, 36, 6, 5, 21, 12, 18, 3, 720, 14], given: [] },
  "14.2": { right: [72, 8 * 9], wrong: [24, 14, 9, 216, 48, 8, 3, 32, 81, 100], given: [] },
  "14.3": { right: [1 / 16, 0.0625], wrong: [1 / 32, 0.05, 0.2, 0.1, 0.5, 32, 0, 2 / 25, 1 / 64, 0.9], given: [] },
};
