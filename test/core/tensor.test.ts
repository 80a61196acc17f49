import { expect, test } from "vitest";
import { ShapeError } from "#kernel-lib/core/errors.js";
import { stack, tensor, zeros } from "#kernel-lib/core/tensor.js";

test("stack puts rows one after the other, from parts of any number of rows", () => {
  expect(stack([tensor([1, 2], [1, 2]), zeros([0, 2]), tensor([3, 4, 5, 6], [2, 2])])).toEqual(tensor([1, 2, 3, 4, 5, 6], [3, 2]));
});

test("stack refuses rows of different shapes, also where their sizes agree", () => {
  expect(() => stack([zeros([1, 2, 3]), zeros([1, 3, 2])])).toThrow(ShapeError);
  expect(() => stack([zeros([1, 2]), zeros([1, 3])])).toThrow("stack: got [1,3], want [1,2]; stack rows of one shape");
});
