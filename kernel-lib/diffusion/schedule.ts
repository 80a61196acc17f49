/** @file The noise schedule: which levels a network was trained on, and which of them a sampler visits. */
import type { Level, Prediction } from "./notation.js";

/** The numbers of a diffusers scheduler_config.json that a DDIM run reads. */
export interface ScheduleConfig {
  readonly betaStart: number;
  readonly betaEnd: number;
  readonly betaSchedule: "scaled_linear" | "linear";
  /** how many levels the network was trained on, 1000 for Stable Diffusion */
  readonly trainTimesteps: number;
  /** added to every visited timestep, 1 for Stable Diffusion */
  readonly stepsOffset: number;
  /** whether the level after the last step is free of noise, or that of timestep 0 */
  readonly setAlphaToOne: boolean;
  readonly prediction: Prediction;
}

/** One step of a sampler: from level `now` to level `next`. */
export interface Hop {
  /** step index, from 0 */
  readonly index: number;
  readonly now: Level;
  readonly next: Level;
}

/** A noise schedule. */
export interface Schedule {
  readonly config: ScheduleConfig;
  /** ᾱ_t of every training timestep, [trainTimesteps] */
  readonly alphaBar: Float32Array;
  /**
   * The timesteps of a run of `steps` steps, descending: k · floor(trainTimesteps / steps) + stepsOffset.
   * @throws RangeError where a step would fall outside the training timesteps
   */
  timesteps(steps: number): readonly number[];
  /** alpha = √ᾱ_t and sigma = √(1 − ᾱ_t). t below 0 is the level after the last step. */
  level(t: number): Level;
  /**
   * The run as hops: each timestep's level and the next one's; the last hop ends at the level after the last step.
   * @param options skip: leaves out so many of the first, noisiest hops; default 0. The hops that are left count from 0.
   * @throws RangeError for skip that is not a whole number from 0 to steps − 1
   */
  path(steps: number, options?: { readonly skip?: number }): readonly Hop[];
}

/**
 * The schedule of a config, computed in float32 like the published one.
 * @throws RangeError where the config is no schedule (betas outside (0,1), no timesteps, an unknown betaSchedule)
 * @source diffusers 0.15.1, schedulers/scheduling_ddim.py: __init__ and set_timesteps
 */
export function createSchedule(config: ScheduleConfig): Schedule {
  const { trainTimesteps, stepsOffset, setAlphaToOne } = config;
  const alphaBar = cumulativeAlpha(betas(config));
  const finalAlphaBar = setAlphaToOne ? 1 : alphaBar[0];

  const timesteps = (steps: number): readonly number[] => {
    if (!Number.isInteger(steps) || steps < 1 || steps > trainTimesteps)
      throw new RangeError(`steps ${steps}: want a whole number from 1 to ${trainTimesteps}`);
    const ratio = Math.floor(trainTimesteps / steps);
    const descending = Array.from({ length: steps }, (_, k) => (steps - 1 - k) * ratio + stepsOffset);
    if (descending[0] >= trainTimesteps)
      throw new RangeError(
        `steps ${steps}: the first timestep would be ${descending[0]}, past the last one, ${trainTimesteps - 1}; take fewer steps`,
      );
    return descending;
  };
  const level = (t: number): Level => {
    if (!Number.isInteger(t) || t >= trainTimesteps) throw new RangeError(`timestep ${t}: want a whole number below ${trainTimesteps}`);
    const a = t < 0 ? finalAlphaBar : alphaBar[t];
    return { t: Math.max(t, -1), alpha: Math.sqrt(a), sigma: Math.sqrt(1 - a) };
  };
  const path: Schedule["path"] = (steps, { skip = 0 } = {}) => {
    if (!Number.isInteger(skip) || skip < 0 || skip >= steps)
      throw new RangeError(`skip ${skip} of ${steps} steps: want a whole number from 0 to ${steps - 1}`);
    const visited = timesteps(steps).slice(skip);
    return visited.map((t, index) => ({ index, now: level(t), next: level(visited[index + 1] ?? -1) }));
  };
  return { config, alphaBar, timesteps, level, path };
}

const betaSchedules = {
  linear: ({ betaStart, betaEnd, trainTimesteps }) => linspace(betaStart, betaEnd, trainTimesteps),
  scaled_linear: ({ betaStart, betaEnd, trainTimesteps }) =>
    linspace(Math.sqrt(betaStart), Math.sqrt(betaEnd), trainTimesteps).map((root) => root * root),
} satisfies Record<ScheduleConfig["betaSchedule"], (config: ScheduleConfig) => Float32Array>;

function betas(config: ScheduleConfig): Float32Array {
  const { betaStart, betaEnd, betaSchedule, trainTimesteps } = config;
  if (!(betaStart > 0 && betaStart < 1 && betaEnd > 0 && betaEnd < 1))
    throw new RangeError(`betas from ${betaStart} to ${betaEnd}: want both above 0 and below 1`);
  if (!Number.isInteger(trainTimesteps) || trainTimesteps < 1)
    throw new RangeError(`trainTimesteps ${trainTimesteps}: want a whole number >= 1`);
  if (!Object.hasOwn(betaSchedules, betaSchedule))
    throw new RangeError(`betaSchedule ${betaSchedule}: want ${Object.keys(betaSchedules).join(" or ")}`);
  return betaSchedules[betaSchedule](config);
}

/** Products of (1 − beta): float32 factors and results over a float64 running product, as torch.cumprod has them on the CPU. */
function cumulativeAlpha(beta: Float32Array): Float32Array {
  let product = 1;
  return beta.map((b) => (product *= Math.fround(1 - b)));
}

/**
 * n float32 values from start to end. torch.linspace counts up from the start in the first half and down from the end in the second, and
 * starts afresh every eight values; doing the same makes every alphaBar of a published schedule bit-identical.
 */
function linspace(start: number, end: number, n: number): Float32Array {
  const [first, last] = [Math.fround(start), Math.fround(end)];
  const step = n > 1 ? Math.fround(Math.fround(last - first) / (n - 1)) : 0;
  return Float32Array.from({ length: n }, (_, i) => {
    const block = i - (i % 8);
    const base = Math.fround(block < n / 2 ? first + step * block : last - step * (n - 1 - block));
    return base + Math.fround(step * (i - block));
  });
}
