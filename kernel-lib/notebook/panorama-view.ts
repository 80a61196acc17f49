/** @file A panorama, a run's steps, or two panoramas to compare, as a viewer in a page or an output. */
import { encodePng, encodeWebp } from "../core/image.js";
import type { Tensor } from "../core/tensor.js";
import type { StepRecord } from "../joint/step-record.js";
import { type Coverage, stripCoverage } from "./coverage.js";
import { type Displayable, displayable } from "./display.js";
import { type PanoramaSpec, panoramaFigure, type StepPicture, windowsSpec } from "./figure.js";
import { dataUrl } from "./html.js";
import { runIdOf } from "./run-id.js";
import { paintedAs } from "./tracked-runs.js";
import { viewPage } from "./view-page.js";

/** What a view reads of a step. */
export type ViewedStep = Pick<StepRecord, "index" | "timestep" | "weight" | "anchor" | "windows" | "latent" | "preview">;

export interface PanoramaViewOptions {
  /** what it covers; default a joint-diffusion strip's cylinder, `stripCoverage` of its pixels and `edge` */
  readonly coverage?: Coverage;
  /** "wrap" for a looped panorama; default known of what `track` returned and of steps, else "open" */
  readonly edge?: "wrap" | "open";
  /** what it shows, for those who cannot see it and as the page's title; any text; default "Panorama" */
  readonly title?: string;
  /** names of the two that are compared; default "first" and "second" */
  readonly labels?: readonly [string, string];
  /** the view at the start: a part of `viewer.state` */
  readonly state?: PanoramaSpec["state"];
}

export interface PanoramaView extends Displayable {
  /** the output's HTML: a still picture, and its job for the viewer's script */
  html(): Promise<string>;
  /** a whole page that needs nothing else */
  page(): Promise<string>;
}

/** What is shown, encoded. */
interface Drawn {
  /** the still, [1,3,H,W] in [0,1], and its PNG, which is the viewer's texture */
  readonly picture: Tensor;
  readonly png: Uint8Array;
  readonly spec: PanoramaSpec;
}

/** Of a run's steps at most so many are decoded for the scrubber, evenly apart. */
const MOST_PICTURES = 24;
/** Pixels that the output's bare picture is wide at most: it stands in where no HTML is shown. */
const WIDEST = 768;

let made = 0;

/**
 * A viewer as an output: `.show()`, or a cell's last expression.
 * @param shown [1,3,H,W] in [0,1]; or step records, whose foreseen panoramas go into the scrubber; or two panoramas
 * @throws RangeError for no steps
 */
export function panoramaView(
  shown: Tensor | readonly ViewedStep[] | { readonly a: Tensor; readonly b: Tensor },
  options: PanoramaViewOptions = {},
): PanoramaView {
  if (Array.isArray(shown) && shown.length === 0) throw new RangeError("panoramaView: got no steps, want at least one");
  const { title = "Panorama" } = options;
  const id = `veduta-view-${process.pid}-${Date.now().toString(36)}-${made++}`; // one output beside another, of this kernel or an earlier one
  let drawn: Promise<Drawn> | undefined;
  const draw = () => {
    drawn ??= "data" in shown ? one(shown, options) : "a" in shown ? pair(shown, options) : steps(shown, options);
    return drawn;
  };
  const html = async () => {
    const { picture, png, spec } = await draw();
    return panoramaFigure(id, { src: dataUrl("image/png", png), alt: `${title} (${facts(picture, spec)})`, spec });
  };
  const bundle = async () => {
    const { picture, png, spec } = await draw();
    const bare = picture.shape[3] > WIDEST ? await encodePng(picture, { maxWidth: WIDEST }) : png;
    return {
      "text/html": await html(),
      "image/png": Buffer.from(bare).toString("base64"),
      "text/plain": `[${title === "Panorama" ? "" : `${title}: `}panorama ${facts(picture, spec)}]`,
    };
  };
  return {
    ...displayable(bundle, { needs: ["viewer"] }),
    html,
    page: async () => {
      const { png, spec } = await draw();
      return viewPage({ src: dataUrl("image/png", png), title, spec });
    },
  };
}

/** In words: "768×128, 360°, 50 steps". */
function facts({ shape: [, , height, width] }: Tensor, { coverage, steps, other, label }: PanoramaSpec): string {
  const size = `${width}×${height}, ${Math.round(coverage.horizontal)}°`;
  if (other) return `${size}, ${label} beside ${other.label}`;
  return steps ? `${size}, ${steps.length} steps` : size;
}

function coverageFor({ shape: [, , height, width] }: Tensor, { coverage, edge = "open" }: PanoramaViewOptions, window = height): Coverage {
  return coverage ?? stripCoverage({ width, height, edge, window });
}

async function one(picture: Tensor, options: PanoramaViewOptions): Promise<Drawn> {
  const painted = paintedAs(picture);
  const run = painted && runParts(painted.steps, picture);
  const coverage = coverageFor(picture, { ...options, edge: options.edge ?? painted?.edge }, run?.window);
  return { picture, png: await encodePng(picture), spec: { coverage, windows: run?.windows, run: run?.run, state: options.state } };
}

async function pair({ a, b }: { readonly a: Tensor; readonly b: Tensor }, options: PanoramaViewOptions): Promise<Drawn> {
  const [label, second] = options.labels ?? ["first", "second"];
  const coverage = (image: Tensor) => coverageFor(image, { ...options, edge: options.edge ?? paintedAs(image)?.edge });
  const other = { src: dataUrl("image/png", await encodePng(b)), label: second, coverage: coverage(b) };
  const spec = { coverage: coverage(a), label, other, state: { compare: "swipe", ...options.state } };
  return { picture: a, png: await encodePng(a), spec };
}

async function steps(records: readonly ViewedStep[], options: PanoramaViewOptions): Promise<Drawn> {
  const count = Math.min(records.length, MOST_PICTURES);
  const kept = Array.from({ length: count }, (_, k) => (count === 1 ? 0 : Math.round((k * (records.length - 1)) / (count - 1))));
  const pictures: StepPicture[] = [];
  let picture: Tensor | undefined;
  // One after the other: each is a call of the network.
  for (const k of kept) {
    picture = await records[k].preview(); // [1,3,H,W]
    const src = k === records.length - 1 ? null : dataUrl("image/webp", await encodeWebp(picture, { quality: 85 }));
    pictures.push({ src, label: `step ${records[k].index}` });
  }
  if (!picture) throw new RangeError("panoramaView: got no steps, want at least one");
  const { windows, window, edge, run } = runParts(records, picture, kept);
  const coverage = coverageFor(picture, { ...options, edge: options.edge ?? edge }, window);
  const spec = { coverage, steps: pictures.length > 1 ? pictures : undefined, windows, run, state: options.state };
  return { picture, png: await encodePng(picture), spec };
}

/** What a viewer needs of the run that painted a picture. @param stepOf for each picture of the scrubber, its step */
function runParts(records: readonly ViewedStep[], { shape: [, , height, width] }: Tensor, stepOf: readonly number[] = []) {
  const [first] = records;
  const across = first.latent.shape[3];
  const scaleFactor = width / across;
  const numbers = records.map(({ index, timestep, weight, anchor, windows }) => ({ index, timestep, weight, anchor, windows }));
  const edge: "wrap" | "open" = first.windows.some(({ left, width }) => left + width > across) ? "wrap" : "open";
  return {
    windows: windowsSpec({ width, height, scaleFactor }, numbers, stepOf),
    /** pixels a window is high */
    window: first.windows[0].height * scaleFactor,
    edge,
    run: runIdOf(numbers),
  };
}
