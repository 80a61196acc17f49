/** @file A lesson's exercise: what says whether an answer is right, and the proof, in every run of the lesson, that it can tell. */

export interface ExerciseOptions<Answer> {
  /** whether an answer is right; may compute it, so that a lesson holds no answer that its own code would not give */
  readonly accepts: (answer: Answer) => boolean | Promise<boolean>;
  /** said to a wrong answer; does not give the right one away */
  readonly hint: string;
  /** said to a right answer: why it is */
  readonly because: string;
}

export interface Exercise<Answer> {
  /**
   * Prints what the answer is worth; undefined is no answer yet.
   * @throws Error with the hint, for a wrong answer
   */
  check(answer: Answer | undefined): Promise<void>;
  /**
   * Holds the exercise to a right answer and to wrong ones, and prints that it can tell, but no answer.
   * @throws Error where it refuses the right one, or takes a wrong one
   */
  prove(right: Answer, wrong: readonly Answer[]): Promise<void>;
}

/** @param name how it is called in what is printed: "Exercise 1" */
export function exercise<Answer>(name: string, { accepts, hint, because }: ExerciseOptions<Answer>): Exercise<Answer> {
  return {
    async check(answer) {
      if (answer === undefined) return console.log(`${name}: not answered yet. Replace undefined, and run both cells.`);
      if (!(await accepts(answer))) throw new Error(`${name}: ${inWords(answer)} is not it. ${hint}`);
      console.log(`${name}: right. ${because}`);
    },
    async prove(right, wrong) {
      if (wrong.length === 0) throw new RangeError(`${name}: got no wrong answers, want at least one`);
      if (!(await accepts(right))) throw new Error(`${name}: the checker refuses the right answer, ${inWords(right)}`);
      for (const answer of wrong)
        if (await accepts(answer)) throw new Error(`${name}: the checker takes a wrong answer, ${inWords(answer)}`);
      console.log(
        `${name}: the checker takes the right answer, and refuses ${wrong.length === 1 ? "a wrong one" : `${wrong.length} wrong ones`}.`,
      );
    },
  };
}

const inWords = (answer: unknown): string => (typeof answer === "function" ? "this function" : JSON.stringify(answer));
