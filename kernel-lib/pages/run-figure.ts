/** @file A run's pictures and windows for a viewer, in its report or on a page of its own. */

import type { ReportRun } from "../runs/run-data.js";
import { dataUrl } from "./html.js";
import { type PanoramaSpec, type StepPicture, windowsSpec } from "./panorama-figure.js";

/** Makes the viewer's input of a run. @returns the still picture as a data: URL, and the viewer's spec; undefined if no step was finished */
export function runFigure({ info, steps: numbers, picture, foreseen = [] }: ReportRun): { src: string; spec: PanoramaSpec } | undefined {
  if (!picture) return undefined;
  // The finished panorama replaces the last step's picture.
  const pictures = foreseen.map((one): StepPicture => ({ src: dataUrl(one.type, one.bytes), label: `step ${one.step}` }));
  const finished: StepPicture = { src: null, label: info.complete ? "finished" : (pictures[pictures.length - 1]?.label ?? "last step") };
  const steps = pictures.length > 1 ? [...pictures.slice(0, -1), finished] : undefined;
  const windows = windowsSpec(info, numbers, steps && foreseen.map(({ step }) => step));
  return { src: dataUrl(picture.type, picture.bytes), spec: { coverage: info.coverage, steps, windows } };
}
