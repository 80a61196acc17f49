/** @file What the tests of an exercise are made of. */
import type { AnswerOf, ExerciseName, GivenOf } from "#kernel-lib/display/exercises/check.js";

/** Right answers in several forms, and answers that a student might give who has not understood, or has slipped. */
export interface Answers<Name extends ExerciseName> {
  readonly right: readonly AnswerOf<Name>[];
  readonly wrong: readonly AnswerOf<Name>[];
  /** what the lesson's cell hands over, made up here */
  readonly given: GivenOf<Name>;
}

/** The answers to some exercises. */
export type AnswersTo<Lesson extends string> = {
  readonly [Name in ExerciseName as Name extends `${Lesson}.${string}` ? Name : never]: Answers<Name>;
};
