/**
 * @file Figures in a page: HTML that shows a still picture by itself, and a job for the viewer script, which makes it live.
 * The script (viewer/, built to dist/viewer/veduta-viewer.js) drains the queue and replaces its `push`, so the order does not matter.
 */
import { viridis } from "../panorama/colors.js";
import type { Coverage } from "../panorama/coverage.js";
import type { RunInfo, StepNumbers } from "../runs/run-data.js";
import { inlineLibrary } from "./display-library.js";
import { escapeHtml, scriptLiteral } from "./html.js";
import type { PlotSpec } from "./plot-spec.js";

/** How the viewer shows the `<img>` that it finds in its root. */
export interface PanoramaSpec {
  readonly coverage: Coverage;
  /** pictures of the steps, in order; null is the root's own `<img>` */
  readonly steps?: readonly StepPicture[];
  /** its name beside another's, any text */
  readonly label?: string;
  /** the view at the start, where it is not ahead */
  readonly state?: Readonly<Record<string, string | number | null>>;
  /** the windows that painted it */
  readonly windows?: WindowsSpec;
  /** of `runIdOf`: figures and viewers of one run carry the same, and a window that is chosen in one is shown in all */
  readonly run?: string;
  /** other panoramas, to compare */
  readonly others?: readonly OtherPicture[];
}

/** A run's windows and their numbers. */
export interface WindowsSpec {
  /** of the panorama, latent pixels, as the windows' places are */
  readonly width: number;
  readonly height: number;
  readonly steps: readonly StepNumbers[];
  /** for each picture of the scrubber, the index of its step */
  readonly stepOf: readonly number[];
  /** the scale of distances, from 0 up, as CSS colours */
  readonly colours: readonly string[];
}

/** A panorama that the first one is compared with. */
export interface OtherPicture {
  /** a data: URL */
  readonly src: string;
  /** its name beside the first one's, any text */
  readonly label: string;
  readonly coverage: Coverage;
  readonly steps?: readonly StepPicture[];
}

export interface StepPicture {
  /** a data: URL; null for the root's own `<img>` */
  readonly src: string | null;
  /** what the scrubber says, such as "step 3" */
  readonly label: string;
}

/** The flat strip over the window map, tied to a viewer: it shows what is in view, and a click turns the viewer there. */
export interface StripSpec {
  /** id of the viewer's root */
  readonly viewer: string;
  readonly coverage: Coverage;
}

/** One entry of the queue: the root's id, the kind, and what it needs. */
export type FigureJob =
  | readonly [id: string, kind: "panorama", spec: PanoramaSpec]
  | readonly [id: string, kind: "strip", spec: StripSpec]
  | readonly [id: string, kind: "plot", spec: PlotSpec];

/** The script element that queues a figure. */
export const figureJob = (job: FigureJob): string =>
  `<script>(globalThis.__veduta=globalThis.__veduta||[]).push(${scriptLiteral(job)})</script>`;

/** A panorama's figure: the still, and its job. @param src data: URL of the picture @param alt its description, any text */
export function panoramaFigure(id: string, { src, alt, spec }: { src: string; alt: string; spec: PanoramaSpec }): string {
  return `<div id="${escapeHtml(id)}" class="veduta-panorama"><img src="${escapeHtml(src)}" alt="${escapeHtml(alt)}"></div>${figureJob([id, "panorama", spec])}`;
}

/** Colours of the scale that a page carries. */
const SHADES = 64;

/** A run's windows for its viewer. @param stepOf for each picture of the scrubber, its step @returns undefined where there was no step */
export function windowsSpec(
  { width, height, scaleFactor }: Pick<RunInfo, "width" | "height" | "scaleFactor">,
  steps: readonly StepNumbers[],
  stepOf: readonly number[] = [],
): WindowsSpec | undefined {
  if (steps.length === 0) return undefined;
  const colours = Array.from({ length: SHADES }, (_, k) => viridis(k / (SHADES - 1)));
  return { width: width / scaleFactor, height: height / scaleFactor, steps: steps.map(shortened), stepOf, colours };
}

/** Numbers in the four digits that a page shows at most: they are half of a long run's page else. */
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

/** The built viewer script, to be put inline into a page once. @throws CheckpointError where it was not built */
export const viewerScript = (): string => inlineLibrary("viewer");
