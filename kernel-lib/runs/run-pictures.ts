/** @file Makes a run's pictures small enough to embed, so that a report with viewer and charts has at most 3 MB. */
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { GIVEN, GIVEN_PICTURES } from "../conditions/given-picture.js";
import { decodeImage, encodeJpeg } from "../core/image.js";
import type { ForeseenPicture, Picture, ReportRun, RunInfo, StepNumbers } from "./run-data.js";
import { CODES_NAME, foreseenName, LAYOUT_NAME, pictureName, SOURCE_NAME } from "./run-folder.js";

/** Maximum bytes of the panorama, and of all foreseen pictures together, before base64. */
const MOST_PANORAMA = 750_000;
const MOST_FORESEEN = 600_000;

/** The folder of the pictures that the path of an edit's source foresaw. */
export const SOURCE_PATH = "source";

/** Sizes and qualities from the best to the smallest; `share` is a fraction of the picture's width. */
const LEVELS = [
  { share: 1, quality: 92 },
  { share: 1, quality: 80 },
  { share: 0.75, quality: 76 },
  { share: 0.5, quality: 72 },
  { share: 0.33, quality: 66 },
  { share: 0.2, quality: 60 },
  { share: 0.1, quality: 50 },
] as const;

/** Reads a picture; a file larger than `MOST_PANORAMA` becomes the best JPEG that fits. */
export async function embedded(file: string): Promise<Picture> {
  const bytes = await readFile(file);
  if (bytes.length <= MOST_PANORAMA) return { type: file.endsWith(".png") ? "image/png" : "image/jpeg", bytes };
  const image = await decodeImage(bytes);
  let smallest: Uint8Array = bytes;
  for (const { share, quality } of LEVELS) {
    smallest = await encodeJpeg(image, { quality, maxWidth: Math.max(1, Math.round(image.shape[3] * share)) });
    if (smallest.length <= MOST_PANORAMA) break;
  }
  return { type: "image/jpeg", bytes: smallest };
}

/**
 * Encodes all previews at the highest common size and quality whose total fits `MOST_FORESEEN`. If even the lowest does not fit, keeps every k-th.
 */
export async function embeddedSteps(files: readonly StepFile[]): Promise<ForeseenPicture[]> {
  const samples = files.filter((_, k) => k % Math.ceil(files.length / 4) === 0);
  for (const level of LEVELS) {
    // Four samples tell whether a level is likely to fit, before all are encoded.
    if (sum(await atLevel(samples, level)) / samples.length > (1.1 * MOST_FORESEEN) / files.length) continue;
    const pictures = await atLevel(files, level);
    if (sum(pictures) <= MOST_FORESEEN) return pictures;
  }
  if (files.length < 3) return [];
  const every =
    2 ** Math.ceil(Math.log2(sum(await atLevel(samples, LEVELS[LEVELS.length - 1])) / samples.length / (MOST_FORESEEN / files.length) + 1));
  return embeddedSteps(files.filter((_, k) => (files.length - 1 - k) % every === 0));
}

interface StepFile {
  readonly step: number;
  readonly file: string;
}

async function atLevel(files: readonly StepFile[], { share, quality }: (typeof LEVELS)[number]): Promise<ForeseenPicture[]> {
  const pictures: ForeseenPicture[] = [];
  for (const { step, file } of files) {
    const image = await decodeImage(file);
    pictures.push({
      step,
      type: "image/jpeg",
      bytes: await encodeJpeg(image, { quality, maxWidth: Math.max(1, Math.round(image.shape[3] * share)) }),
    });
  }
  return pictures;
}

const sum = (pictures: readonly ForeseenPicture[]): number => pictures.reduce((total, { bytes }) => total + bytes.length, 0);

/** Reads a run's folder for a report or a viewer, with its pictures made small enough to embed. */
export async function reportData(
  dir: string,
  { info, steps }: { readonly info: RunInfo; readonly steps: readonly StepNumbers[] },
): Promise<ReportRun> {
  const files = await stepFiles(join(dir, "foreseen"), steps);
  const foreseen = await embeddedSteps(files);
  const last = files[files.length - 1]?.file;
  const file = info.complete ? join(dir, pictureName(info)) : last;
  const picture = file === undefined ? undefined : await embedded(file);
  if (info.family === "pyramid") {
    const kept = await readdir(dir);
    const own = async (name: string) => (kept.includes(name) ? await embedded(join(dir, name)) : undefined);
    return { info, steps, foreseen, picture, layout: await own(LAYOUT_NAME), codes: await own(CODES_NAME) };
  }
  if (!info.source) return { info, steps, foreseen, picture, ...(await givenPictures(dir, info)) };
  const path = await embeddedSteps(await stepFiles(join(dir, SOURCE_PATH), steps));
  return { info, steps, foreseen, picture, source: { picture: await embedded(join(dir, SOURCE_NAME)), foreseen: path } };
}

/** The pictures that a run was given. */
async function givenPictures(dir: string, { options }: RunInfo): Promise<Pick<ReportRun, "given">> {
  const names = Object.entries(GIVEN_PICTURES).filter(([name]) => options[name] !== undefined);
  const kept = await readdir(join(dir, GIVEN)).catch((): string[] => []); // runs of older versions have them in run.json
  const there = names.filter(([, file]) => kept.includes(`${basename(file)}.png`));
  if (there.length === 0) return {};
  const pictures = there.map(async ([name, file]) => [name, await embedded(join(dir, `${file}.png`))] as const);
  return { given: Object.fromEntries(await Promise.all(pictures)) };
}

/** The files of the steps whose pictures were kept. */
async function stepFiles(folder: string, steps: readonly StepNumbers[]): Promise<StepFile[]> {
  const kept = await readdir(folder).catch((): string[] => []);
  return steps.flatMap(({ index }) =>
    kept.includes(foreseenName(index)) ? [{ step: index, file: join(folder, foreseenName(index)) }] : [],
  );
}
