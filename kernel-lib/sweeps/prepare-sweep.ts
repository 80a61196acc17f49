/** @file From a plan to its folder: a new one, the one that a sweep of this plan began, or that with more runs. */
import { readdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { readJson } from "../core/json.js";
import { expectMeasurable } from "../runs/measure/measure-by-name.js";
import { keepPictures, planPictures } from "./given-files.js";
import { parsePlan, SWEEP_COMMANDS, type SweepPlan } from "./plan.js";
import { plannedRuns } from "./plan-runs.js";
import { canonicalJson } from "./run-key.js";
import { type Misfit, runKeys } from "./run-options.js";
import { folderOf, newId, readInfo, replaceInfo, SWEEP_FILE, type SweepFolder, type SweepInfo, writeInfo } from "./sweep-folder.js";
import { modelName, openPlanModel, type WorkerModel, type WorkerPlace } from "./worker-model.js";

/** What `prepareSweep` takes beside the plan. */
export interface PrepareOptions extends WorkerPlace {
  readonly out: string;
  readonly model?: string;
  readonly batch?: number;
  /** "nothing" for a look at what a plan would do; default "folder" */
  readonly write?: "folder" | "nothing";
  /** opens the plan's model; default as a worker opens it */
  readonly open?: (plan: SweepPlan, place: WorkerPlace) => Promise<WorkerModel>;
}

/** A plan, and where its relative names begin. */
interface GivenPlan {
  /** what errors call it */
  readonly source: string;
  readonly base: string;
  readonly plan: SweepPlan;
}

/**
 * Reads and checks a plan. @param plan a file, or its content
 * @throws CheckpointError for a file that is no JSON; RangeError for a plan that is none: the place in it, what stands there, what is wanted
 */
export function givenPlan(plan: SweepPlan | string): GivenPlan {
  if (typeof plan !== "string") return { source: "sweep", base: process.cwd(), plan: parsePlan("sweep", plan) };
  return { source: plan, base: dirname(resolve(plan)), plan: parsePlan(plan, readJson(plan, { maxBytes: 2 ** 28 })) };
}

/**
 * Makes or opens a plan's folder. The model is opened only where the folder does not know the plan yet.
 * @throws RangeError for a plan that is none, one that does not fit the model, and a folder that is of another plan or of none
 */
export async function prepareSweep(given: SweepPlan | string, options: PrepareOptions): Promise<SweepFolder> {
  const { out, write = "folder" } = options;
  const { source, base, plan: written } = givenPlan(given);
  const plan = withFlags(source, written, options);
  const old = await readInfo(join(out, SWEEP_FILE));
  if (old === undefined) await expectFree(out);
  else if (canonicalJson(old.plan) === canonicalJson(plan)) return folderOf(out, old);
  const runs = plannedRuns(source, plan);
  const pictures = planPictures(base);
  const model = await (options.open ?? openPlanModel)(plan, { ...options, device: options.device ?? "cpu" });
  try {
    const { keys, misfits } = await runKeys(SWEEP_COMMANDS[plan.command ?? "paint"], runs, { model, pictures, precision: plan.precision });
    if (misfits.length > 0) throw misfitError(source, misfits, runs.length);
    await expectMeasured(source, plan, options);
    const identity = { name: modelName(plan), digest: model.digest };
    if (old) expectMore(out, old, { plan, keys, digest: identity.digest });
    if (write === "nothing") return folderOf(out, { format: 1, id: old?.id ?? newId(), plan, model: identity, keys, files: {} });
    const files = await keepPictures(out, pictures.found);
    const info: SweepInfo = { format: 1, id: old?.id ?? newId(), plan, model: identity, keys, files };
    if (old) {
      await replaceInfo(out, info);
      return folderOf(out, info);
    }
    const there = await writeInfo(out, info);
    if (there.id !== info.id) expectMore(out, there, { plan, keys, digest: identity.digest }); // another began it meanwhile, such as a shard
    return folderOf(out, there);
  } finally {
    await model.close();
  }
}

/** The plan with what flags say of the model. What the plan says itself, flags may repeat, not change. @throws RangeError */
function withFlags(source: string, plan: SweepPlan, options: PrepareOptions): SweepPlan {
  for (const name of ["model", "device", "precision", "batch"] as const)
    if (plan[name] !== undefined && options[name] !== undefined && plan[name] !== options[name])
      throw new RangeError(`--${name} ${options[name]}: ${source} says ${plan[name]}; leave one of them out`);
  const { model = plan.model, precision = plan.precision } = options;
  return { ...plan, ...(model !== undefined && { model }), ...(precision !== undefined && { precision }) };
}

/** Refuses what the plan would measure at its end, where it cannot be measured: before the runs, which may take days. @throws RangeError */
async function expectMeasured(source: string, { measure, command, model }: SweepPlan, { device, threads }: WorkerPlace): Promise<void> {
  if (measure === undefined) return;
  await expectMeasurable({ ...measure, device, threads, ...(command !== "scene" && { model }) }).catch((error: unknown) => {
    throw error instanceof RangeError ? new RangeError(`${source}: ${error.message}`, { cause: error }) : error;
  });
}

async function expectFree(out: string): Promise<void> {
  const names = await readdir(out).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw new RangeError(`--out ${out}: ${error.code === "ENOTDIR" ? "a file, want a folder" : error.message}`);
  });
  // what another sweep is about to write is none of others' files
  const strange = names.filter((name) => name !== "runs" && name !== "given" && !name.startsWith(SWEEP_FILE));
  if (strange.length > 0)
    throw new RangeError(`--out ${out}: holds files that are no sweep's (${strange.slice(0, 3).join(", ")}); give a new or empty folder`);
}

function misfitError(source: string, misfits: readonly Misfit[], all: number): RangeError {
  const shown = misfits.slice(0, 3).map(({ run: { method, options }, reason }) => `  ${method} ${JSON.stringify(options)}: ${reason}`);
  const rest = misfits.length > 3 ? `\n  and ${misfits.length - 3} more` : "";
  return new RangeError(`${source}: ${misfits.length} of ${all} runs do not fit the model:\n${shown.join("\n")}${rest}`);
}

/** A folder takes a plan with more runs over the same model and `fixed`. @throws RangeError naming what differs */
function expectMore(
  out: string,
  old: SweepInfo,
  { plan, keys, digest }: { readonly plan: SweepPlan; readonly keys: readonly string[]; readonly digest: string },
): void {
  if (old.model.digest !== digest)
    throw new RangeError(
      `--out ${out}: holds a sweep of ${basename(old.model.name)}, digest ${old.model.digest.slice(0, 12)}, and this model's is ${digest.slice(0, 12)}; choose another folder`,
    );
  const mayDiffer = new Set(["grid", "runs", "measure", "device", "batch"]);
  const names = [...new Set([...Object.keys(old.plan), ...Object.keys(plan)])] as (keyof SweepPlan)[];
  const differ = names.filter((name) => canonicalJson(old.plan[name] ?? null) !== canonicalJson(plan[name] ?? null));
  const now = new Set(keys);
  const lost = old.keys.filter((key) => !now.has(key)).length;
  if (lost === 0 && differ.every((name) => mayDiffer.has(name))) return;
  throw new RangeError(
    `--out ${out}: holds another plan, which differs in ${differ.join(", ")}${lost > 0 ? `; ${lost} of its ${new Set(old.keys).size} runs are not in this one` : ""}; a plan with more runs over the same fixed is taken, another needs a folder of its own`,
  );
}
