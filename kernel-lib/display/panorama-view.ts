/** @file Shows a panorama, a run's steps, or several panoramas to compare, in a viewer. */
import { encodePng, encodeWebp } from "../core/image.js";
import type { Tensor } from "../core/tensor.js";
import { counted } from "../core/words.js";
import type { StepRecord } from "../methods/joint/step-record.js";
import { dataUrl } from "../pages/html.js";
import { type OtherPicture, type PanoramaSpec, panoramaFigure, type StepPicture, windowsSpec } from "../pages/panorama-figure.js";
import { viewPage } from "../pages/view-page.js";
import { type Coverage, stripCoverage } from "../panorama/coverage.js";
import { type Contents, changed, type ViewState } from "../panorama/view-state.js";
import { type Displayable, displayable } from "./display.js";
import { latentPictures } from "./latent-picture.js";
import { runIdOf } from "./run-id.js";
import { figureState, type SharedState } from "./shared-state.js";
import { paintedAs } from "./tracked-runs.js";

/** The part of a step record that a view reads. */
export type ViewedStep = Pick<StepRecord, "index" | "timestep" | "weight" | "anchor" | "windows" | "latent" | "preview">;

/** Options of `panoramaView`. */
export interface PanoramaViewOptions {
  /** what the panorama covers; default `stripCoverage` of its pixels and `edge` */
  readonly coverage?: Coverage;
  /** "wrap" for a looped panorama; default: known for steps and for the result of `track`, else "open" */
  readonly edge?: "wrap" | "open";
  /** the alternative text and the page's title; any text; default "Panorama" */
  readonly title?: string;
  /** labels of the compared panoramas, any text; default their names in the record */
  readonly labels?: readonly string[];
  /** what the scrubber shows of each step: the foreseen panorama, or the latent as colours, which needs no network; default "foreseen" */
  readonly show?: "foreseen" | "latents";
  /** the initial view: a part of `viewer.state` */
  readonly state?: Partial<ViewState>;
}

/** A viewer as a figure or a page. Its state is shared with the page where the front end has widgets. */
export interface PanoramaView extends Displayable, SharedState<ViewState> {
  /** Makes the output's HTML: a still picture, and a job for the viewer's script. */
  html(): Promise<string>;
  /** Makes a self-contained page. */
  page(): Promise<string>;
}

/** The encoded content of a view. */
interface Drawn {
  /** the still picture, [1,3,H,W] in [0,1], and its PNG, which is the viewer's texture */
  readonly picture: Tensor;
  readonly png: Uint8Array;
  readonly spec: PanoramaSpec;
}

/** Maximum number of steps that are decoded for the scrubber, evenly spaced. */
const MOST_PICTURES = 24;
/** Maximum width in pixels of the PNG form, for hosts that show no HTML. */
const WIDEST = 768;

let made = 0;
/** A new id for each output, unique across kernel restarts. */
const newId = (): string => `veduta-view-${process.pid}-${Date.now().toString(36)}-${made++}`;

/**
 * Shows panoramas in a viewer, by `.show()` or as a cell's last expression.
 * @param shown one panorama, [1,3,H,W] in [0,1]; or step records, whose foreseen panoramas go into the scrubber; or a record of two or
 * more panoramas by name, compared with one camera
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
      `panoramaView: got a record of ${Object.keys(kind.named).length}, want two or more panoramas to compare; give a single one without a record`,
    );
  if (options.show !== undefined && !("steps" in kind))
    throw new RangeError(`panoramaView: got show "${options.show}" without steps, want a run's step records`);
  const { title = "Panorama" } = options;
  const contents = contentsOf(kind);
  const shared = figureState<ViewState>(checkedView({}, options.state ?? {}, contents), (state, change) =>
    checkedView(state, change, contents),
  );
  let drawn: Promise<Drawn> | undefined;
  const draw = () => {
    drawn ??= "one" in kind ? one(kind.one, options) : "named" in kind ? several(kind.named, options) : steps(kind.steps, options);
    return drawn;
  };
  const withState = (spec: PanoramaSpec): PanoramaSpec => ({ ...spec, state: { ...spec.state, ...shared.given() } });
  const html = async () => {
    const { picture, png, spec } = await draw();
    const [src, alt] = [dataUrl("image/png", png), `${title} (${facts(picture, spec)})`];
    return panoramaFigure(newId(), { src, alt, spec: withState(spec), joined: shared.join() });
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
      return viewPage({ src: dataUrl("image/png", png), title, spec: withState(spec) });
    },
    get state() {
      return shared.state;
    },
    read: shared.read,
    set: shared.set,
    observe: shared.observe,
  };
}

/** How many steps and panoramas the viewer has. */
function contentsOf(kind: Kind): Contents {
  if ("named" in kind) return { steps: 0, panoramas: Object.keys(kind.named).length };
  const steps = "steps" in kind ? Math.min(kind.steps.length, MOST_PICTURES) : 0;
  return { steps: steps > 1 ? steps : 0, panoramas: 1 };
}

/** A part of the state after a change. @throws RangeError */
function checkedView(state: Partial<ViewState>, change: Partial<ViewState>, contents: Contents): Partial<ViewState> {
  const [steps, pair] = [contents.steps > 0 ? contents.steps - 1 : null, contents.panoramas > 2 ? { pair: [0, 1] as const } : {}];
  const first: ViewState = { heading: 0, pitch: 0, roll: 0, fov: 75, projection: "perspective", step: steps, compare: null, ...pair };
  const next = changed({ ...first, ...state }, change, contents, "panoramaView: state");
  return Object.fromEntries(Object.entries(next).filter(([name]) => name in state || name in change));
}

/** Describes a view: "768×128, 360°, 50 steps". */
function facts({ shape: [, , height, width] }: Tensor, { coverage, steps, others, label }: PanoramaSpec): string {
  const size = `${width}×${height}, ${Math.round(coverage.horizontal)}°`;
  if (others) return `${size}, ${[label, ...others.map((other) => other.label)].join(" beside ")}`;
  return steps ? `${size}, ${counted(steps.length, "step")}` : size;
}

type Kind = { readonly one: Tensor } | { readonly steps: readonly ViewedStep[] } | { readonly named: Readonly<Record<string, Tensor>> };

function kindOf(shown: Parameters<typeof panoramaView>[0]): Kind {
  if (Array.isArray(shown)) return { steps: shown as readonly ViewedStep[] };
  const { data } = shown as Tensor;
  return ArrayBuffer.isView(data) ? { one: shown as Tensor } : { named: shown as Readonly<Record<string, Tensor>> };
}

function coverageFor({ shape: [, , height, width] }: Tensor, { coverage, edge = "open" }: PanoramaViewOptions, window = height): Coverage {
  return coverage ?? stripCoverage({ width, height, edge, window });
}

async function one(picture: Tensor, options: PanoramaViewOptions): Promise<Drawn> {
  const painted = paintedAs(picture);
  const run = painted && runParts(painted.steps, picture);
  const coverage = coverageFor(picture, { ...options, edge: options.edge ?? painted?.edge }, run?.window);
  return { picture, png: await encodePng(picture), spec: { coverage, windows: run?.windows, run: run?.run } };
}

async function several(named: Readonly<Record<string, Tensor>>, options: PanoramaViewOptions): Promise<Drawn> {
  const all = Object.entries(named).map(([name, picture], k) => {
    const coverage = coverageFor(picture, { ...options, edge: options.edge ?? paintedAs(picture)?.edge });
    return { picture, label: options.labels?.[k] ?? name, coverage };
  });
  const [{ picture, label, coverage }, ...rest] = all;
  const others: OtherPicture[] = [];
  for (const other of rest)
    others.push({ src: dataUrl("image/png", await encodePng(other.picture)), label: other.label, coverage: other.coverage });
  return { picture, png: await encodePng(picture), spec: { coverage, label, others, state: { compare: "swipe" } } };
}

async function steps(records: readonly ViewedStep[], options: PanoramaViewOptions): Promise<Drawn> {
  const count = Math.min(records.length, MOST_PICTURES);
  const kept = Array.from({ length: count }, (_, k) => (count === 1 ? 0 : Math.round((k * (records.length - 1)) / (count - 1))));
  const shown = kept.map((k) => records[k]);
  const images = options.show === "latents" ? latentPictures(shown.map(({ latent }) => latent)) : await foreseen(shown);
  const picture = images[images.length - 1]; // [1,3,H,W]
  const pictures: StepPicture[] = [];
  for (const [k, image] of images.entries()) {
    const src = image === picture ? null : dataUrl("image/webp", await encodeWebp(image, { quality: 85 }));
    pictures.push({ src, label: `step ${shown[k].index}` });
  }
  const { windows, window, edge, run } = runParts(records, picture, kept);
  const coverage = coverageFor(picture, { ...options, edge: options.edge ?? edge }, window);
  const spec = { coverage, steps: pictures.length > 1 ? pictures : undefined, windows, run };
  return { picture, png: await encodePng(picture), spec };
}

/** Decodes one step after the other, since each is a network call. */
async function foreseen(records: readonly ViewedStep[]): Promise<Tensor[]> {
  const images: Tensor[] = [];
  for (const record of records) images.push(await record.preview());
  return images;
}

/** What a viewer needs to know of a picture's run. @param stepOf the step of each picture in the scrubber */
function runParts(records: readonly ViewedStep[], { shape: [, , height, width] }: Tensor, stepOf: readonly number[] = []) {
  const [first] = records;
  const across = first.latent.shape[3];
  const scaleFactor = width / across;
  const numbers = records.map(({ index, timestep, weight, anchor, windows }) => ({ index, timestep, weight, anchor, windows }));
  const edge: "wrap" | "open" = first.windows.some(({ left, width }) => left + width > across) ? "wrap" : "open";
  return {
    windows: windowsSpec({ width, height, scaleFactor }, numbers, stepOf),
    /** height of a window in pixels */
    window: first.windows[0].height * scaleFactor,
    edge,
    run: runIdOf(numbers),
  };
}
