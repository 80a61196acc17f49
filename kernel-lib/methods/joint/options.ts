/** @file The options that all joint methods share, and how a run's defaults are filled in. */
import { type ResolvedControl, resolveControls } from "../../conditions/control.js";
import { GIVEN_PICTURES, pictureOfSize } from "../../conditions/given-picture.js";
import { expectShape, type Tensor } from "../../core/tensor.js";
import type { JointModelConfig } from "../../diffusion/joint-model.js";
import { SAMPLER_NAMES, type SamplerName } from "../../diffusion/samplers/samplers.js";
import type { ResumeState } from "../method.js";
import {
  choiceOption,
  type DefaultedSpec,
  givenOption,
  type OptionSpec,
  pictureOption,
  realOption,
  sizeOption,
  takeOptions,
  textOption,
  toggleOption,
  type ValuesOf,
  wholeOption,
} from "../option-table.js";
import { controlOption } from "./control-calls.js";
import { pathOf, samplerWith } from "./path.js";
import { completeGrid, expectWhole, type Grid, PANORAMA } from "./tiling.js";
import { checkWindows, planWindows, type Window, wraps } from "./windows.js";
import { aroundOf, WRAPS, type Wrap } from "./wrap.js";

/** Windows per network call: one number for all kinds of calls, or one per kind. */
export type JointBatch = number | { readonly noise?: number; readonly gradient?: number };

const ONE_BATCH = wholeOption({ means: "windows per network call", least: 1, otherwise: "from the memory that is free" });
const batchOption: OptionSpec<JointBatch> = {
  ...ONE_BATCH,
  fits: (value) => (typeof value === "object" && value !== null ? Object.values(value).every(ONE_BATCH.fits) : ONE_BATCH.fits(value)),
};

/** Whether a panorama closes; "official" closes it with the windows of the official SyncDiffusion code, whose ring lacks the last one of each row. */
export type Loop = boolean | "official";

const TOGGLE = toggleOption({ means: "close the panorama to 360°: its right edge continues at its left edge", default: false });
const loopOption: DefaultedSpec<Loop> = {
  ...(TOGGLE as unknown as DefaultedSpec<Loop>),
  want: 'true, false or "official"',
  fits: (value) => typeof value === "boolean" || value === "official",
};

/** As in diffusers' StableDiffusionImg2ImgPipeline. */
const STRENGTH = 0.8;

/** The table of the options that all joint methods share. */
export const JOINT_OPTIONS = {
  prompt: textOption({ means: "what to paint; required unless text replaces it", flag: null }),
  negativePrompt: textOption({ means: "what to paint less of", default: "", flag: "--negative" }),
  width: sizeOption({ means: "width of the panorama in pixels", otherwise: "six windows" }),
  height: sizeOption({ means: "height of the panorama in pixels", otherwise: "one window" }),
  loop: loopOption,
  wrap: choiceOption({
    choices: WRAPS,
    means: "edges that continue at the opposite edge: x right at left, as loop; y bottom at top; both, a texture that tiles",
    otherwise: "x with loop, else none",
  }),
  seed: wholeOption({ means: "seed of the starting noise", least: 0, otherwise: "random, and recorded" }),
  startAlign: realOption({
    means: "share of one window's noise that lies under all windows at the start: 0 none, 1 all",
    least: 0,
    most: 1,
    default: 0,
  }),
  steps: sizeOption({ means: "denoising steps", default: 50 }),
  sampler: choiceOption({ choices: SAMPLER_NAMES, means: "how a step is taken", otherwise: "the checkpoint's own" }),
  eta: realOption({ means: "share of fresh noise in a step of ddim: 0 draws none, 1 is ddpm", least: 0, most: 1, default: 0 }),
  guidanceScale: realOption({ means: "how strongly the prompt is followed", default: 7.5, flag: "--guidance" }),
  window: sizeOption({ means: "side of a window in latent pixels", otherwise: "the model's own" }),
  stride: sizeOption({ means: "distance from one window to the next, in latent pixels", otherwise: "a quarter of the window" }),
  batch: batchOption,
  control: controlOption,
  init: pictureOption({
    means:
      "a picture that the panorama starts from; a file is scaled until it covers the panorama, and cut evenly; in code [1,3,H,W] in [0,1], as large as the panorama, or { image, fit }",
    flag: "--init",
    file: GIVEN_PICTURES.init,
  }),
  strength: realOption({
    means: "with init: how much of the picture is painted anew, 0 nothing, 1 everything; that share of the steps is taken, the last ones",
    least: 0,
    most: 1,
    otherwise: `${STRENGTH} with init`,
  }),
  latent: givenOption<Tensor>({ means: "starting noise [1,c,h,w]; replaces seed, height and width", want: "a tensor" }),
  text: givenOption<Tensor>({ means: "embeddings [2,tokens,dim] of negative prompt and prompt; replaces both", want: "a tensor" }),
  windows: givenOption<readonly Window[]>({
    means: "windows of one size, in latent pixels; a window that passes the right edge wraps; replaces window, stride and loop",
    want: "a list of { top, left, height, width }",
  }),
} as const;

/** The options that all joint methods share; every one may be left out but `prompt` or `text`. */
export interface JointOptions extends ValuesOf<typeof JOINT_OPTIONS> {
  /** aborts the run within one network call */
  readonly signal?: AbortSignal;
  /** goes on after this step of an earlier run with the same options, instead of beginning */
  readonly resume?: ResumeState;
}

/**
 * A run's options with all defaults filled in and the seed drawn. The same method repeats the run from them. `seed`, the prompts, and `window`
 * with `stride` are absent if `latent`, `text` and `windows` replaced them.
 */
export interface ResolvedOptions extends Omit<JointOptions, "signal" | "resume" | "control" | "init"> {
  readonly height: number;
  readonly width: number;
  readonly steps: number;
  readonly guidanceScale: number;
  readonly sampler: SamplerName;
  readonly eta: number;
  readonly startAlign: number;
  /** whether `wrap` closes x */
  readonly loop: Loop;
  /** with `windows`, if it was not given: whether any of them passes the right edge */
  readonly wrap: Wrap;
  /** in the same order as in the records */
  readonly windows: readonly Window[];
  /** with conditions as large as the panorama; absent without any */
  readonly control?: readonly ResolvedControl[];
  /** as large as the panorama, [1,3,H,W] in [0,1]; absent in a run that starts from noise alone */
  readonly init?: Tensor;
  /** with `init` */
  readonly strength?: number;
}

/**
 * Checks a run's options and fills in the defaults.
 * @param who the method's name in errors
 * @param noise who draws noise beside that of the start
 * @throws TypeError if there is no prompt, ShapeError if `latent` or `text` does not fit the model, RangeError for a value out of range, with
 * the valid ones; for sizes that do not tile, the nearest that do
 */
export function resolveOptions(
  who: string,
  config: JointModelConfig,
  options: JointOptions,
  noise: "sampler" | "method" = "sampler",
): ResolvedOptions {
  // A missing prompt is reported before a wrong number.
  if (!options.text && typeof options.prompt !== "string")
    throw new TypeError(`${who}: got prompt ${options.prompt}, want a prompt, or its embeddings as text`);
  const taken = takeOptions(JOINT_OPTIONS, { ...options });
  const { eta, sampler = config.sampler?.name ?? "ddim" } = taken;
  if (eta > 0 && sampler !== "ddim")
    throw new RangeError(`${who}: eta ${eta} with the sampler ${sampler}, want it with ddim alone; leave eta out`);
  if (taken.startAlign > 0 && taken.latent)
    throw new RangeError(
      `${who}: startAlign ${taken.startAlign} with a given latent, want one of the two; alignedStart makes such a latent`,
    );
  const { draws } = samplerWith({ sampler, eta }, config);
  const init = taken.init && ("image" in taken.init ? taken.init : { image: taken.init });
  if (!init && taken.strength !== undefined)
    throw new RangeError(`${who}: strength ${taken.strength} without init, the picture to start from; leave it out, or give one`);
  const strength = init && (taken.strength ?? STRENGTH);
  pathOf({ sampler, eta, steps: taken.steps, strength }, config); // refuses numbers of steps that the schedule does not have
  const seed = taken.seed ?? Math.floor(Math.random() * 2 ** 32);
  const place = resolvePlace(who, config, taken, init?.image);
  const control = resolveControls(who, taken.control ?? [], { ...place, controlNets: config.controlNets ?? [] });
  return {
    ...place,
    ...(control.length > 0 && { control }),
    ...(init && { init: pictureOfSize(`${who}: init`, init, place), strength }),
    ...resolveText(who, taken),
    ...(taken.latent ? { latent: taken.latent } : { seed }),
    ...(draws === "none" && noise === "sampler" ? {} : { seed }), // of the fresh noise too
    steps: taken.steps,
    sampler,
    eta,
    startAlign: taken.startAlign,
    guidanceScale: taken.guidanceScale,
    batch: taken.batch,
  };
}

/** The edges that meet. @throws RangeError for a loop that `wrap` leaves open */
export function wrapOf({ loop = false, wrap = loop === false ? "none" : "x" }: Pick<JointOptions, "loop" | "wrap">): Wrap {
  if (loop !== false && !aroundOf(wrap).x)
    throw new RangeError(
      `loop ${loop} with wrap "${wrap}": loop closes x; want wrap "${wrap === "y" ? "both" : "x"}", or leave one of the two out`,
    );
  return wrap;
}

/** The panorama's size and its windows. A picture to start from says the size where nothing else does. */
function resolvePlace(who: string, config: JointModelConfig, options: Omit<JointOptions, "signal">, picture?: Tensor) {
  const { latent, windows } = options;
  const { scaleFactor, latentChannels, windowMultiple: multiple } = config;
  if (latent) expectShape(`${who}: latent`, latent, [1, latentChannels, "height", "width"]);
  const extent = (name: "height" | "width") => {
    const ofPicture = options.height === undefined && options.width === undefined ? picture?.shape[name === "height" ? 2 : 3] : undefined;
    const px = options[name] ?? (latent ? undefined : ofPicture);
    const ofLatent = latent?.shape[name === "height" ? 2 : 3];
    if (ofLatent !== undefined && px !== undefined && px !== ofLatent * scaleFactor)
      throw new RangeError(`${name} ${px} px: the given latent has ${ofLatent * scaleFactor} px; leave ${name} out`);
    return ofLatent ?? (px === undefined ? undefined : px / scaleFactor);
  };
  if (windows) {
    const height = extent("height") ?? PANORAMA.down * (windows[0]?.height ?? config.window);
    const width = extent("width") ?? PANORAMA.across * (windows[0]?.width ?? config.window);
    expectWhole("height", height, scaleFactor);
    expectWhole("width", width, scaleFactor);
    const { wrap = windows.some((each) => wraps(each, width)) ? "x" : "none" } = options;
    checkWindows(windows, { height, width }, multiple, wrap);
    return { height: height * scaleFactor, width: width * scaleFactor, windows, loop: aroundOf(wrap).x, wrap };
  }
  const { window = config.window, stride, loop = JOINT_OPTIONS.loop.default } = options;
  const wrap = wrapOf({ loop, wrap: options.wrap });
  const grid = { window, stride, wrap, height: extent("height"), width: extent("width"), multiple, scaleFactor };
  const complete = completeGrid(grid);
  const planned = loop === "official" ? officialRing(grid) : planWindows(grid);
  return {
    height: complete.height * scaleFactor,
    width: complete.width * scaleFactor,
    window,
    stride: complete.stride,
    loop: loop === "official" ? loop : aroundOf(wrap).x,
    wrap,
    windows: planned,
  };
}

/** The full ring without the last window of each row. @throws RangeError where a latent pixel is covered by no other window */
function officialRing(grid: Grid): readonly Window[] {
  const { width, height, window, stride } = completeGrid(grid);
  const windows = planWindows(grid).filter(({ left }) => left !== width - stride);
  if (stride === window)
    throw new RangeError(`loop "official" at stride ${stride}: windows that do not overlap leave the ring open; want a smaller stride`);
  checkWindows(windows, { height, width }, 1, grid.wrap);
  return windows;
}

function resolveText(who: string, { prompt, negativePrompt, text }: Pick<JointOptions, "prompt" | "negativePrompt" | "text">) {
  if (!text) return { prompt, negativePrompt };
  expectShape(`${who}: text`, text, [2, "tokens", "dim"], "stack the negative prompt's embeddings and the prompt's");
  return { text };
}
