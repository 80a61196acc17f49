/** @file The engine of a lesson's exercises: it judges an answer, tells which mistake a wrong one is, and never how the right one reads. */
import { AnswerFault, type AnswerKind, inSentence, TODO } from "./answer-kinds.js";

/** A wrong answer that says what was thought. */
export interface Mistake<Answer, Given> {
  /** whether the answer is this mistake; asked only about answers that are not right */
  readonly when: (answer: Answer, given: Given) => boolean | Promise<boolean>;
  /** names the mistake; must not reveal the right answer */
  readonly hint: string;
}

/** An exercise. `Given` is what a lesson's cell hands over, such as its steps; undefined where an exercise needs nothing. */
export interface Exercise<Answer, Given = undefined> {
  /** as the printed texts have it: "4.1" is the first exercise of lesson 4 */
  readonly name: string;
  readonly answer: AnswerKind<Answer>;
  /** whether an answer is right; computes the right one from what was handed over */
  readonly accepts: (answer: Answer, given: Given) => boolean | Promise<boolean>;
  /** printed for a right answer: why it is right */
  readonly because: string;
  /** in order; the first that fits gives its hint */
  readonly mistakes: readonly Mistake<Answer, Given>[];
  /** printed for any other wrong answer; must not reveal the right one */
  readonly hint: string;
}

/** What an answer is. */
export interface Verdict {
  readonly state: "right" | "not yet" | "not answered yet";
  /** whether the text names the mistake, rather than giving the exercise's general hint */
  readonly told: boolean;
  /** the printed line */
  readonly text: string;
}

/**
 * Judges an answer. Whatever the answer is, nothing is thrown because of it.
 * @param given what the lesson's cell hands over
 * @throws Error where the right answer cannot be computed from what was handed over
 */
export async function judge<Answer, Given>(exercise: Exercise<Answer, Given>, answer: Answer, given: Given): Promise<Verdict> {
  const { name, answer: kind, because, hint } = exercise;
  const verdict = (state: Verdict["state"], told: boolean, text: string): Verdict => ({
    state,
    told,
    text: `Exercise ${name}: ${state}${state === "right" ? ". " : ": "}${text}`,
  });
  if (answer === TODO) return verdict("not answered yet", false, "put your answer in place of TODO, and run both cells.");
  const misfit = kind.misfit(answer);
  if (misfit) return verdict("not yet", true, inSentence("got", misfit, kind.want));
  try {
    const ready = kind.ready(answer);
    if (await exercise.accepts(ready, given)) return verdict("right", false, because);
    const mistake = await firstOf(exercise.mistakes, ready, given);
    const said = typeof answer === "function" ? "" : `${typeof answer === "number" ? answer : JSON.stringify(answer)} is not it. `;
    return verdict("not yet", mistake !== undefined, said + (mistake?.hint ?? hint));
  } catch (error) {
    if (error instanceof AnswerFault) return verdict("not yet", true, error.message);
    throw new Error(
      `check: exercise ${name} cannot be judged with what its cell hands over (${error instanceof Error ? error.message : error}); run the lesson's cells from the top again`,
      { cause: error },
    );
  }
}

async function firstOf<Answer, Given>(
  mistakes: readonly Mistake<Answer, Given>[],
  answer: Answer,
  given: Given,
): Promise<Mistake<Answer, Given> | undefined> {
  for (const mistake of mistakes) if (await mistake.when(answer, given)) return mistake;
  return undefined;
}
