/** @file The options that all methods share that edit pictures, and how a run's defaults are filled in. */
import { ShapeError } from "../../core/errors.js";
import { expectShape, type Tensor } from "../../core/tensor.js";
import type { JointModelConfig } from "../../diffusion/joint-model.js";
import { createSchedule } from "../../diffusion/schedule.js";
import { checkWindows, planWindows, type Window, wraps } from "../joint/windows.js";
import type { ResumeState } from "../method.js";
import { givenOption, realOption, sizeOption, takeOptions, textOption, toggleOption, type ValuesOf, wholeOption } from "../option-table.js";

/** The table of the options that all edits share. */
export const EDIT_OPTIONS = {
  image: givenOption<Tensor>({ means: "pictures to edit, [N,3,H,W] in [-1,1]; required unless latent replaces them", want: "a tensor" }),
  latent: givenOption<Tensor>({ means: "their latents, [N,c,h,w]; replaces image", want: "a tensor" }),
  prompt: textOption({ means: "what the picture shall show; required unless text replaces it", flag: null }),
  negativePrompt: textOption({ means: "what it shall show less of", default: "", flag: "--negative" }),
  text: givenOption<Tensor>({
    means: "embeddings [2,tokens,dim] of negative prompt and prompt, or [N,2,tokens,dim]; replaces both",
    want: "a tensor",
  }),
  guidanceScale: realOption({ means: "how strongly the prompt is followed; 1: without guidance", default: 3, flag: "--guidance" }),
  steps: sizeOption({ means: "denoising steps of the whole schedule", default: 100 }),
  seed: wholeOption({ means: "seed of the noise", least: 0, otherwise: "random, and recorded" }),
  loop: toggleOption({ means: "the picture is a closed panorama: its right edge continues at its left edge", default: false }),
  window: sizeOption({
    means: "side of a window in latent pixels; edits a panorama in windows that overlap",
    otherwise: "the whole picture, or with loop or stride the model's own",
  }),
  stride: sizeOption({ means: "distance from one window to the next, in latent pixels", otherwise: "a quarter of the window" }),
  windows: givenOption<readonly Window[]>({
    means: "windows of one size, in latent pixels; a window that passes the right edge wraps; replaces window, stride and loop",
    want: "a list of { top, left, height, width }",
  }),
  batch: wholeOption({ means: "rows per network call", least: 1, otherwise: "from the memory that is free" }),
} as const;

/** Option of methods that may begin after the first steps. */
export const skipStepsOption = wholeOption({
  means: "leaves out so many of the first steps, so that more of the picture stays",
  least: 0,
  default: 0,
  flag: "--skip",
});

/** The options that all edits share. `image` or `latent`, and `prompt` or `text`, are required. */
export interface EditOptions extends ValuesOf<typeof EDIT_OPTIONS> {
  /** aborts the run within one network call */
  readonly signal?: AbortSignal;
  /** goes on after this step of an earlier run with the same options, instead of beginning */
  readonly resume?: ResumeState;
}

/** An edit's options with all defaults filled in and the seed drawn. The same method repeats the run from them. */
export interface ResolvedEditOptions extends Omit<EditOptions, "signal" | "resume"> {
  readonly steps: number;
  readonly guidanceScale: number;
  /** of a picture, in pixels */
  readonly width: number;
  readonly height: number;
  readonly loop: boolean;
  /** absent: the whole picture in one */
  readonly windows?: readonly Window[];
}

/**
 * Checks an edit's options and fills in the defaults.
 * @param who the function's name in errors
 * @param words whether the model reads prompts; default "required"
 * @throws TypeError without a picture or a prompt; ShapeError or RangeError for a value that does not fit, with what would
 */
export function resolveEditOptions(
  who: string,
  config: JointModelConfig,
  options: EditOptions,
  words: "required" | "none" = "required",
): ResolvedEditOptions {
  const taken = takeOptions(EDIT_OPTIONS, { ...options });
  const { image, latent, prompt, negativePrompt, text, steps, guidanceScale, seed, batch } = taken;
  const size = pictureSize(who, config, { image, latent });
  if (words === "required") expectText(who, "prompt", { prompt, text, pictures: (image ?? latent)?.shape[0] ?? 1 });
  createSchedule(config.schedule).timesteps(steps);
  return {
    ...(image ? { image } : { latent }),
    ...(words === "none" ? {} : text ? { text } : { prompt, negativePrompt }),
    seed: seed ?? Math.floor(Math.random() * 2 ** 32),
    steps,
    guidanceScale,
    batch,
    ...size,
    ...resolveWindows(config, size, taken),
  };
}

/**
 * Refuses a method's prompt and embeddings if both are missing, or the embeddings have another shape than [2,tokens,dim] or, a pair for each
 * picture, [N,2,tokens,dim].
 * @param name "prompt" or "sourcePrompt" @throws TypeError, ShapeError
 */
export function expectText(
  who: string,
  name: string,
  { prompt, text, pictures }: { readonly prompt?: string; readonly text?: Tensor; readonly pictures: number },
): void {
  const fix = "stack the negative prompt's embeddings and the prompt's";
  if (text)
    expectShape(`${who}: text of ${name}`, text, text.shape.length === 4 ? [pictures, 2, "tokens", "dim"] : [2, "tokens", "dim"], fix);
  else if (typeof prompt !== "string") throw new TypeError(`${who}: got ${name} ${prompt}, want a prompt; "" says nothing of the picture`);
}

/** The size of the pictures in pixels. */
function pictureSize(
  who: string,
  { latentChannels, scaleFactor, windowMultiple = 1 }: JointModelConfig,
  { image, latent }: Pick<EditOptions, "image" | "latent">,
): { readonly height: number; readonly width: number } {
  if (image && latent) throw new TypeError(`${who}: got image and latent, want one of them`);
  if (latent) {
    expectShape(`${who}: latent`, latent, ["N", latentChannels, "h", "w"]);
    expectMultiple(who, latent.shape[2] * scaleFactor, latent.shape[3] * scaleFactor, windowMultiple * scaleFactor);
    return { height: latent.shape[2] * scaleFactor, width: latent.shape[3] * scaleFactor };
  }
  if (!image) throw new TypeError(`${who}: got no picture, want image [N,3,H,W] in [-1,1], or its latent`);
  expectShape(`${who}: image`, image, ["N", 3, "H", "W"], "give RGB pictures");
  const [, , height, width] = image.shape;
  expectMultiple(who, height, width, windowMultiple * scaleFactor);
  const wrong = image.data.findIndex((x) => !(Math.abs(x) <= 1.0001));
  if (wrong >= 0)
    throw new RangeError(
      `${who}: image has ${image.data[wrong]}, want numbers in [-1,1]; take 2 · x − 1 of a picture in [0,1], x / 127.5 − 1 of bytes`,
    );
  return { height, width };
}

function expectMultiple(who: string, height: number, width: number, multiple: number): void {
  if (height % multiple === 0 && width % multiple === 0 && height > 0 && width > 0) return;
  const near = (side: number) => Math.max(multiple, Math.round(side / multiple) * multiple);
  throw new RangeError(
    `${who}: picture of ${width}×${height} px, want a width and a height that are multiples of ${multiple}; nearest: ${near(width)}×${near(height)}`,
  );
}

/** The windows, where the picture is edited in several. */
function resolveWindows(
  config: JointModelConfig,
  size: { readonly height: number; readonly width: number },
  { windows, window, stride, loop, latent, image }: Pick<EditOptions, "windows" | "window" | "stride" | "loop" | "latent" | "image">,
): Pick<ResolvedEditOptions, "windows" | "loop" | "window" | "stride"> {
  const { scaleFactor, windowMultiple: multiple } = config;
  const extent = { height: size.height / scaleFactor, width: size.width / scaleFactor };
  const inWindows = windows !== undefined || window !== undefined || stride !== undefined || loop === true;
  if (!inWindows) return { loop: false };
  const [N] = (image ?? latent)?.shape ?? [1];
  if (N !== 1) throw new ShapeError("windows", { got: `${N} pictures`, want: "one panorama; edit pictures whole, or one after the other" });
  if (windows) {
    checkWindows(windows, extent, multiple);
    return { windows, loop: windows.some((each) => wraps(each, extent.width)) };
  }
  const grid = { window: window ?? config.window, stride, loop: loop === true, ...extent, multiple, scaleFactor };
  return { windows: planWindows(grid), loop: grid.loop, window: grid.window, ...(stride === undefined ? {} : { stride }) };
}
