/** @file `check`: a lesson's cell hands an answer over and gets a line in words. */
import { nearestNames } from "../../core/nearest-names.js";
import { type Exercise, judge } from "./exercise.js";
import type { EXERCISES } from "./exercises.js";

/** The name of a lesson's exercise: "4.1" is the first of lesson 4. */
export type ExerciseName = keyof typeof EXERCISES;

/** What an exercise takes as its answer. */
export type AnswerOf<Name extends ExerciseName> = (typeof EXERCISES)[Name] extends Exercise<infer Answer, infer _Given> ? Answer : never;

/** What the cell of an exercise hands over beside the answer: nothing, or one object. */
export type GivenOf<Name extends ExerciseName> =
  (typeof EXERCISES)[Name] extends Exercise<infer _Answer, infer Given> ? HandedOver<Given> : never;

/** The arguments of `check` behind the answer. */
export type HandedOver<Given> = undefined extends Given ? [] : [given: Given];

/**
 * Checks the answer to an exercise and prints one line: right and why, not yet and which mistake it is, or not answered yet. No answer fails
 * the cell.
 * @param exercise the name of a lesson's exercise, or an exercise of your own
 * @param answer TODO as long as there is none
 * @param given what the exercise computes the right answer from, such as `{ steps }`
 * @throws RangeError for a name that no exercise has; Error where the right answer cannot be computed from what was handed over
 */
export async function check<Name extends ExerciseName>(exercise: Name, answer: AnswerOf<Name>, ...given: GivenOf<Name>): Promise<void>;
export async function check<Answer, Given>(exercise: Exercise<Answer, Given>, answer: Answer, ...given: HandedOver<Given>): Promise<void>;
export async function check(exercise: ExerciseName | Exercise<unknown, unknown>, answer: unknown, given?: unknown): Promise<void> {
  const found = typeof exercise === "string" ? await named(exercise) : exercise;
  console.log((await judge(found, answer, given)).text);
}

/** The exercise of this name, its types forgotten: the overloads of `check` have tied answer and name together. */
async function named(name: string): Promise<Exercise<unknown, unknown>> {
  const { EXERCISES } = await import("./exercises.js"); // loaded with the first answer
  if (!Object.hasOwn(EXERCISES, name))
    throw new RangeError(
      `check: got the name ${JSON.stringify(name)}, want an exercise's, such as ${nearestNames(name, Object.keys(EXERCISES), 3).join(", ")}`,
    );
  return EXERCISES[name as ExerciseName] as unknown as Exercise<unknown, unknown>;
}
