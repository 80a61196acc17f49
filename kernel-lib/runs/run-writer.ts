/**
 * @file Writes a run to a folder: run.json (what repeats it), steps.json (the records' numbers), foreseen/NNN.jpg, panorama.png and
 * report.html; for an edit edited.png, source.png and source/NNN.jpg; for a run over a pyramid image.png, layout.png and codes.png. Files are written atomically as the steps arrive, so a run that was stopped can be opened too.
 */
import { createHash } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { CheckpointError, ShapeError } from "../core/errors.js";
import { encodeJpeg, encodePng } from "../core/image.js";
import { expectShape, type Tensor } from "../core/tensor.js";
import { writeWhole } from "../core/write-whole.js";
import { placeOf } from "../methods/any-run.js";
import { codesPicture } from "../methods/pyramid/codes-picture.js";
import type { PyramidResult } from "../methods/pyramid/pyramid-step.js";
import { stripCoverage } from "../panorama/coverage.js";
import { gpanoOf, gpanoXmp } from "../panorama/gpano.js";
import { writeCondition } from "./run-condition.js";
import type { ReportRun, RunInfo, SourceInfo, StepNumbers } from "./run-data.js";
import { CODES_NAME, folderHolds, foreseenName, openRun, pictureName, RUN_FILES, type SavedRun, SOURCE_NAME } from "./run-folder.js";
import type { RunHead } from "./run-head.js";
import { plainOptions } from "./run-options.js";
import { reportData, SOURCE_PATH } from "./run-pictures.js";
import { carriedBy, readState, removeState, writeState } from "./run-state.js";
import { type AnyRunStep, numbersOf } from "./step-numbers.js";

/** Options of `createRunWriter`. */
export interface RunWriterOptions {
  /** makes report.html of the run; default: there is none */
  readonly page?: (run: ReportRun) => string;
  /** what to do with a run that is already in the folder; default "refuse" */
  readonly existing?: "refuse" | "replace";
  /** decodes and keeps the foreseen panorama of every n-th step; 0: none; default: of about ten steps of the run */
  readonly foreseenEvery?: number;
  /** the picture that an edit begins with; required for an edit */
  readonly source?: EditSource;
}

/**
 * Where n is not given, so that about so many foreseen panoramas of a run are kept: every fifth of 50 steps, and every one of fewer than 20. A decode
 * for each step would take a tenth of the time of a run of SyncDiffusion.
 */
const FORESEEN_OF_RUN = 10;
const foreseenOf = ({ options: { steps } }: RunInfo): number =>
  typeof steps === "number" ? Math.max(1, Math.floor(steps / FORESEEN_OF_RUN)) : 1;

/** The picture that an edit begins with. */
export interface EditSource {
  /** [1,3,H,W] in [0,1] */
  readonly image: Tensor;
  /** its file; absent for a picture that came from no file */
  readonly file?: { readonly name: string; readonly bytes: Uint8Array };
}

/** The part of a result that the folder keeps: [1,3,H,W] in [0,1]. */
export type RunResult = { readonly panorama: Tensor } | ({ readonly image: Tensor } & Partial<Pick<PyramidResult, "codes">>);

/** Writes a run's steps as they arrive. End it with `finish` or `abort`; `openRun` opens the folder after either. */
export interface RunWriter {
  readonly dir: string;
  /** Writes a step's numbers and its foreseen panorama. */
  step(record: AnyRunStep): Promise<void>;
  /** Writes the panorama or the edited picture, and completes the run. */
  finish(result: RunResult): Promise<SavedRun>;
  /** Ends a run early and keeps its steps so far. @param reason an error, or a text */
  abort(reason: unknown): Promise<SavedRun>;
}

/**
 * Begins a run's folder; creates it if it is missing.
 * @throws CheckpointError if the folder holds other files, or a run that may not be replaced
 */
export async function createRunWriter(dir: string, head: RunHead, options: RunWriterOptions = {}): Promise<RunWriter> {
  const { page, existing = "refuse", foreseenEvery, source } = options;
  expectOnePicture(head, source);
  await expectRunFolder(dir, existing);
  await mkdir(dir, { recursive: true });
  for (const name of RUN_FILES) await rm(join(dir, name), { recursive: true, force: true });

  const { width, height } = head.options;
  const { loop = false, windows } = "count" in head.options ? {} : head.options;
  const window = windows && windows[0].height * head.scaleFactor;
  const coverage = stripCoverage({ width, height, edge: loop ? "wrap" : "open", window });
  const info: RunInfo = {
    format: 1,
    complete: false,
    ...(head.family === undefined || head.family === "panorama" ? {} : { family: head.family }),
    method: head.method,
    ...(source ? { source: sourceInfo(source) } : {}),
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
    started: new Date().toISOString(),
    seconds: 0,
  };
  if (source) await writeWhole(join(dir, SOURCE_NAME), await encodePng(source.image));
  await writeCondition(dir, head);
  return begunWriter(dir, { info, steps: [], page, foreseenEvery });
}

/**
 * Goes on with the folder of a stopped run, after the last step whose state it holds; later steps are made again.
 * @throws CheckpointError if the state is broken
 */
export async function continueRunWriter(
  { dir, info, steps }: SavedRun,
  { page, foreseenEvery }: Pick<RunWriterOptions, "page" | "foreseenEvery"> = {},
): Promise<RunWriter> {
  const done = (readState(dir)?.index ?? -1) + 1;
  return begunWriter(dir, { info, steps: steps.slice(0, done), page, foreseenEvery });
}

interface Begun extends Pick<RunWriterOptions, "foreseenEvery" | "page"> {
  readonly info: RunInfo;
  readonly steps: readonly StepNumbers[];
}

async function begunWriter(dir: string, { info: base, steps: before, page, foreseenEvery = foreseenOf(base) }: Begun): Promise<RunWriter> {
  const begun = performance.now();
  const steps = [...before];
  let stepBegun = begun;
  let saved = 0; // number of steps in steps.json
  const info = (end: { readonly complete: boolean; readonly stopped?: string }): RunInfo => ({
    ...base,
    stopped: undefined,
    ...end,
    seconds: Math.round((base.seconds + seconds(performance.now() - begun)) * 1000) / 1000,
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
    if (how.complete) removeState(dir);
    return openRun(dir);
  };

  await saveSteps();
  await writeJson(join(dir, "run.json"), info({ complete: false, stopped: "it was still running" }));
  return {
    dir,
    async step(record) {
      const index = placeOf(record);
      steps.push({ ...numbersOf(record), seconds: seconds(performance.now() - stepBegun) });
      if (foreseenEvery > 0 && (index + 1) % foreseenEvery === 0) {
        await writeWhole(join(dir, "foreseen", foreseenName(index)), await encodeJpeg(await record.preview()));
        if ("sourcePreview" in record && record.sourcePreview)
          await writeWhole(join(dir, SOURCE_PATH, foreseenName(index)), await encodeJpeg(await record.sourcePreview()));
      }
      // Each write rewrites the whole file. So a long run skips some, but at most 2 % of its steps are missing.
      if (steps.length - saved >= steps.length / 50) {
        await saveSteps();
        // After the steps, so that every step up to the state's is in steps.json.
        if (record.latent) writeState(dir, { ...carriedBy(record), index, latent: record.latent });
      }
      stepBegun = performance.now();
    },
    async finish(result) {
      const { width, height, coverage } = base;
      const picture = "panorama" in result ? result.panorama : result.image; // [1,3,H,W]
      const isPanorama = "panorama" in result || coverage.edge === "wrap";
      const gpano = isPanorama ? gpanoOf(width, height, coverage) : undefined;
      await writeWhole(join(dir, pictureName(base)), await encodePng(picture, gpano && { xmp: gpanoXmp(gpano) }));
      if ("codes" in result && result.codes) await writeWhole(join(dir, CODES_NAME), await encodePng(codesPicture(result.codes)));
      return end({ complete: true });
    },
    abort: (reason) => end({ complete: false, stopped: reason instanceof Error ? reason.message : String(reason) }),
  };
}

/** A folder holds one picture, of an edit beside its source. @throws ShapeError, TypeError */
function expectOnePicture({ family, options }: RunHead, source: EditSource | undefined): void {
  if ("count" in options && options.count !== 1)
    throw new ShapeError("a run's folder", { got: `${options.count} pictures`, want: "one", fix: "sample and save them one by one" });
  if (family !== "edit") return;
  const pictures = "image" in options ? options.image : options.latent;
  if (pictures && pictures.shape[0] !== 1)
    throw new ShapeError("a run's folder", { got: `${pictures.shape[0]} pictures`, want: "one", fix: "edit and save them one by one" });
  if (!source) throw new TypeError("a run's folder: got an edit without its source, want source: { image }, the picture that was edited");
  expectShape("a run's folder: source", source.image, [1, 3, options.height, options.width]);
}

function sourceInfo({ image, file }: EditSource): SourceInfo {
  const bytes = file?.bytes ?? new Uint8Array(image.data.buffer, image.data.byteOffset, image.data.byteLength);
  return { name: file?.name ?? "tensor", sha256: createHash("sha256").update(bytes).digest("hex") };
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
