/** @file Regions of a picture, each with a prompt of its own: their checks, and their masks at the latent's size. */
import type { Around } from "../core/edge.js";
import { brief } from "../core/json.js";
import { expectShape, type Tensor, tensor } from "../core/tensor.js";
import { checkBox } from "./boxes.js";
import type { Box } from "./scene.js";

/** A part of the picture and what to paint there. It has a box or a mask. */
export interface Region {
  readonly prompt: string;
  /** default: the run's */
  readonly negativePrompt?: string;
  /** embeddings [2,tokens,dim] of negative prompt and prompt; replaces both */
  readonly text?: Tensor;
  /** left, top, width and height as shares of the picture's width and height */
  readonly box?: Box;
  /** how much of each place belongs to the region, in [0,1]: [1,1,H,W] of the picture's pixels or of its latent pixels */
  readonly mask?: Tensor;
}

/** Of the picture whose regions are masked. */
export interface MaskedPicture {
  /** of the latent */
  readonly height: number;
  readonly width: number;
  /** pixels per latent pixel */
  readonly scaleFactor: number;
}

/** How masks are blurred. */
export interface Feathering {
  /** width of the transition between a region and what surrounds it, in latent pixels; up to 1 changes nothing */
  readonly width: number;
  /** the axes that go around; at other edges a mask is continued by its last value */
  readonly around: Around;
}

/** A value below it counts as 0: what rounding leaves where masks add up to 1. */
const LEAST = 1e-5;

/**
 * The regions with masks at the latent's size; boxes stay as they are. A latent pixel's value is the mean of its pixels.
 * @throws TypeError for a region of another form; RangeError for a box that does not lie in the picture, and for an empty mask or one with values outside
 * [0,1]; ShapeError for a mask of another size. Each names the region
 * @source MultiDiffusion's region_based.py takes the nearest pixel, 0 or 1, instead of the mean; where the edges of masks lie between latent pixels it is the same
 */
export function atLatentSize(regions: readonly Region[], picture: MaskedPicture): readonly Region[] {
  return regions.map((region, k) => {
    const { prompt, box, mask } = region;
    const who = `regions[${k}]`;
    if (typeof prompt !== "string" || (box === undefined) === (mask === undefined))
      throw new TypeError(`${who}: got ${brief(region)}, want { prompt, box } or { prompt, mask }`);
    if (!mask) return { ...region, box: checkBox(`${who}.box`, box) };
    const found = reduced(`${who} (${JSON.stringify(prompt)}): mask`, mask, picture);
    return { ...region, mask: found };
  });
}

/** A mask [1,1,H,W] of pixels as one of latent pixels, [1,1,h,w]. */
function reduced(who: string, mask: Tensor, { height, width, scaleFactor: s }: MaskedPicture): Tensor {
  const wrong = mask.data.find((x) => !(x >= 0 && x <= 1));
  if (wrong !== undefined) throw new RangeError(`${who}: got a value of ${wrong}, want values in [0,1], 1 where the region is`);
  const isLatent = mask.shape[2] === height && mask.shape[3] === width;
  if (!isLatent)
    expectShape(who, mask, [1, 1, s * height, s * width], `draw it as large as the panorama, or as its latent, ${width} × ${height}`);
  const ofPixels = () => {
    const sums = new Float64Array(height * width);
    for (const [k, x] of mask.data.entries()) sums[Math.floor(k / (s * s * width)) * width + Math.floor((k % (s * width)) / s)] += x;
    return tensor(
      Float32Array.from(sums, (sum) => sum / s ** 2),
      [1, 1, height, width],
    );
  };
  const found = isLatent ? mask : ofPixels();
  if (found.data.every((x) => x < LEAST)) throw new RangeError(`${who}: is empty, want some place above 0: white is the region`);
  return found;
}

/**
 * The mask of each region at the latent's size, and of the background: what no region has. Where regions overlap they share a place.
 * @param regions as `atLatentSize` gives them
 * @returns a mask [1,1,h,w] in [0,1] per region; the background's, whose values are 0 where regions cover the picture
 * @source MultiDiffusion, region_based.py: the background is 1 − the sum of the masks, at least 0
 */
export function regionMasks(
  regions: readonly Region[],
  { height, width }: Pick<MaskedPicture, "height" | "width">,
  feathering: Feathering,
): { readonly masks: readonly Tensor[]; readonly background: Tensor } {
  const masks = regions.map(({ box, mask }) => feathered(mask ?? boxMask(box as Box, { height, width }), feathering));
  const rest = Float32Array.from({ length: height * width }, (_, k) => 1 - masks.reduce((sum, { data }) => sum + data[k], 0));
  return {
    masks,
    background: tensor(
      rest.map((x) => (x < LEAST ? 0 : x)),
      [1, 1, height, width],
    ),
  };
}

/** How much of each latent pixel lies in a box: [1,1,h,w]. */
function boxMask([x, y, w, h]: Box, { height, width }: Pick<MaskedPicture, "height" | "width">): Tensor {
  const across = shares(x * width, (x + w) * width, width);
  const down = shares(y * height, (y + h) * height, height);
  return tensor(
    Float32Array.from({ length: height * width }, (_, k) => down[Math.floor(k / width)] * across[k % width]),
    [1, 1, height, width],
  );
}

/** How much of [k, k+1) lies in [from, to), for each k below n. */
function shares(from: number, to: number, n: number): readonly number[] {
  const [a, b] = [from, to].map((at) => Math.round(at * 1e6) / 1e6); // 0.1 · 30 is 3
  return Array.from({ length: n }, (_, k) => Math.max(0, Math.min(b, k + 1) - Math.max(a, k)));
}

/** A mask averaged over a square as wide as the transition: a straight edge becomes a linear ramp. */
function feathered(mask: Tensor, { width, around }: Feathering): Tensor {
  if (width <= 1) return mask;
  const reach = Math.ceil((width - 1) / 2);
  const kernel = Array.from({ length: 2 * reach + 1 }, (_, k) => Math.min(1, width / 2 - Math.abs(k - reach) + 0.5) / width);
  const [, , h, w] = mask.shape;
  const at = (k: number, n: number, closed: boolean) => (closed ? ((k % n) + n) % n : Math.min(Math.max(k, 0), n - 1));
  const across = blurred(mask.data, kernel, (k, by) => k - (k % w) + at((k % w) + by, w, around.x));
  const both = blurred(across, kernel, (k, by) => (k % w) + w * at(Math.floor(k / w) + by, h, around.y));
  return tensor(
    both.map((x) => Math.min(1, x)),
    mask.shape,
  );
}

const blurred = (data: Float32Array, kernel: readonly number[], neighbour: (k: number, by: number) => number): Float32Array =>
  data.map((_, k) => kernel.reduce((sum, weight, j) => sum + weight * data[neighbour(k, j - (kernel.length - 1) / 2)], 0));
