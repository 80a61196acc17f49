/** SpotDiffusion, SaFa and DiffCollage, whose windows lie at strides of their own, on a model whose network is a closed formula. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRng, randn } from "#kernel-lib/core/random.js";
import { type Tensor, tensor } from "#kernel-lib/core/tensor.js";
import { collageOf, diffCollage } from "#kernel-lib/methods/joint/diffcollage.js";
import { fuseWeighted, rollColumns } from "#kernel-lib/methods/joint/fuse.js";
import { multiDiffusion } from "#kernel-lib/methods/joint/multidiffusion.js";
import { safaDiffusion, swapWeights } from "#kernel-lib/methods/joint/safa.js";
import { spotDiffusion } from "#kernel-lib/methods/joint/spotdiffusion.js";
import { planWindows, windowCoverage } from "#kernel-lib/methods/joint/windows.js";
import { apart, fail, finish, schedule, toy } from "./toy.js";

const fork = (window: Tensor): number => (window.data.reduce((a, b) => a + b, 0) > 0 ? 1 : -1);
const base = { prompt: "hills", seed: 3, steps: 6, width: 64 };
const RELATIVES = { spot: spotDiffusion, safa: safaDiffusion, collage: diffCollage };

describe.each(Object.entries(RELATIVES))("%s", (name, method) => {
  test.each([
    ["a strip", { width: 64, height: 16 }],
    ["a ring", { width: 64, height: 16, loop: true }],
    ["a grid", { width: 64, height: 32 }],
  ])("on %s, where windows agree, it is MultiDiffusion", async (_, place) => {
    const options = { ...base, ...place, ...(name === "safa" && { referenceShare: 0 }) };
    const ours = await finish(method(toy(), options));
    const multi = await finish(multiDiffusion(toy(), { ...options, stride: 8 }));
    expect(apart(ours.result.latent.data, multi.result.latent.data)).toBeLessThan(1e-5);
    for (const { windows, latent } of ours.steps)
      expect(windowCoverage(windows, { height: latent.shape[2], width: latent.shape[3] }).every((count) => count > 0)).toBe(true);
  });

  test("stops at a step with NaN, and keeps every earlier record", async () => {
    const at = schedule.timesteps(base.steps)[2];
    const spoil = (kind: string, x: Tensor, { timestep }: { readonly timestep: number }) => {
      if (kind === "noise" && timestep === at) x.data[0] = Number.NaN;
      return x;
    };
    const { steps, error } = await fail(method(toy({ spoil }), base));
    expect(error.message).toMatch(/^step 2 .*NaN in the latent of window 0/);
    expect(steps.map(({ index }) => index)).toEqual([0, 1]);
  });

  test("says at once which of its strides or sizes does not do", () => {
    expect(() => method(toy(), { ...base, stride: 3 })).toThrow(RangeError);
  });
});

describe("SpotDiffusion", () => {
  test("lays its windows elsewhere in each step, and records where", async () => {
    const { steps } = await finish(spotDiffusion(toy(), { ...base, shifts: [0, 3, 7, 1, 2, 5] }));
    expect(steps.map(({ series }) => series?.shift)).toEqual([0, 3, 7, 1, 2, 5]);
    expect(steps[1].windows.map(({ left }) => left)).toEqual([3, 11, 19, 27]);
    expect(steps[2].windows.map(({ left }) => left)).toEqual([7, 15, 23, 31]);
  });

  test("rolling the noise and all shifts by the same amount rolls a ring", async () => {
    const latent = randn(createRng(5), [1, 4, 8, 32]);
    const ring = { prompt: "hills", steps: 4, loop: true };
    const shifts = [0, 3, 5, 1];
    const here = await finish(spotDiffusion(toy({ mean: fork }), { ...ring, latent, shifts }));
    const there = await finish(
      spotDiffusion(toy({ mean: fork }), { ...ring, latent: rollColumns(latent, 2), shifts: shifts.map((shift) => shift + 2) }),
    );
    expect(apart(there.result.latent.data, rollColumns(here.result.latent, 2).data)).toBeLessThan(1e-6);
  });

  test("rollColumns goes around, either way, and back", () => {
    const x = tensor([1, 2, 3, 4, 5, 6], [1, 1, 2, 3]);
    expect([...rollColumns(x, 1).data]).toEqual([3, 1, 2, 6, 4, 5]);
    expect(rollColumns(x, -2)).toEqual(rollColumns(x, 1));
    expect(rollColumns(rollColumns(x, 7), -7)).toEqual(x);
  });
});

describe("SaFa", () => {
  test("gives each place of an overlap to one window, column by column in turn; what no neighbour covers stays", () => {
    const windows = planWindows({ window: 8, height: 8, width: 20, stride: 6 }); // overlaps of 2
    const owner = tensor(
      Float32Array.from({ length: 3 * 64 }, (_, k) => Math.floor(k / 64)),
      [3, 1, 8, 8],
    );
    const [row] = [fuseWeighted(owner, windows, [1, 1, 8, 20], swapWeights(8, 8, { across: 2, down: 0 })).data.slice(0, 20)];
    expect([...row].map((x) => Math.fround(Math.round(x * 1e9) / 1e9))).toEqual([
      0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2,
    ]);
  });

  test("follows the reference window in its first steps: windows of two kinds of data become alike", async () => {
    const spread = async (referenceShare: number) => {
      const { result } = await finish(safaDiffusion(toy({ mean: fork }), { ...base, width: 2 * 68, referenceShare }));
      const means = planWindows({ window: 8, width: 68, stride: 6 }).map(({ left }) => {
        const inside = result.latent.data.filter((_, k) => k % 68 >= left + 2 && k % 68 < left + 6);
        return inside.reduce((a, b) => a + b) / inside.length;
      });
      const mean = means.reduce((a, b) => a + b) / means.length;
      return means.reduce((sum, x) => sum + (x - mean) ** 2, 0) / means.length;
    };
    expect(await spread(0.8)).toBeLessThan(0.8 * (await spread(0)));
  });
});

describe("DiffCollage", () => {
  test("counts every place once: windows less overlaps, plus the overlaps of those", () => {
    const side = fc.integer({ min: 1, max: 3 });
    fc.assert(
      fc.property(side, side, fc.boolean(), fc.integer({ min: 4, max: 7 }), (right, down, loop, stride) => {
        const window = 8;
        const width = loop ? (right + 1) * stride : window + right * stride;
        fc.pre(width >= window);
        const height = window + (down - 1) * stride;
        const windows = planWindows({ window, width, height, stride, loop });
        const sum = new Float64Array(width * height);
        for (const { places, sign } of collageOf(windows, { height, width }))
          for (const [k, count] of windowCoverage(places, { height, width }).entries()) sum[k] += sign * count;
        return sum.every((count) => count === 1);
      }),
    );
  });

  test("asks the network about overlaps at their own size, and refuses those that it cannot halve", async () => {
    const model = toy();
    await finish(diffCollage(model, { ...base, steps: 1 }));
    expect(model.calls.filter(({ kind }) => kind === "noise").map(({ latent }) => latent.shape)).toEqual([
      [7, 4, 8, 8],
      [6, 4, 8, 4],
    ]);
    expect(() => diffCollage(toy({ config: { windowMultiple: 4 } }), { ...base, width: 16 + 2 * 12, stride: 6 })).toThrow(
      /overlap of 2 latent pixels/,
    );
  });
});
