/** @file The exercises of the lessons against answers that students might give. What a lesson computed is made up here; run.test.ts has the real thing. */
import { describe, expect, test } from "vitest";
import type { ExerciseName } from "#kernel-lib/display/exercises/check.js";
import { type Exercise, judge, type Verdict } from "#kernel-lib/display/exercises/exercise.js";
import { EXERCISES } from "#kernel-lib/display/exercises/exercises.js";
import { LESSON_12 } from "../notebooks/wrong-answers/lesson-12.js";
import { LESSON_15 } from "../notebooks/wrong-answers/lesson-15.js";
import { LESSONS_1_TO_4 } from "../notebooks/wrong-answers/lessons-1-to-4.js";
import { LESSONS_5_TO_8 } from "../notebooks/wrong-answers/lessons-5-to-8.js";
import { LESSONS_9_TO_11 } from "../notebooks/wrong-answers/lessons-9-to-11.js";
import { LESSONS_13_AND_14 } from "../notebooks/wrong-answers/lessons-13-and-14.js";

const ANSWERS: {
  readonly [Name in ExerciseName]: {
    readonly right: readonly unknown[];
    readonly wrong: readonly unknown[];
    readonly given: readonly unknown[];
  };
} = {
  ...LESSONS_1_TO_4,
  ...LESSONS_5_TO_8,
  ...LESSONS_9_TO_11,
  ...LESSONS_13_AND_14,
  ...LESSON_15,
  ...LESSON_12,
};
const names = Object.keys(EXERCISES) as ExerciseName[];
const judged = (name: ExerciseName, answers: readonly unknown[]): Promise<Verdict[]> =>
  Promise.all(answers.map((answer) => judge(EXERCISES[name] as unknown as Exercise<unknown, unknown>, answer, ANSWERS[name].given[0])));

interface Row {
  readonly exercise: string;
  readonly wrong: number;
  readonly refused: number;
  /** told which mistake it is */
  readonly told: number;
}

describe("answers that students might give", async () => {
  const rows: Row[] = [];
  for (const name of names) {
    const verdicts = await judged(name, ANSWERS[name].wrong);
    const refused = verdicts.filter(({ state }) => state === "not yet");
    rows.push({ exercise: name, wrong: verdicts.length, refused: refused.length, told: refused.filter(({ told }) => told).length });
  }
  const total = (key: "wrong" | "refused" | "told") => rows.reduce((sum, row) => sum + row[key], 0);

  test("every exercise has a table of at least seven wrong ones", () => {
    for (const { exercise, wrong } of rows) expect([exercise, wrong >= 7]).toEqual([exercise, true]);
  });

  test("at least 95 % of the wrong ones are refused, and at least 80 % are told which mistake they are", () => {
    console.table([...rows, { exercise: "all", wrong: total("wrong"), refused: total("refused"), told: total("told") }]);
    expect(total("refused") / total("wrong")).toBeGreaterThanOrEqual(0.95);
    expect(total("told") / total("wrong")).toBeGreaterThanOrEqual(0.8);
  });

  test("of each exercise's wrong ones too, most are told", () => {
    for (const { exercise, refused, told } of rows) expect([exercise, told / refused >= 0.6]).toEqual([exercise, true]);
  });

  test.each(names)("%s: right ones are right, in every form", async (name) => {
    const verdicts = await judged(name, ANSWERS[name].right);
    expect(verdicts.map(({ state, text }) => [state, text])).toEqual(
      verdicts.map(() => ["right", `Exercise ${name}: right. ${EXERCISES[name].because}`]),
    );
  });

  test.each(names)("%s: no hint has the right answer in it, and each ends as a sentence", async (name) => {
    const { hint, mistakes, because } = EXERCISES[name] as unknown as Exercise<unknown, unknown>;
    const hints = [hint, ...mistakes.map((mistake) => mistake.hint)];
    for (const text of [...hints, because]) expect(text).toMatch(/[.?]$/);
    for (const right of ANSWERS[name].right)
      if (typeof right === "number" && Number.isInteger(right) && right > 2)
        for (const text of hints) expect(text.match(/\d+(\.\d+)?/g) ?? []).not.toContain(String(right));
  });
});

test("the table has each exercise under its own name, three per lesson, five in the assignment", () => {
  expect(Object.entries(EXERCISES).map(([key, { name }]) => [key, name])).toEqual(names.map((name) => [name, name]));
  expect(names).toEqual(
    Array.from({ length: 11 }, (_, k) => [1, 2, 3].map((n) => `${k + 1}.${n}`))
      .flat()
      .concat([1, 2, 3, 4, 5].map((n) => `12.${n}`))
      .concat([13, 14, 15].flatMap((lesson) => [1, 2, 3].map((n) => `${lesson}.${n}`))),
  );
});
