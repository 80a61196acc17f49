import { describe, expect, test } from "vitest";
import { createRng } from "#kernel-lib/core/random.js";
import { adamRange, clipScale, foldRange, type OptimizerArrays } from "#models/train/optimizer.js";

const LENGTH = 7;
const rates = { learningRate: 1e-2, weightDecay: 0.1, averaging: 0.5, step: 1, scale: 1 };
const arrays = (): OptimizerArrays => {
  const rng = createRng(2);
  const parameters = Float32Array.from({ length: LENGTH }, () => rng.normal());
  return { parameters, first: new Float32Array(LENGTH), second: new Float32Array(LENGTH), average: parameters.slice() };
};
const gradient = Float32Array.from({ length: LENGTH }, (_, k) => k - 3);

describe("AdamW on flat arrays", () => {
  test("the first step moves every element by the learning rate against its gradient's sign, after the decay", () => {
    const [before, state] = [arrays().parameters, arrays()];
    const decays = Uint8Array.from({ length: LENGTH }, (_, k) => k % 2);
    adamRange(state, gradient, decays, rates, [0, LENGTH]);
    // m/√v = ±1 once both are corrected for their start at 0
    for (let k = 0; k < LENGTH; k++)
      expect(state.parameters[k]).toBeCloseTo(before[k] * (1 - 0.01 * 0.1 * (k % 2)) - 0.01 * Math.sign(gradient[k]), 6);
  });

  test("ranges one after the other give what one range gives, bit for bit", () => {
    const [whole, parts] = [arrays(), arrays()];
    const decays = new Uint8Array(LENGTH).fill(1);
    for (let step = 1; step <= 3; step++) {
      adamRange(whole, gradient, decays, { ...rates, step }, [0, LENGTH]);
      for (const range of [
        [4, LENGTH],
        [0, 4],
      ] as const)
        adamRange(parts, gradient, decays, { ...rates, step }, range);
    }
    expect(parts).toEqual(whole);
  });

  test("the average keeps its share and takes the rest of the new parameters", () => {
    const [before, state] = [arrays().parameters, arrays()];
    adamRange(state, gradient, new Uint8Array(LENGTH), rates, [0, LENGTH]);
    for (let k = 0; k < LENGTH; k++) expect(state.average[k]).toBeCloseTo((before[k] + state.parameters[k]) / 2, 6);
  });
});

test("gradients of all lanes are added into the first, and their squares summed over the range alone", () => {
  const [a, b, c] = [1, 2, 3].map((value) => new Float32Array(4).fill(value));
  expect(foldRange([a, b, c], [1, 3])).toBe(72);
  expect([...a]).toEqual([1, 6, 6, 1]);
});

test("a gradient longer than 1 is brought to length 1, a shorter one stays", () => {
  expect(clipScale(4)).toBeCloseTo(0.25);
  expect(clipScale(0.5)).toBe(1);
});
