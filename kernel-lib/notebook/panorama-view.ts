/** @file A panorama, a run's steps, or panoramas to compare, as a viewer in a page or an output. */
import { encodePng } from "../core/image.js";
import type { Tensor } from "../core/tensor.js";
import type { StepRecord } from "../joint/step-record.js";
import { type Coverage, stripCoverage } from "./coverage.js";
import { type OtherPicture, type PanoramaSpec, panoramaFigure, type StepPicture, windowsSpec } from "./figure.js";
import { dataUrl } from "./html.js";
import { latentPictures } from "./latent-picture.js";
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
  /** names of those that are compared, any text; default the record's own */
  readonly labels?: readonly string[];
  /** what the scrubber shows of steps: what they foresaw, or their latents as colours, for which no network is needed; default "foreseen" */
  readonly show?: "foreseen" | "latents";
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
 * @param shown [1,3,H,W] in [0,1]; or step records, whose foreseen panoramas go into the scrubber; or two or more panoramas by
 * their names, compared with one camera
 * @throws RangeError for no steps, for one panorama in a record, and for `show` without steps
 */
export function panoramaView(
  shown: Tensor | readonly ViewedStep[] | Readonly<Record<string, Tensor>>,
  options: PanoramaViewOptions = {},
): PanoramaView {
  const kind = kindOf(shown);
  if ("steps" in kind && kind.steps.length === 0) throw new RangeError("panoramaView: got no steps, want at least one");
  if ("named" in kind && Object.keys(kind.named).length < 2)
    throw new RangeError(
      `panoramaView: got a record of ${Object.keys(kind.named).length}, want two or more panoramas to compare; give one by itself`,
    );
  if (options.show !== undefined && !("steps" in kind))
    throw new RangeError(`panoramaView: got show "${options.show}" without steps, want a run's step records to show it of`);
  const { title = "Panorama" } = options;
  const id = `veduta-view-${process.pid}-${made++}`; // one output beside another in a notebook
  let drawn: Promise<{ src: string; spec: PanoramaSpec }> | undefined;
  const draw = () => {
    drawn ??= "one" in kind ? one(kind.one, options) : "named" in kind ? several(kind.named, options) : steps(kind.steps, options);
    return drawn;
  };
  return {
    html: async () => panoramaFigure(id, { ...(await draw()), alt: title }),
    page: async () => viewPage({ ...(await draw()), title }),
  };
}

type Kind = { readonly one: Tensor } | { readonly steps: readonly ViewedStep[] } | { readonly named: Readonly<Record<string, Tensor>> };

function kindOf(shown: Parameters<typeof panoramaView>[0]): Kind {
  if (Array.isArray(shown)) return { steps: shown as readonly ViewedStep[] };
  const { data } = shown as Tensor;
  return ArrayBuffer.isView(data) ? { one: shown as Tensor } : { named: shown as Readonly<Record<string, Tensor>> };
}

const png = async (image: Tensor): Promise<string> => dataUrl("image/png", await encodePng(image));

function coverageFor({ shape: [, , height, width] }: Tensor, { coverage, edge = "open" }: PanoramaViewOptions, window = height): Coverage {
  return coverage ?? stripCoverage({ width, height, edge, window });
}

const one = async (image: Tensor, options: PanoramaViewOptions) => ({
  src: await png(image),
  spec: { coverage: coverageFor(image, options), state: options.state },
});

async function several(named: Readonly<Record<string, Tensor>>, options: PanoramaViewOptions) {
  const pictures: OtherPicture[] = [];
  for (const [k, [name, image]] of Object.entries(named).entries())
    pictures.push({ src: await png(image), label: options.labels?.[k] ?? name, coverage: coverageFor(image, options) });
  const [{ src, label, coverage }, ...others] = pictures;
  return { src, spec: { coverage, label, others, state: { compare: "swipe", ...options.state } } };
}

async function steps(records: readonly ViewedStep[], options: PanoramaViewOptions) {
  const images = options.show === "latents" ? latentPictures(records.map(({ latent }) => latent)) : await foreseen(records);
  const pictures: StepPicture[] = [];
  for (const [k, image] of images.entries())
    pictures.push({ src: k === images.length - 1 ? null : await png(image), label: `step ${records[k].index}` });
  const last = images[images.length - 1]; // [1,3,H,W]
  const [, , height, width] = last.shape;
  const scaleFactor = width / records[0].latent.shape[3];
  const numbers = records.map(({ index, timestep, weight, anchor, windows }) => ({ index, timestep, weight, anchor, windows }));
  const windows = windowsSpec({ width, height, scaleFactor }, numbers, [...records.keys()]);
  const coverage = coverageFor(last, options, records[0].windows[0].height * scaleFactor);
  return { src: await png(last), spec: { coverage, steps: pictures.length > 1 ? pictures : undefined, windows, state: options.state } };
}

/** One after the other: each is a call of the network. */
async function foreseen(records: readonly ViewedStep[]): Promise<Tensor[]> {
  const images: Tensor[] = [];
  for (const record of records) images.push(await record.preview());
  return images;
}
