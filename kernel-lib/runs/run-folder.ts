/** @file Opens a run's folder and checks all of its content. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { CONDITIONS } from "../conditions/control-words.js";
import { GIVEN } from "../conditions/given-picture.js";
import { REGION_MASKS } from "../conditions/region-words.js";
import { CheckpointError } from "../core/errors.js";
import { anything, is, list, object, objectWith, oneOf, optional, readForm, real, record, text, whole, yesNo } from "../core/forms.js";
import { decodeImage } from "../core/image.js";
import type { Tensor } from "../core/tensor.js";
import { PREDICTIONS } from "../diffusion/notation.js";
import type { Family } from "../methods/method.js";
import type { RunInfo, StepNumbers } from "./run-data.js";

/** A run that was read from its folder. */
export interface SavedRun {
  readonly dir: string;
  readonly info: RunInfo;
  /** the finished steps' numbers */
  readonly steps: readonly StepNumbers[];
  /** [1,3,H,W] in [0,1]; absent if the run was stopped, or is no panorama */
  readonly panorama?: Tensor;
  /** the edited or sampled picture, [1,3,H,W] in [0,1]; absent if the run was stopped, or is a panorama */
  readonly image?: Tensor;
  /** file of the picture that was edited */
  readonly source?: string;
  /** JPEG files of the foreseen panoramas that were kept, in the order of their steps; read one with `decodeImage` */
  readonly foreseen: readonly { readonly step: number; readonly file: string }[];
}

/** File name of a step's foreseen panorama. */
export const foreseenName = (step: number): string => `${String(step).padStart(3, "0")}.jpg`;

/** File name of a finished run's picture. */
export const pictureName = ({ family = "panorama" }: Pick<RunInfo, "family">): PictureName => PICTURES[family];
/** File name of a finished run's picture. */
export type PictureName = "panorama.png" | "edited.png" | "image.png";
const PICTURES: Readonly<Record<Family, PictureName>> = { panorama: "panorama.png", edit: "edited.png", pyramid: "image.png" };
/** File name of the picture of a layout's boxes. */
export const LAYOUT_NAME = "layout.png";
/** File name of the picture of a scene's codes. */
export const CODES_NAME = "codes.png";
/** File name of a scene's layout, as `veduta scene` reads it. */
export const LAYOUT_FILE = "layout.json";
/** File name of a scene's graph, as `veduta scene` reads it. */
export const GRAPH_FILE = "graph.json";
/** File name of the picture that an edit began with. */
export const SOURCE_NAME = "source.png";

/** What a new run replaces. */
export const RUN_FILES: readonly string[] = [
  "run.json",
  "steps.json",
  "foreseen",
  "panorama.png",
  "edited.png",
  "image.png",
  LAYOUT_NAME,
  LAYOUT_FILE,
  GRAPH_FILE,
  REGION_MASKS,
  CONDITIONS,
  GIVEN,
  CODES_NAME,
  SOURCE_NAME,
  "source",
  "report.html",
  "state.safetensors",
];

/**
 * Opens the folder of a finished or stopped run; `info.complete` says which.
 * @throws CheckpointError with the file, what was expected and what was found
 */
export async function openRun(dir: string): Promise<SavedRun> {
  const infoFile = join(dir, "run.json");
  // the values themselves, with what a form does not name
  const info = (await readJson(infoFile)) as RunInfo;
  readForm(infoFile, INFO, info);
  const stepsFile = join(dir, "steps.json");
  const json = await readJson(stepsFile);
  readForm(stepsFile, STEPS, json);
  const { steps } = json as { readonly steps: readonly StepNumbers[] };
  for (const [k, { index }] of steps.entries())
    if (index !== k) throw new CheckpointError(stepsFile, { expected: `steps[${k}].index: ${k}`, found: String(index) });

  const names = await readdir(join(dir, "foreseen")).catch((): string[] => []);
  const foreseen = steps.flatMap(({ index }) =>
    names.includes(foreseenName(index)) ? [{ step: index, file: join(dir, "foreseen", foreseenName(index)) }] : [],
  );
  const source = info.source ? { source: join(dir, SOURCE_NAME) } : {};
  if (!info.complete) return { dir, info, steps, foreseen, ...source };
  const file = join(dir, pictureName(info));
  const picture = await decodeImage(file);
  const [, , height, width] = picture.shape;
  if (width !== info.width || height !== info.height)
    throw new CheckpointError(file, { expected: `${info.width} × ${info.height} pixels, as run.json says`, found: `${width} × ${height}` });
  return {
    dir,
    info,
    steps,
    ...((info.family ?? "panorama") === "panorama" ? { panorama: picture } : { image: picture }),
    foreseen,
    ...source,
  };
}

/** What a folder holds: nothing (or there is no folder), a run, or other files, which a run never overwrites. */
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

async function readJson(file: string): Promise<unknown> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new CheckpointError(file, {
      expected: "a file of a run",
      found: error.code === "ENOENT" ? "no file" : error.message,
      fix: "give the folder that a run was saved to",
    });
  });
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CheckpointError(file, { expected: "JSON", found: error instanceof Error ? error.message : String(error) });
  }
}

const NUMBER = real({ min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY });
const COUNT = whole({ min: 0, max: Number.POSITIVE_INFINITY });
const SIZE = whole({ min: 1, max: Number.POSITIVE_INFINITY });
const TEXT = text();

const STEPS = object({
  format: is(1),
  steps: list(
    object({
      index: COUNT,
      stage: optional(COUNT),
      timestep: NUMBER,
      weight: NUMBER,
      anchor: whole({ min: -1, max: Number.POSITIVE_INFINITY }),
      series: optional(record(NUMBER)),
      pictures: optional(list(record(NUMBER))),
      windows: list(objectWith({ top: COUNT, left: COUNT, height: SIZE, width: SIZE }, NUMBER)),
      control: optional(list(object({ scale: NUMBER, used: yesNo }))),
      seconds: optional(NUMBER),
    }),
  ),
});

const LORA = object({ file: TEXT, scale: NUMBER, sha256: TEXT });
const EMBEDDING = object({ file: TEXT, word: TEXT, sha256: TEXT });
const SERIES = object({ name: TEXT, per: oneOf(["step", "window"]), title: TEXT, unit: TEXT });
const INFO = object({
  format: is(1),
  complete: yesNo,
  stopped: optional(TEXT),
  family: optional(oneOf(["panorama", "edit", "pyramid"])),
  source: optional(object({ name: TEXT, sha256: TEXT })),
  method: text(/^[a-z][a-z0-9-]*$/, "a method's name"),
  title: optional(TEXT),
  series: optional(list(SERIES, "a list of series")),
  options: record(anything),
  model: object({
    name: TEXT,
    digest: TEXT,
    device: TEXT,
    precision: optional(TEXT),
    threads: NUMBER,
    prediction: optional(oneOf(PREDICTIONS)),
    control: optional(list(TEXT)),
    lora: optional(list(LORA)),
    embedding: optional(list(EMBEDDING)),
  }),
  batch: object({ noise: optional(SIZE), gradient: optional(SIZE) }),
  versions: record(TEXT),
  width: SIZE,
  height: SIZE,
  scaleFactor: SIZE,
  coverage: object({
    projection: oneOf(["cylinder", "equirectangular"]),
    horizontal: NUMBER,
    vertical: NUMBER,
    edge: oneOf(["wrap", "open"]),
  }),
  started: TEXT,
  seconds: NUMBER,
});
