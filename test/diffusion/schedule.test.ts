import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createSchedule, type ScheduleConfig } from "#kernel-lib/diffusion/schedule.js";

const config: ScheduleConfig = {
  betaStart: 0.00085,
  betaEnd: 0.012,
  betaSchedule: "scaled_linear",
  trainTimesteps: 1000,
  stepsOffset: 1,
  setAlphaToOne: false,
  prediction: "epsilon",
};

describe("the schedule", () => {
  test.each(["linear", "scaled_linear"] as const)("alphaBar falls from nearly 1 to nearly 0 (%s)", (betaSchedule) => {
    const { alphaBar } = createSchedule({ ...config, betaSchedule });
    expect(alphaBar.every((a, t) => t === 0 || a < alphaBar[t - 1])).toBe(true);
    expect(alphaBar[0]).toBe(Math.fround(1 - Math.fround(config.betaStart)));
    expect(alphaBar[999]).toBeLessThan(0.01);
  });

  test("alphaBar is the product of 1 − beta, beta linear, or linear in its root", () => {
    const { sqrt } = Math;
    const n = config.trainTimesteps - 1;
    const beta = {
      linear: (t: number) => config.betaStart + ((config.betaEnd - config.betaStart) * t) / n,
      scaled_linear: (t: number) => (sqrt(config.betaStart) + ((sqrt(config.betaEnd) - sqrt(config.betaStart)) * t) / n) ** 2,
    };
    for (const betaSchedule of ["linear", "scaled_linear"] as const) {
      let product = 1;
      for (const [t, a] of createSchedule({ ...config, betaSchedule }).alphaBar.entries()) {
        product *= 1 - beta[betaSchedule](t);
        expect(Math.abs(a / product - 1)).toBeLessThan(3e-6);
      }
    }
  });

  test("alpha² + sigma² = 1 at every level", () => {
    const schedule = createSchedule(config);
    for (let t = -1; t < 1000; t++) {
      const { alpha, sigma } = schedule.level(t);
      expect(alpha ** 2 + sigma ** 2).toBeCloseTo(1, 12);
    }
  });

  test("the last hop ends at timestep 0's level, or without noise where setAlphaToOne says so", () => {
    const last = (setAlphaToOne: boolean) =>
      createSchedule({ ...config, setAlphaToOne })
        .path(10)
        .at(-1)?.next;
    expect(last(true)).toEqual({ t: -1, alpha: 1, sigma: 0 });
    expect(last(false)).toEqual({ ...createSchedule(config).level(0), t: -1 });
  });

  test("a path is a chain: each hop starts where the one before it ended, and noise falls", () => {
    const schedule = createSchedule(config);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999 }), (steps) => {
        const path = schedule.path(steps);
        return path.every(
          ({ index, now, next }) => path[index].now === now && next.sigma < now.sigma && next.t === (path[index + 1]?.now.t ?? -1),
        );
      }),
      { numRuns: 50 },
    );
  });

  test.each([0, -1, 2.5, Number.NaN, 1001])("%d steps are refused with what is possible", (steps) =>
    expect(() => createSchedule(config).timesteps(steps)).toThrow(new RangeError(`steps ${steps}: want a whole number from 1 to 1000`)),
  );

  test("steps whose offset leads past the last timestep are refused", () => {
    expect(() => createSchedule(config).timesteps(1000)).toThrow(/steps 1000: the first timestep would be 1000, past the last one, 999/);
    expect(createSchedule({ ...config, stepsOffset: 0 }).timesteps(1000)[0]).toBe(999);
  });

  test("in float64 betas are not rounded: alphaBar is the product of 1 − beta, rounded once", () => {
    const { betaStart, betaEnd } = config;
    const [first, step] = [Math.sqrt(betaStart), (Math.sqrt(betaEnd) - Math.sqrt(betaStart)) / 999];
    const exact = createSchedule({ ...config, precision: "float64" }).alphaBar;
    let product = 1;
    for (const [t, a] of exact.entries()) {
      product *= 1 - (t === 999 ? betaEnd : (first + t * step) ** 2);
      expect(Math.abs(a / product - 1)).toBeLessThan(2 ** -24);
    }
    expect(exact).not.toEqual(createSchedule(config).alphaBar);
    expect(createSchedule({ ...config, precision: "float32" }).alphaBar).toEqual(createSchedule(config).alphaBar);
  });

  test("a path of given timesteps visits them, and can be cut", () => {
    const schedule = createSchedule(config);
    const timesteps = [997, 500, 3];
    const path = schedule.path(3, { timesteps });
    expect(path.map(({ now, next }) => [now, next])).toEqual([
      [schedule.level(997), schedule.level(500)],
      [schedule.level(500), schedule.level(3)],
      [schedule.level(3), schedule.level(-1)],
    ]);
    expect(schedule.path(3, { timesteps, skip: 1 }).map(({ index, now }) => [index, now.t])).toEqual([
      [0, 500],
      [1, 3],
    ]);
    expect(schedule.path(7, { timesteps: schedule.timesteps(7) })).toEqual(schedule.path(7));
  });

  test.each([
    [[500, 500], /timesteps \[500,500\]: got 500, want whole numbers from 999 down to 0, each below the one before/],
    [[3, 500], /got 500/],
    [[1000, 1], /got 1000/],
    [[5, -1], /got -1/],
    [[5.5, 1], /got 5.5/],
    [[5, Number.NaN], /got NaN/],
    [[5], /timesteps \[5\]: got 1, want one a step, 2/],
  ])("given timesteps %o are refused", (timesteps, message) =>
    expect(() => createSchedule(config).path(2, { timesteps })).toThrow(message),
  );

  test("a timestep the network was never trained on is refused", () =>
    expect(() => createSchedule(config).level(1000)).toThrow(/timestep 1000: want a number below 1000/));

  test.each([
    [{ betaStart: 0 }, /betas from 0 to 0.012/],
    [{ betaEnd: Number.NaN }, /betas from 0.00085 to NaN/],
    [{ trainTimesteps: 0 }, /trainTimesteps 0/],
    [{ precision: "float16" as "float32" }, /precision float16: want float32 or float64/],
    [{ betaSchedule: "squaredcos_cap_v2" as "linear" }, /betaSchedule squaredcos_cap_v2: want linear or scaled_linear/],
  ])("a config that is no schedule is refused: %o", (wrong, message) =>
    expect(() => createSchedule({ ...config, ...wrong })).toThrow(message),
  );
});
