import { expect, test } from "vitest";
import { createRng } from "#kernel-lib/core/random.js";

/** The first n numbers of a seed, as 32-bit words. */
function words(seed: number, n: number): number[] {
  const rng = createRng(seed);
  return Array.from({ length: n }, () => rng.uniform() * 2 ** 32);
}

test("a seed names the same numbers in every version", () => {
  expect(words(0, 3)).toEqual([2899526011, 769844623, 220372281]);
  expect(words(1, 3)).toEqual([2420951833, 2513034076, 3847892949]);
  expect(words(7, 3)).toEqual([1953209201, 274027627, 1787915724]);
  expect(words(2 ** 31, 3)).toEqual([2226919815, 4078778799, 4145574371]);
  expect(words(2 ** 32 - 1, 3)).toEqual([2300869303, 3917632794, 3726809994]);
});

test("no two seeds begin alike, whatever their low 32 bits and the 21 above share", () => {
  const halves = [0, 1, 2, 3, 2 ** 20, 2 ** 21 - 1];
  const lows = [...halves, 2 ** 31, 2 ** 32 - 1];
  const begins = halves.flatMap((high) => lows.map((low) => `${words(high * 2 ** 32 + low, 2)}`));
  expect(new Set(begins).size).toBe(halves.length * lows.length);
});

test("the bits above 2^32 reach every bit of the first number", () => {
  const count = 2000;
  const firsts = Array.from({ length: count }, (_, high) => words(high * 2 ** 32, 1)[0]);
  for (let bit = 0; bit < 32; bit++) {
    const share = firsts.filter((word, k) => k > 0 && ((word ^ firsts[k - 1]) >>> bit) & 1).length / (count - 1);
    expect(Math.abs(share - 0.5), `bit ${bit}`).toBeLessThan(4 * 0.5 * count ** -0.5); // four standard deviations of a fair coin
  }
});
