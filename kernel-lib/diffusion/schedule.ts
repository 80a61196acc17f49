/** @file The noise schedule: which levels a network was trained on, and which of them a sampler visits. */
import type { Level, Prediction } from "./notation.js";
import { levelOfRatio, ratioBetween } from "./sigma-levels.js";
import { spacedTimesteps, type TimestepSpacing } from "./timestep-spacing.js";

/** The numbers of a diffusers scheduler_config.json that a noise schedule is made of. */
export interface ScheduleConfig {
  readonly betaStart: number;
  readonly betaEnd: number;
  readonly betaSchedule: "scaled_linear" | "linear";
  /** how many levels the network was trained on, 1000 for Stable Diffusion */
  readonly trainTimesteps: number;
  /** added to every visited timestep of the spacing "leading", 1 for Stable Diffusion */
  readonly stepsOffset: number;
  /** default "leading" */
  readonly spacing?: TimestepSpacing;
  /**
   * "zero" moves the schedule so that the noisiest level is noise alone (Lin et al., arXiv:2305.08891); the network must predict v or x0 then.
   * Default "as trained".
   */
  readonly terminalSnr?: "as trained" | "zero";
  /** whether the level after the last step is free of noise, or that of timestep 0 */
  readonly setAlphaToOne: boolean;
  readonly prediction: Prediction;
  /**
   * of the betas: "float32", diffusers' (default), or "float64", that of the latent-diffusion code (Frido). ᾱ is rounded to float32 either
   * way; the two differ in its last digits.
   */
  readonly precision?: "float32" | "float64";
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
  /** The timesteps of a run of `steps` steps, descending: `spacedTimesteps`. @throws RangeError where a step would fall outside the training timesteps */
  timesteps(steps: number): readonly number[];
  /**
   * alpha = √ᾱ_t and sigma = √(1 − ᾱ_t). t below 0 is the level after the last step. Between two timesteps sigma/alpha is linear.
   * @throws RangeError for t that is no number below trainTimesteps
   */
  level(t: number): Level;
  /**
   * The run as hops: each timestep's level and the next one's; the last hop ends at the level after the last step.
   * @throws RangeError for skip that is not a whole number from 0 to steps − 1, and for timesteps that are not `steps` whole numbers from 0 to
   * trainTimesteps − 1, descending
   */
  path(steps: number, options?: PathOptions): readonly Hop[];
}

/** Options of `Schedule.path`. */
export interface PathOptions {
  /** leaves out so many of the first, noisiest hops; default 0. The hops that are left count from 0. */
  readonly skip?: number;
  /** the timesteps to visit, descending; default timesteps(steps). For runs whose code counts them in its own way. */
  readonly timesteps?: readonly number[];
}

/**
 * The schedule of a config, computed like the published one.
 * @throws RangeError where the config is no schedule (betas outside (0,1), no timesteps, an unknown betaSchedule)
 * @source diffusers 0.15.1, schedulers/scheduling_ddim.py: __init__ and set_timesteps; float64: Frido, ldm make_beta_schedule
 */
export function createSchedule(config: ScheduleConfig): Schedule {
  const { trainTimesteps, setAlphaToOne, spacing = "leading", terminalSnr = "as trained" } = config;
  const trained = cumulativeAlpha(betas(config));
  const alphaBar = terminalSnr === "zero" ? zeroTerminal(trained) : trained;
  const finalAlphaBar = setAlphaToOne ? 1 : alphaBar[0];
  if (terminalSnr === "zero" && config.prediction === "epsilon")
    throw new RangeError("terminalSnr zero: a level that is noise alone has no eps to learn from; want a network that predicts v or x0");

  const timesteps = (steps: number) => spacedTimesteps(steps, { ...config, spacing });
  const level = (t: number): Level => {
    if (!(t < trainTimesteps)) throw new RangeError(`timestep ${t}: want a number below ${trainTimesteps}`);
    if (t > 0 && !Number.isInteger(t)) return levelOfRatio(t, ratioBetween(alphaBar, t));
    const a = t < 0 ? finalAlphaBar : alphaBar[t];
    return { t: Math.max(t, -1), alpha: Math.sqrt(a), sigma: Math.sqrt(1 - a) };
  };
  const path: Schedule["path"] = (steps, { skip = 0, timesteps: given } = {}) => {
    if (!Number.isInteger(skip) || skip < 0 || skip >= steps)
      throw new RangeError(`skip ${skip} of ${steps} steps: want a whole number from 0 to ${steps - 1}`);
    if (given) expectTimesteps(given, steps, trainTimesteps);
    const visited = (given ?? timesteps(steps)).slice(skip);
    return visited.map((t, index) => ({ index, now: level(t), next: level(visited[index + 1] ?? -1) }));
  };
  return { config, alphaBar, timesteps, level, path };
}

function expectTimesteps(given: readonly number[], steps: number, trainTimesteps: number): void {
  if (given.length !== steps) throw new RangeError(`timesteps [${given}]: got ${given.length}, want one a step, ${steps}`);
  const wrong = given.find((t, k) => !Number.isInteger(t) || t < 0 || t >= trainTimesteps || t >= (given[k - 1] ?? trainTimesteps));
  if (wrong !== undefined)
    throw new RangeError(
      `timesteps [${given}]: got ${wrong}, want whole numbers from ${trainTimesteps - 1} down to 0, each below the one before`,
    );
}

/** n evenly spaced numbers from start to end. */
type Linspace = (start: number, end: number, n: number) => Float32Array | Float64Array;

const betaSchedules = {
  linear: ({ betaStart, betaEnd, trainTimesteps }, linspace) => linspace(betaStart, betaEnd, trainTimesteps),
  scaled_linear: ({ betaStart, betaEnd, trainTimesteps }, linspace) =>
    linspace(Math.sqrt(betaStart), Math.sqrt(betaEnd), trainTimesteps).map((root) => root * root),
} satisfies Record<ScheduleConfig["betaSchedule"], (config: ScheduleConfig, linspace: Linspace) => Float32Array | Float64Array>;

/** [trainTimesteps], in the config's precision. */
function betas(config: ScheduleConfig): Float32Array | Float64Array {
  const { betaStart, betaEnd, betaSchedule, trainTimesteps, precision = "float32" } = config;
  if (!(betaStart > 0 && betaStart < 1 && betaEnd > 0 && betaEnd < 1))
    throw new RangeError(`betas from ${betaStart} to ${betaEnd}: want both above 0 and below 1`);
  if (!Number.isInteger(trainTimesteps) || trainTimesteps < 1)
    throw new RangeError(`trainTimesteps ${trainTimesteps}: want a whole number >= 1`);
  if (!Object.hasOwn(betaSchedules, betaSchedule))
    throw new RangeError(`betaSchedule ${betaSchedule}: want ${Object.keys(betaSchedules).join(" or ")}`);
  if (!Object.hasOwn(linspaces, precision)) throw new RangeError(`precision ${precision}: want ${Object.keys(linspaces).join(" or ")}`);
  return betaSchedules[betaSchedule](config, linspaces[precision]);
}

/** Products of (1 − beta) over a float64 running product, rounded: with float32 factors as torch.cumprod has them on the CPU, else as numpy. */
function cumulativeAlpha(beta: Float32Array | Float64Array): Float32Array {
  const factor = beta instanceof Float32Array ? (b: number) => Math.fround(1 - b) : (b: number) => 1 - b;
  let product = 1;
  return Float32Array.from(beta, (b) => (product *= factor(b)));
}

/**
 * ᾱ moved so that the last is 0 and the first stays: √ᾱ ← (√ᾱ − √ᾱ_T)·√ᾱ_0/(√ᾱ_0 − √ᾱ_T).
 * @source diffusers 0.40.0, scheduling_ddim.py `rescale_zero_terminal_snr`
 */
function zeroTerminal(alphaBar: Float32Array): Float32Array {
  const root = Float64Array.from(alphaBar, Math.sqrt);
  const [first, last] = [root[0], root[root.length - 1]];
  return Float32Array.from(root, (s) => (((s - last) * first) / (first - last)) ** 2);
}

const linspaces = {
  float32: linspace32,
  float64: (start, end, n) =>
    Float64Array.from({ length: n }, (_, k) => (k === n - 1 && n > 1 ? end : start + k * ((end - start) / (n - 1 || 1)))),
} satisfies Record<string, Linspace>;

/**
 * n float32 values from start to end. torch.linspace counts up from the start in the first half and down from the end in the second, and
 * starts afresh every eight values; doing the same makes every alphaBar of a published schedule bit-identical.
 */
function linspace32(start: number, end: number, n: number): Float32Array {
  const [first, last] = [Math.fround(start), Math.fround(end)];
  const step = n > 1 ? Math.fround(Math.fround(last - first) / (n - 1)) : 0;
  return Float32Array.from({ length: n }, (_, i) => {
    const block = i - (i % 8);
    const base = Math.fround(block < n / 2 ? first + step * block : last - step * (n - 1 - block));
    return base + Math.fround(step * (i - block));
  });
}
