/** @file A planned run's options with the pictures that they name, and the run's key. */
import type { Tensor } from "../core/tensor.js";
import type { Precision } from "../graph/half.js";
import type { AnyRun } from "../methods/any-run.js";
import type { Family } from "../methods/method.js";
import { methodNamed } from "../methods/methods.js";
import type { PictureReader } from "./given-files.js";
import { sweptOptions } from "./plan-options.js";
import type { PlannedRun } from "./plan-runs.js";
import { canonicalJson, runKey } from "./run-key.js";

/** A model of any family, as a sweep needs it. */
export interface SweptModel {
  readonly digest: string;
}

/** The options as the method takes them: words of pictures are pictures. An edit's picture is [1,3,H,W] in [-1,1]. */
export async function loadedOptions(
  family: Family,
  { method, options }: PlannedRun,
  pictures: PictureReader,
): Promise<Record<string, unknown>> {
  const specs = sweptOptions(methodNamed(method, family));
  const loaded: Record<string, unknown> = { ...options };
  for (const [name, value] of Object.entries(options)) {
    const load = specs.get(name)?.flag?.load;
    if (name === "image") loaded.image = signed(await pictures.decode(String(value)));
    else if (load) loaded[name] = await load(value as readonly string[], (file) => pictures.decode(file));
  }
  return loaded;
}

const signed = ({ data, shape }: Tensor): Tensor => ({ data: data.map((x) => 2 * x - 1), shape });

/** Starts a planned run. @throws as the method, for an option that does not fit the model */
export const startRun = (family: Family, model: SweptModel, method: string, options: object): AnyRun =>
  (methodNamed(method, family) as { run(model: unknown, options: object): AnyRun }).run(model, options);

/** A run that does not fit its model. */
export interface Misfit {
  readonly run: PlannedRun;
  /** in the method's words */
  readonly reason: string;
}

/** Options that pass through a method as they are, so that runs which differ in them alone are checked together. */
const PASSING = ["prompt", "negativePrompt", "seed"] as const;

/**
 * The keys of planned runs, in their order, and the runs that do not fit the model.
 * @throws CheckpointError for a file that is no picture
 */
export async function runKeys(
  family: Family,
  runs: readonly PlannedRun[],
  { model, pictures, precision }: { readonly model: SweptModel; readonly pictures: PictureReader; readonly precision?: Precision },
): Promise<{ readonly keys: readonly string[]; readonly misfits: readonly Misfit[] }> {
  type Checked = { readonly options: Readonly<Record<string, unknown>> } | { readonly reason: string };
  const checked = new Map<string, Checked>();
  const keys: string[] = [];
  const misfits: Misfit[] = [];
  const { digest } = model;
  for (const run of runs) {
    const { passing, others } = parted(run.options);
    const name = canonicalJson([run.method, others, Object.keys(passing).sort()]);
    let known = checked.get(name);
    if (known === undefined) {
      known = await check(family, run, { model, pictures });
      checked.set(name, known);
    }
    if ("reason" in known) misfits.push({ run, reason: known.reason });
    else keys.push(runKey({ method: run.method, options: { ...known.options, ...passing }, digest, precision }));
  }
  return { keys, misfits };
}

function parted(options: PlannedRun["options"]): { readonly passing: Record<string, unknown>; readonly others: Record<string, unknown> } {
  const passing: Record<string, unknown> = {};
  const others: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) ((PASSING as readonly string[]).includes(name) ? passing : others)[name] = value;
  return { passing, others };
}

/** A run's options with all defaults, or why there are none. A batch is given, so that none is planned. */
async function check(
  family: Family,
  run: PlannedRun,
  { model, pictures }: { readonly model: SweptModel; readonly pictures: PictureReader },
): Promise<{ readonly options: Readonly<Record<string, unknown>> } | { readonly reason: string }> {
  try {
    const options = { ...(await loadedOptions(family, run, pictures)), batch: 1 };
    return { options: { ...startRun(family, model, run.method, options).options } };
  } catch (error) {
    if (error instanceof Error && ["RangeError", "TypeError", "ShapeError"].includes(error.name)) return { reason: error.message };
    throw error;
  }
}
