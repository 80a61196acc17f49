/** @file The options all joint methods share: what each means, its default (written here, once), and what refuses it. */
import { expectShape, type Tensor } from "../../core/tensor.js";
import type { JointModelConfig } from "../../diffusion/joint-model.js";
import { createSchedule } from "../../diffusion/schedule.js";
import { completeGrid, expectWhole, PANORAMA } from "./tiling.js";
import { checkWindows, planWindows, type Window, wraps } from "./windows.js";

export interface JointOptions {
  /** what to paint; needed unless `text` replaces it */
  readonly prompt?: string;
  /** what to paint less of; default "" */
  readonly negativePrompt?: string;
  /** of the panorama, pixels; default one window */
  readonly height?: number;
  /** of the panorama, pixels; default six windows */
  readonly width?: number;
  /** denoising steps; default 50 */
  readonly steps?: number;
  /** default 7.5 */
  readonly guidanceScale?: number;
  /** side of a window, latent pixels; default the model's own */
  readonly window?: number;
  /** from one window to the next, latent pixels; default a quarter of the window */
  readonly stride?: number;
  /** names the starting noise, a whole number >= 0; drawn when absent */
  readonly seed?: number;
  /** whether the panorama closes, right edge onto left; default false */
  readonly loop?: boolean;
  /** windows that one network call takes; default the model's choice, from memory */
  readonly batch?: number;
  /** stops the run within one network call */
  readonly signal?: AbortSignal;
  /** the starting noise, [1,c,h,w]; replaces `seed`, and says height and width */
  readonly latent?: Tensor;
  /** embeddings, [2,tokens,dim]: negative, then prompt; replaces both prompts */
  readonly text?: Tensor;
  /** latent pixels, all of one size, one that passes the right edge wraps; replaces `window`, `stride` and `loop` */
  readonly windows?: readonly Window[];
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

export const JOINT_DEFAULTS = { negativePrompt: "", steps: 50, guidanceScale: 7.5, loop: false } as const satisfies JointOptions;

/**
 * The options of a run on this model.
 * @param who the method, as errors call it
 * @throws TypeError where there is nothing to paint, ShapeError where `latent` or `text` does not fit the model, RangeError where a number
 * is not one of its option's, naming those that are; for sizes that do not tile, the nearest
 */
export function resolveOptions(who: string, config: JointModelConfig, options: JointOptions): ResolvedOptions {
  const steps = options.steps ?? JOINT_DEFAULTS.steps;
  createSchedule(config.schedule).timesteps(steps);
  const guidanceScale = options.guidanceScale ?? JOINT_DEFAULTS.guidanceScale;
  expectNumber("guidanceScale", guidanceScale, Number.isFinite, "a number");
  if (options.batch !== undefined) expectNumber("batch", options.batch, isCount, "a whole number >= 1");

  return {
    ...resolvePlace(who, config, options),
    ...resolveText(who, options),
    ...(options.latent ? { latent: options.latent } : { seed: resolveSeed(options.seed) }),
    steps,
    guidanceScale,
    batch: options.batch,
  };
}

/** Where the windows lie. */
function resolvePlace(who: string, config: JointModelConfig, options: JointOptions) {
  const { latent, windows } = options;
  const { scaleFactor, latentChannels, windowMultiple: multiple } = config;
  if (latent) expectShape(`${who}: latent`, latent, [1, latentChannels, "height", "width"]);
  const extent = (name: "height" | "width") => {
    const px = options[name];
    const given = latent?.shape[name === "height" ? 2 : 3];
    if (given !== undefined && px !== undefined && px !== given * scaleFactor)
      throw new RangeError(`${name} ${px} px: the latent given is of ${given * scaleFactor} px; leave ${name} out`);
    return given ?? (px === undefined ? undefined : px / scaleFactor);
  };
  if (windows) {
    const height = extent("height") ?? PANORAMA.down * (windows[0]?.height ?? config.window);
    const width = extent("width") ?? PANORAMA.across * (windows[0]?.width ?? config.window);
    expectWhole("height", height, scaleFactor);
    expectWhole("width", width, scaleFactor);
    checkWindows(windows, { height, width }, multiple);
    return { height: height * scaleFactor, width: width * scaleFactor, windows, loop: windows.some((each) => wraps(each, width)) };
  }
  const { window = config.window, stride, loop = JOINT_DEFAULTS.loop } = options;
  const grid = { window, stride, loop, height: extent("height"), width: extent("width"), multiple, scaleFactor };
  const planned = planWindows(grid);
  const whole = completeGrid(grid);
  return { height: whole.height * scaleFactor, width: whole.width * scaleFactor, window, stride: whole.stride, loop, windows: planned };
}

function resolveText(who: string, { prompt, negativePrompt = JOINT_DEFAULTS.negativePrompt, text }: JointOptions) {
  if (text) {
    expectShape(`${who}: text`, text, [2, "tokens", "dim"], "stack the negative prompt's embeddings and the prompt's");
    return { text };
  }
  if (typeof prompt !== "string") throw new TypeError(`${who}: got prompt ${prompt}, want a text to paint, or its embeddings as text`);
  return { prompt, negativePrompt };
}

function resolveSeed(seed: number = Math.floor(Math.random() * 2 ** 32)): number {
  expectNumber("seed", seed, (x) => Number.isSafeInteger(x) && x >= 0, "a whole number >= 0");
  return seed;
}

export const isCount = (x: number): boolean => Number.isSafeInteger(x) && x >= 1;

/** @throws RangeError "name value: want …" */
export function expectNumber(name: string, value: number, fits: (value: number) => boolean, want: string): void {
  if (!fits(value)) throw new RangeError(`${name} ${value}: want ${want}`);
}
