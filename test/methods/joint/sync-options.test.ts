/** SyncDiffusion's weights and anchors by step, its gradient modes, and a given picture as the anchor, on a model whose network is a closed formula. */
import { describe, expect, test } from "vitest";
import { createRng, randn } from "#kernel-lib/core/random.js";
import { type Tensor, zeros } from "#kernel-lib/core/tensor.js";
import { halfSize, halfSizePull } from "#kernel-lib/methods/joint/half-size.js";
import { multiDiffusion } from "#kernel-lib/methods/joint/multidiffusion.js";
import { syncDiffusion } from "#kernel-lib/methods/joint/syncdiffusion.js";
import { finish, schedule, toy } from "./toy.js";

const fork = (window: Tensor): number => (window.data.reduce((a, b) => a + b, 0) > 0 ? 1 : -1);
const model = () => toy({ mean: fork });
const base = { prompt: "hills", seed: 3, steps: 6, width: 64, weight: 0.02 };
const latentOf = async (options: object) => (await finish(syncDiffusion(model(), { ...base, ...options }))).result.latent;

describe("the weight", () => {
  test("of a function or a list is the step's whole weight: weight · decay^i given so is the same run", async () => {
    const plain = await latentOf({ decay: 0.9 });
    expect(await latentOf({ weight: (step: number) => 0.02 * 0.9 ** step })).toEqual(plain);
    expect(await latentOf({ weight: [0, 1, 2, 3, 4, 5].map((step) => 0.02 * 0.9 ** step) })).toEqual(plain);
  });

  test("of a function is kept as a list in the options, so that the run can be repeated from them", async () => {
    const run = syncDiffusion(model(), { ...base, weight: (step) => (step < 2 ? 0.03 : 0) });
    expect((run.options.weight as readonly number[]).slice(0, 4)).toEqual([0.03, 0.03, 0, 0]);
    expect((await finish(syncDiffusion(model(), { ...base, weight: run.options.weight }))).result).toEqual((await finish(run)).result);
  });

  test("0 in every step is MultiDiffusion", async () => {
    const { weight: _, ...options } = base;
    expect(await latentOf({ weight: () => 0 })).toEqual((await finish(multiDiffusion(model(), options))).result.latent);
  });
});

describe("the anchor", () => {
  test("rolls to the next window in each step; a list and a function say the same", async () => {
    const { steps } = await finish(syncDiffusion(model(), { ...base, anchor: "rolling" }));
    const anchors = steps.map(({ anchor }) => anchor);
    expect(anchors).toEqual([6, 7, 8, 9, 10, 11]);
    for (const [k, { windows }] of steps.entries()) expect(windows[anchors[k]].loss).toBe(0);
    const rolling = await latentOf({ anchor: "rolling" });
    expect(await latentOf({ anchor: anchors })).toEqual(rolling);
    expect(await latentOf({ anchor: (step: number) => 6 + step })).toEqual(rolling);
  });

  test("that no window is is refused at once, for the step that asks for it", () => {
    expect(() => syncDiffusion(model(), { ...base, anchor: (step) => step + 9 })).toThrow("anchor 13");
    expect(() => syncDiffusion(model(), { ...base, anchor: [1, 99] })).toThrow("anchor 99");
  });

  test("can be a given picture: every window descends to it, and none is spared", async () => {
    const picture = { data: new Float32Array(3 * 16 * 16).fill(0.8), shape: [1, 3, 16, 16] };
    const { steps } = await finish(syncDiffusion(model(), { ...base, anchorImage: picture }));
    for (const { anchor, windows } of steps) {
      expect(anchor).toBe(-1);
      for (const { loss } of windows) expect(loss).toBeGreaterThan(0);
    }
    const mean = (of: typeof steps, k: number) => of[k].windows.reduce((sum, { loss = 0 }) => sum + loss, 0) / of[k].windows.length;
    const still = await finish(syncDiffusion(model(), { ...base, weight: 0, anchorImage: picture }));
    expect(mean(steps, 5)).toBeLessThan(0.8 * mean(still.steps, 5));
    expect(() => syncDiffusion(model(), { ...base, anchorImage: zeros([1, 3, 16, 18]) })).toThrow(/anchorImage: got \[1,3,16,18\]/);
  });
});

describe("the gradient through the decoder alone", () => {
  test("is (∂L/∂x0)/alpha: where the network's Jacobian is known, so is the difference", async () => {
    const one = { ...base, steps: 2, syncSteps: 1, decay: 1 };
    const [full, decoder] = await Promise.all(
      (["full", "decoder"] as const).map(async (gradientMode) => (await finish(syncDiffusion(toy(), { ...one, gradientMode }))).steps[0]),
    );
    const { alpha } = schedule.path(2)[0].now;
    // data N(0.3, 1): x0 = alpha·x + …, so the full gradient is alpha·g and the decoder's g/alpha
    for (const [k, { gradientNorm = 0, loss }] of full.windows.entries()) {
      expect(decoder.windows[k].loss).toBeCloseTo(loss ?? 0, 3);
      expect(decoder.windows[k].gradientNorm ?? 0).toBeCloseTo(gradientNorm / alpha ** 2, 3);
    }
  });

  test("costs no backward pass through the network; the anchor's image comes from the same pass", async () => {
    const calls = async (gradientMode: "full" | "decoder") => {
      const counted = model();
      await finish(syncDiffusion(counted, { ...base, steps: 1, gradientMode }));
      const rows = (kind: string, through: boolean) =>
        counted.calls
          .filter((call) => call.kind === kind && call.timestep >= 0 === through)
          .reduce((sum, { latent }) => sum + latent.shape[0], 0);
      return { forward: rows("noise", true), backward: rows("gradient", true), decoder: rows("gradient", false) };
    };
    expect(await calls("full")).toEqual({ forward: 14, backward: 12, decoder: 0 });
    expect(await calls("decoder")).toEqual({ forward: 26, backward: 0, decoder: 12 });
  });

  test("of a model that has none is refused", async () => {
    const { decodedGradient: _, ...without } = model();
    await expect(finish(syncDiffusion(without, { ...base, gradientMode: "decoder" }))).rejects.toThrow(/decodedGradient/);
  });

  test("at half the size compares x0 averaged over blocks of 2×2, and takes the gradient back by the transpose", async () => {
    const seen = async (gradientMode: "decoder" | "decoder-half") => {
      const counted = toy();
      await finish(syncDiffusion(counted, { ...base, steps: 1, decay: 1, gradientMode }));
      const of = (kind: string, at = 0) => counted.calls.filter((call) => call.kind === kind)[at].latent;
      return { x0: of("gradient"), anchor: of("decode"), before: of("noise", 0), after: of("noise", 1) };
    };
    const [whole, half] = [await seen("decoder"), await seen("decoder-half")];
    expect(half.x0).toEqual(halfSize(whole.x0));
    expect(half.anchor).toEqual(halfSize(whole.anchor));
    const { alpha } = schedule.path(1)[0].now;
    // the toy's gradient: 2·(x0 − anchor) in three channels of four
    const { shape } = half.anchor;
    const [c, h, w] = shape.slice(1);
    const row = half.x0.data.slice(0, c * h * w);
    const gradient = { data: row.map((x, k) => (k < 3 * h * w ? 2 * (x - half.anchor.data[k]) : 0)), shape };
    const back = halfSizePull(gradient).data;
    const moved = half.before.data.slice(0, back.length).map((x, k) => x - (base.weight * back[k]) / alpha);
    for (const [k, x] of moved.entries()) expect(half.after.data[k]).toBeCloseTo(x, 5);
  });

  test("at half the size wants windows with even sides", () => {
    const odd = toy({ config: { window: 5 } });
    expect(() => syncDiffusion(odd, { ...base, width: 10 * 2, height: 10, gradientMode: "decoder-half" })).toThrow(/even sides/);
  });
});

test("halfSize and halfSizePull are transposes: ⟨P·x, y⟩ = ⟨x, Pᵀ·y⟩", () => {
  const [x, y] = [randn(createRng(7), [2, 3, 4, 6]), randn(createRng(8), [2, 3, 2, 3])];
  const dot = (a: Tensor, b: Tensor) => a.data.reduce((sum, value, k) => sum + value * b.data[k], 0);
  expect(dot(halfSize(x), y)).toBeCloseTo(dot(x, halfSizePull(y)), 4);
  expect(halfSize({ data: Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8]), shape: [1, 1, 2, 4] }).data).toEqual(Float32Array.from([3.5, 5.5]));
});
