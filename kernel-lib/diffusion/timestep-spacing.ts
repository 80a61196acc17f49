/** @file Which of the T training timesteps a run of N steps visits: the spacings of diffusers' schedulers. */

/**
 * How visited timesteps are spaced: "leading" k·⌊T/N⌋ + offset; "trailing" T − k·T/N − 1, so that the noisiest is visited; "linspace" evenly from
 * T − 1 to 0. The names are those of diffusers' `timestep_spacing`.
 */
export type TimestepSpacing = (typeof TIMESTEP_SPACINGS)[number];
/** All spacings. */
export const TIMESTEP_SPACINGS = ["leading", "trailing", "linspace"] as const;

/** What timesteps depend on. */
export interface Spaced {
  readonly spacing: TimestepSpacing;
  /** T */
  readonly trainTimesteps: number;
  /** added to every timestep of "leading" */
  readonly stepsOffset: number;
}

/**
 * The timesteps of DDIM, DDPM and PNDM, descending.
 * @throws RangeError for N that is not a whole number from 1 to T, and where the first timestep would lie past the last one trained on
 * @source diffusers 0.40.0, scheduling_ddim.py `set_timesteps`. Differs: "trailing" has N timesteps for every N; a rounding there gives some N one more.
 */
export function spacedTimesteps(steps: number, { spacing, trainTimesteps: T, stepsOffset }: Spaced): readonly number[] {
  expectSteps(steps, T);
  const count = { length: steps };
  if (spacing === "trailing") return Array.from(count, (_, k) => roundHalfEven(T - (k * T) / steps) - 1);
  if (spacing === "linspace") return Array.from(count, (_, k) => roundHalfEven(linear(steps - 1 - k, steps, T - 1)));
  return leading(steps, Math.floor(T / steps), stepsOffset, T);
}

/**
 * The timesteps of the multistep solvers DPM-Solver++ and UniPC, descending: N of the N + 1 points that lie evenly over the training timesteps, without
 * the last, at which a picture has no noise.
 * @throws as spacedTimesteps
 * @source diffusers 0.40.0, scheduling_dpmsolver_multistep.py `set_timesteps`
 */
export function solverTimesteps(steps: number, spaced: Spaced): readonly number[] {
  const { spacing, trainTimesteps: T, stepsOffset } = spaced;
  expectSteps(steps, T);
  if (spacing === "trailing") return spacedTimesteps(steps, spaced);
  if (spacing === "linspace") return Array.from({ length: steps }, (_, k) => roundHalfEven(linear(steps - k, steps + 1, T - 1)));
  return leading(steps + 1, Math.floor(T / (steps + 1)), stepsOffset, T).slice(0, -1);
}

/**
 * The timesteps of the Euler samplers, descending; those of "linspace" are not rounded.
 * @throws as spacedTimesteps
 * @source diffusers 0.40.0, scheduling_euler_discrete.py `set_timesteps`
 */
export function fractionalTimesteps(steps: number, spaced: Spaced): readonly number[] {
  expectSteps(steps, spaced.trainTimesteps);
  if (spaced.spacing !== "linspace") return spacedTimesteps(steps, spaced);
  return Array.from({ length: steps }, (_, k) => Math.fround(linear(steps - 1 - k, steps, spaced.trainTimesteps - 1)));
}

/** Rounds like numpy: a half goes to the even neighbour. */
export function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  if (x - below !== 0.5) return Math.round(x);
  return below % 2 === 0 ? below : below + 1;
}

/** Point k of n points that lie evenly from 0 to `end`; the only one of one is 0. */
const linear = (k: number, n: number, end: number): number => (n === 1 ? 0 : k === n - 1 ? end : k * (end / (n - 1)));

function leading(steps: number, ratio: number, offset: number, T: number): number[] {
  const descending = Array.from({ length: steps }, (_, k) => (steps - 1 - k) * ratio + offset);
  if (descending[0] >= T)
    throw new RangeError(`steps ${steps}: the first timestep would be ${descending[0]}, past the last one, ${T - 1}; take fewer steps`);
  return descending;
}

function expectSteps(steps: number, T: number): void {
  if (!Number.isInteger(steps) || steps < 1 || steps > T) throw new RangeError(`steps ${steps}: want a whole number from 1 to ${T}`);
}
