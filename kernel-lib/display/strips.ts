/** @file Strips of pictures, one for each path or stage, and a viewer that scrubs through them. */
import { encodeWebp } from "../core/image.js";
import type { Tensor } from "../core/tensor.js";
import { dataUrl } from "../pages/html.js";
import { sideBySide } from "./image.js";
import { OUTPUT_WIDTH } from "./output-look.js";

let made = 0;
/** A name for an element of a page, unique across restarts of the kernel. */
export const newId = (): string => `veduta-strip-${process.pid}-${Date.now().toString(36)}-${made++}`;

/** Records that are evenly spaced, the last one among them. */
export function spread<Step>(steps: readonly Step[], count: number): readonly Step[] {
  const n = Math.min(count, steps.length);
  return Array.from({ length: n }, (_, k) => steps[n === 1 ? steps.length - 1 : Math.round((k * (steps.length - 1)) / (n - 1))]);
}

/** One strip: a name, and a picture for each label. All texts are written here, none by a user. */
export async function stripHtml(name: string, images: readonly Tensor[], labels: readonly string[]): Promise<string> {
  const cells: string[] = [];
  for (const [k, image] of images.entries()) {
    const src = dataUrl("image/webp", await encodeWebp(image, { quality: 85, maxWidth: 256 }));
    cells.push(
      `<figure style="margin:0;flex:1 1 0;min-width:0"><img src="${src}" alt="${name}, foreseen in ${labels[k]}" style="display:block;width:100%;height:auto;margin:0"><figcaption style="margin:2px 0 0;opacity:.8;font-size:11px">${labels[k]}</figcaption></figure>`,
    );
  }
  return `<div style="display:flex;gap:4px;align-items:center;max-width:${OUTPUT_WIDTH}px;margin:0 0 6px"><div style="flex:none;width:52px">${name}</div>${cells.join("")}</div>`;
}

/** The vertical angle that shows a flat picture whole. */
export const wholePicture = ({ vertical }: { readonly vertical: number }): number => Math.min(120, vertical * 1.04);

/** Strips one below the other, white where one is shorter: [1,3,H',W']. */
export function stacked(lines: readonly (readonly Tensor[])[]): Tensor {
  const strips = lines.map((images) =>
    sideBySide({ data: Float32Array.from(images.flatMap(({ data }) => [...data])), shape: [images.length, ...images[0].shape.slice(1)] }),
  );
  const [height, width] = [strips[0].shape[2], Math.max(...strips.map(({ shape }) => shape[3]))];
  const data = new Float32Array(3 * height * strips.length * width).fill(1);
  for (let c = 0; c < 3; c++)
    for (const [k, { data: pixels, shape }] of strips.entries())
      for (let y = 0; y < height; y++) {
        const own = shape[3];
        data.set(pixels.subarray((c * height + y) * own, (c * height + y + 1) * own), ((c * strips.length + k) * height + y) * width);
      }
  return { data, shape: [1, 3, height * strips.length, width] };
}
