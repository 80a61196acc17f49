/** @file The runs that a plan names, in their order. */
import { allMethods, DEFAULT_METHODS, methodNamed } from "../methods/methods.js";
import { SWEEP_COMMANDS, type SweepPlan, type SweepRange } from "./plan.js";
import { planValue, type SweptOptions, sweptOptions } from "./plan-options.js";
import { canonicalJson } from "./run-key.js";

/** A run as the plan names it: files of pictures are names. */
export interface PlannedRun {
  readonly method: string;
  readonly options: SweptOptions;
}

/**
 * The runs of a plan: the grid's, its first key slowest, then `runs`. An option that a method does not have is left out, and what then is twice the
 * same is one run.
 * @param source what errors call the plan
 * @throws RangeError for a run without a seed: its picture would be another each time
 */
export function plannedRuns(source: string, { command = "paint", fixed = {}, grid, runs = [] }: SweepPlan): readonly PlannedRun[] {
  const family = SWEEP_COMMANDS[command];
  const known = new Map(allMethods(family).map((method) => [method.name, sweptOptions(method)] as const));
  const standard = DEFAULT_METHODS[family].name;
  const found = new Map<string, PlannedRun>();
  const add = (given: SweptOptions) => {
    const { method = standard, ...rest } = { ...fixed, ...given };
    const specs = known.get(String(method)) ?? new Map();
    const entries = Object.entries(rest).flatMap(([name, value]) => {
      const spec = specs.get(name);
      return spec && value !== undefined ? [[name, planValue(name, spec, value)] as const] : [];
    });
    const run = { method: methodNamed(String(method), family).name, options: Object.fromEntries(entries) };
    if (run.options.seed === undefined)
      throw new RangeError(
        `${source}: got a run of ${run.method} without a seed, want one in fixed, grid or runs, so that the same plan names the same runs: "grid": { "seed": { "from": 0, "count": 10 } }`,
      );
    const name = canonicalJson(run);
    if (!found.has(name)) found.set(name, run);
  };
  if (grid !== undefined || runs.length === 0) for (const combination of combinations(Object.entries(grid ?? {}))) add(combination);
  for (const run of runs) add(run);
  return [...found.values()];
}

/** Every combination of values, the first key slowest. */
function* combinations(grid: readonly (readonly [name: string, values: readonly unknown[] | SweepRange])[]): Generator<SweptOptions> {
  const [first, ...others] = grid;
  if (first === undefined) return yield {};
  const [name, values] = first;
  for (const value of valuesOf(values)) for (const rest of combinations(others)) yield { [name]: value, ...rest };
}

function* valuesOf(values: readonly unknown[] | SweepRange): Generator<unknown> {
  if (!("count" in values)) return yield* values;
  for (let k = 0; k < values.count; k++) yield values.from + k;
}
