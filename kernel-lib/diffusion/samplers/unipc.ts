/** @file The sampler UniPC (Zhao et al., arXiv:2302.04867): a predictor of order 2, corrected by the prediction at its end. */
import type { Tensor } from "../../core/tensor.js";
import { type Level, predictions, weightedSum } from "../notation.js";
import { levelOfRatio, ratioAt } from "../sigma-levels.js";
import { solverTimesteps } from "../timestep-spacing.js";
import { CLEAN, emptyState, logSnr, numberedHops, type Sampler, type SamplerHop } from "./sampler.js";

/**
 * With λ = log(alpha/sigma), a step from level s to level n has h = λ_n − λ_s, e = e^−h − 1, m0 = x0 at s, D1 = (m_before − m0)/r with r = (λ_before − λ_s)/h:
 *
 *   predict   x_n = (sigma_n/sigma_s)·x_s − alpha_n·e·(m0 + D1/2)
 *   correct   x_n = (sigma_n/sigma_s)·x_s − alpha_n·e·(m0 + rho1·D1 + rho2·(m_n − m0))     at the next call, from m_n = x0 at the predicted x_n
 *
 * rho2 = 1/2 without D1; else [1 1; r 1]·[rho1, rho2] = [b1, b2], b1 = p1/e, b2 = 2·p2/e, p1 = e/(−h) − 1, p2 = p1/(−h) − 1/2. The first and the last step are
 * predicted without D1.
 * @source diffusers 0.40.0, scheduling_unipc_multistep.py with solver_order 2, solver_type "bh2", predict_x0, lower_order_final
 */
export const unipcSampler = (): Sampler => ({
  name: "unipc",
  title: "UniPC",
  source: "Zhao et al. arXiv:2302.04867, algorithms 5 to 8; diffusers UniPCMultistepScheduler",
  draws: "none",
  keeps: 3,
  init: emptyState,
  path(schedule, steps, skip = 0) {
    const { spacing = "leading" } = schedule.config;
    const visited = solverTimesteps(steps, { ...schedule.config, spacing }).map((t) => levelOfRatio(t, ratioAt(schedule.alphaBar, t)));
    return { start: 1, hops: numberedHops(visited.map((now, k) => ({ now, next: visited[k + 1] ?? CLEAN })).slice(skip)) };
  },
  step({ history }, xt, output, hop, { prediction = "epsilon" } = {}) {
    const { now, next, before } = hop;
    const x0 = predictions[prediction].x0(xt, output, now);
    const [m0, mBefore, last] = history.length === 3 ? history : [history[0], undefined, history[1]];
    const x = hop.index === 0 ? xt : corrected({ x: last as Tensor, m0: m0 as Tensor, mBefore, now: x0 }, before, now);
    const order = orderOf(hop);
    const state = { history: order === 2 || hop.index > 0 ? [x0, m0 as Tensor, x] : [x0, x] };
    return { state, x0, prev: predicted(x, x0, order === 2 ? (m0 as Tensor) : undefined, before[0], now, next) };
  },
});

/** The predictor's order: 2, but 1 in the first step and in the last. */
const orderOf = ({ index, of }: SamplerHop): number => Math.min(2, of - index, index + 1);

/** r = (λ_before − λ_s)/h */
const ratioOf = (before: Level, s: Level, h: number): number => (logSnr(before) - logSnr(s)) / h;

function predicted(x: Tensor, m0: Tensor, mBefore: Tensor | undefined, before: Level | undefined, s: Level, n: Level): Tensor {
  if (n.sigma === 0) return m0; // e = −1, and the last step has no D1
  const h = logSnr(n) - logSnr(s);
  const scale = -n.alpha * Math.expm1(-h);
  if (!mBefore || !before) return weightedSum([n.sigma / s.sigma, scale], 1, [x, m0]);
  const d1 = scale / 2 / ratioOf(before, s, h);
  return weightedSum([n.sigma / s.sigma, scale - d1, d1], 1, [x, m0, mBefore]);
}

/** What is known at the end of a step: x_s, the predictions of x0 at s and before it, and that at the predicted end. */
interface Ended {
  readonly x: Tensor;
  readonly m0: Tensor;
  readonly mBefore?: Tensor;
  readonly now: Tensor;
}

/** The end of the step before, corrected. @param before the levels before `n`, newest first: s, and the one before it */
function corrected({ x, m0, mBefore, now }: Ended, [s, before]: readonly Level[], n: Level): Tensor {
  const h = logSnr(n) - logSnr(s);
  const e = Math.expm1(-h);
  const scale = -n.alpha * e;
  if (!mBefore || !before) return weightedSum([n.sigma / s.sigma, scale / 2, scale / 2], 1, [x, m0, now]);
  const r = ratioOf(before, s, h);
  const p1 = e / -h - 1;
  const p2 = p1 / -h - 1 / 2;
  const [b1, b2] = [p1 / e, (2 * p2) / e];
  const rho1 = (b2 - b1) / (r - 1);
  const rho2 = b1 - rho1;
  const d1 = rho1 / r; // of mBefore − m0
  return weightedSum([n.sigma / s.sigma, scale * (1 - d1 - rho2), scale * d1, scale * rho2], 1, [x, m0, mBefore, now]);
}
