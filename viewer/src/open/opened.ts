/** @file What is dropped on the page becomes a picture of the viewer. */
import type { PanoramaSpec } from "../../../kernel-lib/pages/panorama-figure.js";
import { VIRIDIS_STEPS } from "../../../kernel-lib/panorama/colors.js";
import type { RunInfo, StepNumbers } from "../../../kernel-lib/runs/run-data.js";
import { make } from "../dom.js";
import { likelyCoverage, type Said } from "./file-coverage.js";
import { damage, isHeic } from "./whole-file.js";

const NOT_SHOWN = "a file that this browser cannot show";

/** A picture or a run that was opened. */
export interface Opened {
  readonly name: string;
  readonly src: string;
  readonly spec: PanoramaSpec;
  /** the source of its coverage, in words */
  readonly source: string;
  /** "guess": nothing tells what it covers */
  readonly known: "known" | "guess";
  /** Covers what the page's fields say now; absent for a run, which knows it. @throws RangeError with the file's name */
  readonly cover?: (said: Said) => Opened;
}

/** Opens a picture. @throws Error with the file's name if the browser does not show it, RangeError if the fields do not fit it */
export async function openImage(file: File, said: Said): Promise<Opened> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const src = URL.createObjectURL(file);
  const image = make("img", { src });
  const shown = await image.decode().then(
    () => true,
    () => false,
  );
  const wrong = damage(bytes) ?? (shown ? undefined : isHeic(bytes) ? "HEIC, which this browser does not show" : NOT_SHOWN);
  if (wrong !== undefined) {
    URL.revokeObjectURL(src);
    throw new Error(`${file.name}: got ${wrong}, want a PNG, JPEG or WebP`);
  }
  const { naturalWidth: width, naturalHeight: height } = image;
  const picture = { name: file.name, text: new TextDecoder("latin1").decode(bytes), width, height };
  const cover = (by: Said): Opened => {
    const { coverage, source, known } = likelyCoverage(picture, by);
    return { name: file.name, src, spec: { coverage }, source, known, cover };
  };
  return cover(said);
}

/** Opens a run's files. @param runFile its run.json @throws Error with the file's name if they are no run with a picture */
export async function openRun(files: readonly File[], runFile: File): Promise<Opened> {
  const info = await parsed<RunInfo>(runFile);
  const named = (name: string) => files.find((file) => file.name === name);
  const stepsFile = named("steps.json");
  const numbers = stepsFile ? await parsed<{ steps?: StepNumbers[] }>(stepsFile) : {};
  const foreseen = files
    .filter(({ name }) => /^\d{3,}\.jpg$/.test(name))
    .sort((a, b) => Number.parseInt(a.name, 10) - Number.parseInt(b.name, 10));
  const last = named("panorama.png") ?? foreseen[foreseen.length - 1];
  if (!last || !info.coverage) throw new Error(`${runFile.name}: want a run's folder with run.json and panorama.png or foreseen pictures`);
  const steps = foreseen.map((file) => ({ src: URL.createObjectURL(file), label: `step ${Number.parseInt(file.name, 10)}` }));
  const { width, height, scaleFactor, coverage, model } = info;
  const windows = numbers.steps?.length
    ? {
        width: width / scaleFactor,
        height: height / scaleFactor,
        steps: numbers.steps,
        stepOf: foreseen.map(({ name }) => Number.parseInt(name, 10)),
        colours: VIRIDIS_STEPS,
      }
    : undefined;
  const caption = `Made by ${model.name.replace(/^.*[\\/]/, "")} with ${info.title ?? info.method}.`;
  return {
    name: String(info.options.prompt ?? "run"),
    src: URL.createObjectURL(last),
    spec: { coverage, caption, steps: steps.length > 1 ? steps : undefined, windows },
    source: "a run",
    known: "known",
  };
}

/** @throws Error with the file's name if it is no JSON */
async function parsed<T>(file: File): Promise<T> {
  const text = await file.text();
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new Error(`${file.name}: got a file that is no JSON, want that of a run's folder`);
  }
}
