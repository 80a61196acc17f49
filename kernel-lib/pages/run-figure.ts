/** @file A run's pictures and windows for a viewer, in its report or on a page of its own. */
import { basename } from "node:path";
import { methodInfo } from "../methods/methods.js";
import type { ReportRun, StepNumbers } from "../runs/run-data.js";
import { dataUrl } from "./html.js";
import { type OtherPicture, type PanoramaSpec, type StepPicture, windowsSpec } from "./panorama-figure.js";

/** Makes the viewer's input of a run. @returns the still picture as a data: URL, and the viewer's spec; undefined if no step was finished */
export function runFigure({
  info,
  steps: numbers,
  picture,
  foreseen = [],
  source,
}: ReportRun): { src: string; spec: PanoramaSpec } | undefined {
  if (!picture) return undefined;
  // The finished picture replaces the last step's picture.
  const pictures = foreseen.map((one): StepPicture => ({ src: dataUrl(one.type, one.bytes), label: `step ${one.step}` }));
  const finished: StepPicture = { src: null, label: info.complete ? "finished" : (pictures[pictures.length - 1]?.label ?? "last step") };
  const steps = pictures.length > 1 ? [...pictures.slice(0, -1), finished] : undefined;
  const src = dataUrl(picture.type, picture.bytes);
  const caption = madeBy(info, numbers);
  if (source) return { src, spec: { ...editedSpec(info), caption, steps, others: [sourcePicture(info, source)] } };
  if (info.family === "pyramid") return { src, spec: { ...flatSpec(info, "picture"), caption, steps } };
  const windows = windowsSpec(info, numbers, steps && foreseen.map(({ step }) => step));
  return { src, spec: { coverage: info.coverage, caption, steps, windows } };
}

/** Which model made the picture, by which method, and the size of its windows, which tells how sharp it can be. */
function madeBy({ model, method, title, scaleFactor }: ReportRun["info"], [step]: readonly StepNumbers[]): string {
  const window = step?.windows[0];
  const size = window ? `, in windows of ${window.width * scaleFactor} × ${window.height * scaleFactor} pixels` : "";
  return `Made by ${basename(model.name)} with ${title ?? methodInfo(method)?.title ?? method}${size}.`;
}

/** A picture, flat and whole. */
const flatSpec = ({ coverage }: ReportRun["info"], label: string): PanoramaSpec => ({
  coverage,
  label,
  state: { projection: "flat", fov: Math.min(120, coverage.vertical * 1.04) },
});

/** An edited picture beside its source, both flat and whole; of a closed panorama the view in the round, with a bar to swipe. */
const editedSpec = ({ coverage }: ReportRun["info"]): PanoramaSpec => ({
  coverage,
  label: "edited",
  state:
    coverage.edge === "wrap" ? { compare: "swipe" } : { projection: "flat", compare: "side", fov: Math.min(120, coverage.vertical * 1.04) },
});

function sourcePicture({ coverage }: ReportRun["info"], { picture, foreseen }: NonNullable<ReportRun["source"]>): OtherPicture {
  const pictures = foreseen.map((one): StepPicture => ({ src: dataUrl(one.type, one.bytes), label: `step ${one.step}` }));
  const src = dataUrl(picture.type, picture.bytes);
  // In the last step the source's path is at the source itself.
  const steps = pictures.length > 1 ? [...pictures.slice(0, -1), { src, label: "source" }] : undefined;
  return { src, label: "source", coverage, steps };
}
