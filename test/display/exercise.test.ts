import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { exercise } from "#kernel-lib/display/exercise.js";

const half = exercise<number>("Exercise 2", { accepts: (x) => x === 0.5, hint: "Halve it.", because: "It is a half." });
const said = vi.fn<(line: string) => void>();
beforeEach(() => void vi.spyOn(console, "log").mockImplementation(said));
afterEach(() => {
  vi.restoreAllMocks();
  said.mockClear();
});

test("an exercise without an answer says so and does not fail", async () => {
  await half.check(undefined);
  expect(said).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(/^Exercise 2: not answered yet/));
});

test("a right answer is explained; a wrong one gets the hint, without an error; 0 and NaN are answers", async () => {
  for (const answer of [0.5, 0, Number.NaN]) await half.check(answer);
  expect(said.mock.calls.flat()).toEqual([
    "Exercise 2: right. It is a half.",
    "Exercise 2: not yet: 0 is not it. Halve it.",
    "Exercise 2: not yet: NaN is not it. Halve it.",
  ]);
});

test("an answer may be a function, which may throw, and judging it may take time", async () => {
  const square = exercise<(x: number) => number>("Exercise 3", { accepts: async (f) => f(3) === 9, hint: "x·x", because: "" });
  await square.check((x) => x * x);
  await square.check((x) => x + x);
  await square.check(() => {
    throw new RangeError("too large");
  });
  expect(said.mock.calls.flat().slice(1)).toEqual([
    "Exercise 3: not yet: this function is not it. x·x",
    "Exercise 3: not yet: this function is not it. It throws: too large. x·x",
  ]);
});

test("a proof says that the checker can tell, and no answer", async () => {
  await half.prove(0.5, [0.25, 1]);
  expect(said).toHaveBeenCalledExactlyOnceWith("Exercise 2: the checker accepts the right answer and refuses 2 wrong ones.");
});

test("a proof fails where the checker refuses the right answer, accepts a wrong one, or gets no wrong one", async () => {
  const anything = exercise<number>("Exercise 1", { accepts: () => true, hint: "", because: "" });
  await expect(half.prove(0.4, [1])).rejects.toThrow("refuses the right answer, 0.4");
  await expect(anything.prove(1, [2])).rejects.toThrow("accepts a wrong answer, 2");
  await expect(anything.prove(1, [])).rejects.toThrow("got no wrong answers");
});
