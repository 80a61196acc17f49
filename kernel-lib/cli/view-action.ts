/** @file The action of `veduta view`. */
import { readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { decodeImage, encodePng, readXmp } from "../core/image.js";
import type { Tensor } from "../core/tensor.js";
import { writeWhole } from "../core/write-whole.js";
import { dataUrl } from "../pages/html.js";
import type { PanoramaSpec } from "../pages/panorama-figure.js";
import { runFigure } from "../pages/run-figure.js";
import { viewPage } from "../pages/view-page.js";
import type { Coverage } from "../panorama/coverage.js";
import { type ImageFacts, imageCoverage } from "../panorama/image-coverage.js";
import { openRun } from "../runs/run-folder.js";
import { reportData } from "../runs/run-pictures.js";
import { type CliDeps, UsageError } from "./command.js";

/** The flags of `veduta view`. */
export type ViewFlags = Pick<ImageFacts, "haov" | "vaov" | "projection"> & { readonly out: string };

interface Viewed {
  readonly name: string;
  readonly src: string;
  readonly spec: PanoramaSpec;
  /** the source of its coverage, in words */
  readonly source: string;
}

/** Writes the page. @throws UsageError if there is nothing to show */
export async function view(paths: readonly string[], flags: ViewFlags, { stdout }: Pick<CliDeps, "stdout">): Promise<void> {
  const all: Viewed[] = [];
  for (const path of paths) all.push(await viewed(path, flags));
  const [{ name, src, spec }, ...rest] = all;
  const others = rest.map((one) => ({ src: one.src, label: one.name, coverage: one.spec.coverage, steps: one.spec.steps }));
  const whole: PanoramaSpec = others.length > 0 ? { ...spec, label: name, others, state: { compare: "swipe" } } : spec;
  await writeWhole(flags.out, viewPage({ src, title: joined(all.map((one) => one.name)), spec: whole }));
  for (const one of all) stdout.write(`${one.name}: ${one.source}\n`);
  stdout.write(`${flags.out}\n`);
}

/** "a", "a and b", "a, b and c". */
const joined = (names: readonly string[]): string =>
  names.length < 2 ? names[0] : `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;

async function viewed(path: string, facts: ViewFlags): Promise<Viewed> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new UsageError(`${path}: no such file or folder; want an image or a run's folder`);
  return found.isDirectory() ? viewedRun(path) : viewedImage(path, facts);
}

async function viewedRun(dir: string): Promise<Viewed> {
  const run = await openRun(dir);
  const figure = runFigure(await reportData(dir, run));
  if (!figure)
    throw new UsageError(`${join(dir, "run.json")}: the run has no picture; want one with a finished step, or with pictures of its steps`);
  const { prompt } = run.info.options;
  const { horizontal, vertical, projection } = run.info.coverage;
  const name = typeof prompt === "string" && prompt !== "" ? `${prompt} (${run.info.method})` : basename(dir);
  return { name, ...figure, source: `a run, ${Math.round(horizontal)}° × ${Math.round(vertical)}° ${projection}` };
}

async function viewedImage(file: string, { haov, vaov, projection }: ViewFlags): Promise<Viewed> {
  const bytes = await readFile(file);
  const image = await decodeImage(bytes); // [1,3,H,W]
  const { coverage, source }: { coverage: Coverage; source: string } = imageCoverage({
    width: image.shape[3],
    height: image.shape[2],
    xmp: await readXmp(bytes),
    haov,
    vaov,
    projection,
  });
  return { name: basename(file), src: await embeddable(bytes, image), spec: { coverage }, source };
}

/** The file as a data: URL; converted to PNG if browsers do not show its format. */
async function embeddable(bytes: Uint8Array, image: Tensor): Promise<string> {
  const kind = { 137: "image/png", 255: "image/jpeg", 82: "image/webp" }[bytes[0]];
  return kind ? dataUrl(kind, bytes) : dataUrl("image/png", await encodePng(image));
}
