/**
 * @file Figures in a page: HTML that shows a still picture without scripts, and a job for the viewer script, which makes it live.
 * The script (viewer/, built to dist/viewer/veduta-viewer.js) drains the queue and replaces its `push`, so jobs may come before or after it.
 */
import { viridis } from "../panorama/colors.js";
import type { Coverage } from "../panorama/coverage.js";
import type { ViewState } from "../panorama/view-state.js";
import type { RunInfo, StepNumbers } from "../runs/run-data.js";
import { inlineLibrary } from "./display-library.js";
import { escapeHtml, scriptLiteral } from "./html.js";
import type { PlotSpec } from "./plot-spec.js";

/** How the viewer shows the `<img>` that it finds in its root. */
export interface PanoramaSpec {
  readonly coverage: Coverage;
  /** pictures of the steps, in order */
  readonly steps?: readonly StepPicture[];
  /** its label in a comparison, any text */
  readonly label?: string;
  /** one line below the picture, any text: what made it */
  readonly caption?: string;
  /** the initial view, a part of the viewer's state; default: straight ahead, or all of a strip that would be blurred there */
  readonly state?: Partial<ViewState>;
  /** the windows that painted it */
  readonly windows?: WindowsSpec;
  /** the run's id, by `runIdOf`: choosing a window in one figure or viewer shows it in all with the same id */
  readonly run?: string;
  /** other panoramas to compare with */
  readonly others?: readonly OtherPicture[];
}

/** A run's windows and their numbers. */
export interface WindowsSpec {
  /** the panorama's size in latent pixels, like the windows' places */
  readonly width: number;
  readonly height: number;
  readonly steps: readonly StepNumbers[];
  /** the step index of each picture in the scrubber */
  readonly stepOf: readonly number[];
  /** the colour scale of distances, from 0 up, as CSS colours */
  readonly colours: readonly string[];
}

/** A panorama that the first one is compared with. */
export interface OtherPicture {
  /** a data: URL */
  readonly src: string;
  /** its label in the comparison, any text */
  readonly label: string;
  readonly coverage: Coverage;
  readonly steps?: readonly StepPicture[];
}

/** The picture of one step in the scrubber. */
export interface StepPicture {
  /** a data: URL; null for the root's own `<img>` */
  readonly src: string | null;
  /** the scrubber's label, such as "step 3" */
  readonly label: string;
}

/** The flat panorama above the window map. It frames what the viewer shows, and a click turns the viewer there. */
export interface StripSpec {
  /** id of the viewer's root */
  readonly viewer: string;
  readonly coverage: Coverage;
}

/** What a panorama's figure is made of. */
export interface PanoramaParts {
  readonly src: string;
  readonly alt: string;
  readonly spec: PanoramaSpec;
  readonly joined?: string;
}

/** One entry of the queue: the root's id, the kind, and the figure's data. */
export type FigureJob =
  | readonly [id: string, kind: "panorama", spec: PanoramaSpec]
  | readonly [id: string, kind: "strip", spec: StripSpec]
  | readonly [id: string, kind: "plot", spec: PlotSpec];

/** The script element that queues a figure. */
export const figureJob = (job: FigureJob): string =>
  `<script>(globalThis.__veduta=globalThis.__veduta||[]).push(${scriptLiteral(job)})</script>`;

/**
 * Makes a panorama's figure: the still picture, and its job.
 * @param src data: URL of the picture @param alt its description, any text @param joined further attributes of the root, as HTML with a space before
 */
export function panoramaFigure(id: string, { src, alt, spec, joined = "" }: PanoramaParts): string {
  return `<div id="${escapeHtml(id)}" class="veduta-panorama"${joined}><img src="${escapeHtml(src)}" alt="${escapeHtml(alt)}"></div>${figureJob([id, "panorama", spec])}`;
}

/** Number of colours in the scale that a page carries. */
const SHADES = 64;

/** Makes the windows of a run's viewer. @param stepOf the step of each picture in the scrubber @returns undefined if there is no step */
export function windowsSpec(
  { width, height, scaleFactor }: Pick<RunInfo, "width" | "height" | "scaleFactor">,
  steps: readonly StepNumbers[],
  stepOf: readonly number[] = [],
): WindowsSpec | undefined {
  if (steps.length === 0) return undefined;
  const colours = Array.from({ length: SHADES }, (_, k) => viridis(k / (SHADES - 1)));
  return { width: width / scaleFactor, height: height / scaleFactor, steps: steps.map(shortened), stepOf, colours };
}

/** Rounds numbers to four digits, all that a page shows: otherwise they are half of a long run's page. */
const shortened = (step: StepNumbers): StepNumbers => ({
  ...step,
  windows: step.windows.map(({ top, left, height, width, loss, gradientNorm }) => ({
    top,
    left,
    height,
    width,
    ...(loss === undefined ? {} : { loss: Number(loss.toPrecision(4)) }),
    ...(gradientNorm === undefined ? {} : { gradientNorm: Number(gradientNorm.toPrecision(4)) }),
  })),
});

/** The built viewer script, to be inlined once per page. @throws CheckpointError if it was not built */
export const viewerScript = (): string => inlineLibrary("viewer");
