/** @file Areas of a landscape as a condition, in the colours of ADE20K, as ControlNets for segmentation see them. */
import { type Tensor, tensor } from "../core/tensor.js";
import { type HorizonOptions, horizonRows } from "./horizon.js";

/**
 * Colours of ADE20K's classes that landscapes have, RGB bytes.
 * @source the palette that mmsegmentation and lllyasviel's sd-controlnet-seg use, by the classes' numbers (sky is class 2)
 */
export const SEGMENT_COLOURS = {
  building: [180, 120, 120],
  earth: [120, 120, 70],
  field: [112, 9, 255],
  grass: [4, 250, 7],
  house: [255, 9, 224],
  mountain: [143, 255, 140],
  river: [11, 200, 200],
  road: [140, 140, 140],
  rock: [255, 41, 10],
  sand: [160, 150, 20],
  sea: [9, 7, 230],
  sky: [6, 230, 230],
  tree: [4, 200, 3],
  water: [61, 230, 250],
} as const satisfies Readonly<Record<string, readonly [number, number, number]>>;

/** An area of a landscape. */
export interface Segment {
  readonly what: keyof typeof SEGMENT_COLOURS;
  /** its upper edge, points as in `horizon`; all of the picture without one */
  readonly below?: readonly number[];
}

/**
 * Draws areas over one another, the farthest first: each covers what lies below its upper edge.
 * @returns [1,3,H,W] in [0,1]
 * @throws RangeError for a name without a colour, and as `horizon`
 * @example
 * segments([{ what: "sky" }, { what: "mountain", below: [0.5, 0.8, 0.6] }, { what: "sea", below: [0.3] }], { width: 2048, height: 512 })
 */
export function segments(areas: readonly Segment[], options: Omit<HorizonOptions, "line">): Tensor {
  const { width, height } = options;
  const plane = width * height;
  const data = new Float32Array(3 * plane);
  for (const { what, below = [1] } of areas) {
    if (!Object.hasOwn(SEGMENT_COLOURS, what))
      throw new RangeError(`segments: got ${JSON.stringify(what)}, want one of ${Object.keys(SEGMENT_COLOURS).join(", ")}`);
    const rows = horizonRows("segments", below, options);
    for (let x = 0; x < width; x++)
      for (let y = Math.round(rows[x]); y < height; y++)
        for (let c = 0; c < 3; c++) data[c * plane + y * width + x] = SEGMENT_COLOURS[what][c] / 255;
  }
  return tensor(data, [1, 3, height, width]);
}
