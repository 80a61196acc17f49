/** @file Right and wrong answers to the exercises of lessons 9 to 11. */
import { createRng, randn } from "#kernel-lib/core/random.js";
import { ddimNoise, ddimSpread, ddimStep } from "#kernel-lib/diffusion/ddim.js";
import { lincomb, x0FromEps } from "#kernel-lib/diffusion/notation.js";
import { createSchedule } from "#kernel-lib/diffusion/schedule.js";
import type { AnswersTo } from "./answers.js";

const hops = createSchedule({
  betaStart: 0.00085,
  betaEnd: 0.012,
  betaSchedule: "scaled_linear",
  trainTimesteps: 1000,
  stepsOffset: 1,
  setAlphaToOne: false,
  prediction: "epsilon",
}).path(25);

export const LESSONS_9_TO_11: AnswersTo<"9" | "10" | "11"> = {
  "9.1": { right: [33, (576 - 64) / 16 + 1], wrong: [32, 36, 9, 285, 284, 34, 21, 141, 72, 30], given: [] },
  "9.2": { right: [16, (64 * 64) / (16 * 16)], wrong: [4, 256, 64, 1 / 16, 15360, 16384, 1024, 8, 165, 12], given: [{ window: 16 }] },
  "9.3": { right: [60, 3 * 20], wrong: [63, 1000, 1050, 3, 20, 150, 120, 40, 57, 940], given: [] },
  "10.1": { right: [81, 100 - 20 + 1], wrong: [80, 100, 101, 20, 21, 120, 79, 82, 1, 8], given: [] },
  "10.2": {
    right: [
      (xt, eps, xnext, { now, next }, eta) => ddimNoise(xt, eps, xnext, now, next, { eta }),
      (xt, eps, xnext, { now, next }, eta) => {
        const { s, d } = ddimSpread(now, next, eta);
        const mean = lincomb(next.alpha, x0FromEps(xt, eps, now), d, eps);
        return lincomb(1 / s, xnext, -1 / s, mean);
      },
    ],
    wrong: [
      (xt, eps, xnext, { now, next }) => lincomb(1, xnext, -1, ddimStep(xt, eps, now, next).prev),
      (xt) => xt,
      (_, eps) => eps,
      (xt, eps, xnext, { now, next }, eta) => {
        const { d } = ddimSpread(now, next, eta);
        return lincomb(1, xnext, -1, lincomb(next.alpha, x0FromEps(xt, eps, now), d, eps));
      },
      (xt, eps, xnext, { now, next }, eta) => {
        const { s, d } = ddimSpread(now, next, eta);
        return lincomb(1 / d, xnext, -1 / d, lincomb(next.alpha, x0FromEps(xt, eps, now), s, eps));
      },
      (xt, eps, xnext, { now, next }, eta) => {
        const { s } = ddimSpread(now, next, eta);
        return lincomb(1 / s, xnext, -1 / s, lincomb(next.alpha, x0FromEps(xt, eps, now), next.sigma, eps));
      },
      (xt, eps, xnext, { now, next }, eta) => {
        const { s, d } = ddimSpread(now, next, eta);
        return lincomb(-1 / s, xnext, 1 / s, lincomb(next.alpha, x0FromEps(xt, eps, now), d, eps));
      },
      (xt, eps, xnext, { now, next }, eta) => {
        const { s, d } = ddimSpread(now, next, eta);
        return lincomb(1 / s, xnext, -1 / s, lincomb(now.alpha, x0FromEps(xt, eps, now), d, eps));
      },
      (xt, eps, xnext, { now, next }) => ddimNoise(xt, eps, xnext, now, next, { eta: 1 }),
      (xt, _, xnext, { now, next }, eta) => lincomb(1 / ddimSpread(now, next, eta).s, xnext, -1 / ddimSpread(now, next, eta).s, xt),
      (xt) => randn(createRng(7), xt.shape),
    ],
    given: [{ hops }],
  },
  "10.3": { right: [75, 25 * 3], wrong: [25, 50, 100, 3, 78, 150, 28, 4, 72, 30], given: [] },
  "11.1": { right: [14], wrong: [13, 28, 27, 13.7, 20, 7, 10, 15, 1, 40], given: [] },
  "11.2": {
    right: [
      (v, a, b, s, J) => {
        const v1 = a[1] * v + b[1] * J[1] * v;
        return [a[0] * v1 + b[0] * J[0] * v1, s[0] * v1, s[1] * v];
      },
      (v, a, b, s, J) => {
        const found: number[] = [];
        let at = v;
        for (let k = a.length - 1; k >= 0; k--) {
          found.unshift(s[k] * at);
          at *= a[k] + b[k] * J[k];
        }
        return [at, ...found];
      },
    ],
    wrong: [
      (v) => [v, v, v],
      (v, a, _b, s) => [a[0] * a[1] * v, s[0] * a[1] * v, s[1] * v],
      (v, _a, b, s, J) => [b[0] * J[0] * b[1] * J[1] * v, s[0] * b[1] * J[1] * v, s[1] * v],
      (v, a, b, s, J) => [s[1] * v, s[0] * (a[1] + b[1] * J[1]) * v, (a[0] + b[0] * J[0]) * (a[1] + b[1] * J[1]) * v],
      (v, a, b, _s, J) => [(a[0] + b[0] * J[0]) * (a[1] + b[1] * J[1]) * v, (a[1] + b[1] * J[1]) * v, v],
      (v, a, b, s, J) => [(a[0] + b[0] * J[1]) * (a[1] + b[1] * J[0]) * v, s[0] * (a[1] + b[1] * J[0]) * v, s[1] * v],
      (v, a, b, s, J) => [(a[0] + b[0] * J[0]) * v, s[0] * v, s[1] * v],
      (v, a, b, s, J) => [s[0] * (a[0] + b[0] * J[0]) * (a[1] + b[1] * J[1]) * v, s[0] * (a[1] + b[1] * J[1]) * v, s[1] * v],
      (v, a, b, s, J) => [(a[0] + b[0] * J[0] + a[1] + b[1] * J[1]) * v, s[0] * (a[1] + b[1] * J[1]) * v, s[1] * v],
    ],
    given: [],
  },
  "11.3": { right: [10, 2 * 5], wrong: [5, 6, 11, 20, 15, 12, 1, 25, 8, 50], given: [] },
};
