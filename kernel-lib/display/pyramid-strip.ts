/** @file Shows a run over a pyramid: what each stage foresees as a strip of pictures, and all of them in a viewer with a scrubber. */
import { encodePng, encodeWebp } from "../core/image.js";
import { rows, type Tensor } from "../core/tensor.js";
import { placeOf } from "../methods/any-run.js";
import { type PyramidStep, scaleName } from "../methods/pyramid/pyramid-step.js";
import { dataUrl, escapeHtml } from "../pages/html.js";
import { type PanoramaSpec, panoramaFigure } from "../pages/panorama-figure.js";
import { stripCoverage } from "../panorama/coverage.js";
import { type Displayable, displayable } from "./display.js";
import { newId, spread, stacked, stripHtml, wholePicture } from "./strips.js";

/** Options of `pyramidStrip`. */
export interface PyramidStripOptions {
  /** which of several pictures; default 0 */
  readonly picture?: number;
  /** pictures of each stage, evenly spaced over its steps; default 6 */
  readonly count?: number;
  /** any text; default "From coarse to fine" */
  readonly title?: string;
}

/**
 * Shows what the steps foresee, decoded: one strip for each stage, the coarsest above. While a stage is sampled, finer ones are still empty, so that
 * the first strip has structure and the last one detail. Below the strips a viewer goes through the same pictures with a slider.
 * @throws RangeError for no steps, or a picture that there is not; ClosedError, when shown, after the model was closed
 */
export function pyramidStrip(
  steps: readonly PyramidStep[],
  { picture = 0, count = 6, title = "From coarse to fine" }: PyramidStripOptions = {},
): Displayable {
  if (steps.length === 0) throw new RangeError("pyramidStrip: got no steps, want at least one record of a run over a pyramid");
  const pictures = steps[0].latent.shape[0];
  if (!(Number.isInteger(picture) && picture >= 0 && picture < pictures))
    throw new RangeError(`pyramidStrip: got picture ${picture}, want 0 to ${pictures - 1}`);
  if (!(Number.isInteger(count) && count >= 1)) throw new RangeError(`pyramidStrip: got count ${count}, want a whole number >= 1`);
  const stages = [...new Set(steps.map(({ stage }) => stage))].map((stage) => ({
    name: scaleName(stage, steps[0].stages),
    kept: spread(
      steps.filter((step) => step.stage === stage),
      count,
    ),
  }));
  return displayable(
    async () => {
      const lines: { readonly name: string; readonly images: readonly Tensor[]; readonly labels: readonly string[] }[] = [];
      for (const { name, kept } of stages) {
        const images: Tensor[] = [];
        for (const step of kept) images.push(rows(await step.preview(), picture, picture + 1)); // [1,3,H,W]
        lines.push({ name, images, labels: kept.map((step) => `step ${placeOf(step)}`) });
      }
      const strips: string[] = [];
      for (const { name, images, labels } of lines) strips.push(await stripHtml(name, images, labels));
      const all = lines.flatMap(({ name, images, labels }) => images.map((image, k) => ({ image, label: `${name}, ${labels[k]}` })));
      const about = `${title}: ${lines.map(({ name, labels }) => `${name}, ${labels[0]} to ${labels[labels.length - 1]}`).join("; ")}`;
      return {
        "text/html": `<div style="font:13px/1.5 system-ui,sans-serif"><div style="margin:0 0 6px"><b>${escapeHtml(title)}</b></div>${strips.join("")}</div>${await viewerHtml(title, all)}`,
        "image/png": Buffer.from(await encodePng(stacked(lines.map(({ images }) => images)))).toString("base64"),
        "text/plain": `[${about}]`,
      };
    },
    { needs: ["viewer"] },
  );
}

async function viewerHtml(title: string, all: readonly { readonly image: Tensor; readonly label: string }[]): Promise<string> {
  const { image: last } = all[all.length - 1];
  const [, , height, width] = last.shape;
  const coverage = stripCoverage({ width, height, edge: "open" });
  const steps = [];
  for (const [k, { image, label }] of all.entries())
    steps.push({ src: k === all.length - 1 ? null : dataUrl("image/webp", await encodeWebp(image, { quality: 85 })), label });
  const spec: PanoramaSpec = { coverage, label: "picture", steps, state: { projection: "flat", fov: wholePicture(coverage) } };
  return panoramaFigure(newId(), { src: dataUrl("image/png", await encodePng(last)), alt: `${title}, the last step`, spec });
}
