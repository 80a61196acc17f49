/**
 * @file Writes a run to a folder: run.json (what repeats it), steps.json (the records' numbers), foreseen/NNN.jpg, panorama.png and
 * report.html. Files are written atomically as the steps arrive, so a run that was stopped can be opened too.
 */
import { mkdir, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { CheckpointError } from "../core/errors.js";
import { encodeJpeg, encodePng } from "../core/image.js";
import type { Tensor } from "../core/tensor.js";
import { writeWhole } from "../core/write-whole.js";
import type { JointModel } from "../diffusion/joint-model.js";
import type { ResolvedOptions } from "../methods/joint/options.js";
import type { JointRun, StepRecord } from "../methods/joint/step-record.js";
import type { Method, Series } from "../methods/method.js";
import { methodNamed } from "../methods/methods.js";
import { stripCoverage } from "../panorama/coverage.js";
import { gpanoOf, gpanoXmp } from "../panorama/gpano.js";
import type { ReportRun, RunInfo, RunModel, StepNumbers } from "./run-data.js";
import { folderHolds, foreseenName, openRun, type SavedRun } from "./run-folder.js";
import { plainOptions } from "./run-options.js";
import { reportData } from "./run-pictures.js";

/** What is known of a run before its first step. */
export interface RunHead {
  /** the method's name */
  readonly method: string;
  readonly title?: string;
  readonly series?: readonly Series[];
  /** `run.options` */
  readonly options: ResolvedOptions;
  readonly model: RunModel;
  readonly batch: RunInfo["batch"];
  /** pixels per latent pixel, `model.config.scaleFactor` */
  readonly scaleFactor: number;
}

/**
 * Makes the head of a run: `saveRun(dir, { ...runHead("multi", run, model), steps, result })`.
 * @param method a method, or its name
 * @param name the name or path that opened the model; default its folder's name
 * @throws RangeError for an unknown name
 */
export function runHead(
  method: string | Method,
  { options, batch }: Pick<JointRun, "options" | "batch">,
  model: JointModel & Omit<RunModel, "name"> & { readonly path: string },
  name: string = basename(model.path),
): RunHead {
  const { name: methodName, title, series } = typeof method === "string" ? methodNamed(method) : method;
  const { device, precision, threads, digest, config } = model;
  const scaleFactor = config.scaleFactor;
  return { method: methodName, title, series, options, model: { name, digest, device, precision, threads }, batch, scaleFactor };
}

/** Options of `createRunWriter`. */
export interface RunWriterOptions {
  /** makes report.html of the run; default: there is none */
  readonly page?: (run: ReportRun) => string;
  /** what to do with a run that is already in the folder; default "refuse" */
  readonly existing?: "refuse" | "replace";
  /** decodes and keeps the foreseen panorama of every n-th step; 0: none; default 1 */
  readonly foreseenEvery?: number;
}

/** The part of a step record that the folder keeps. */
export type RunStep = Pick<StepRecord, "index" | "timestep" | "weight" | "anchor" | "series" | "windows" | "preview">;

/** Writes a run's steps as they arrive. End it with `finish` or `abort`; `openRun` opens the folder after either. */
export interface RunWriter {
  readonly dir: string;
  /** Writes a step's numbers and its foreseen panorama. */
  step(record: RunStep): Promise<void>;
  /** Writes the panorama and completes the run. @param result panorama: [1,3,H,W] in [0,1] */
  finish(result: { readonly panorama: Tensor }): Promise<SavedRun>;
  /** Ends a run early and keeps its steps so far. @param reason an error, or a text */
  abort(reason: unknown): Promise<SavedRun>;
}

/**
 * Begins a run's folder; creates it if it is missing.
 * @throws CheckpointError if the folder holds other files, or a run that may not be replaced
 */
export async function createRunWriter(dir: string, head: RunHead, options: RunWriterOptions = {}): Promise<RunWriter> {
  const { page, existing = "refuse", foreseenEvery = 1 } = options;
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
  let saved = 0; // number of steps in steps.json

  const info = (end: { readonly complete: boolean; readonly stopped?: string }): RunInfo => ({
    format: 1,
    ...end,
    method: head.method,
    title: head.title,
    series: head.series,
    options: plainOptions(head.options),
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
    // The report comes first: run.json says "complete" only after all other files exist.
    const draft = { info: info(how), steps };
    if (page) await writeWhole(join(dir, "report.html"), page(await reportData(dir, draft)));
    await writeJson(join(dir, "run.json"), draft.info);
    return openRun(dir);
  };

  await saveSteps();
  await writeJson(join(dir, "run.json"), info({ complete: false, stopped: "it was still running" }));
  return {
    dir,
    async step(record) {
      const { index, timestep, weight, anchor, series, windows } = record;
      steps.push({ index, timestep, weight, anchor, series, windows, seconds: seconds(performance.now() - stepBegun) });
      if (foreseenEvery > 0 && (index + 1) % foreseenEvery === 0)
        await writeWhole(join(dir, "foreseen", foreseenName(index)), await encodeJpeg(await record.preview()));
      // Each write rewrites the whole file. So a long run skips some, but at most 2 % of its steps are missing.
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

const writeJson = (file: string, value: unknown): Promise<void> => writeWhole(file, `${JSON.stringify(value, null, 2)}\n`);
const seconds = (milliseconds: number): number => Math.round(milliseconds) / 1000;

/** The versions that are needed to repeat the run. */
function versions(): Record<string, string> {
  const require = createRequire(import.meta.url);
  const { version } = require("../../../package.json") as { version: string };
  const found: Record<string, string> = { veduta: version, node: process.versions.node };
  try {
    found["onnxruntime-node"] = (require("onnxruntime-node/package.json") as { version: string }).version;
  } catch {
    // Not installed: the model works without it.
  }
  return found;
}
