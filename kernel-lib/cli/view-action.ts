/** @file The action of `veduta view`. */
import { existsSync, readFileSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { decodeImage, encodePng, readXmp } from "../core/image.js";
import type { Tensor } from "../core/tensor.js";
import { writeWhole } from "../core/write-whole.js";
import { dataUrl } from "../pages/html.js";
import type { PanoramaSpec } from "../pages/panorama-figure.js";
import { runFigure } from "../pages/run-figure.js";
import { viewPage } from "../pages/view-page.js";
import { comparedSpec } from "../panorama/compared-spec.js";
import type { Coverage } from "../panorama/coverage.js";
import { type ImageFacts, imageCoverage } from "../panorama/image-coverage.js";
import { openRun } from "../runs/run-folder.js";
import { reportData } from "../runs/run-pictures.js";
import { type CliDeps, UsageError } from "./command.js";
import { labels, type Named } from "./view-labels.js";

/** The flags of `veduta view`. */
export type ViewFlags = Pick<ImageFacts, "haov" | "vaov" | "projection"> & { readonly out?: string; readonly open?: true };

interface Viewed extends Named {
  readonly src: string;
  readonly spec: PanoramaSpec;
  /** the source of its coverage, in words */
  readonly source: string;
}

/** Shows what is dropped on it; built beside the library. */
const DROP_PAGE = fileURLToPath(new URL("../../viewer/index.html", import.meta.url));

/** Writes the page, or opens the one that shows what is dropped on it. @throws UsageError if there is nothing to show */
export async function view(
  paths: readonly string[],
  flags: ViewFlags,
  { stdout, openPage }: Pick<CliDeps, "stdout" | "openPage">,
): Promise<void> {
  const opened = async (page: string): Promise<void> => {
    if (!(await openPage?.(resolve(page)))) stdout.write(`No browser took it: open ${page} yourself.\n`);
  };
  if (paths.length === 0) {
    if (flags.out !== undefined) throw new UsageError("--out names the page of a picture or a run; give one");
    stdout.write(`${DROP_PAGE}\n`);
    return opened(DROP_PAGE);
  }
  if (flags.out !== undefined && (await stat(flags.out).catch(() => undefined))?.isDirectory())
    throw new UsageError(`--out ${flags.out}: got a folder, want the page's file, such as ${join(flags.out, "index.html")}`);
  const all: Viewed[] = [];
  for (const path of paths) all.push(await viewed(path, flags));
  const names = labels(all);
  const [{ src }] = all;
  const whole = comparedSpec(all.map((one, k) => ({ ...one, name: names[k] })));
  const out = flags.out ?? pageBeside(paths);
  await writeWhole(out, viewPage({ src, title: joined(names), spec: whole }));
  for (const [k, one] of all.entries()) stdout.write(`${names[k]}: ${one.source}\n`);
  stdout.write(`${out}\n`);
  if (flags.open) await opened(out);
}

/** PICTURE.html beside the first picture; of several, with all their names. @throws UsageError where another page has that name */
function pageBeside(paths: readonly string[]): string {
  const names = paths.map((path) => basename(resolve(path), extname(path)));
  const page = join(dirname(paths[0]), `${names.join("-")}.html`);
  if (existsSync(page) && !readFileSync(page, "utf8").slice(0, HEAD).includes(VEDUTA_TITLE))
    throw new UsageError(`${page}: is there, and not a page of veduta view; name another with --out`);
  return page;
}

/** Every page of Veduta has it, among its first characters. */
const VEDUTA_TITLE = "· Veduta</title>";
const HEAD = 10_000;

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
  return {
    path: dir,
    name,
    options: { ...run.info.options },
    ...figure,
    source: `a run, ${Math.round(horizontal)}° × ${Math.round(vertical)}° ${projection}`,
  };
}

async function viewedImage(file: string, { haov, vaov, projection }: ViewFlags): Promise<Viewed> {
  const bytes = await readFile(file);
  const image = await decodeImage(file); // [1,3,H,W]
  const { coverage, source }: { coverage: Coverage; source: string } = covered(file, {
    width: image.shape[3],
    height: image.shape[2],
    xmp: await readXmp(bytes),
    haov,
    vaov,
    projection,
  });
  return { path: file, name: basename(file), src: await embeddable(bytes, image), spec: { coverage }, source };
}

/** What the image covers. @throws UsageError with the file's name */
function covered(file: string, facts: ImageFacts): ReturnType<typeof imageCoverage> {
  try {
    return imageCoverage(facts);
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(`${file}: ${error.message}`, { cause: error }) : error;
  }
}

/** The file as a data: URL; converted to PNG if browsers do not show its format. */
async function embeddable(bytes: Uint8Array, image: Tensor): Promise<string> {
  const kind = { 137: "image/png", 255: "image/jpeg", 82: "image/webp" }[bytes[0]];
  return kind ? dataUrl(kind, bytes) : dataUrl("image/png", await encodePng(image));
}
