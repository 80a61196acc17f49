/** Laws of panoramas that go around: sideways, downwards, or both. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRng, randn } from "#kernel-lib/core/random.js";
import type { Tensor } from "#kernel-lib/core/tensor.js";
import { collageOf } from "#kernel-lib/methods/joint/diffcollage.js";
import { crop, cropAll, fuse } from "#kernel-lib/methods/joint/fuse.js";
import { independentWindows } from "#kernel-lib/methods/joint/independent.js";
import { multiDiffusion } from "#kernel-lib/methods/joint/multidiffusion.js";
import { regionDiffusion } from "#kernel-lib/methods/joint/regions.js";
import { syncDiffusion } from "#kernel-lib/methods/joint/syncdiffusion.js";
import { checkWindows, planWindows, windowCoverage, wraps } from "#kernel-lib/methods/joint/windows.js";
import { aroundOf, WRAPS } from "#kernel-lib/methods/joint/wrap.js";
import { apart, DRAWING, finish, METHODS, PLAIN, toy } from "./toy.js";

const fork = (window: Tensor): number => (window.data.reduce((a, b) => a + b, 0) > 0 ? 1 : -1);
const base = { prompt: "hills", seed: 3, steps: 5, width: 64, height: 48 };

/** Moved down and right, around the edges. */
const roll = ({ data, shape }: Tensor, down: number, right: number): Tensor => {
  const [, , h, w] = shape;
  const from = (k: number) => {
    const [x, y] = [(k % w) - right, (Math.floor(k / w) % h) - down];
    return k - (k % (w * h)) + ((y + h) % h) * w + ((x + w) % w);
  };
  return { data: data.map((_, k) => data[from(k)]), shape };
};

/** Windows that tile, in any wrap; the ends lie a stride apart from a full turn. */
const grids = fc
  .record({
    stride: fc.integer({ min: 1, max: 4 }),
    overlap: fc.integer({ min: 0, max: 6 }),
    down: fc.integer({ min: 0, max: 3 }),
    across: fc.integer({ min: 0, max: 3 }),
    wrap: fc.constantFrom(...WRAPS),
    seed: fc.integer(),
  })
  .map(({ stride, overlap, down, across, wrap, seed }) => {
    const window = stride + overlap;
    const ring = Math.ceil(window / stride) * stride;
    const { x, y } = aroundOf(wrap);
    return { height: (y ? ring : window) + down * stride, width: (x ? ring : window) + across * stride, window, stride, wrap, seed };
  });

describe("windows that go around", () => {
  test("are a full ring on each axis that goes around, at any stride: no place has more than one window more than another on its axis", () =>
    fc.assert(
      fc.property(grids, (grid) => {
        const windows = planWindows(grid);
        checkWindows(windows, grid, 1, grid.wrap);
        const { x, y } = aroundOf(grid.wrap);
        const lefts = new Set(windows.map(({ left }) => left)).size;
        const tops = new Set(windows.map(({ top }) => top)).size;
        expect([lefts, tops]).toEqual([
          x ? grid.width / grid.stride : (grid.width - grid.window) / grid.stride + 1,
          y ? grid.height / grid.stride : (grid.height - grid.window) / grid.stride + 1,
        ]);
        if (!(x && y)) return;
        const counts = new Set(windowCoverage(windows, grid));
        const share = grid.window / grid.stride;
        const allowed = [Math.floor(share) ** 2, Math.floor(share) * Math.ceil(share), Math.ceil(share) ** 2];
        expect([...counts].every((count) => allowed.includes(count))).toBe(true);
        if (Number.isInteger(share)) expect([...counts]).toEqual([share ** 2]);
      }),
    ));

  test("crop and fuse give the latent back, bit for bit, and windows moved by some places fuse to the panorama moved by as many", () =>
    fc.assert(
      fc.property(grids, fc.nat(20), fc.nat(20), (grid, down, right) => {
        const latent = randn(createRng(grid.seed >>> 0), [1, 3, grid.height, grid.width]);
        const windows = planWindows(grid);
        expect(fuse(cropAll(latent, windows), windows, latent.shape)).toEqual(latent);
        const moved = windows.map((each) => ({ ...each, top: (each.top + down) % grid.height, left: (each.left + right) % grid.width }));
        const parts = cropAll(latent, windows);
        const there = fuse(parts, moved, latent.shape);
        expect(apart(there.data, roll(latent, down % grid.height, right % grid.width).data)).toBeLessThan(1e-6);
      }),
    ));

  test("a window over a corner has a part in each of the four", () => {
    const latent = { data: Float32Array.from({ length: 12 }, (_, k) => k), shape: [1, 1, 3, 4] };
    expect([...crop(latent, { top: 2, left: 3, height: 2, width: 2 }).data]).toEqual([11, 8, 3, 0]);
  });

  test("DiffCollage counts every place once there too", () => {
    for (const wrap of WRAPS) {
      const { x, y } = aroundOf(wrap);
      const extent = { width: x ? 18 : 20, height: y ? 18 : 20 };
      const windows = planWindows({ window: 8, stride: 6, wrap, ...extent });
      const sum = new Float64Array(extent.width * extent.height);
      for (const { places, sign } of collageOf(windows, extent))
        for (const [k, count] of windowCoverage(places, extent).entries()) sum[k] += sign * count;
      expect(new Set(sum)).toEqual(new Set([1]));
    }
  });
});

describe.each(Object.entries(METHODS))("%s", (name, method) => {
  test.each([
    ["y", "wrap-y"],
    ["both", "wrap-xy"],
  ] as const)("with wrap %s covers all places of an axis that goes around equally, and decodes around it", async (wrap, edge) => {
    const model = toy({ mean: fork });
    const { steps, result } = await finish(method(model, { ...base, wrap, syncSteps: 0 }));
    for (const { windows } of steps) {
      const counts = [...windowCoverage(windows, { height: 24, width: 32 })];
      const columns = Array.from({ length: 32 }, (_, x) => counts.filter((_, k) => k % 32 === x));
      for (const column of columns) expect(Math.max(...column) - Math.min(...column)).toBeLessThanOrEqual(name === "safa" ? 2 : 0);
      if (wrap === "both" && name !== "safa") expect(new Set(counts).size).toBe(1);
    }
    expect(result.panorama.shape).toEqual([1, 3, 48, 64]);
    expect(model.calls.filter(({ kind }) => kind === "decode").map((call) => call.edge)).toEqual([edge]);
  });

  test.runIf(!DRAWING.includes(name))("rolling the noise down by a stride rolls the latent of what goes around downwards", async () => {
    for (const wrap of ["y", "both"] as const) {
      const { stride = 8, windows } = method(toy(), { ...base, wrap }).options;
      const across = new Set(windows.map(({ left }) => left)).size;
      const latent = randn(createRng(5), [1, 4, 24, 32]);
      const paint = (from: Tensor, anchor: number) =>
        finish(
          method(toy({ mean: fork }), { prompt: "hills", seed: 1, steps: 4, weight: 1e-3, wrap, latent: from, anchor, ...PLAIN[name] }),
        );
      const [here, there] = [await paint(latent, 1), await paint(roll(latent, stride, 0), 1 + across)];
      for (const [k, step] of here.steps.entries())
        expect(apart(there.steps[k].latent.data, roll(step.latent, stride, 0).data)).toBeLessThan(1e-6);
    }
  });
});

describe("the option wrap", () => {
  test('x is loop, and is what loop says of itself; loop "official" is a ring too', async () => {
    const ring = multiDiffusion(toy({ mean: fork }), { ...base, wrap: "x" });
    expect(ring.options).toMatchObject({ loop: true, wrap: "x" });
    expect((await finish(ring)).result).toEqual((await finish(multiDiffusion(toy({ mean: fork }), { ...base, loop: true }))).result);
    expect(multiDiffusion(toy(), { ...base, loop: "official" }).options).toMatchObject({ loop: "official", wrap: "x" });
    expect(multiDiffusion(toy(), { ...base, loop: true, wrap: "both" }).options).toMatchObject({ loop: true, wrap: "both" });
    expect(multiDiffusion(toy(), { ...base, wrap: "y" }).options).toMatchObject({ loop: false, wrap: "y" });
    expect(multiDiffusion(toy(), base).options).toMatchObject({ loop: false, wrap: "none" });
  });

  test("is repeated from a run's own options, also where no window passes an edge", async () => {
    for (const wrap of WRAPS) {
      const model = toy();
      const again = independentWindows(model, independentWindows(toy(), { ...base, wrap }).options);
      expect(again.options).toMatchObject({ wrap, loop: aroundOf(wrap).x });
      await finish(again);
      expect(model.calls.at(-1)?.edge).toBe({ none: "open", x: "wrap", y: "wrap-y", both: "wrap-xy" }[wrap]);
    }
  });

  test("lets given windows pass the lower edge, which without it they may not", () => {
    const windows = [0, 4].map((top) => ({ top, left: 0, height: 8, width: 8 }));
    const options = { prompt: "hills", steps: 2, width: 16, height: 16, windows };
    expect(multiDiffusion(toy(), { ...options, wrap: "y" }).options).toMatchObject({ wrap: "y", loop: false });
    expect(() => multiDiffusion(toy(), options)).toThrow("window 1 (top 4, left 0, 8×8): want top from 0 to 0, so that it ends inside");
    const right = windows.map(({ top, ...rest }) => ({ ...rest, top: 0, left: top }));
    expect(() => multiDiffusion(toy(), { ...options, windows: right, wrap: "y" })).toThrow(
      'window 1 (top 0, left 4, 8×8): want left from 0 to 0, since wrap "y" does not close the right edge',
    );
    expect(() => multiDiffusion(toy(), { ...options, windows: [{ ...windows[0], top: 8 }], wrap: "y" })).toThrow("want top from 0 to 7");
  });

  test("the anchor in the middle is one that passes no edge", () => {
    const { windows, anchor } = syncDiffusion(toy(), { ...base, wrap: "both" }).options;
    expect(wraps(windows[anchor as number], 32, 24)).toBe(false);
  });

  test.each([
    [{ wrap: "z" }, "wrap z: want one of none, x, y, both"],
    [{ loop: true, wrap: "y" }, 'loop true with wrap "y": loop closes x; want wrap "both", or leave one of the two out'],
    [{ loop: true, wrap: "none" }, 'loop true with wrap "none": loop closes x; want wrap "x"'],
    [
      { wrap: "y", height: 50 },
      "height 50 px: windows of 8 at stride 2 latent pixels (2 px each) do not tile it; nearest that do: height 48 px or 52 px",
    ],
  ])("is refused where it is wrong: %o", (wrong, message) => {
    expect(() => multiDiffusion(toy(), { ...base, ...(wrong as object) })).toThrow(RangeError);
    expect(() => multiDiffusion(toy(), { ...base, ...(wrong as object) })).toThrow(message);
  });

  test("a feathered region's mask goes around with it", async () => {
    const regions = [{ prompt: "1", box: [0, 0, 1, 0.5] as const }];
    const rowsOf = async (wrap: "y" | "none") => {
      const model = toy();
      await finish(regionDiffusion(model, { ...base, steps: 1, wrap, stride: 8, regions, feather: 8 }));
      return model.calls.filter(({ kind }) => kind === "noise").map(({ latent }) => latent.shape[0]);
    };
    // of three rows of four windows: the background's lower two, and where it goes around also the first; the region's upper two, or all
    expect([await rowsOf("none"), await rowsOf("y")]).toEqual([
      [8, 8],
      [12, 12],
    ]);
  });
});
