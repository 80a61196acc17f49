/** @file `check`, whatever an answer is. The lessons' own exercises are in exercises.test.ts. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { aFunction, aGraphValue, aNumber, aTensor, numbers, TODO } from "#kernel-lib/display/exercises/answer-kinds.js";
import { check, type ExerciseName } from "#kernel-lib/display/exercises/check.js";
import { type Exercise, judge } from "#kernel-lib/display/exercises/exercise.js";
import { EXERCISES } from "#kernel-lib/display/exercises/exercises.js";

const said = vi.fn<(line: string) => void>();
beforeEach(() => void vi.spyOn(console, "log").mockImplementation(said));
afterEach(() => {
  vi.restoreAllMocks();
  said.mockClear();
});
const lines = () => said.mock.calls.flat();

const half: Exercise<number> = {
  name: "half",
  answer: aNumber,
  accepts: (x) => x === 0.5,
  because: "It is a half.",
  mistakes: [
    { when: (x) => x === 2, hint: "Upside down." },
    { when: (x) => x > 1, hint: "Too large." },
  ],
  hint: "Halve it.",
};
const square: Exercise<(x: number) => number> = {
  name: "square",
  answer: aFunction(aNumber),
  accepts: (f) => f(3) === 9,
  because: "x · x.",
  mistakes: [{ when: (f) => f(3) === 6, hint: "That is twice x." }],
  hint: "Multiply.",
};
/** As JavaScript calls it, without types. */
const loosely = check as (...words: unknown[]) => Promise<void>;

test("right: why; wrong: the first mistake that fits, else the general hint; no error", async () => {
  for (const answer of [0.5, 2, 3, 0]) await check(half, answer);
  expect(lines()).toEqual([
    "Exercise half: right. It is a half.",
    "Exercise half: not yet: 2 is not it. Upside down.",
    "Exercise half: not yet: 3 is not it. Too large.",
    "Exercise half: not yet: 0 is not it. Halve it.",
  ]);
});

test("every exercise of the lessons says that it is not answered yet, and asks nothing of what the lesson computed", async () => {
  for (const name of Object.keys(EXERCISES)) await loosely(name, TODO);
  expect(lines()).toEqual(
    Object.keys(EXERCISES).map((name) => `Exercise ${name}: not answered yet: put your answer in place of TODO, and run both cells.`),
  );
});

describe("what is no answer gets a sentence of its own", () => {
  const cases: readonly (readonly [unknown, string])[] = [
    [Number.NaN, "got NaN, not a number, want a number; NaN comes of 0 / 0, or of a value that is undefined."],
    [Number.POSITIVE_INFINITY, "got Infinity, want a number; look for a division by 0."],
    ["4", 'got the text "4", want a number; leave the quotes out.'],
    [4n, "got a bigint, want a number."],
    [null, "got null, want a number."],
    [true, "got true, want a number."],
    [undefined, "got undefined, want a number; a function in braces needs `return`."],
    [[4], "got a list, want a number."],
    [{}, "got an object, want a number."],
    [() => 4, "got a function, want a number."],
    [Promise.resolve(4), "got a Promise, want a number; put `await` before it, and write functions without `async`."],
  ];
  test.each(cases)("%o", async (answer, sentence) => {
    await loosely("1.1", answer);
    await loosely(half, answer);
    expect(lines()).toEqual([`Exercise 1.1: not yet: ${sentence}`, `Exercise half: not yet: ${sentence}`]);
  });

  test("also in place of a function, a list, a tensor, a value of a graph", async () => {
    const found = (kind: typeof aNumber | ReturnType<typeof numbers> | typeof aTensor | typeof aGraphValue, value: unknown) =>
      kind.misfit(value)?.found;
    expect(aFunction(aNumber).misfit(9)?.found).toBe("a number");
    expect(found(numbers(), 2)).toBe("a number");
    expect(found(numbers(), [1, Number.NaN])).toBe("a list with NaN, not a number at place 1");
    expect(found(numbers(2), [1, 2, 3])).toBe("a list of 3");
    expect(found(numbers(2), [1, 2])).toBeUndefined();
    expect(found(aTensor, [1])).toBe("a list");
    expect(found(aTensor, { data: new Float32Array(3), shape: [2, 2] })).toBe("3 numbers with the shape [2,2]");
    expect(found(aTensor, { data: Float32Array.of(Number.NaN), shape: [1] })).toBe("a tensor with NaN in it");
    expect(found(aTensor, { data: new Float32Array(4), shape: [2, 2] })).toBeUndefined();
    expect(found(aGraphValue, 1)).toBe("a number");
  });
});

describe("an answer function", () => {
  const verdictOn = async (answer: unknown) => (await judge(square, answer as (x: number) => number, undefined)).text;
  test("that is right or wrong is judged by what it returns", async () => {
    expect(await verdictOn((x: number) => x * x)).toBe("Exercise square: right. x · x.");
    expect(await verdictOn((x: number) => x + x)).toBe("Exercise square: not yet: That is twice x.");
    expect(await verdictOn((x: number) => x)).toBe("Exercise square: not yet: Multiply.");
  });

  test("that throws is quoted", async () => {
    const thrower = (thrown: unknown) => () => {
      throw thrown;
    };
    expect(await verdictOn(thrower(new RangeError("too large")))).toBe("Exercise square: not yet: the function throws: too large.");
    expect(await verdictOn(thrower("plain"))).toBe("Exercise square: not yet: the function throws: plain.");
    expect(await verdictOn(thrower(undefined))).toBe("Exercise square: not yet: the function throws: undefined.");
    const endless: (x: number) => number = (x) => endless(x) + 1;
    expect(await verdictOn(endless)).toContain("the function throws: Maximum call stack size exceeded.");
  });

  test("that never ends is ended", async () => {
    const loop = (x: number) => {
      while (x < 10) x -= 0;
      return x;
    };
    expect(await verdictOn(loop)).toBe("Exercise square: not yet: the function did not end within 2 seconds: does its loop end?");
  });

  test("that returns no number is told what it returns", async () => {
    expect(await verdictOn(async () => 9)).toBe(
      "Exercise square: not yet: the function returns a Promise, want a number; put `await` before it, and write functions without `async`.",
    );
    expect(await verdictOn(() => {})).toBe(
      "Exercise square: not yet: the function returns undefined, want a number; a function in braces needs `return`.",
    );
    expect(await verdictOn(() => Number.NaN)).toContain("the function returns NaN, not a number, want a number;");
    expect(await verdictOn(() => TODO)).toContain("the function returns TODO, want a number;");
    expect(await verdictOn(() => "9")).toContain('the function returns the text "9", want a number;');
  });

  test("that builds a graph which does not run is told so", async () => {
    const { graph } = await import("#kernel-lib/graph/graph.js").then(({ Graph }) => {
      const other = new Graph();
      return { graph: other.input("elsewhere", [5]) };
    });
    await check("7.3", () => graph);
    expect(lines()[0]).toMatch(/^Exercise 7\.3: not yet: the graph with this rule does not run: .+ built of dy and x alone\.$/);
  });

  test("cannot spoil what other calls of it are given", async () => {
    await check("3.3", (x, w) => {
      const weights = w.splice(0);
      return x.splice(0).reduce((sum, each, j) => sum + each * weights[j], 0) / weights.reduce((a, b) => a + b, 0);
    });
    expect(lines()[0]).toMatch(/^Exercise 3\.3: right\./);
  });
});

test("a name that no exercise has is refused with those like it", async () => {
  await expect(loosely("4.4", 1)).rejects.toThrow(new RangeError('check: got the name "4.4", want an exercise\'s, such as 4.1, 4.2, 4.3'));
  await expect(loosely("constructor", 1)).rejects.toThrow(RangeError);
});

test("a cell that does not hand over what the exercise needs is told to run the lesson's cells again", async () => {
  await expect(loosely("1.2", 1)).rejects.toThrow(
    /exercise 1\.2 cannot be judged with what its cell hands over .+ run the lesson's cells from the top again/,
  );
});

test("names, answers and what is handed over are typed together", () => {
  const typed = async (name: ExerciseName) => {
    const unanswered = TODO;
    const fuse: (x: number[], w: number[]) => number = TODO;
    await check("1.1", unanswered);
    await check("3.3", fuse);
    await check("3.3", (x, w) => x[0] + w[0]);
    await check("9.2", unanswered, { window: 16 });
    // @ts-expect-error a text is no number
    await check("1.1", "four");
    // @ts-expect-error no such exercise
    await check("1.7", 4);
    // @ts-expect-error nothing is handed over
    await check("1.2", 4);
    // @ts-expect-error it needs nothing
    await check("1.1", 4, { window: 16 });
    // @ts-expect-error an exercise of one's own has its type too
    await check(half, "0.5");
    return name;
  };
  expect(typed).toBeTypeOf("function");
});
