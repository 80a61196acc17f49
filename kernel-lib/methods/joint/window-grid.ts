/** @file The overlaps of windows that lie in a regular grid. */
import type { JointModelConfig } from "../../diffusion/joint-model.js";
import { type JointOptions, wrapOf } from "./options.js";
import { PANORAMA } from "./tiling.js";
import type { Window } from "./windows.js";
import { aroundOf } from "./wrap.js";

/** How far neighbours overlap, in latent pixels; 0 in a direction in which there is one window. */
export interface Overlap {
  readonly across: number;
  readonly down: number;
}

/**
 * The overlap of neighbouring windows.
 * @throws RangeError where three windows of a row or of a column share a latent pixel
 */
export function overlapOf(
  who: string,
  windows: readonly Window[],
  { height, width }: { readonly height: number; readonly width: number },
): Overlap {
  const along = (side: "left" | "top", size: number, extent: number): number => {
    const starts = [...new Set(windows.map((window) => window[side]))].sort((a, b) => a - b);
    if (starts.length < 2) return 0;
    const steps = new Set(starts.slice(1).map((start, k) => start - starts[k]));
    if (starts.length > 1 && starts[starts.length - 1] + size > extent) steps.add(extent - starts[starts.length - 1] + starts[0]); // of a ring
    const [stride] = steps;
    if (steps.size > 1) throw new RangeError(`${who}: the windows' ${side}s [${starts}] are not evenly apart; want a regular grid`);
    if (2 * stride < size)
      throw new RangeError(
        `${who}: stride ${stride} of windows of ${size}: three windows share a place, want a stride of at least ${Math.ceil(size / 2)}`,
      );
    return size - stride;
  };
  const [first] = windows;
  return { across: along("left", first.width, width), down: along("top", first.height, height) };
}

/**
 * Sets a stride, where none is given, to the one that tiles the panorama and lies nearest to a share of the window, above or at half of it and below all of it.
 * @returns the options as they are, where no such stride tiles; their check then says which sizes do
 */
export function strideNear(share: number, options: JointOptions, { window: own, scaleFactor }: JointModelConfig): JointOptions {
  if (options.stride !== undefined || options.windows) return options;
  const window = options.window ?? own;
  const side = (px: number | undefined, windows: number, latent: number | undefined) =>
    latent ?? (px === undefined ? windows * window : px / scaleFactor);
  const across = side(options.width, PANORAMA.across, options.latent?.shape[3]);
  const down = side(options.height, PANORAMA.down, options.latent?.shape[2]);
  const around = aroundOf(wrapOf(options));
  const tiles = (stride: number) =>
    (around.x ? across : across - window) % stride === 0 && (around.y ? down : down - window) % stride === 0;
  const fitting = Array.from({ length: window - 1 }, (_, k) => k + 1).filter((stride) => 2 * stride >= window && tiles(stride));
  const apart = (stride: number) => Math.abs(stride - share * window);
  const best = fitting.sort((a, b) => apart(a) - apart(b))[0];
  return best === undefined ? options : { ...options, stride: best };
}
