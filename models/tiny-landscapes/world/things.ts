/** @file What landscapes show, thing by thing: its class, its box and its pixels, as far as nothing hides it. */

/** Classes of what is drawn. The sky, stars, mist and far woods are no things. */
export const THINGS = [
  "sun",
  "moon",
  "cloud",
  "peak",
  "hill",
  "dune",
  "tree",
  "cactus",
  "fir",
  "tower",
  "island",
  "boat",
  "floe",
  "ground",
  "water",
] as const;
export type Thing = (typeof THINGS)[number];

/** A thing and where it is. */
export interface PlacedThing {
  readonly what: Thing;
  /** left, top, width and height of its visible pixels, as shares of the picture's sides */
  readonly box: readonly [x: number, y: number, width: number, height: number];
}

/** A thing with its place among what was painted. */
export interface PaintedThing extends PlacedThing {
  /** what has a larger number was painted later, and lies in front */
  readonly id: number;
}

/** A thing as far as it is seen in a window. */
export interface SeenThing extends PaintedThing {
  /** how many of the window's pixels show it */
  readonly pixels: number;
}

/** Which thing each pixel of a landscape shows. */
export interface ThingMap {
  /** [H,W]: number of a thing, from 1; 0 where there is none */
  readonly ids: Uint16Array;
  /** the class of thing 1, 2, … */
  readonly things: readonly Thing[];
  readonly width: number;
}

/** Part of a landscape, in pixels; mirrored: left and right are swapped. */
export interface Window {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly mirrored: boolean;
}

/** Share of a window that a thing must fill to count. */
export const LEAST_SHARE = 0.004;

/** The things that fill at least 0.4 %, or another share, of a window, in the order in which they were painted. */
export function thingsIn(
  { ids, things, width: stride }: ThingMap,
  { left, top, width, height, mirrored }: Window,
  leastShare = LEAST_SHARE,
): SeenThing[] {
  const pixels = new Uint32Array(things.length + 1);
  const [x0, y0] = [new Int32Array(pixels.length).fill(width), new Int32Array(pixels.length).fill(height)];
  const [x1, y1] = [new Int32Array(pixels.length), new Int32Array(pixels.length)];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const id = ids[(top + y) * stride + left + (mirrored ? width - 1 - x : x)];
      pixels[id]++;
      x0[id] = Math.min(x0[id], x);
      x1[id] = Math.max(x1[id], x + 1);
      y0[id] = Math.min(y0[id], y);
      y1[id] = y + 1;
    }
  return things.flatMap((what, k) => {
    const id = k + 1;
    if (pixels[id] === 0 || pixels[id] < leastShare * width * height) return [];
    return [
      {
        what,
        box: [x0[id] / width, y0[id] / height, (x1[id] - x0[id]) / width, (y1[id] - y0[id]) / height] as const,
        pixels: pixels[id],
        id,
      },
    ];
  });
}
