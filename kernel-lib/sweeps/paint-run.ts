/** @file Makes one run of a sweep: written in .partial, flushed to the disk, then renamed into runs/, so that a run is there whole or not at all. */
import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, join } from "node:path";
import type { Tensor } from "../core/tensor.js";
import { writeWhole } from "../core/write-whole.js";
import type { AnyResult, AnyStep } from "../methods/any-run.js";
import type { EditModel } from "../methods/edit/edit-model.js";
import { libraryFile, libraryText } from "../pages/display-library.js";
import { report } from "../pages/report.js";
import { runHead } from "../runs/run-head.js";
import { createRunWriter, type EditSource, type RunWriterOptions } from "../runs/run-writer.js";
import { keptPictures } from "./given-files.js";
import { SWEEP_COMMANDS } from "./plan.js";
import { loadedOptions, startRun } from "./run-options.js";
import { isThere, partialFolder, removeFailed, runFolder, type SweepFolder, type SweepRun } from "./sweep-folder.js";
import type { WorkerModel } from "./worker-model.js";

/** What a run's folder holds beside its picture and its steps' numbers. */
export type SweepKeep = "report" | "foreseen";

/** "painted"; "there": another had painted it before; "dropped": another painted it meanwhile, and this one is gone. */
export type PaintOutcome = "painted" | "there" | "dropped";

/** Options of `paintRun`. */
export interface PaintRunOptions {
  readonly keep?: readonly SweepKeep[];
  /** windows or rows per network call; default the plan's, else from the memory that is free */
  readonly batch?: number;
  readonly signal?: AbortSignal;
  /** called after each step */
  readonly progress?: (step: number, steps: number) => void;
}

/**
 * Makes a run of a sweep, unless it is there.
 * @throws what the run throws; the signal's reason; nothing half stays
 */
export async function paintRun(
  model: WorkerModel,
  sweep: Pick<SweepFolder, "dir" | "info">,
  run: SweepRun,
  options: PaintRunOptions = {},
): Promise<PaintOutcome> {
  const { dir, info } = sweep;
  if (isThere(dir, run.key)) return "there";
  const { signal, progress, batch = info.plan.batch } = options;
  const family = SWEEP_COMMANDS[info.plan.command ?? "paint"];
  const pictures = keptPictures(dir, info.files);
  const loaded = await loadedOptions(family, run, pictures);
  const given: GivenRun = family === "edit" ? await editSource(model, run, loaded, pictures) : { options: loaded };
  const started = startRun(family, model, run.method, { ...given.options, batch, signal });
  const partial = join(partialFolder(dir), `${run.key}.${hostname()}.${process.pid}.${randomBytes(4).toString("hex")}`);
  try {
    const writer = await createRunWriter(partial, runHead(run.method, started, model as never, info.model.name), {
      ...(await keptParts(dir, options.keep ?? [])),
      source: given.source,
    });
    for (let done = 0; ; done++) {
      const next: IteratorResult<AnyStep, AnyResult> = await started.next();
      if (next.done) {
        await writer.finish(next.value);
        break;
      }
      await writer.step(next.value);
      progress?.(done + 1, started.stepCount);
    }
    const outcome = await publish(dir, run.key, partial);
    await removeFailed(dir, run.key);
    return outcome;
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
}

/** What a run begins with. */
interface GivenRun {
  readonly options: object;
  readonly source?: EditSource;
}

/** An edit goes from its picture's latent, as `veduta edit` does it, so that run.json stays small. */
async function editSource(
  model: WorkerModel,
  { options }: SweepRun,
  { image, ...others }: Record<string, unknown>,
  { bytes, decode }: ReturnType<typeof keptPictures>,
): Promise<GivenRun> {
  const name = String(options.image);
  const latent = await (model as unknown as EditModel).encode(image as Tensor, { edge: others.loop ? "wrap" : "open" }); // [1,c,h,w]
  return {
    options: { ...others, latent },
    source: { image: await decode(name), file: { name: basename(name), bytes: await bytes(name) } },
  };
}

async function keptParts(dir: string, keep: readonly SweepKeep[]): Promise<Pick<RunWriterOptions, "page" | "foreseenEvery">> {
  const foreseenEvery = keep.includes("foreseen") ? 1 : 0;
  if (!keep.includes("report")) return { foreseenEvery };
  const src = libraryFile("viewer");
  await writeWhole(join(runFolder(dir, src)), libraryText("viewer")); // one script for all reports of the sweep
  return { foreseenEvery, page: (run) => report(run, { viewer: { src: `../${src}` } }) };
}

/** Moves a whole run to its place. The first one wins: a rename onto a folder with files in it is refused by the system. */
async function publish(dir: string, key: string, partial: string): Promise<PaintOutcome> {
  const target = runFolder(dir, key);
  await flushFolder(partial);
  await mkdir(join(dir, "runs"), { recursive: true });
  const move = async (): Promise<boolean> =>
    rename(partial, target).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === "ENOTEMPTY" || error.code === "EEXIST") return false;
        throw error;
      },
    );
  if (!(await move())) {
    if (isThere(dir, key)) {
      await rm(partial, { recursive: true, force: true });
      return "dropped";
    }
    await rm(target, { recursive: true, force: true }); // a broken one, such as half a copy from elsewhere
    if (!(await move())) return "dropped";
  }
  await flush(join(dir, "runs"));
  return "painted";
}

/** Flushes a folder and all in it to the disk. */
async function flushFolder(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  await Promise.all(entries.map((entry) => (entry.isDirectory() ? flushFolder : flush)(join(folder, entry.name))));
  await flush(folder);
}

async function flush(path: string): Promise<void> {
  const opened = await open(path, "r");
  try {
    await opened.sync();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") throw error; // Windows flushes no folders
  } finally {
    await opened.close();
  }
}
