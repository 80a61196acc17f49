/** @file A lesson's exercise: it checks an answer without an error, and every run of the lesson tests the check itself. */

/** Options of `exercise`. */
export interface ExerciseOptions<Answer> {
  /** whether an answer is right; may compute the right answer */
  readonly accepts: (answer: Answer) => boolean | Promise<boolean>;
  /** printed for a wrong answer; must not reveal the right one */
  readonly hint: string;
  /** printed for a right answer: why it is right */
  readonly because: string;
}

/** An exercise of a lesson. */
export interface Exercise<Answer> {
  /** Checks an answer and prints the result: a wrong one gets the hint. undefined means no answer yet; a function that throws is a wrong answer. */
  check(answer: Answer | undefined): Promise<void>;
  /**
   * Tests the check with a right answer and wrong ones. It prints that the check works, but no answer.
   * @throws Error if the check refuses the right answer or accepts a wrong one
   */
  prove(right: Answer, wrong: readonly Answer[]): Promise<void>;
}

/** Makes an exercise. @param name its name in the printed texts: "Exercise 1" */
export function exercise<Answer>(name: string, { accepts, hint, because }: ExerciseOptions<Answer>): Exercise<Answer> {
  return {
    async check(answer) {
      if (answer === undefined) return console.log(`${name}: not answered yet. Replace undefined, and run both cells.`);
      let right = false;
      let thrown = "";
      try {
        right = await accepts(answer);
      } catch (error) {
        thrown = ` It throws: ${error instanceof Error ? error.message : String(error)}.`;
      }
      console.log(right ? `${name}: right. ${because}` : `${name}: not yet: ${inWords(answer)} is not it.${thrown} ${hint}`);
    },
    async prove(right, wrong) {
      if (wrong.length === 0) throw new RangeError(`${name}: got no wrong answers, want at least one`);
      if (!(await accepts(right))) throw new Error(`${name}: the checker refuses the right answer, ${inWords(right)}`);
      for (const answer of wrong)
        if (await accepts(answer)) throw new Error(`${name}: the checker accepts a wrong answer, ${inWords(answer)}`);
      console.log(
        `${name}: the checker accepts the right answer and refuses ${wrong.length === 1 ? "a wrong one" : `${wrong.length} wrong ones`}.`,
      );
    },
  };
}

const inWords = (answer: unknown): string =>
  typeof answer === "function" ? "this function" : typeof answer === "number" ? String(answer) : JSON.stringify(answer);
