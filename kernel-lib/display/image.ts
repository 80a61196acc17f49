/** @file Shows the images of a tensor side by side. */
import { encodePng } from "../core/image.js";
import { expectShape, rows, type Tensor } from "../core/tensor.js";
import { dataUrl, escapeHtml } from "../pages/html.js";
import { type Displayable, displayable } from "./display.js";
import { OUTPUT_WIDTH } from "./output-look.js";

/** Options of `image`. */
export interface ImageOptions {
  /** above the pictures; any text */
  readonly title?: string;
  /** below each picture; any text */
  readonly labels?: readonly string[];
  /** width of each picture in CSS pixels; default the image's width */
  readonly width?: number;
}

/** Pixels between images that are joined. */
export const GAP = 8;

/** Images at least this many times as wide as high are shown one below the other, so that their places line up. */
const PANORAMIC = 2;

/**
 * Shows images side by side; panoramas one below the other.
 * @param images [N,3,H,W] in [0,1]
 * @throws ShapeError; RangeError for no image, for a number of labels other than one per image, and, when shown, for a value outside [0,1]
 */
export function image(images: Tensor, { title, labels, width }: ImageOptions = {}): Displayable {
  expectShape("image", images, ["N", 3, "H", "W"], "give RGB pictures");
  const [count, , high, wide] = images.shape;
  if (count === 0) throw new RangeError("image: got no pictures, want at least one");
  if (labels && labels.length !== count)
    throw new RangeError(`image: got ${labels.length} labels for ${count} pictures, want one for each`);
  if (width !== undefined && !(width >= 1)) throw new RangeError(`image: got width ${width}, want CSS pixels >= 1`);
  const shownWide = width ?? wide;
  const below = count > 1 && wide >= PANORAMIC * high;
  // Enlarged pixels stay sharp squares.
  const style = `display:block;width:${shownWide}px;max-width:100%;height:auto;margin:0${shownWide > wide ? ";image-rendering:pixelated" : ""}`;
  const nameOf = (k: number) => labels?.[k] ?? (count > 1 ? `${title ?? "picture"} ${k}` : (title ?? `picture ${wide}×${high}`));

  return displayable(async () => {
    const figures: string[] = [];
    for (let k = 0; k < count; k++) {
      const src = dataUrl("image/png", await encodePng(rows(images, k, k + 1)));
      const label = labels ? `<figcaption style="margin:2px 0 0;opacity:.8">${escapeHtml(labels[k])}</figcaption>` : "";
      figures.push(
        `<figure style="margin:0"><img src="${src}" alt="${escapeHtml(nameOf(k))}" width="${shownWide}" style="${style}">${label}</figure>`,
      );
    }
    const heading = title === undefined ? "" : `<div style="margin:0 0 6px"><b>${escapeHtml(title)}</b></div>`;
    const about = `${count === 1 ? "picture" : `${count} pictures`} ${wide}×${high}`;
    return {
      "text/html": `<div style="font:13px/1.5 system-ui,sans-serif">${heading}<div style="display:flex;${below ? `flex-direction:column;max-width:${OUTPUT_WIDTH}px` : "flex-wrap:wrap"};gap:${GAP}px">${figures.join("")}</div></div>`,
      "image/png": Buffer.from(await encodePng((below ? oneBelowTheOther : sideBySide)(images))).toString("base64"),
      "text/plain": `[${title === undefined ? "" : `${title}: `}${about}${labels ? `: ${labels.join(", ")}` : ""}]`,
    };
  });
}

/** Joins images, [N,3,H,W] -> [1,3,H,N·W + gaps], with white between them. */
export function sideBySide(images: Tensor): Tensor {
  const [count, , high, wide] = images.shape;
  const across = count * wide + (count - 1) * GAP;
  const data = new Float32Array(3 * high * across).fill(1);
  for (let n = 0; n < count; n++)
    for (let c = 0; c < 3; c++)
      for (let y = 0; y < high; y++) {
        const from = ((n * 3 + c) * high + y) * wide;
        data.set(images.data.subarray(from, from + wide), (c * high + y) * across + n * (wide + GAP));
      }
  return { data, shape: [1, 3, high, across] };
}

/** Joins images, [N,3,H,W] -> [1,3,N·H + gaps,W], with white between them. */
function oneBelowTheOther(images: Tensor): Tensor {
  const [count, , high, wide] = images.shape;
  const tall = count * high + (count - 1) * GAP;
  const data = new Float32Array(3 * tall * wide).fill(1);
  for (let n = 0; n < count; n++)
    for (let c = 0; c < 3; c++) {
      const from = (n * 3 + c) * high * wide;
      data.set(images.data.subarray(from, from + high * wide), (c * tall + n * (high + GAP)) * wide);
    }
  return { data, shape: [1, 3, tall, wide] };
}
