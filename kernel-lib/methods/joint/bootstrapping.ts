/** @file Bootstrapping of regions: in the first steps the network sees each region on a picture of one random colour (Bar-Tal et al., arXiv:2302.08113). */
import { createRng, randn } from "../../core/random.js";
import { expectShape, type Shape, type Tensor, tensor } from "../../core/tensor.js";
import type { SamplerHop } from "../../diffusion/samplers/sampler.js";
import { cropAll } from "./fuse.js";
import type { Running } from "./joint-run.js";
import type { ResolvedOptions } from "./options.js";
import type { Layer } from "./region-layers.js";

/** What regions are shown on. */
export interface Backgrounds {
  /** of pictures as large as a window, [n,c,h,w] */
  readonly latents: Tensor;
  /** which one, from 0, at each step, window and region: [steps,windows,regions] */
  readonly chosen: Tensor;
}

/** What decides the backgrounds of a run. */
export type BackgroundOptions = Pick<ResolvedOptions, "windows" | "seed" | "height"> & {
  readonly regions: readonly unknown[];
  readonly bootstrapping: number;
  readonly backgrounds?: Backgrounds;
};

/** Refuses given backgrounds that do not fit a run. @throws ShapeError, RangeError */
export function expectBackgrounds({ backgrounds, windows, regions, bootstrapping }: BackgroundOptions, channels: number): void {
  if (!backgrounds) return;
  const [{ height, width }] = windows;
  expectShape("backgrounds: latents", backgrounds.latents, ["n", channels, height, width]);
  expectShape("backgrounds: chosen", backgrounds.chosen, [bootstrapping, windows.length, regions.length]);
  const n = backgrounds.latents.shape[0];
  const wrong = backgrounds.chosen.data.find((x) => !(Number.isInteger(x) && x >= 0 && x < n));
  if (wrong !== undefined) throw new RangeError(`backgrounds: chosen: got ${wrong}, want whole numbers from 0 to ${n - 1}`);
}

/** The backgrounds of a run, with its starting noise [1,c,H,W]. */
export interface NoisedBackgrounds extends Backgrounds {
  readonly noise: Tensor;
}

/**
 * The backgrounds of a run: the given ones, or as many pictures of random colours as there are bootstrapped steps, encoded, and drawn from the run's seed for each
 * step, window and region. Undefined where no step that is left is bootstrapped.
 * @source omerbt/MultiDiffusion, region_based.py: `get_random_background`; the draw of `bg`
 */
export async function backgroundsOf(run: Running, options: BackgroundOptions, shape: Shape): Promise<NoisedBackgrounds | undefined> {
  const { windows, regions, bootstrapping, seed = 0 } = options;
  if (regions.length === 0 || !run.hops.some(({ index }) => index < bootstrapping)) return undefined;
  const noise = run.firstNoise();
  if (options.backgrounds) return { ...options.backgrounds, noise };
  const [{ height, width }] = windows;
  const rng = createRng(seed + 2 ** 52);
  const drawn = (of: Shape, draw: () => number) =>
    tensor(
      Float32Array.from({ length: of.reduce((n, d) => n * d) }, () => draw()),
      of,
    );
  const colours = drawn([bootstrapping, 3], () => 2 * rng.uniform() - 1);
  const chosen = drawn([bootstrapping, windows.length, regions.length], () => rng.below(bootstrapping));
  const scale = options.height / shape[2]; // pixels per latent pixel
  const plane = scale ** 2 * height * width; // pixels of a window
  const pictures = tensor(
    Float32Array.from({ length: bootstrapping * 3 * plane }, (_, k) => colours.data[Math.floor(k / plane)]),
    [bootstrapping, 3, scale * height, scale * width],
  );
  return { latents: await run.encode(pictures, randn(rng, [bootstrapping, shape[1], height, width])), chosen, noise };
}

/** Windows of a region on their backgrounds: m·x + (1 − m)·(alpha·b + sigma·z_T), [n,c,h,w]; those of the background itself as they are. */
export function onBackground(
  xt: Tensor,
  { region, masks, indices, windows }: Layer,
  { latents, chosen, noise }: NoisedBackgrounds,
  hop: SamplerHop,
): Tensor {
  if (region === undefined) return xt;
  const { alpha, sigma } = hop.now;
  const [, , h, w] = xt.shape;
  const [, all, regions] = chosen.shape;
  const size = xt.data.length / xt.shape[0]; // c·h·w
  const start = cropAll(noise, windows); // [n,c,h,w]
  const which = indices.map((j) => chosen.data[(hop.index * all + j) * regions + region]); // [n]
  const data = xt.data.map((x, k) => {
    const row = Math.floor(k / size);
    const m = masks.data[row * h * w + (k % (h * w))];
    return m * x + (1 - m) * (alpha * latents.data[which[row] * size + (k % size)] + sigma * start.data[k]);
  });
  return { data, shape: xt.shape };
}
