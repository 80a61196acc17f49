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

test("a right answer is explained; 0 is an answer", async () => {
  await half.check(0.5);
  expect(said).toHaveBeenCalledExactlyOnceWith("Exercise 2: right. It is a half.");
  await expect(half.check(0)).rejects.toThrow("Exercise 2: 0 is not right. Halve it.");
});

test("an answer may be a function, and judging it may take time", async () => {
  const square = exercise<(x: number) => number>("Exercise 3", { accepts: async (f) => f(3) === 9, hint: "x·x", because: "" });
  await square.check((x) => x * x);
  await expect(square.check((x) => x + x)).rejects.toThrow("Exercise 3: this function is not right. x·x");
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
