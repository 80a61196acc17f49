/** @file A picture that is given to a run, such as a photo, at the size that the run needs. */
import { resizeLanczos } from "../core/lanczos.js";
import { expectShape, type Tensor } from "../core/tensor.js";
import { asRgb } from "./control.js";

/** A picture, and what is done with one of another size than is needed. */
export interface GivenPicture {
  /** [1,3,H,W] or grey [1,1,H,W], in [0,1] */
  readonly image: Tensor;
  /** "crop" scales it (Lanczos) until it covers what is needed, and cuts opposite edges evenly; default "exact", which refuses it */
  readonly fit?: "exact" | "crop";
}

/** A size in pixels. */
interface Size {
  readonly height: number;
  readonly width: number;
}

/**
 * The picture at a size, [1,3,height,width] in [0,1].
 * @param who in errors
 * @throws ShapeError for another rank or other channels; RangeError for values out of range, another size with fit "exact", or another fit
 */
export function pictureOfSize(who: string, { image, fit = "exact" }: GivenPicture, size: Size): Tensor {
  expectShape(who, image, [1, image.shape[1] === 1 ? 1 : 3, "H", "W"], "give one picture of 3 channels, RGB, or of one, grey");
  const wrong = image.data.find((x) => !(x >= 0 && x <= 1));
  if (wrong !== undefined)
    throw new RangeError(`${who}: got a value of ${wrong}, want values in [0,1]${wrong > 1 ? "; divide by 255" : ""}`);
  if (fit !== "exact" && fit !== "crop") throw new RangeError(`${who}: fit ${fit}, want exact or crop`);
  const [, , H, W] = image.shape;
  if (H === size.height && W === size.width) return asRgb(image);
  if (fit === "exact")
    throw new RangeError(`${who}: got ${W} × ${H} px, want ${size.width} × ${size.height}; give such a picture, or ask for fit "crop"`);
  const scale = Math.max(size.height / H, size.width / W);
  const large = { height: Math.max(size.height, Math.round(scale * H)), width: Math.max(size.width, Math.round(scale * W)) };
  return cropped(resized(asRgb(image), large), size);
}

/** Rounded to bytes, so that a PNG of it holds the same numbers. */
function resized(image: Tensor, size: Size): Tensor {
  const bytes = resizeLanczos({ data: image.data.map((x) => x * 255), shape: image.shape }, size, "bytes");
  return { data: bytes.data.map((x) => x / 255), shape: bytes.shape };
}

/** The middle: [1,3,H,W] -> [1,3,height,width]. */
function cropped({ data, shape: [, , H, W] }: Tensor, { height, width }: Size): Tensor {
  const [top, left] = [Math.floor((H - height) / 2), Math.floor((W - width) / 2)];
  const out = new Float32Array(3 * height * width);
  for (let row = 0; row < 3 * height; row++) {
    const from = (Math.floor(row / height) * H + top + (row % height)) * W + left;
    out.set(data.subarray(from, from + width), row * width);
  }
  return { data: out, shape: [1, 3, height, width] };
}

/** A flag's picture: one file, which is cropped to the size that is needed. @throws RangeError for several; CheckpointError for a file that is no picture */
export async function pictureOfWords(words: readonly string[], decode: (file: string) => Promise<Tensor>): Promise<GivenPicture> {
  if (words.length !== 1) throw new RangeError(`got ${words.length} pictures (${words.join(", ")}), want one`);
  return { image: await decode(words[0]), fit: "crop" };
}

/** The folder of given pictures in a run's folder. */
export const GIVEN = "given";

/** The options that are pictures, with the names of their files in that folder. */
export const GIVEN_PICTURES = { init: `${GIVEN}/init`, anchorImage: `${GIVEN}/anchor` } as const;
