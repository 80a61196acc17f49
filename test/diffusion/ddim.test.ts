import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ShapeError } from "#kernel-lib/core/errors.js";
import { createRng, randn } from "#kernel-lib/core/random.js";
import { type Tensor, zeros } from "#kernel-lib/core/tensor.js";
import { ddimStep } from "#kernel-lib/diffusion/ddim.js";
import { guide } from "#kernel-lib/diffusion/guidance.js";
import {
  addNoise,
  epsFromV,
  epsFromX0,
  type Level,
  lincomb,
  predictions,
  vFromEps,
  vFromX0,
  x0FromEps,
  x0FromV,
} from "#kernel-lib/diffusion/notation.js";

const shape = [2, 4, 3, 5];
const draw = (seed: number): Tensor => randn(createRng(seed), shape);
const [x0, eps] = [draw(1), draw(2)];
const levelAt = (angle: number): Level => ({ t: 500, alpha: Math.cos(angle), sigma: Math.sin(angle) });
const angles = fc.double({ min: 0.05, max: 1.5, noNaN: true });
const near = (got: Tensor, want: Tensor, tolerance = 2e-5) => {
  expect(got.shape).toEqual(want.shape);
  expect(Math.max(...got.data.map((value, k) => Math.abs(value - want.data[k])))).toBeLessThan(tolerance);
};

describe("notation", () => {
  test("x_t made of x0 and eps gives back both, read from eps, v or x0", () => {
    fc.assert(
      fc.property(angles, (angle) => {
        const level = levelAt(angle);
        const tolerance = 3e-6 / (level.alpha * level.sigma);
        const xt = addNoise(x0, eps, level);
        const v = lincomb(level.alpha, eps, -level.sigma, x0);
        near(x0FromEps(xt, eps, level), x0, tolerance);
        near(x0FromV(xt, v, level), x0, tolerance);
        near(epsFromX0(xt, x0, level), eps, tolerance);
        near(epsFromV(xt, v, level), eps, tolerance);
        near(vFromX0(xt, x0, level), v, tolerance);
        near(vFromEps(xt, eps, level), v, tolerance);
      }),
    );
  });

  test("every prediction means the same x0 and eps", () => {
    const level = levelAt(0.7);
    const xt = addNoise(x0, eps, level);
    const outputs = { epsilon: eps, v_prediction: vFromEps(xt, eps, level), sample: x0 };
    for (const [name, read] of Object.entries(predictions)) {
      const output = outputs[name as keyof typeof outputs];
      near(read.x0(xt, output, level), x0);
      near(read.eps(xt, output, level), eps);
    }
  });

  test("tensors of different shapes are refused", () => expect(() => lincomb(1, x0, 1, zeros([2, 4, 5, 3]))).toThrow(ShapeError));
});

describe("guidance", () => {
  test("scale 0 is the negative prompt's prediction, 1 the prompt's, 7.5 goes past it", () => {
    expect(guide(x0, eps, 0)).toEqual(x0);
    expect(guide(x0, eps, 1)).toEqual(eps);
    near(guide(x0, eps, 7.5), lincomb(1, x0, 7.5, lincomb(1, eps, -1, x0)), 1e-5);
  });
});

describe("ddimStep", () => {
  const [now, next] = [levelAt(1.2), levelAt(0.9)];
  const xt = addNoise(x0, eps, now);

  test("with the true eps it lands on x0 with less of the same noise", () => {
    const step = ddimStep(xt, eps, now, next);
    near(step.x0, x0);
    near(step.prev, addNoise(x0, eps, next));
  });

  test("eta 0 is the deterministic step", () =>
    expect(ddimStep(xt, eps, now, next, { stochastic: { eta: 0, noise: draw(3) } })).toEqual(ddimStep(xt, eps, now, next)));

  test("x0 does not depend on eta", () =>
    expect(ddimStep(xt, eps, now, next, { stochastic: { eta: 1, noise: draw(3) } }).x0).toEqual(ddimStep(xt, eps, now, next).x0));

  test("a stochastic step keeps the level: the variance of kept and fresh noise is sigma'²", () => {
    for (const eta of [0.3, 1]) {
      const at = (x: Tensor, noise: Tensor) => ddimStep(x, x, now, next, { prediction: "sample", stochastic: { eta, noise } });
      const one = { data: new Float32Array(1).fill(1), shape: [1] };
      const none = { data: new Float32Array(1), shape: [1] };
      const fresh = at(none, one).prev.data[0];
      const step = ddimStep({ data: Float32Array.of(now.sigma), shape: [1] }, one, now, next, { stochastic: { eta, noise: none } });
      const kept = step.prev.data[0] - next.alpha * step.x0.data[0];
      expect(fresh ** 2 + kept ** 2).toBeCloseTo(next.sigma ** 2, 6);
    }
  });

  test("from the level that is its own last one it does nothing to an exact prediction", () => near(ddimStep(xt, eps, now, now).prev, xt));

  test.each([-0.1, 1.5, Number.NaN])("eta %d is refused", (eta) =>
    expect(() => ddimStep(xt, eps, now, next, { stochastic: { eta, noise: eps } })).toThrow(/ddimStep: eta .*, want a number from 0 to 1/),
  );
});
