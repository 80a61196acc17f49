import { expect, it } from "vitest";
import type { Tensor } from "#kernel-lib/core/tensor.js";
import { ddimStep } from "#kernel-lib/diffusion/ddim.js";
import { plmsAhead, plmsStart, plmsStep } from "#kernel-lib/diffusion/plms.js";
import { createSchedule } from "#kernel-lib/diffusion/schedule.js";

const schedule = createSchedule({
  betaStart: 0.0015,
  betaEnd: 0.0155,
  betaSchedule: "scaled_linear",
  trainTimesteps: 1000,
  stepsOffset: 1,
  setAlphaToOne: false,
  prediction: "epsilon",
  precision: "float64",
});
const one = (x: number): Tensor => ({ data: Float32Array.of(x), shape: [1, 1, 1, 1] });

it("the weights add up to 1: a noise that does not change gives DDIM's steps", () => {
  let [state, x, plain] = [plmsStart(), one(0.7), one(0.7)];
  const eps = one(-1.25);
  for (const hop of schedule.path(6)) {
    const step = plmsStep(state, x, eps, hop, plmsAhead(state, x, eps, hop) && eps);
    plain = ddimStep(plain, eps, hop.now, hop.next).prev;
    expect(step.eps.data).toEqual(eps.data);
    expect(step.prev.data).toEqual(plain.data);
    ({ state, prev: x } = step);
  }
});

it("a noise that is a polynomial of the step is extrapolated to the mean over the step ahead: orders 2, 3 and 4", () => {
  // Adams-Bashforth of order n is exact for the integral of a polynomial of degree n − 1 from step k to k + 1
  const powers: readonly ((k: number) => number)[] = [() => 1, (k) => k, (k) => k * k, (k) => k ** 3];
  const mean = (degree: number, k: number) => ((k + 1) ** (degree + 1) - k ** (degree + 1)) / (degree + 1);
  const path = schedule.path(6);
  for (const order of [2, 3, 4])
    for (let degree = 0; degree < order; degree++) {
      let state = plmsStart();
      for (let k = 0; k < order; k++) {
        const eps = one(powers[degree](k));
        const step = plmsStep(state, one(0), eps, path[k], k === 0 ? eps : undefined);
        if (k === order - 1) expect(step.eps.data[0]).toBeCloseTo(mean(degree, k), 4);
        state = step.state;
      }
    }
});

it("only the first step asks the network a second time: at the end of DDIM's step, and the next timestep", () => {
  const [first, second] = schedule.path(4);
  const [x, eps] = [one(2), one(0.5)];
  const ahead = plmsAhead(plmsStart(), x, eps, first);
  expect(ahead).toEqual({ sample: ddimStep(x, eps, first.now, first.next).prev, timestep: second.now.t });
  const step = plmsStep(plmsStart(), x, eps, first, one(1.5));
  expect(step.eps.data[0]).toBe(1);
  expect(plmsAhead(step.state, step.prev, eps, second)).toBeUndefined();
});

it("a run of one step asks at its own timestep", () => {
  const [only] = schedule.path(1, { timesteps: [500] });
  expect(plmsAhead(plmsStart(), one(1), one(1), only)?.timestep).toBe(500);
});

it("a prediction ahead that is missing, or comes too late, is refused", () => {
  const [first, second] = schedule.path(2);
  expect(() => plmsStep(plmsStart(), one(1), one(1), first)).toThrow(/want the prediction ahead in the first step; see plmsAhead/);
  const { state } = plmsStep(plmsStart(), one(1), one(1), first, one(1));
  expect(() => plmsStep(state, one(1), one(1), second, one(1))).toThrow(/got a prediction ahead after the first step/);
});
