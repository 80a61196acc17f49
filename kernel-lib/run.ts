/**
 * @file A run on disk: a folder with run.json (what repeats it), steps.json (the records' numbers), foreseen/NNN.jpg, panorama.png and
 * report.html. It is written as the steps arrive, each file whole or not at all, so a run that was stopped can be opened too.
 */
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { CheckpointError } from "./core/errors.js";
import { encodeJpeg, encodePng } from "./core/image.js";
import { type Tensor, tensor } from "./core/tensor.js";
import { writeWhole } from "./core/write-whole.js";
import type { JointModel } from "./joint/joint-model.js";
import type { MethodName } from "./joint/methods.js";
import type { ResolvedOptions } from "./joint/options.js";
import type { StepRecord } from "./joint/step-record.js";
import type { SyncOptions } from "./joint/sync-options.js";
import { stripCoverage } from "./notebook/coverage.js";
import { gpanoOf, gpanoXmp } from "./notebook/gpano.js";
import { report } from "./notebook/report.js";
import type { ReportRun, RunInfo, RunModel, StepNumbers } from "./notebook/run-data.js";
import { foreseenName, openRun, type SavedRun } from "./run-folder.js";
import { embedded, embeddedSteps } from "./run-pictures.js";

/** What a run is, known before its first step. */
export interface RunHead {
  readonly method: MethodName;
  /** of the run, `run.options` */
  readonly options: ResolvedOptions;
  readonly model: RunModel;
  readonly batch: RunInfo["batch"];
  /** pixels a latent pixel, `model.config.scaleFactor` */
  readonly scaleFactor: number;
}

/**
 * The head of a run of a joint method: `saveRun(dir, { ...runHead("sync", run, model), steps, result })`.
 * @param name how the model was opened; default its folder's name
 */
export function runHead(
  method: MethodName,
  { options }: { readonly options: ResolvedOptions },
  model: JointModel & Omit<RunModel, "name"> & { readonly path: string },
  name: string = basename(model.path),
): RunHead {
  const batch = (kind: "noise" | "gradient") => options.batch ?? model.batchSize?.(kind, options.windows[0]) ?? options.windows.length;
  const { device, precision, threads, digest, config } = model;
  return {
    method,
    options,
    model: { name, digest, device, precision, threads },
    batch: { noise: batch("noise"), ...(method === "sync" ? { gradient: batch("gradient") } : {}) },
    scaleFactor: config.scaleFactor,
  };
}

export interface RunWriterOptions {
  /** what happens to a run that the folder holds; default "refuse" */
  readonly existing?: "refuse" | "replace";
  /** the foreseen panorama of every so many-th step is decoded and kept; 0: none; default 1 */
  readonly foreseenEvery?: number;
}

/** A record's numbers and its foreseen picture: what the folder keeps of a step. */
export type RunStep = Pick<StepRecord, "index" | "timestep" | "weight" | "anchor" | "windows" | "preview">;

/** Takes a run's steps as they come. Either `finish` or `abort` ends it; both leave a folder that `openRun` opens. */
export interface RunWriter {
  readonly dir: string;
  /** Keeps the step's numbers and its foreseen picture. */
  step(record: RunStep): Promise<void>;
  /** @param result panorama: [1,3,H,W] in [0,1] */
  finish(result: { readonly panorama: Tensor }): Promise<SavedRun>;
  /** Ends a run early; the steps so far stay. @param reason an error, or why in words */
  abort(reason: unknown): Promise<SavedRun>;
}

/**
 * Begins a run's folder, made when it is not there.
 * @throws CheckpointError where the folder holds anything else, or a run that is not to be replaced
 */
export async function createRunWriter(dir: string, head: RunHead, options: RunWriterOptions = {}): Promise<RunWriter> {
  const { existing = "refuse", foreseenEvery = 1 } = options;
  await expectRunFolder(dir, existing);
  await mkdir(dir, { recursive: true });
  for (const name of ["run.json", "steps.json", "foreseen", "panorama.png", "report.html"])
    await rm(join(dir, name), { recursive: true, force: true });

  const { width, height, loop } = head.options;
  const coverage = stripCoverage({
    width,
    height,
    edge: loop ? "wrap" : "open",
    window: head.options.windows[0].height * head.scaleFactor,
  });
  const begun = performance.now();
  const started = new Date().toISOString();
  const steps: StepNumbers[] = [];
  let stepBegun = begun;
  let saved = 0; // steps that steps.json holds

  const info = (end: { readonly complete: boolean; readonly stopped?: string }): RunInfo => ({
    format: 1,
    ...end,
    method: head.method,
    options: plain(head.options),
    model: head.model,
    batch: head.batch,
    versions: versions(),
    width,
    height,
    scaleFactor: head.scaleFactor,
    coverage,
    started,
    seconds: seconds(performance.now() - begun),
  });
  const saveSteps = async () => {
    await writeWhole(join(dir, "steps.json"), `{"format":1,"steps":[\n${steps.map((step) => JSON.stringify(step)).join(",\n")}\n]}\n`);
    saved = steps.length;
  };
  const end = async (how: { readonly complete: boolean; readonly stopped?: string }) => {
    await saveSteps();
    // The report first: run.json says "complete" only when all else is there.
    const draft = { info: info(how), steps };
    await writeWhole(join(dir, "report.html"), report(await reportData(dir, draft)));
    await writeJson(join(dir, "run.json"), draft.info);
    return openRun(dir);
  };

  await saveSteps();
  await writeJson(join(dir, "run.json"), info({ complete: false, stopped: "it was still running" }));
  return {
    dir,
    async step(record) {
      const { index, timestep, weight, anchor, windows } = record;
      steps.push({ index, timestep, weight, anchor, windows, seconds: seconds(performance.now() - stepBegun) });
      if (foreseenEvery > 0 && (index + 1) % foreseenEvery === 0)
        await writeWhole(join(dir, "foreseen", foreseenName(index)), await encodeJpeg(await record.preview()));
      // The file is written anew each time: in a long run not at every step, but never with more than a fiftieth of the steps missing.
      if (steps.length - saved >= steps.length / 50) await saveSteps();
      stepBegun = performance.now();
    },
    async finish({ panorama }) {
      const gpano = gpanoOf(width, height, coverage);
      await writeWhole(join(dir, "panorama.png"), await encodePng(panorama, gpano && { xmp: gpanoXmp(gpano) }));
      return end({ complete: true });
    },
    abort: (reason) => end({ complete: false, stopped: reason instanceof Error ? reason.message : String(reason) }),
  };
}

/** Writes a whole run at once: what a notebook does with the records that it kept. */
export async function saveRun(
  dir: string,
  run: RunHead & { readonly steps: readonly RunStep[]; readonly result?: { readonly panorama: Tensor } },
  options: RunWriterOptions = {},
): Promise<SavedRun> {
  const { steps, result, ...head } = run;
  const writer = await createRunWriter(dir, head, options);
  for (const step of steps) await writer.step(step);
  return result ? writer.finish(result) : writer.abort("it was saved before its end");
}

/** The options of a saved run as its method takes them: given again, they repeat it. @throws CheckpointError for a tensor that is not whole */
export function savedOptions(run: { readonly info: RunInfo; readonly dir: string }): SyncOptions {
  const revive = (key: string, value: unknown): unknown => {
    if (typeof value !== "object" || value === null || !("float32" in value) || !("shape" in value)) return value;
    const bytes = new Uint8Array(Buffer.from(String(value.float32), "base64")); // of its own buffer, so aligned
    const shape = value.shape as readonly number[];
    const count = Array.isArray(shape) ? shape.reduce((n, d) => n * d, 1) : Number.NaN;
    if (bytes.length !== count * 4)
      throw new CheckpointError(join(run.dir, "run.json"), {
        expected: `options.${key}: ${count} float32 numbers`,
        found: `${bytes.length} bytes`,
      });
    return tensor(new Float32Array(bytes.buffer), shape);
  };
  return Object.fromEntries(Object.entries(run.info.options).map(([key, value]) => [key, revive(key, value)]));
}

/** The report of a saved run as one HTML page, with its pictures made small enough to embed. */
export const reportRun = async (run: SavedRun): Promise<string> => report(await reportData(run.dir, run));

/** A run's folder as a report or a viewer takes it: its pictures made small enough to embed. */
export async function reportData(
  dir: string,
  { info, steps }: { readonly info: RunInfo; readonly steps: readonly StepNumbers[] },
): Promise<ReportRun> {
  const kept = await readdir(join(dir, "foreseen")).catch((): string[] => []);
  const files = steps.flatMap(({ index }) =>
    kept.includes(foreseenName(index)) ? [{ step: index, file: join(dir, "foreseen", foreseenName(index)) }] : [],
  );
  const foreseen = await embeddedSteps(files);
  const last = files[files.length - 1]?.file;
  const file = info.complete ? join(dir, "panorama.png") : last;
  return { info, steps, foreseen, picture: file === undefined ? undefined : await embedded(file) };
}

async function expectRunFolder(dir: string, existing: "refuse" | "replace"): Promise<void> {
  const holds = await folderHolds(dir);
  if (holds === "other")
    throw new CheckpointError(dir, { expected: "a new or empty folder, or a run's", found: "other files", fix: "choose another folder" });
  if (holds === "run" && existing === "refuse")
    throw new CheckpointError(dir, {
      expected: "a new or empty folder",
      found: "a run",
      fix: "choose another folder, or have it replaced",
    });
}

/** What is in a folder: nothing (or no folder), a run, or something else, which a run never overwrites. */
export async function folderHolds(dir: string): Promise<"nothing" | "run" | "other"> {
  const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw new CheckpointError(dir, {
      expected: "a folder",
      found: error.code === "ENOTDIR" ? "a file" : error.message,
      fix: "choose another folder",
    });
  });
  if (names.length === 0) return "nothing";
  const text = await readFile(join(dir, "run.json"), "utf8").catch(() => "");
  return /"format"\s*:\s*1\b/.test(text) ? "run" : "other";
}

const writeJson = (file: string, value: unknown): Promise<void> => writeWhole(file, `${JSON.stringify(value, null, 2)}\n`);
const seconds = (milliseconds: number): number => Math.round(milliseconds) / 1000;

/** Options as JSON: tensors as { shape, float32 }, functions and signals left out. */
function plain(options: object): Record<string, unknown> {
  const entries = Object.entries(options).filter(([key, value]) => value !== undefined && key !== "signal" && typeof value !== "function");
  return Object.fromEntries(
    entries.map(([key, value]) => [key, isTensor(value) ? { shape: value.shape, float32: base64(value.data) } : value]),
  );
}

const isTensor = (value: unknown): value is Tensor =>
  typeof value === "object" && value !== null && "data" in value && value.data instanceof Float32Array;
const base64 = (data: Float32Array): string => Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64");

/** The versions that a repetition needs. */
function versions(): Record<string, string> {
  const require = createRequire(import.meta.url);
  const { version } = require("../../package.json") as { version: string };
  const found: Record<string, string> = { veduta: version, node: process.versions.node };
  try {
    found["onnxruntime-node"] = (require("onnxruntime-node/package.json") as { version: string }).version;
  } catch {
    // Not installed: the run came from a model that does without it.
  }
  return found;
}
