/** @file Shows an edit: both paths as strips of pictures with a scrubber below, and a picture before and after. */
import { encodePng, encodeWebp } from "../core/image.js";
import { expectShape, rows, type Tensor } from "../core/tensor.js";
import type { EditStep } from "../methods/edit/edit-step.js";
import { dataUrl, escapeHtml } from "../pages/html.js";
import { type PanoramaSpec, panoramaFigure, type StepPicture } from "../pages/panorama-figure.js";
import { stripCoverage } from "../panorama/coverage.js";
import type { ViewState } from "../panorama/view-state.js";
import { type Displayable, displayable } from "./display.js";
import { type PanoramaView, panoramaView } from "./panorama-view.js";
import { newId, spread, stacked, stripHtml, wholePicture } from "./strips.js";
import { paintedAs } from "./tracked-runs.js";

/** Options of `editStrip`. */
export interface EditStripOptions {
  /** which of several pictures; default 0 */
  readonly picture?: number;
  /** pictures in a strip, evenly spaced over the steps; default 8 */
  readonly count?: number;
  /** any text; default "What each step foresees" */
  readonly title?: string;
}

/**
 * Shows what the steps of an edit foresee: the source's path above, the edited path below, one column for each of `count` steps. Below the strips a
 * viewer shows both large, side by side, and its slider goes through the steps. A method without a source's path has one strip.
 * @throws RangeError for no steps, or a picture that there is not; ClosedError, when shown, after the model was closed
 */
export function editStrip(
  steps: readonly EditStep[],
  { picture = 0, count = 8, title = "What each step foresees" }: EditStripOptions = {},
): Displayable {
  if (steps.length === 0) throw new RangeError("editStrip: got no steps, want at least one record of an edit");
  const pictures = steps[0].latent.shape[0];
  if (!(Number.isInteger(picture) && picture >= 0 && picture < pictures))
    throw new RangeError(`editStrip: got picture ${picture}, want 0 to ${pictures - 1}`);
  if (!(Number.isInteger(count) && count >= 1)) throw new RangeError(`editStrip: got count ${count}, want a whole number >= 1`);
  const kept = spread(steps, count);
  return displayable(
    async () => {
      const one = (x: Tensor) => rows(x, picture, picture + 1); // [1,3,H,W]
      const edited: Tensor[] = [];
      const source: Tensor[] = [];
      for (const step of kept) {
        edited.push(one(await step.preview()));
        if (step.sourcePreview) source.push(one(await step.sourcePreview()));
      }
      const both = source.length === edited.length;
      const labels = kept.map(({ index }) => `step ${index}`);
      const lines = both
        ? [
            { name: "source", images: source },
            { name: "edited", images: edited },
          ]
        : [{ name: "edited", images: edited }];
      const strips: string[] = [];
      for (const { name, images } of lines) strips.push(await stripHtml(name, images, labels));
      const viewer = both && kept.length > 1 ? await viewerHtml(title, edited, source, labels) : "";
      const about = `${title}: ${lines.map(({ name }) => name).join(" above ")}, ${labels[0]} to ${labels[labels.length - 1]}`;
      return {
        "text/html": `<div style="font:13px/1.5 system-ui,sans-serif"><div style="margin:0 0 6px"><b>${escapeHtml(title)}</b></div>${strips.join("")}</div>${viewer}`,
        "image/png": Buffer.from(await encodePng(stacked(lines.map(({ images }) => images)))).toString("base64"),
        "text/plain": `[${about}]`,
      };
    },
    { needs: ["viewer"] },
  );
}

async function viewerHtml(title: string, edited: readonly Tensor[], source: readonly Tensor[], labels: readonly string[]): Promise<string> {
  const picture = edited[edited.length - 1];
  const [, , height, width] = picture.shape;
  const coverage = stripCoverage({ width, height, edge: "open" });
  const pictures = async (images: readonly Tensor[], own: "own" | "none"): Promise<StepPicture[]> => {
    const all: StepPicture[] = [];
    for (const [k, image] of images.entries()) {
      const last = own === "own" && k === images.length - 1;
      all.push({ src: last ? null : dataUrl("image/webp", await encodeWebp(image, { quality: 85 })), label: labels[k] });
    }
    return all;
  };
  const others = await pictures(source, "none");
  const spec: PanoramaSpec = {
    coverage,
    label: "edited",
    steps: await pictures(edited, "own"),
    state: { projection: "flat", compare: "side", fov: wholePicture(coverage) },
    others: [{ src: others[others.length - 1].src as string, label: "source", coverage, steps: others }],
  };
  return panoramaFigure(newId(), { src: dataUrl("image/png", await encodePng(picture)), alt: `${title}, the last step`, spec });
}

/** Options of `beforeAfter`. */
export interface BeforeAfterOptions {
  /** default "before" and "after" */
  readonly labels?: readonly [before: string, after: string];
  /** "wrap" for closed panoramas; default: known for the results of `track`, else "open" */
  readonly edge?: "wrap" | "open";
  /** any text; default "Before and after" */
  readonly title?: string;
}

/**
 * Shows two pictures of one size with a bar to swipe between them: flat, or as panoramas in the round where they are closed.
 * @param before [1,3,H,W] in [0,1]  @param after [1,3,H,W] in [0,1]
 * @throws ShapeError for other shapes, or sizes that differ
 */
export function beforeAfter(
  before: Tensor,
  after: Tensor,
  { labels = ["before", "after"], edge, title = "Before and after" }: BeforeAfterOptions = {},
): PanoramaView {
  expectShape("beforeAfter: before", before, [1, 3, "H", "W"], "give one picture");
  expectShape("beforeAfter: after", after, before.shape, "give pictures of one size");
  const closed = (edge ?? paintedAs(after)?.edge ?? "open") === "wrap";
  const [, , height, width] = before.shape;
  const flat: Partial<ViewState> = { projection: "flat", fov: wholePicture(stripCoverage({ width, height, edge: "open" })) };
  return panoramaView(
    { before, after },
    { labels, edge: closed ? "wrap" : "open", title, state: { compare: "swipe", ...(closed ? {} : flat) } },
  );
}
