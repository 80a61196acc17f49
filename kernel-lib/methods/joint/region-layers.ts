/** @file The layers of a panorama of regions: each region's windows, with its mask and prompt, and those of the background. */
import { regionsOfWords, regionWord } from "../../conditions/region-words.js";
import { type MaskedPicture, type Region, regionMasks } from "../../conditions/regions.js";
import { type Shape, stack, type Tensor } from "../../core/tensor.js";
import { lincomb } from "../../diffusion/notation.js";
import type { SamplerHop } from "../../diffusion/samplers/sampler.js";
import { givenOption, type OptionSpec } from "../option-table.js";
import type { Denoised } from "./carried.js";
import { cropAll } from "./fuse.js";
import type { Asking, Descent, Running } from "./joint-run.js";
import type { ResolvedOptions } from "./options.js";
import { type Extent, type Window, wraps } from "./windows.js";
import { aroundOf } from "./wrap.js";

/** The option `regions`. */
export const regionsOption: OptionSpec<readonly Region[]> = {
  ...givenOption<readonly Region[]>({
    means:
      "what is painted where; the flag stands once for each region: PROMPT=x,y,width,height in shares of the panorama or PROMPT=mask.png, and =NEGATIVE PROMPT after either",
    otherwise: "none; the prompt is everywhere",
    want: "a list of { prompt, box } or { prompt, mask }",
  }),
  fits: Array.isArray,
  flag: {
    name: "--region",
    value: "prompt=place",
    load: regionsOfWords,
    words: (regions) => regions.map(regionWord),
  },
};

/** The windows in which a region, or the background, is painted. */
export interface Layer {
  readonly windows: readonly Window[];
  /** their indices among the run's windows */
  readonly indices: readonly number[];
  /** how much of each place is the region's: [windows,1,h,w] in [0,1] */
  readonly masks: Tensor;
  /** the region's index; absent for the background */
  readonly region?: number;
  /** index into `windows`: the middle one of those that the region fills most */
  readonly anchor: number;
  /** the network under the region's prompt */
  readonly ask: Asking;
}

/** What decides where regions are. */
export type RegionOptions = Pick<ResolvedOptions, "windows" | "wrap" | "prompt" | "negativePrompt" | "text"> & {
  readonly regions: readonly Region[];
  readonly feather: number;
};

const masksOf = ({ regions, feather, wrap }: RegionOptions, { scaleFactor, ...extent }: MaskedPicture) =>
  regionMasks(regions, extent, { width: feather / scaleFactor, around: aroundOf(wrap) });

/** Refuses regions that leave a place without a prompt. @throws RangeError with the first one */
export function expectCoveredByRegions(options: RegionOptions, picture: MaskedPicture): void {
  if (options.prompt !== "" || options.text || options.regions.length === 0) return;
  const { data } = masksOf(options, picture).background;
  const bare = data.findIndex((x) => x > 0);
  if (bare < 0) return;
  const share = Math.ceil((100 * data.filter((x) => x > 0).length) / data.length);
  throw new RangeError(
    `regions: latent row ${Math.floor(bare / picture.width)}, column ${bare % picture.width} and others, ${share} % of the panorama, are not covered; want a prompt for the background, or regions that cover it`,
  );
}

/** The layers of a run, the background's first; one that no window touches is left out. @param shape of the panorama's latent, [1,c,H,W] */
export async function layersOf(
  run: Running,
  options: RegionOptions & { readonly height: number },
  shape: Shape,
): Promise<readonly Layer[]> {
  const [, , height, width] = shape;
  const { windows, regions, negativePrompt = "" } = options;
  const { masks, background } = masksOf(options, { height, width, scaleFactor: options.height / height });
  const layers: Layer[] = [];
  for (const [k, mask] of [background, ...masks].entries()) {
    const region = k === 0 ? undefined : k - 1;
    const parts = rowsOf(cropAll(mask, windows)); // n lists of h·w
    const filled = parts.map((part) => part.reduce((sum, x) => sum + x, 0)); // [n]
    const indices = [...windows.keys()].filter((j) => filled[j] > 0);
    if (indices.length === 0) continue;
    const own = indices.map((j) => windows[j]);
    const words = region === undefined ? undefined : { negativePrompt, ...regions[region], prefix: `regions[${region}].` };
    const text = words && (words.text ?? (await run.embed(words))); // [2,tokens,dim]
    layers.push({
      windows: own,
      indices,
      masks: cropAll(mask, own),
      ...(region !== undefined && { region }),
      anchor: fullest(
        own,
        indices.map((j) => filled[j]),
        { height, width },
      ),
      ask: await run.under(own, text),
    });
  }
  return layers;
}

/** The middle one of the windows that are filled most, and if it can be, of those that do not wrap. */
function fullest(windows: readonly Window[], filled: readonly number[], { height, width }: Extent): number {
  const most = Math.max(...filled);
  const full = [...windows.keys()].filter((k) => filled[k] >= most - 1e-3);
  const open = full.filter((k) => !wraps(windows[k], width, height));
  const among = open.length > 0 ? open : full;
  return among[Math.floor(among.length / 2)];
}

/** A layer's windows [n,c,h,w] after a descent towards its anchor, with the descent. */
export async function descended(
  xt: Tensor,
  { ask, anchor }: Layer,
  hop: SamplerHop,
  weight: number,
): Promise<Descent & { readonly x: Tensor }> {
  const image = await ask.foresee(xt, anchor, hop); // [1,3,f·h,f·w]
  const { loss, gradient } = await ask.perceptual(xt, { index: anchor, image }, hop); // [n], [n,c,h,w]
  return { x: lincomb(1, xt, -weight, gradient), loss, gradient, weight };
}

/** The windows of all layers in one, and their descents. */
export function joined(
  parts: readonly Denoised[],
  descents: readonly Descent[],
): { readonly denoised: Denoised; readonly descent?: Descent } {
  const all = (of: (part: Denoised) => Tensor) => stack(parts.map(of));
  const denoised = {
    x: all(({ x }) => x),
    x0: all(({ x0 }) => x0),
    history: parts[0].history.map((_, k) => all(({ history }) => history[k])),
  };
  const [first] = descents;
  if (!first) return { denoised };
  const { weight } = first;
  const [loss, gradient] = [stack(descents.map((each) => each.loss)), stack(descents.map((each) => each.gradient))];
  return { denoised, descent: { loss, gradient, weight } };
}

/** The numbers of each row of a tensor. */
const rowsOf = ({ data, shape: [n] }: Tensor): readonly Float32Array[] =>
  Array.from({ length: n }, (_, j) => data.subarray((j * data.length) / n, ((j + 1) * data.length) / n));
