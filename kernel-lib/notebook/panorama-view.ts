/** @file A panorama, a run's steps, or two panoramas to compare, as a viewer in a page or an output. */
import { encodePng } from "../core/image.js";
import type { Tensor } from "../core/tensor.js";
import type { StepRecord } from "../joint/step-record.js";
import { type Coverage, stripCoverage } from "./coverage.js";
import { type PanoramaSpec, panoramaFigure, type StepPicture, windowsSpec } from "./figure.js";
import { dataUrl } from "./html.js";
import { viewPage } from "./view-page.js";

/** What a view reads of a step. */
export type ViewedStep = Pick<StepRecord, "index" | "timestep" | "weight" | "anchor" | "windows" | "latent" | "preview">;

export interface PanoramaViewOptions {
  /** what it covers; default a joint-diffusion strip's cylinder, `stripCoverage` of its pixels and `edge` */
  readonly coverage?: Coverage;
  /** "wrap" for a looped panorama; default "open" */
  readonly edge?: "wrap" | "open";
  /** what it shows, for those who cannot see it and as the page's title; any text; default "Panorama" */
  readonly title?: string;
  /** names of the two that are compared; default "first" and "second" */
  readonly labels?: readonly [string, string];
  /** the view at the start: a part of `viewer.state` */
  readonly state?: PanoramaSpec["state"];
}

export interface PanoramaView {
  /** the output's HTML: a still picture, and its job for the viewer's script */
  html(): Promise<string>;
  /** a whole page that needs nothing else */
  page(): Promise<string>;
}

let made = 0;

/**
 * @param shown [1,3,H,W] in [0,1]; or step records, whose foreseen panoramas go into the scrubber; or two panoramas
 * @throws RangeError for no steps
 */
export function panoramaView(
  shown: Tensor | readonly ViewedStep[] | { readonly a: Tensor; readonly b: Tensor },
  options: PanoramaViewOptions = {},
): PanoramaView {
  if (Array.isArray(shown) && shown.length === 0) throw new RangeError("panoramaView: got no steps, want at least one");
  const { title = "Panorama" } = options;
  const id = `veduta-view-${process.pid}-${made++}`; // one output beside another in a notebook
  let drawn: Promise<{ src: string; spec: PanoramaSpec }> | undefined;
  const draw = () => {
    drawn ??= "data" in shown ? one(shown, options) : "a" in shown ? pair(shown, options) : steps(shown, options);
    return drawn;
  };
  return {
    html: async () => panoramaFigure(id, { ...(await draw()), alt: title }),
    page: async () => viewPage({ ...(await draw()), title }),
  };
}

const png = async (image: Tensor): Promise<string> => dataUrl("image/png", await encodePng(image));

function coverageFor({ shape: [, , height, width] }: Tensor, { coverage, edge = "open" }: PanoramaViewOptions, window = height): Coverage {
  return coverage ?? stripCoverage({ width, height, edge, window });
}

const one = async (image: Tensor, options: PanoramaViewOptions) => ({
  src: await png(image),
  spec: { coverage: coverageFor(image, options), state: options.state },
});

async function pair({ a, b }: { readonly a: Tensor; readonly b: Tensor }, options: PanoramaViewOptions) {
  const [label, second] = options.labels ?? ["first", "second"];
  const other = { src: await png(b), label: second, coverage: coverageFor(b, options) };
  return { src: await png(a), spec: { coverage: coverageFor(a, options), label, other, state: { compare: "swipe", ...options.state } } };
}

async function steps(records: readonly ViewedStep[], options: PanoramaViewOptions) {
  const previews: Tensor[] = [];
  for (const record of records) previews.push(await record.preview()); // one after the other: each is a call of the network
  const pictures: StepPicture[] = [];
  for (const [k, image] of previews.entries())
    pictures.push({ src: k === previews.length - 1 ? null : await png(image), label: `step ${records[k].index}` });
  const last = previews[previews.length - 1]; // [1,3,H,W]
  const [, , height, width] = last.shape;
  const scaleFactor = width / records[0].latent.shape[3];
  const numbers = records.map(({ index, timestep, weight, anchor, windows }) => ({ index, timestep, weight, anchor, windows }));
  const windows = windowsSpec({ width, height, scaleFactor }, numbers, [...records.keys()]);
  const coverage = coverageFor(last, options, records[0].windows[0].height * scaleFactor);
  return { src: await png(last), spec: { coverage, steps: pictures.length > 1 ? pictures : undefined, windows, state: options.state } };
}
