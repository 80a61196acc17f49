import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ShapeError } from "#kernel-lib/core/errors.js";
import { createRng, randn } from "#kernel-lib/core/random.js";
import { rows, type Tensor, zeros } from "#kernel-lib/core/tensor.js";
import { crop, cropAll, fuse } from "#kernel-lib/methods/joint/fuse.js";
import { checkWindows, middleWindow, planWindows, type Window, windowCoverage, wraps } from "#kernel-lib/methods/joint/windows.js";
import { hasGolden, readGolden, unlessGolden } from "../../golden/golden.mjs";

/** A grid that tiles: rows and columns of windows, open or closed. */
const grids = fc
  .record({
    stride: fc.integer({ min: 1, max: 4 }),
    overlap: fc.integer({ min: 0, max: 6 }),
    down: fc.integer({ min: 0, max: 2 }),
    across: fc.integer({ min: 0, max: 5 }),
    loop: fc.boolean(),
    seed: fc.integer(),
  })
  .map(({ stride, overlap, down, across, loop, seed }) => {
    const window = stride + overlap;
    const ring = Math.ceil(window / stride) * stride;
    return { height: window + down * stride, width: (loop ? ring : window) + across * stride, window, stride, loop, seed };
  });
const noise = (seed: number, { height, width }: { height: number; width: number }) => randn(createRng(seed), [1, 3, height, width]);

/** The latent moved right by `by` columns, around the edge. */
function roll(latent: Tensor, by: number): Tensor {
  const width = latent.shape[3];
  return {
    data: latent.data.map((_, k) => latent.data[k - (k % width) + (((((k % width) - by) % width) + width) % width)]),
    shape: latent.shape,
  };
}

describe("crop and fuse", () => {
  test("fusing what was cropped gives the latent back, bit for bit", () =>
    fc.assert(
      fc.property(grids, (grid) => {
        const [latent, windows] = [noise(grid.seed, grid), planWindows(grid)];
        expect(fuse(cropAll(latent, windows), windows, latent.shape)).toEqual(latent);
      }),
    ));

  test("windows that say their own number fuse to the average number over each latent pixel", () =>
    fc.assert(
      fc.property(grids, (grid) => {
        const windows = planWindows(grid);
        const parts = zeros([windows.length, 1, grid.window, grid.window]);
        for (const k of windows.keys()) rows(parts, k, k + 1).data.fill(k);
        const { data } = fuse(parts, windows, [1, 1, grid.height, grid.width]);
        for (const [at, value] of data.entries()) {
          const [y, x] = [Math.floor(at / grid.width), at % grid.width];
          const over = [...windows.keys()].filter((k) => {
            const { top, left } = windows[k];
            return y >= top && y < top + grid.window && (x - left + grid.width) % grid.width < grid.window;
          });
          expect(value).toBeCloseTo(over.reduce((a, b) => a + b, 0) / over.length, 5);
        }
      }),
    ));

  test("constants stay constants", () => {
    const windows = planWindows({ height: 8, width: 20, window: 8, stride: 4 });
    const parts = { data: new Float32Array(windows.length * 3 * 64).fill(0.7), shape: [windows.length, 3, 8, 8] };
    expect(new Set(fuse(parts, windows, [1, 3, 8, 20]).data)).toEqual(new Set([Math.fround(0.7)]));
  });

  test("on a ring, windows moved by some columns fuse to the panorama rolled by as many", () =>
    fc.assert(
      fc.property(grids, fc.integer({ min: 0, max: 30 }), (grid, by) => {
        const windows = planWindows({ ...grid, loop: grid.width % grid.stride === 0 });
        const moved = windows.map((w) => ({ ...w, left: (w.left + by) % grid.width }));
        const shape = [1, 2, grid.height, grid.width];
        const parts = randn(createRng(grid.seed), [windows.length, 2, grid.window, grid.window]);
        const [here, there] = [fuse(parts, windows, shape), fuse(parts, moved, shape)];
        expect(there).toEqual(roll(here, by));
      }),
    ));

  test("a window that wraps shows the right edge, then the left one", () => {
    const latent = { data: Float32Array.from({ length: 12 }, (_, k) => k), shape: [1, 1, 2, 6] };
    expect(crop(latent, { top: 0, left: 4, height: 2, width: 4 })).toEqual({
      data: Float32Array.of(4, 5, 0, 1, 10, 11, 6, 7),
      shape: [1, 1, 2, 4],
    });
  });

  test("parts that are not the windows' size are refused", () => {
    const windows = planWindows({ height: 8, width: 16, window: 8, stride: 4 });
    expect(() => fuse(zeros([3, 4, 8, 6]), windows, [1, 4, 8, 16])).toThrow(ShapeError);
    expect(() => fuse(zeros([3, 4, 8, 6]), windows, [1, 4, 8, 16])).toThrow(
      "fuse: got [3,4,8,6], want [3,4,8,8]; crop with the same windows you fuse",
    );
  });
});

describe("planWindows", () => {
  test("a row ends at the right edge: 128×768 px has 21 windows at stride 4", () => {
    const windows = planWindows({ height: 16, width: 96, window: 16, stride: 4 });
    expect(windows.length).toBe(21);
    expect(windows.at(-1)).toEqual({ top: 0, left: 80, height: 16, width: 16 });
  });

  test("a grid that says only its window is one window high and six wide, a quarter of it from one to the next", () => {
    expect(planWindows({ window: 16 })).toEqual(planWindows({ height: 16, width: 96, window: 16, stride: 4 }));
    for (const window of [1, 2, 3, 10, 15, 64, 67, 96]) expect(planWindows({ window }).length).toBeGreaterThan(5);
  });

  test("a window that only 1 divides has a stride of 1", () => {
    for (const window of [1, 2, 3, 4, 67]) {
      const lefts = planWindows({ window, width: window + 2 }).map(({ left }) => left);
      expect(lefts, `window ${window}`).toEqual([0, 1, 2]);
    }
  });

  test("a closed panorama has the full ring: 24 windows, three of which wrap, and each column under four", () => {
    const windows = planWindows({ height: 16, width: 96, window: 16, stride: 4, loop: true });
    expect(windows.map((w) => w.left)).toEqual(Array.from({ length: 24 }, (_, k) => 4 * k));
    expect(windows.filter((w) => wraps(w, 96)).map((w) => w.left)).toEqual([84, 88, 92]);
    expect(new Set(windowCoverage(windows, { height: 16, width: 96 }))).toEqual(new Set([4]));
  });

  test("on any ring whose stride divides the window every latent pixel of a row is under as many windows", () =>
    fc.assert(
      fc.property(grids, (grid) => {
        const window = grid.stride * Math.ceil(grid.window / grid.stride);
        const width = Math.max(window, Math.ceil(grid.width / grid.stride) * grid.stride);
        const counts = windowCoverage(planWindows({ ...grid, window, width, height: window, loop: true }), { height: window, width });
        return counts.every((count) => count === window / grid.stride);
      }),
    ));

  test("every latent pixel of any grid that tiles is covered, and no window leaves the latent but over the right edge of a ring", () =>
    fc.assert(
      fc.property(grids, (grid) => {
        const windows = planWindows(grid);
        checkWindows(windows, grid);
        return windows.every((w) => grid.loop || !wraps(w, grid.width));
      }),
    ));

  const tiling = "windows of 16 at stride 4 latent pixels (8 px each) do not tile it";
  test.each([
    [{ width: 760 / 8 }, `width 760 px: ${tiling}; nearest that do: width 736 px or 768 px; stride 1`],
    [{ width: 764 / 8 }, `width 764 px: ${tiling}; nearest that do: width 736 px or 768 px`],
    [{ width: 760 / 8, loop: true }, `width 760 px: ${tiling}; nearest that do: width 736 px or 768 px; stride 1 or 5`],
    [{ width: 8 }, `width 64 px: ${tiling}; nearest that do: width 128 px; window 8`],
    [{ height: 20.5 }, `height 164 px: ${tiling}; nearest that do: height 160 px or 192 px`],
    [{ height: Number.NaN }, `height NaN px: ${tiling}; nearest that do: height 128 px`],
    [{ width: -768 }, `width -6144 px: ${tiling}; nearest that do: width 128 px`],
    [{ stride: 0 }, "stride 0: want a whole number of latent pixels, at least 1; nearest that do: stride 1"],
    [{ stride: 2.5 }, "stride 2.5: want a whole number of latent pixels, at least 1; nearest that do: stride 2 or 4"],
    [{ stride: 20 }, "stride 20: more than the window, 16, so columns between windows would not be covered; nearest that do: stride 16"],
    [{ stride: 7 }, /^width 768 px: windows of 16 at stride 7 .*; nearest that do: width 744 px or 800 px; stride 5 or 8$/],
    [{ window: 12.5 }, "window 12.5: want a whole number of latent pixels, at least 1; nearest that do: window 12 or 16"],
    [{ window: 0 }, "window 0: want a whole number of latent pixels, at least 1; nearest that do: window 4"],
    [
      { height: undefined, stride: 7 },
      /^width 768 px: windows of 16 at stride 7 .*; nearest that do: width 744 px or 800 px; stride 5 or 8; window 12 or 19$/,
    ],
    [
      { height: undefined, width: undefined, window: 15 },
      /^width 720 px: windows of 15 at stride 4 .*; nearest that do: width 696 px or 728 px; stride 3 or 5; window 12 or 16$/,
    ],
    [{ window: 1e300, width: 1e300 }, /^window 1e\+300: want a whole number/],
  ])("what does not tile is refused with the nearest values that do: %o", (change, message) => {
    const grid = { height: 16, width: 96, window: 16, stride: 4, scaleFactor: 8, ...change };
    expect(() => planWindows(grid)).toThrow(RangeError);
    expect(() => planWindows(grid)).toThrow(message);
  });

  test("every value that an error names does tile", () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 12 }),
        fc.boolean(),
        (height, width, window, stride, loop) => {
          const grid = { height, width, window, stride, loop };
          const message = refusal(grid);
          const named = message?.split("nearest that do: ")[1]?.split("; ") ?? [];
          const changes = named.flatMap((text) => {
            const [name, ...values] = text.split(/ (?:or )?/);
            return values.map((value) => ({ [name]: Number(value) }));
          });
          // where both height and width are wrong, each is named for its own axis
          const both = changes.some((c) => "height" in c) && changes.some((c) => "width" in c);
          for (const change of changes.filter((c) => !both || !("height" in c || "width" in c)))
            expect(refusal({ ...grid, ...change })).toBeUndefined();
        },
      ),
    ));
  function refusal(grid: Parameters<typeof planWindows>[0]): string | undefined {
    try {
      planWindows(grid);
    } catch (error) {
      return (error as Error).message;
    }
  }
});

describe("windows given by hand", () => {
  const [a, b] = [0, 4].map((left): Window => ({ top: 0, left, height: 8, width: 8 }));
  const extent = { height: 8, width: 12 };
  test("that tile are taken, over the right edge too", () => {
    checkWindows([a, b], extent);
    checkWindows([a, { ...a, left: 8 }], extent);
  });

  test.each([
    [[], extent, "windows: got none, want at least one"],
    [[a, { ...b, left: 4.5 }], extent, "window 1 (top 0, left 4.5, 8×8): want whole numbers of latent pixels"],
    [[a, { ...b, width: 4 }], extent, "window 1 (top 0, left 4, 8×4): want 8×8 like window 0; the windows of a run are of one size"],
    [[{ ...a, width: 16 }], extent, "window 0 (top 0, left 0, 8×16): does not fit a latent of 8×12"],
    [[a, { ...b, top: 1 }], extent, "window 1 (top 1, left 4, 8×8): want top from 0 to 0, so that it ends inside a latent of 8 rows"],
    [
      [a, { ...b, left: -1 }],
      extent,
      "window 1 (top 0, left -1, 8×8): want left from 0 to 11; only the right edge may be passed, and then the window wraps",
    ],
    [
      [a, { ...b, left: 12 }],
      extent,
      "window 1 (top 0, left 12, 8×8): want left from 0 to 11; only the right edge may be passed, and then the window wraps",
    ],
    [[a], extent, "windows: latent columns 8 to 11 are covered by no window; add or move windows until all are"],
    [[a, b], { height: 9, width: 13 }, "windows: latent columns 0 to 12 are covered by no window"],
    [
      [a, { ...a, top: 4 }, { ...b, top: 4 }],
      { height: 12, width: 12 },
      "windows: latent columns 8 to 11 in rows 0 to 3 are covered by no window",
    ],
  ])("that do not fit are refused: %o in %o", (windows, size, message) => {
    expect(() => checkWindows(windows, size)).toThrow(RangeError);
    expect(() => checkWindows(windows, size)).toThrow(message);
  });
});

describe("the middle window", () => {
  test("is number floor(n/2) of the windows that do not wrap", () => {
    const open = planWindows({ height: 16, width: 96, window: 16, stride: 4 });
    const ring = planWindows({ height: 16, width: 96, window: 16, stride: 4, loop: true });
    expect([middleWindow(open, 96), middleWindow(ring, 96)]).toEqual([10, 10]);
    const rowsOfRings = planWindows({ height: 24, width: 32, window: 16, stride: 8, loop: true });
    expect(rowsOfRings[middleWindow(rowsOfRings, 32)]).toEqual({ top: 8, left: 0, height: 16, width: 16 });
  });

  test("does not exist where every window wraps", () =>
    expect(() => middleWindow([{ top: 0, left: 1, height: 4, width: 4 }], 4)).toThrow(/^anchor middle: every window wraps/));
});

describe.skipIf(!hasGolden)(`the windows of the reference runs${unlessGolden}`, () => {
  test.each([
    ["md_pano", { height: 64, width: 88, window: 64, stride: 8 }],
    ["md_tall", { height: 48, width: 40, window: 32, stride: 8 }],
    ["sync_w20", { height: 16, width: 40, window: 16, stride: 8 }],
    ["sync_tall", { height: 24, width: 32, window: 16, stride: 8 }],
    ["sync_loop", { height: 24, width: 48, window: 24, stride: 8, loop: true }],
  ])("%s: planned in the same order; a ring has the one that is missing there", (name, grid) => {
    const { views } = readGolden(`runs/${name}.safetensors`); // [n,4]: top, bottom, left, right
    const planned = planWindows(grid).map(({ top, left, height, width }) => [
      top,
      top + height,
      left,
      left + width <= grid.width ? left + width : left + width - grid.width,
    ]);
    const reference = Array.from({ length: views.shape[0] }, (_, k) => [...rows(views, k, k + 1).data]);
    expect(planned.slice(0, reference.length)).toEqual(reference);
    expect(planned.length - reference.length).toBe(name === "sync_loop" ? 1 : 0);
  });
});
