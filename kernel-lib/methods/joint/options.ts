/** @file The options all joint methods share, and how they become the options of a run on a model. */
import { expectShape, type Tensor } from "../../core/tensor.js";
import type { JointModelConfig } from "../../diffusion/joint-model.js";
import { createSchedule } from "../../diffusion/schedule.js";
import {
  givenOption,
  type OptionSpec,
  realOption,
  sizeOption,
  takeOptions,
  textOption,
  toggleOption,
  type ValuesOf,
  wholeOption,
} from "../option-table.js";
import { completeGrid, expectWhole, PANORAMA } from "./tiling.js";
import { checkWindows, planWindows, type Window, wraps } from "./windows.js";

/** Windows per network call: of all kinds of calls, or of each. */
export type BatchOption = number | { readonly noise?: number; readonly gradient?: number };

const ONE_BATCH = wholeOption({ means: "windows per network call", least: 1, otherwise: "from the memory that is free" });
const batchOption: OptionSpec<BatchOption> = {
  ...ONE_BATCH,
  fits: (value) => (typeof value === "object" && value !== null ? Object.values(value).every(ONE_BATCH.fits) : ONE_BATCH.fits(value)),
};

export const JOINT_OPTIONS = {
  prompt: textOption({ means: "what to paint; needed unless text replaces it", flag: null }),
  negativePrompt: textOption({ means: "what to paint less of", default: "", flag: "--negative" }),
  width: sizeOption({ means: "width of the panorama in pixels", otherwise: "six windows" }),
  height: sizeOption({ means: "height of the panorama in pixels", otherwise: "one window" }),
  loop: toggleOption({ means: "close the panorama to 360°: its right edge goes on at its left", default: false }),
  seed: wholeOption({ means: "names the starting noise", least: 0, otherwise: "drawn, and recorded" }),
  steps: sizeOption({ means: "denoising steps", default: 50 }),
  guidanceScale: realOption({ means: "how strongly the prompt is followed", default: 7.5, flag: "--guidance" }),
  window: sizeOption({ means: "side of a window in latent pixels", otherwise: "the model's own" }),
  stride: sizeOption({ means: "from one window to the next, in latent pixels", otherwise: "a quarter of the window" }),
  batch: batchOption,
  latent: givenOption<Tensor>({ means: "starting noise [1,c,h,w]; replaces seed, and says height and width", want: "a tensor" }),
  text: givenOption<Tensor>({ means: "embeddings [2,tokens,dim] of negative prompt and prompt; replaces both", want: "a tensor" }),
  windows: givenOption<readonly Window[]>({
    means: "windows of one size, in latent pixels; one that passes the right edge wraps; replaces window, stride and loop",
    want: "a list of { top, left, height, width }",
  }),
} as const;

export interface JointOptions extends ValuesOf<typeof JOINT_OPTIONS> {
  /** stops the run within one network call */
  readonly signal?: AbortSignal;
}

/**
 * A run's options with every default in place and the seed drawn: given to the same method again, they repeat the run. `seed`, the prompts,
 * and `window` with `stride` are absent where `latent`, `text` and `windows` replaced them.
 */
export interface ResolvedOptions extends Omit<JointOptions, "signal"> {
  readonly height: number;
  readonly width: number;
  readonly steps: number;
  readonly guidanceScale: number;
  /** whether any window wraps, where `windows` were given */
  readonly loop: boolean;
  /** in the order of the records' */
  readonly windows: readonly Window[];
}

/**
 * The options of a run on this model.
 * @param who the method, as errors call it
 * @throws TypeError where there is nothing to paint, ShapeError where `latent` or `text` does not fit the model, RangeError where a number
 * is not one of its option's, naming those that are; for sizes that do not tile, the nearest
 */
export function resolveOptions(who: string, config: JointModelConfig, options: JointOptions): ResolvedOptions {
  // nothing to paint is said first, before a number that is wrong
  if (!options.text && typeof options.prompt !== "string")
    throw new TypeError(`${who}: got prompt ${options.prompt}, want a text to paint, or its embeddings as text`);
  const taken = takeOptions(JOINT_OPTIONS, { ...options });
  createSchedule(config.schedule).timesteps(taken.steps);
  return {
    ...resolvePlace(who, config, taken),
    ...resolveText(who, taken),
    ...(taken.latent ? { latent: taken.latent } : { seed: taken.seed ?? Math.floor(Math.random() * 2 ** 32) }),
    steps: taken.steps,
    guidanceScale: taken.guidanceScale,
    batch: taken.batch,
  };
}

/** Where the windows lie. */
function resolvePlace(who: string, config: JointModelConfig, options: Omit<JointOptions, "signal">) {
  const { latent, windows } = options;
  const { scaleFactor, latentChannels, windowMultiple: multiple } = config;
  if (latent) expectShape(`${who}: latent`, latent, [1, latentChannels, "height", "width"]);
  const extent = (name: "height" | "width") => {
    const px = options[name];
    const ofLatent = latent?.shape[name === "height" ? 2 : 3];
    if (ofLatent !== undefined && px !== undefined && px !== ofLatent * scaleFactor)
      throw new RangeError(`${name} ${px} px: the latent given is of ${ofLatent * scaleFactor} px; leave ${name} out`);
    return ofLatent ?? (px === undefined ? undefined : px / scaleFactor);
  };
  if (windows) {
    const height = extent("height") ?? PANORAMA.down * (windows[0]?.height ?? config.window);
    const width = extent("width") ?? PANORAMA.across * (windows[0]?.width ?? config.window);
    expectWhole("height", height, scaleFactor);
    expectWhole("width", width, scaleFactor);
    checkWindows(windows, { height, width }, multiple);
    return { height: height * scaleFactor, width: width * scaleFactor, windows, loop: windows.some((each) => wraps(each, width)) };
  }
  const { window = config.window, stride, loop = JOINT_OPTIONS.loop.default } = options;
  const grid = { window, stride, loop, height: extent("height"), width: extent("width"), multiple, scaleFactor };
  const planned = planWindows(grid);
  const complete = completeGrid(grid);
  return {
    height: complete.height * scaleFactor,
    width: complete.width * scaleFactor,
    window,
    stride: complete.stride,
    loop,
    windows: planned,
  };
}

function resolveText(who: string, { prompt, negativePrompt, text }: Pick<JointOptions, "prompt" | "negativePrompt" | "text">) {
  if (!text) return { prompt, negativePrompt };
  expectShape(`${who}: text`, text, [2, "tokens", "dim"], "stack the negative prompt's embeddings and the prompt's");
  return { text };
}
