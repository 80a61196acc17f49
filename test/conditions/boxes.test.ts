import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cell, checkBox, cornerCells, cropped, overlap, roundHalfEven, WHOLE } from "#kernel-lib/conditions/boxes.js";
import type { Box } from "#kernel-lib/conditions/scene.js";

const share = fc.double({ min: 0, max: 1, noNaN: true });
/** Boxes that lie in the picture. */
const box: fc.Arbitrary<Box> = fc
  .tuple(share, share, share, share)
  .map(([a, b, c, d]): Box => [Math.min(a, b), Math.min(c, d), Math.abs(a - b), Math.abs(c - d)])
  .filter(([, , width, height]) => width > 0 && height > 0);

describe("cells of the grid", () => {
  test("a half goes to the even number, as Python's round does", () => {
    expect([0.5, 1.5, 2.5, 14.5, 15.5, 0.49, 0.51, 3].map(roundHalfEven)).toEqual([0, 2, 2, 14, 16, 0, 1, 3]);
  });

  test("the corners of the picture are the first and the last cell; the middle of 16 cells is 8, since 7.5 goes to the even one", () => {
    expect([cell(0, 0, 16), cell(1, 0, 16), cell(0, 1, 16), cell(1, 1, 16), cell(0.5, 0.5, 16)]).toEqual([0, 15, 240, 255, 8 * 16 + 8]);
  });

  test("every box has corners on the grid, the lower right one not before the upper left one", () => {
    fc.assert(
      fc.property(box, fc.integer({ min: 2, max: 90 }), (b, m) => {
        const [first, last] = cornerCells(b, m);
        expect(first).toBeGreaterThanOrEqual(0);
        expect(last).toBeLessThan(m * m);
        expect(last % m).toBeGreaterThanOrEqual(first % m);
        expect(Math.floor(last / m)).toBeGreaterThanOrEqual(Math.floor(first / m));
      }),
    );
  });
});

describe("crops", () => {
  test("the whole picture leaves a box as it is", () => {
    fc.assert(
      fc.property(box, (b) => {
        for (const [k, x] of cropped(b, WHOLE).entries()) expect(x).toBeCloseTo(b[k], 12);
        expect(overlap(b, WHOLE)).toBe(true);
      }),
    );
  });

  test("a box inside the crop is stretched with it", () => {
    expect(cropped([0.5, 0.25, 0.25, 0.5], [0.25, 0, 0.5, 1])).toEqual([0.5, 0.25, 0.5, 0.5]);
  });

  test("each direction has its own edge and size", () => {
    expect(cropped([0.5, 0.25, 0.25, 0.125], [0, 0.125, 1, 0.25])).toEqual([0.5, 0.5, 0.25, 0.5]);
    expect(cropped([0.25, 0.25, 0.125, 0.75], [0.125, 0.25, 0.25, 0.75])).toEqual([0.5, 0, 0.5, 1]);
    expect(cropped([0.5, 0.5, 0.5, 0.5], [0.25, 0.25, 0.5, 0.5])).toEqual([0.5, 0.5, 0.5, 0.5]); // cut at its right and bottom
  });

  test("a box that the crop cuts at its left keeps its full width, as in the official code", () => {
    expect(cropped([0, 0, 0.5, 1], [0.25, 0, 0.5, 1])).toEqual([0, 0, 1, 1]);
  });

  test("boxes that only touch have no area in common", () => {
    expect(overlap([0, 0, 0.5, 1], [0.5, 0, 0.5, 1])).toBe(false);
    expect(overlap([0, 0, 0.5, 1], [0.49, 0, 0.5, 1])).toBe(true);
    expect(overlap([0, 0.5, 1, 0.5], [0, 0, 1, 0.5])).toBe(false);
    expect(overlap([0, 0.49, 1, 0.5], [0, 0, 1, 0.5])).toBe(true);
    expect(overlap([0, 0, 0.5, 0.5], [0.4, 0.6, 0.5, 0.4])).toBe(false);
  });
});

describe("a box must lie in the picture", () => {
  test.each<[unknown, string]>([
    [[0.5, 0.5, 0.6, 0.1], "[0.5, 0.5, 0.6, 0.1]"],
    [[0.5, 0.5, 0.1, 0.6], "[0.5, 0.5, 0.1, 0.6]"],
    [[-0.1, 0, 0.5, 0.5], "[-0.1, 0, 0.5, 0.5]"],
    [[0, 0, 0, 0.5], "[0, 0, 0, 0.5]"],
    [[0, 0, 0.5, -0.5], "[0, 0, 0.5, -0.5]"],
    [[0, Number.NaN, 0.5, 0.5], "[0, NaN, 0.5, 0.5]"],
    [[0, 0, Number.POSITIVE_INFINITY, 0.5], "[0, 0, Infinity, 0.5]"],
    [[0, 0, 0.5], "[0, 0, 0.5]"],
    [[0, 0, 0.5, 0.5, 0.5], "[0, 0, 0.5, 0.5, 0.5]"],
    [["0", 0, 0.5, 0.5], '["0",0,0.5,0.5]'],
    ["0,0,1,1", '"0,0,1,1"'],
    [undefined, "nothing"],
  ])("%j is refused with its place, what was given and what is wanted", (value, got) => {
    expect(() => checkBox("layout[3].box", value)).toThrow(RangeError);
    expect(() => checkBox("layout[3].box", value)).toThrow(`layout[3].box: got ${got}, want [x, y, width, height]`);
  });

  test("float arithmetic may carry a box past the edge by a millionth", () => {
    expect(checkBox("box", [0.1, 0.7, 0.9, 0.3000000000001])).toEqual([0.1, 0.7, 0.9, 0.3000000000001]);
  });
});
