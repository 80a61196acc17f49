/** What stops a run, and what is left of it. */
import { describe, expect, test } from "vitest";
import { ClosedError, NumericError } from "#kernel-lib/core/errors.js";
import type { Tensor } from "#kernel-lib/core/tensor.js";
import { syncDiffusion } from "#kernel-lib/methods/joint/syncdiffusion.js";
import { FEW, fail, finish, METHODS, OVERLAPPING, schedule, toy } from "./toy.js";

const base = { prompt: "hills", seed: 3, steps: 6, width: 64, weight: 0.01 };
const timesteps = schedule.timesteps(6);

describe.each(Object.entries(METHODS))("%s, interrupted", (name, method) => {
  test("stops before the next network call, with an AbortError; the records so far stay usable", async () => {
    const counted = toy();
    const whole = (await finish(method(counted, { ...base, batch: 3, ...FEW[name] }))).steps;
    for (let stopAt = 1; stopAt < counted.calls.length; stopAt++) {
      const controller = new AbortController();
      let calls = 0;
      const model = toy({ watch: () => ++calls === stopAt && controller.abort() });
      const { steps, error } = await fail(method(model, { ...base, batch: 3, ...FEW[name], signal: controller.signal }));
      expect(error.name).toBe("AbortError");
      expect(calls).toBe(stopAt);
      expect(steps.map((step) => step.latent)).toEqual(whole.slice(0, steps.length).map((step) => step.latent));
      if (steps.length > 0) expect((await steps[0].preview()).shape).toEqual([1, 3, 16, 64]);
    }
  });

  test("throws the signal's own reason where it has one", async () => {
    const reason = new Error("the cell was stopped");
    const { steps, error } = await fail(method(toy(), { ...base, signal: AbortSignal.abort(reason) }));
    expect([steps, error]).toEqual([[], reason]);
  });

  test("a caller may stop between two steps", async () => {
    const model = toy();
    for await (const step of method(model, base)) if (step.index === 2) break;
    expect(Math.min(...model.calls.filter((call) => call.kind === "noise").map((call) => call.timestep))).toBe(timesteps[2]);
  });

  test("once the model is closed a record still has its numbers, and its preview says that it cannot be decoded", async () => {
    const model = toy();
    const { steps } = await finish(method(model, base));
    model.close();
    expect(steps[3].latent.data.every(Number.isFinite)).toBe(true);
    await expect(steps[3].preview()).rejects.toThrow(ClosedError);
  });
});

describe("NaN or infinity", () => {
  /** Spoils one number of the given row, once, at the given timestep. */
  const poison =
    (kind: string, t: number, row: number, value: number) => (which: string, x: Tensor, call: { timestep: number; latent: Tensor }) => {
      if (which === kind && (call.timestep === t || t < 0) && x.shape[0] > row) x.data[(row * x.data.length) / x.shape[0]] = value;
      return x;
    };

  test.each(Object.entries(OVERLAPPING))("%s stops at that step, names the window, and keeps every earlier record", async (_, method) => {
    const { steps, error } = await fail(method(toy({ spoil: poison("noise", timesteps[2], 5, Number.NaN) }), base));
    expect(error).toBeInstanceOf(NumericError);
    expect(error.message).toBe(
      `step 2 (timestep ${timesteps[2]}): NaN in the latent of window 5 (top 0, left 10, 8×8); the records of steps 0 to 1 stay usable`,
    );
    expect(steps.map((step) => step.index)).toEqual([0, 1]);
    expect((await steps[1].preview()).data.every(Number.isFinite)).toBe(true);
  });

  test.each([
    ["loss", 7, `Infinity in the loss of window 8`], // the anchor, number 6, is not among the rows
    ["gradient", 2, `Infinity in the gradient of window 2`],
    ["gradient", 6, `Infinity in the gradient of window 7`],
  ])("in a %s's row %i stops SyncDiffusion before it descends", async (kind, row, message) => {
    const model = toy({ spoil: poison(kind, timesteps[3], row, Number.POSITIVE_INFINITY) });
    const { steps, error } = await fail(syncDiffusion(model, base));
    expect(error).toBeInstanceOf(NumericError);
    expect(error.message).toContain(`step 3 (timestep ${timesteps[3]}): ${message} (top 0`);
    expect(steps.length).toBe(3);
    expect(model.calls.at(-1)?.kind).toBe("gradient");
  });

  test("in the anchor's foreseen image is the anchor's, not that of the windows compared with it", async () => {
    const { steps, error } = await fail(syncDiffusion(toy({ spoil: poison("image", -1, 0, Number.NaN) }), base));
    expect(error.message).toBe(
      `step 0 (timestep ${timesteps[0]}): NaN in the foreseen image of window 6 (top 0, left 12, 8×8); no step was finished`,
    );
    expect(steps).toEqual([]);
  });

  test("a descent that leaves the numbers' range is caught in the step it happens", async () => {
    const { steps, error } = await fail(syncDiffusion(toy(), { ...base, weight: 1e40 }));
    expect(error).toBeInstanceOf(NumericError);
    expect(error.message).toMatch(/^step 0 \(timestep \d+\): -?(Infinity|NaN) in the latent of window \d+/);
    expect(steps).toEqual([]);
  });

  test.each(Object.entries(METHODS))("%s says so where only the final decode has it", async (_, method) => {
    const { steps, error } = await fail(
      method(toy({ spoil: (kind, x, call) => (call.edge === "open" ? poison("image", -1, 0, Number.NaN)(kind, x, call) : x) }), base),
    );
    expect(error.message).toBe("NaN in the decoded panorama; the records of all steps stay usable");
    expect(steps.length).toBe(6);
  });
});
