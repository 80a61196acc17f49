/** Laws of the joint methods, on models whose networks are closed formulas. */
import { describe, expect, test } from "vitest";
import { MemoryError } from "#kernel-lib/core/errors.js";
import { createRng, randn } from "#kernel-lib/core/random.js";
import { rows, type Tensor, zeros } from "#kernel-lib/core/tensor.js";
import { ddimStep } from "#kernel-lib/diffusion/ddim.js";
import type { MemoryNeed } from "#kernel-lib/diffusion/joint-model.js";
import { lincomb } from "#kernel-lib/diffusion/notation.js";
import { crop, cropAll, fuse } from "#kernel-lib/methods/joint/fuse.js";
import { multiDiffusion } from "#kernel-lib/methods/joint/multidiffusion.js";
import type { StepRecord } from "#kernel-lib/methods/joint/step-record.js";
import type { SyncOptions } from "#kernel-lib/methods/joint/syncdiffusion.js";
import { syncDiffusion } from "#kernel-lib/methods/joint/syncdiffusion.js";
import { windowCoverage } from "#kernel-lib/methods/joint/windows.js";
import { apart, config, DRAWING, EQUAL_WEIGHTS, finish, MERGING, OVERLAPPING, PLAIN, schedule, toy, toyOnDevice } from "./toy.js";

/** Two places to be, and a window goes to the one it is nearer: what makes windows disagree. */
const fork = (window: Tensor): number => (window.data.reduce((a, b) => a + b, 0) > 0 ? 1 : -1);
const base: SyncOptions = { prompt: "hills", seed: 3, steps: 8, width: 64 };
const latents = (steps: readonly StepRecord[]) => steps.map((step) => step.latent);

describe.each(Object.entries(OVERLAPPING))("%s", (name, method) => {
  test.runIf(!DRAWING.includes(name))("one window covering the panorama equals plain DDIM, bit for bit", async () => {
    const model = toy({ mean: fork });
    const { steps, result } = await finish(method(model, { ...base, width: 16, ...PLAIN[name] }));
    let z = randn(createRng(3), [1, 4, 8, 8]);
    for (const [k, { now, next }] of schedule.path(8).entries()) {
      z = ddimStep(z, await toy({ mean: fork }).predictNoise(z, { timestep: now.t, text: z }), now, next).prev;
      expect(steps[k].latent).toEqual(z);
    }
    expect(result.latent).toEqual(z);
  });

  test("where tensors can stay on the device, the text is sent once, no foreseen image ever, and the run is the same", async () => {
    const model = toyOnDevice(toy({ mean: fork }));
    const { steps } = await finish(method(model, { ...base, batch: 2 }));
    const plain = await finish(method(toy({ mean: fork }), { ...base, batch: 2 }));
    expect(latents(steps)).toEqual(latents(plain.steps));
    expect([...model.there.values()]).toEqual([zeros([2, 3, 5])]); // the text; a step's image was released
    expect(model.sends).toHaveLength(name === "sync" ? 1 + steps.length : 1);
  });

  test("a run that would not fit says so before the first network call", async () => {
    const model = toy();
    const needs: MemoryNeed[] = [];
    const small = {
      ...model,
      expectFits: (need: MemoryNeed) => {
        needs.push(need);
        throw new MemoryError("too large");
      },
    };
    await expect(finish(method(small, { ...base, loop: true, batch: 3 }))).rejects.toThrow(MemoryError);
    expect(model.calls).toEqual([]);
    expect(needs).toEqual([
      {
        calls: name === "sync" ? ["noise", "gradient"] : ["noise"],
        window: expect.objectContaining({ height: 8, width: 8 }),
        panorama: { height: 8, width: 32 },
        edge: "wrap",
        batch: name === "sync" ? { noise: 3, gradient: 3 } : { noise: 3 },
        ...(MERGING.includes(name) && { merged: expect.objectContaining({ panorama: { height: 8, width: 32 }, attention: "all" }) }),
      },
    ]);
  });

  test.runIf(!DRAWING.includes(name))("windows that agree follow the closed form x ← cos(Δ)·(x − alpha·mean) + alpha'·mean", async () => {
    const { steps } = await finish(method(toy(), { ...base, weight: 0, loop: true, ...PLAIN[name] }));
    let want = [...randn(createRng(3), [1, 4, 8, 32]).data];
    for (const [k, { now, next }] of schedule.path(8).entries()) {
      const turn = now.alpha * next.alpha + now.sigma * next.sigma;
      want = want.map((x) => turn * (x - now.alpha * 0.3) + next.alpha * 0.3);
      expect(apart(steps[k].latent.data, want)).toBeLessThan(2e-5);
    }
  });

  test("the record says index, timestep, latent, foreseen and its windows; the result is the last step's latent", async () => {
    const { steps, result } = await finish(method(toy(), { ...base, height: 24, width: 32 }));
    expect(steps.map((step) => [step.index, step.timestep])).toEqual(schedule.timesteps(8).map((t, k) => [k, t]));
    expect(steps[0].latent.shape).toEqual([1, 4, 12, 16]);
    expect(steps[0].foreseen.shape).toEqual([1, 4, 12, 16]);
    expect(steps[0].windows.map(({ top, left, height, width }) => [top, left, height, width])).toEqual(
      [0, 2, 4].flatMap((top) => [0, 2, 4, 6, 8].map((left) => [top, left, 8, 8])),
    );
    expect(result.latent).toBe(steps[7].latent);
  });

  test("the panorama is decoded, clamped, to [0,1]; an open one openly, a closed one around its edge", async () => {
    for (const edge of ["open", "wrap"] as const) {
      const model = toy();
      const loop = edge === "wrap";
      const { result } = await finish(method(model, { ...base, loop, syncSteps: 0 }));
      expect(result.panorama.shape).toEqual([1, 3, 16, 64]);
      const want = (await toy().decode(result.latent)).data.map((x) => Math.min(1, Math.max(0, (x + 1) / 2)));
      expect(result.panorama.data).toEqual(want);
      expect(new Set(want).has(0) && new Set(want).has(1)).toBe(true);
      expect(model.calls.filter((call) => call.kind === "decode").map((call) => call.edge)).toEqual([edge]);
    }
  });

  test("nothing is computed before it is asked for: no call before the first step, no decode for a preview nobody wants", async () => {
    const model = toy();
    const run = method(model, { ...base, syncSteps: 0, ...PLAIN[name] });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(model.calls).toEqual([]);
    const { value } = await run.next();
    expect(model.calls.map((call) => call.kind)).toEqual(["text", "noise"]);
    const preview = await (value as StepRecord).preview();
    expect(model.calls.map((call) => call.kind)).toEqual(["text", "noise", "decode"]);
    expect(preview.shape).toEqual([1, 3, 16, 64]);
    expect(preview.data.every((x) => x >= 0 && x <= 1)).toBe(true);
  });

  test.runIf(EQUAL_WEIGHTS.includes(name))("the preview is the average of the windows' x0", async () => {
    const { steps } = await finish(method(toy({ mean: fork }), { ...base, syncSteps: 0 }));
    const { now } = schedule.path(8)[3];
    const { windows } = steps[3];
    const before = cropAll(steps[2].latent, windows);
    const eps = await toy({ mean: fork }).predictNoise(before, { timestep: now.t, text: before });
    const x0 = fuse(ddimStep(before, eps, now, now).x0, windows, [1, 4, 8, 32]);
    expect(steps[3].foreseen).toEqual(x0);
    expect((await steps[3].preview()).data).toEqual((await toy().decode(x0)).data.map((x) => Math.min(1, Math.max(0, (x + 1) / 2))));
  });

  test("the same seed gives the same panorama bit for bit, another seed another", async () => {
    const paint = async (seed: number) => (await finish(method(toy({ mean: fork }), { ...base, seed }))).result.panorama;
    expect(await paint(3)).toEqual(await paint(3));
    expect(await paint(3)).not.toEqual(await paint(4));
  });

  test("the batch size does not change a bit", async () => {
    const whole = await finish(method(toy({ mean: fork }), base));
    for (const batch of [1, 4, 13, 1000])
      expect(latents((await finish(method(toy({ mean: fork }), { ...base, batch }))).steps)).toEqual(latents(whole.steps));
  });

  test.skipIf(MERGING.includes(name))("no network call takes more windows than the batch", async () => {
    for (const batch of [1, 4, 13, 1000]) {
      const model = toy({ mean: fork });
      await finish(method(model, { ...base, batch }));
      expect(Math.max(...model.calls.filter((call) => call.kind !== "text").map((call) => call.latent.shape[0]))).toBeLessThanOrEqual(
        batch,
      );
    }
  });

  test.skipIf(MERGING.includes(name))("without a batch the model's own choice for each kind of call is taken, in even parts", async () => {
    const model = toy({ batchSize: (kind, window) => (kind === "noise" ? window.width : 5) });
    await finish(method(model, { ...base, steps: 1, ...PLAIN[name] }));
    const sizes = (kind: string) => model.calls.filter((call) => call.kind === kind).map((call) => call.latent.shape[0]);
    expect(sizes("noise").slice(-2)).toEqual([7, 6]); // 13 windows, at most 8 at once
    if (name === "sync") expect(sizes("gradient")).toEqual([4, 4, 4]); // 12 without the anchor, at most 5 at once
  });

  test.runIf(!DRAWING.includes(name))(
    "on a 2-D grid and on a ring windows that show the same are denoised the same, so constants stay constants",
    async () => {
      for (const loop of [false, true]) {
        const latent = { data: new Float32Array(4 * 16 * 20).fill(0.5), shape: [1, 4, 16, 20] };
        const { steps } = await finish(method(toy(), { prompt: "hills", steps: 4, loop, latent, weight: 1e-3, ...PLAIN[name] }));
        expect(steps[0].windows.length).toBe(loop ? 50 : 35);
        for (const { latent } of steps) expect(Math.max(...latent.data) - Math.min(...latent.data)).toBeLessThan(1e-6);
      }
    },
  );

  test.runIf(!DRAWING.includes(name))(
    "a ring of windows covers each column equally, and rolling the noise by a stride rolls the latent",
    async () => {
      const roll = (x: Tensor, by: number): Tensor => {
        const w = x.shape[3];
        return { data: x.data.map((_, k) => x.data[k - (k % w) + (((k % w) - by + w) % w)]), shape: x.shape };
      };
      const latent = randn(createRng(5), [1, 4, 8, 32]);
      const paint = (from: Tensor, anchor: number) =>
        finish(method(toy({ mean: fork }), { prompt: "hills", steps: 5, weight: 1e-3, loop: true, latent: from, anchor, ...PLAIN[name] }));
      const [here, there] = [await paint(latent, 4), await paint(roll(latent, 2), 5)];
      expect(new Set(windowCoverage(here.steps[0].windows, { height: 8, width: 32 })).size).toBe(1);
      for (const [k, step] of here.steps.entries()) {
        expect(apart(there.steps[k].latent.data, roll(step.latent, 2).data)).toBeLessThan(1e-6);
      }
    },
  );
});

describe("SyncDiffusion", () => {
  const model = () => toy({ mean: fork });

  test("with weight 0 equals MultiDiffusion bit for bit, and still says how far the windows are apart", async () => {
    const multi = await finish(multiDiffusion(model(), base));
    const sync = await finish(syncDiffusion(model(), { ...base, weight: 0 }));
    expect(latents(sync.steps)).toEqual(latents(multi.steps));
    expect(sync.result.panorama).toEqual(multi.result.panorama);
    expect(sync.steps[0].windows[0].loss).toBeGreaterThan(0);
  });

  test("with syncSteps 0 equals MultiDiffusion bit for bit, at no more network calls", async () => {
    const [a, b] = [model(), model()];
    const multi = await finish(multiDiffusion(a, base));
    const sync = await finish(syncDiffusion(b, { ...base, syncSteps: 0 }));
    expect(latents(sync.steps)).toEqual(latents(multi.steps));
    expect(b.calls).toEqual(a.calls);
    expect(sync.steps.every((step) => step.weight === 0 && step.windows.every((w) => !("loss" in w) && !("gradientNorm" in w)))).toBe(true);
  });

  test("is what its docstring says, written again by hand", async () => {
    const options = { ...base, weight: 0.05, decay: 0.8, anchor: 2 };
    const { steps } = await finish(syncDiffusion(model(), options));
    const { windows } = steps[0];
    let z = randn(createRng(3), [1, 4, 8, 32]);
    for (const [i, { now, next }] of schedule.path(8).entries()) {
      const ask = { timestep: now.t, text: z };
      const eps = (x: Tensor) => model().predictNoise(x, ask);
      const anchorLatent = crop(z, windows[2]);
      const anchor = await model().decode(ddimStep(anchorLatent, await eps(anchorLatent), now, next).x0);
      const parts: Tensor[] = [];
      for (const [j, window] of windows.entries()) {
        let x = crop(z, window);
        const { loss, gradient } = await model().perceptualGradient(x, { ...ask, anchor });
        if (j !== 2) x = lincomb(1, x, -0.05 * 0.8 ** i, gradient);
        parts.push(ddimStep(x, await eps(x), now, next).prev);
        expect(steps[i].windows[j].loss).toBe(j === 2 ? 0 : loss.data[0]);
        expect(steps[i].windows[j].gradientNorm).toBeCloseTo(j === 2 ? 0 : Math.hypot(...gradient.data), 10);
      }
      z = fuse({ data: Float32Array.from(parts.flatMap((part) => [...part.data])), shape: [windows.length, 4, 8, 8] }, windows, z.shape);
      expect(steps[i].latent).toEqual(z);
    }
  });

  test("brings windows together that MultiDiffusion leaves apart", async () => {
    const latent = { data: Float32Array.from({ length: 4 * 8 * 32 }, (_, k) => (k % 32 < 15 ? 0.6 : -0.6)), shape: [1, 4, 8, 32] };
    const sides = async (run: ReturnType<typeof multiDiffusion>) => {
      const { result } = await finish(run);
      return [
        crop(result.latent, { top: 0, left: 0, height: 8, width: 8 }),
        crop(result.latent, { top: 0, left: 24, height: 8, width: 8 }),
      ].map(fork);
    };
    const options = { prompt: "hills", steps: 20, latent };
    expect(await sides(multiDiffusion(model(), options))).toEqual([1, -1]);
    expect(await sides(syncDiffusion(model(), { ...options, weight: 2, anchor: 0 }))).toEqual([1, 1]);
  });

  test("never moves the anchor by descent, and never takes its backward pass", async () => {
    const watched = model();
    const { steps } = await finish(syncDiffusion(watched, { ...base, weight: 0.5, anchor: 4 }));
    const denoised = watched.calls.filter((call) => call.kind === "noise" && call.latent.shape[0] === 13);
    let z = randn(createRng(3), [1, 4, 8, 32]);
    for (const [k, step] of steps.entries()) {
      expect(rows(denoised[k].latent, 4, 5)).toEqual(crop(z, step.windows[4]));
      expect(rows(denoised[k].latent, 3, 4)).not.toEqual(crop(z, step.windows[3]));
      expect([step.anchor, step.windows[4].loss, step.windows[4].gradientNorm]).toEqual([4, 0, 0]);
      z = step.latent;
    }
    expect(watched.calls.filter((call) => call.kind === "gradient").map((call) => call.latent.shape[0])).toEqual(Array(8).fill(12));
  });

  test("foresees the anchor once a step", async () => {
    const watched = model();
    await finish(syncDiffusion(watched, { ...base, batch: 3 }));
    const alone = watched.calls.filter((call) => call.kind === "decode" && call.edge !== "open");
    expect(alone.map((call) => call.latent.shape)).toEqual(Array(8).fill([1, 4, 8, 8]));
  });

  test("weighs step i by weight · decay^i, the raw step index", async () => {
    const { steps } = await finish(syncDiffusion(model(), { ...base, weight: 0.1, decay: 0.9, syncEvery: 3 }));
    expect(steps.map((step) => step.weight)).toEqual([0, 0, 0.1 * 0.9 ** 2, 0, 0, 0.1 * 0.9 ** 5, 0, 0]);
  });

  test.each([
    [{ syncEvery: 2 }, [1, 3, 5, 7]],
    [{ syncEvery: 2, syncSteps: 3 }, [1]],
    [{ syncSteps: 3 }, [0, 1, 2]],
    [{ syncEvery: 9 }, []],
    [{ syncSteps: 100 }, [0, 1, 2, 3, 4, 5, 6, 7]],
  ])("synchronises step i where (i+1) %% syncEvery = 0 and i < syncSteps: %o", async (options, want) => {
    const { steps } = await finish(syncDiffusion(model(), { ...base, weight: 0.1, ...options }));
    expect(steps.filter((step) => step.windows.every((w) => "loss" in w)).map((step) => step.index)).toEqual(want);
    expect(steps.filter((step) => step.weight > 0).map((step) => step.index)).toEqual(want);
  });

  test("takes the checkpoint's weight, else the paper's 20; its anchor is the middle of the windows that do not wrap", () => {
    expect(syncDiffusion(toy({ config: { weight: 7 } }), base).options.weight).toBe(7);
    expect(syncDiffusion(toy(), base).options.weight).toBe(20);
    expect(syncDiffusion(toy({ config: { weight: 7 } }), { ...base, weight: 0 }).options.weight).toBe(0);
    expect(syncDiffusion(toy(), base).options.anchor).toBe(6);
    expect(syncDiffusion(toy(), { ...base, loop: true }).options.anchor).toBe(6);
    expect(config.weight).toBeUndefined();
  });
});
