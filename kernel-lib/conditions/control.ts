/** @file What steers a picture by a ControlNet: a condition, how strongly and in which steps it counts, and their checks. */
import { resizeLanczos } from "../core/lanczos.js";
import { expectShape, type Tensor } from "../core/tensor.js";
import { CONTROL_MODES, type ControlMode } from "../diffusion/capabilities.js";

/** One use of a ControlNet in a run. */
export interface ControlOptions {
  /** the condition, as large as the picture: [1,3,H,W] or grey [1,1,H,W], in [0,1] */
  readonly image: Tensor;
  /** which of the model's ControlNets, from 0; default 0 */
  readonly net?: number;
  /** factor of its residuals; 0 is a run without it, bit for bit; default 1 */
  readonly scale?: number;
  /**
   * "balanced" (default): it sees both prompts' rows, all residuals count alike. "guess": the prompt's row alone, coarse residuals count more than fine
   * ones, so that a picture without a prompt follows the condition. "prompt": both rows with the residuals of "guess", so that the prompt decides more.
   */
  readonly mode?: ControlMode;
  /** share of the steps before which it is not used; default 0 */
  readonly start?: number;
  /** share of the steps after which it is not used; default 1 */
  readonly end?: number;
  /** "stretch" resizes a condition of another size, whatever its aspect, as the official pipelines do; default "exact", which refuses one */
  readonly fit?: "exact" | "stretch";
}

/** The same with all defaults filled in, and an image as large as the picture. */
export type ResolvedControl = Required<Omit<ControlOptions, "fit">>;

const DEFAULTS = { net: 0, scale: 1, mode: "balanced", start: 0, end: 1, fit: "exact" } as const satisfies Omit<ControlOptions, "image">;

/** What a condition must fit: the picture in pixels, and the names of the ControlNets that the model was opened with. */
export interface ControlledPicture {
  readonly height: number;
  readonly width: number;
  readonly controlNets: readonly string[];
}

/**
 * Checks the option `control` and fills in its defaults.
 * @param who in errors
 * @throws TypeError for a model without ControlNets; RangeError for a value out of range or a condition of another size; ShapeError for other channels
 * @source diffusers 0.21.4, pipeline_controlnet.py, `prepare_image` (the range; Lanczos without keeping the aspect, here with fit "stretch" alone)
 */
export function resolveControls(
  who: string,
  control: ControlOptions | readonly ControlOptions[],
  picture: ControlledPicture,
): readonly ResolvedControl[] {
  const all: readonly ControlOptions[] = Array.isArray(control) ? control : [control as ControlOptions];
  if (all.length > 0 && picture.controlNets.length === 0)
    throw new TypeError(
      `${who}: got control, and a model that was opened without a ControlNet; open it with openModel(path, { control: "the ControlNet's folder" })`,
    );
  return all.map((one, k) => resolved(`${who}: control${all.length > 1 ? `[${k}]` : ""}`, one, picture));
}

function resolved(who: string, given: ControlOptions, { controlNets, ...size }: ControlledPicture): ResolvedControl {
  if (typeof given !== "object" || given === null || !given.image?.shape)
    throw new TypeError(`${who}: got ${given === null ? "null" : typeof given}, want { image, scale, … }, image a tensor`);
  const { image, net, scale, mode, start, end, fit } = { ...DEFAULTS, ...given };
  if (!Number.isInteger(net) || net < 0 || net >= controlNets.length)
    throw new RangeError(
      `${who}: net ${net}, want a whole number from 0 to ${controlNets.length - 1}: the model has ${controlNets.join(", ")}`,
    );
  if (!Number.isFinite(scale)) throw new RangeError(`${who}: scale ${scale}, want a number`);
  if (!CONTROL_MODES.includes(mode)) throw new RangeError(`${who}: mode ${mode}, want one of ${CONTROL_MODES.join(", ")}`);
  if (!(start >= 0 && end <= 1 && start <= end))
    throw new RangeError(`${who}: start ${start} and end ${end}, want shares of the steps from 0 to 1, start first`);
  if (fit !== "exact" && fit !== "stretch") throw new RangeError(`${who}: fit ${fit}, want exact or stretch`);
  return { image: fitting(`${who}: image`, image, fit, size), net, scale, mode, start, end };
}

/** The condition at the picture's size. */
function fitting(who: string, image: Tensor, fit: "exact" | "stretch", size: { readonly height: number; readonly width: number }): Tensor {
  expectShape(who, image, [1, image.shape[1] === 1 ? 1 : 3, "H", "W"], "give one picture of 3 channels, RGB, or of one, grey");
  const wrong = image.data.find((x) => !(x >= 0 && x <= 1));
  if (wrong !== undefined)
    throw new RangeError(`${who}: got a value of ${wrong}, want values in [0,1]${wrong > 1 ? "; divide by 255" : ""}`);
  const [, , height, width] = image.shape;
  if (height === size.height && width === size.width) return image;
  if (fit === "exact")
    throw new RangeError(
      `${who}: got ${width} × ${height} px, want ${size.width} × ${size.height}, as large as the panorama; draw it so, or ask for fit "stretch"`,
    );
  const bytes = resizeLanczos({ data: image.data.map((x) => x * 255), shape: image.shape }, size, "bytes");
  return { data: bytes.data.map((x) => x / 255), shape: bytes.shape };
}

/**
 * Whether a control counts in step i of S: its scale is not 0, and the step lies wholly between start and end.
 * @source diffusers 0.21.4, pipeline_controlnet.py, `controlnet_keep`. Differs: there the ControlNet runs with scale 0, here it does not run
 */
export const isUsedAt = ({ scale, start, end }: Pick<ResolvedControl, "scale" | "start" | "end">, i: number, S: number): boolean =>
  scale !== 0 && !(i / S < start || (i + 1) / S > end);

/** A grey condition as one of three equal channels: [1,1,H,W] -> [1,3,H,W]. */
export function asRgb({ data, shape }: Tensor): Tensor {
  const [n, channels, height, width] = shape;
  if (channels === 3) return { data, shape };
  const plane = height * width;
  const rgb = new Float32Array(3 * data.length);
  for (let k = 0; k < 3 * n; k++) {
    const from = Math.floor(k / 3) * plane;
    rgb.set(data.subarray(from, from + plane), k * plane);
  }
  return { data: rgb, shape: [n, 3, height, width] };
}
