/** @file The options of runs over a pyramid, and how a run's defaults are filled in. */
import type { Box, SceneGraph, SceneObject } from "../../conditions/scene.js";
import { ShapeError } from "../../core/errors.js";
import { expectShape, type Tensor } from "../../core/tensor.js";
import type { PyramidModelConfig } from "../../diffusion/pyramid-model.js";
import { createSchedule } from "../../diffusion/schedule.js";
import type { ResumeState } from "../method.js";
import {
  choiceOption,
  givenOption,
  realOption,
  sizeOption,
  takeOptions,
  textOption,
  toggleOption,
  type ValuesOf,
  wholeOption,
} from "../option-table.js";

/** Where a run begins that takes the coarser stages of another one. */
export interface FromStage {
  /** the first stage that is sampled, 1 or more */
  readonly stage: number;
  /** the finished latent whose coarser stages are kept, [N,C,h,w], scaled as sampled; `latent` of a run's result */
  readonly latent: Tensor;
}

/** What stays of a picture while the rest is sampled. */
export interface Kept {
  /** of the picture, [1,C,h,w] or [N,C,h,w], scaled as sampled; `latent` of a run's result, or of `encode` */
  readonly latent: Tensor;
  /** [1,1,h,w]: 1 where the picture stays, 0 where it is sampled */
  readonly mask: Tensor;
}

/** The table of options. */
export const PYRAMID_OPTIONS = {
  layout: givenOption<readonly SceneObject[]>({
    means: "what is where: objects with boxes as shares of the picture; one of layout, labels, graph, prompt and condition is required",
    want: "a list of { what, box: [x, y, width, height] }",
  }),
  crop: givenOption<Box>({
    means: "with layout: the part that is painted, of the picture that the boxes lie in; for models that were trained with crops",
    otherwise: "the whole picture",
    want: "[x, y, width, height]",
  }),
  labels: givenOption<readonly string[]>({ means: "what the picture shows", want: "a list of names" }),
  graph: givenOption<SceneGraph>({ means: "objects and how they lie to each other", want: "{ objects, relations }" }),
  prompt: textOption({ means: "what the picture shall show, in words" }),
  condition: givenOption<Tensor>({
    means: "embeddings [2,T,D] without and with the condition, or [1,T,D] with it alone, or a pair for each picture, [N,2,T,D]",
    want: "a tensor",
  }),
  width: sizeOption({ means: "of the picture in pixels", otherwise: "the model's own" }),
  height: sizeOption({ means: "of the picture in pixels", otherwise: "the model's own" }),
  count: wholeOption({ means: "pictures", least: 1, default: 1, flag: null }),
  steps: sizeOption({ means: "denoising steps of each stage", default: 50 }),
  timesteps: givenOption<readonly number[]>({ means: "the timesteps to visit, descending; replaces steps", want: "a list of numbers" }),
  sampler: choiceOption({ means: "ddim or plms, which has no eta", choices: ["ddim", "plms"], otherwise: "ddim" }),
  eta: realOption({ means: "fresh noise of each step: 0 none, 1 as in DDPM", least: 0, most: 1, default: 0 }),
  guidanceScale: realOption({ means: "how strongly the condition is followed; 1: without guidance", default: 1.5, flag: "--guidance" }),
  seed: wholeOption({ means: "seed of the noise", least: 0, otherwise: "random, and recorded" }),
  latent: givenOption<Tensor>({ means: "the noise that the stages begin with, [N,C,h,w]; replaces seed", want: "a tensor" }),
  noise: givenOption<readonly Tensor[]>({
    means:
      "the fresh noise of each step that is sampled, in order, [N,own channels,h,w] of its stage; wanted where eta is above 0 and no seed shall draw it",
    want: "a list of tensors",
  }),
  from: givenOption<FromStage>({
    means: "takes the coarser stages of a finished latent and samples the others",
    want: "{ stage, latent }",
  }),
  kept: givenOption<Kept>({ means: "what stays of a picture while the rest is sampled", want: "{ latent, mask }" }),
  quantiseBetween: toggleOption({
    means: "a stage that is done is replaced by its nearest codes before the next one begins",
    default: false,
  }),
  batch: wholeOption({ means: "rows per network call", least: 1, otherwise: "from the memory that is free" }),
} as const;

/** Options of `pyramidDiffusion`. One of layout, labels, graph, prompt and condition is required, for a model that attends to one. */
export interface PyramidOptions extends ValuesOf<typeof PYRAMID_OPTIONS> {
  /** aborts the run within one network call */
  readonly signal?: AbortSignal;
  /** goes on after this step of an earlier run with the same options, instead of beginning */
  readonly resume?: ResumeState;
}

/** Options with all defaults filled in and the seed drawn. The same method repeats the run from them. */
export interface ResolvedPyramidOptions extends Omit<PyramidOptions, "signal" | "resume"> {
  /** of a picture, in pixels */
  readonly width: number;
  readonly height: number;
  readonly count: number;
  readonly steps: number;
  readonly sampler: "ddim" | "plms";
  readonly eta: number;
  readonly guidanceScale: number;
  readonly quantiseBetween: boolean;
}

const WHO = "pyramidDiffusion";
const CONDITIONS = ["layout", "labels", "graph", "prompt", "condition"] as const;

/**
 * Checks the options and fills in the defaults.
 * @throws TypeError without a condition, with two, and for plms with an eta; ShapeError or RangeError for a value that does not fit
 */
export function resolvePyramidOptions(config: PyramidModelConfig, options: PyramidOptions): ResolvedPyramidOptions {
  const taken = takeOptions(PYRAMID_OPTIONS, { ...options });
  const given = CONDITIONS.filter((name) => taken[name] !== undefined);
  if (given.length !== (config.conditioned ? 1 : 0))
    throw new TypeError(
      `${WHO}: got ${given.join(" and ") || "no condition"}, want ${config.conditioned ? `one of ${CONDITIONS.join(", ")}` : "none, for a model without conditions"}`,
    );
  const { sampler = "ddim", eta, timesteps, seed, latent, noise, from, kept } = taken;
  if (sampler === "plms" && eta !== 0)
    throw new TypeError(`${WHO}: got sampler plms with eta ${eta}, want eta 0; PLMS is deterministic; or take sampler ddim`);
  const steps = timesteps ? timesteps.length : taken.steps;
  const schedule = createSchedule(config.schedule);
  if (timesteps)
    schedule.path(steps, { timesteps }); // both refuse what cannot be visited
  else schedule.timesteps(steps);
  const { width, height, count } = pictureSize(config, taken);
  const [h, w] = [height / config.scaleFactor, width / config.scaleFactor];
  const whole = [count, config.latentChannels, h, w];
  if (from) {
    const last = config.stageChannels.length - 1;
    if (!(Number.isInteger(from.stage) && from.stage >= 1 && from.stage <= last))
      throw new RangeError(`${WHO}: from.stage ${from.stage}, want a whole number from 1 to ${last}, the finest stage`);
    expectShape(`${WHO}: from.latent`, from.latent, whole, "give the latent of a finished run");
  }
  if (kept) {
    expectShape(`${WHO}: kept.latent`, kept.latent, [kept.latent.shape[0] === 1 ? 1 : count, ...whole.slice(1)]);
    expectShape(`${WHO}: kept.mask`, kept.mask, [1, 1, h, w], "one number for each latent pixel");
    const wrong = kept.mask.data.find((value) => value !== 0 && value !== 1);
    if (wrong !== undefined) throw new RangeError(`${WHO}: kept.mask has ${wrong}, want 1 where the picture stays and 0 elsewhere`);
  }
  if (noise) expectNoise(config, noise, { steps, count, h, w, first: from?.stage ?? 0, eta });
  return {
    ...taken,
    ...{ width, height, count, steps, sampler },
    ...(latent && (noise || eta === 0) ? {} : { seed: seed ?? Math.floor(Math.random() * 2 ** 32) }),
  };
}

function pictureSize(
  { scaleFactor, window, windowMultiple, latentChannels }: PyramidModelConfig,
  { width, height, count, latent, from }: Pick<PyramidOptions, "width" | "height" | "count" | "latent" | "from">,
): { readonly width: number; readonly height: number; readonly count: number } {
  const start = latent ?? from?.latent;
  if (start) {
    expectShape(`${WHO}: ${latent ? "latent" : "from.latent"}`, start, ["N", latentChannels, "h", "w"]);
    const [n, , h, w] = start.shape;
    const own = { width: w * scaleFactor, height: h * scaleFactor, count: n };
    for (const [name, asked] of Object.entries({ width, height }))
      if (asked !== undefined && asked !== own[name as "width" | "height"])
        throw new RangeError(`${WHO}: got ${name} ${asked} and a latent of ${own.width}×${own.height} px, want the latent's; leave it out`);
    if (count !== undefined && count !== 1 && count !== n)
      throw new ShapeError(`${WHO}: latent`, { got: `${n} pictures`, want: `count ${count}`, fix: "leave count out" });
    return expectSize(own, windowMultiple * scaleFactor);
  }
  const side = window * scaleFactor;
  return expectSize({ width: width ?? side, height: height ?? side, count: count ?? 1 }, windowMultiple * scaleFactor);
}

function expectSize<T extends { readonly width: number; readonly height: number }>(size: T, multiple: number): T {
  for (const name of ["width", "height"] as const) {
    const got = size[name];
    if (!(Number.isInteger(got) && got > 0 && got % multiple === 0))
      throw new RangeError(
        `${WHO}: ${name} ${got}, want a multiple of ${multiple}; nearest: ${Math.max(multiple, Math.round(got / multiple) * multiple)}`,
      );
  }
  return size;
}

interface NoiseNeed {
  readonly steps: number;
  readonly count: number;
  readonly h: number;
  readonly w: number;
  readonly first: number;
  readonly eta: number;
}

/** One draw for each step that is sampled, of the stage's own channels and resolution. */
function expectNoise(
  { stageChannels, coarseAt }: PyramidModelConfig,
  noise: readonly Tensor[],
  { steps, count, h, w, first, eta }: NoiseNeed,
): void {
  if (eta === 0) throw new TypeError(`${WHO}: got noise with eta 0, want eta above 0, or no noise: nothing would read it`);
  const stages = stageChannels.length;
  const want = (stages - first) * steps;
  if (noise.length !== want)
    throw new ShapeError(`${WHO}: noise`, { got: `${noise.length} tensors`, want: `${want}, one for each of ${steps} steps a stage` });
  for (const [k, each] of noise.entries()) {
    const stage = first + Math.floor(k / steps);
    const side = coarseAt === "own" ? 2 ** (stages - 1 - stage) : 1;
    expectShape(`${WHO}: noise[${k}]`, each, [count, stageChannels[stage], h / side, w / side]);
  }
}
