/** @file Shows latents as colours, without decoding them. */
import { expectShape, type Tensor, tensor } from "../core/tensor.js";

/**
 * The colour direction of each channel: the corners of a tetrahedron in the RGB cube, so that all four channels are equally visible and
 * distinct. Channel 0 goes from black to white, 1 from cyan to red, 2 from magenta to green, 3 from yellow to blue. Others are not shown.
 */
const DIRECTIONS = [
  [1, 1, 1],
  [1, -1, -1],
  [-1, 1, -1],
  [-1, -1, 1],
] as const;

/** Side of a latent pixel in pixels, so that it stays a sharp square when the picture is filtered. */
const SIDE = 8;
/** The fraction of a run's values within the colour range; the others are clamped. */
const WITHIN = 0.98;

/**
 * Makes pictures of a run's latents, mixed by DIRECTIONS. All share one range, symmetric about grey, so that a value has the same colour in
 * every step.
 * @param latents each [1,c,h,w] @returns each [1,3,8h,8w] in [0,1]
 */
export function latentPictures(latents: readonly Tensor[]): Tensor[] {
  const mixes = latents.map(mixed);
  const reach = within(mixes) || 1; // all grey where every value is 0
  return mixes.map((mix) => enlarged(mix, (value) => Math.min(1, Math.max(0, 0.5 + value / (2 * reach)))));
}

/** The WITHIN quantile of the absolute values. */
function within(mixes: readonly Tensor[]): number {
  const sizes = new Float32Array(mixes.reduce((sum, { data }) => sum + data.length, 0));
  let at = 0;
  for (const { data } of mixes) for (const value of data) sizes[at++] = Math.abs(value);
  return sizes.sort()[Math.floor((sizes.length - 1) * WITHIN)];
}

/** @returns [1,3,h,w] */
function mixed(latent: Tensor): Tensor {
  expectShape("latentPictures", latent, [1, "c", "h", "w"], "give the latent of one panorama");
  const [, channels, height, width] = latent.shape;
  const plane = height * width;
  const data = new Float32Array(3 * plane);
  for (let k = 0; k < Math.min(channels, DIRECTIONS.length); k++)
    for (let c = 0; c < 3; c++) for (let i = 0; i < plane; i++) data[c * plane + i] += DIRECTIONS[k][c] * latent.data[k * plane + i];
  return tensor(data, [1, 3, height, width]);
}

function enlarged({ data, shape: [, , height, width] }: Tensor, colour: (value: number) => number): Tensor {
  const [tall, wide] = [height * SIDE, width * SIDE];
  const out = new Float32Array(3 * tall * wide);
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < tall; y++)
      for (let x = 0; x < wide; x++)
        out[(c * tall + y) * wide + x] = colour(data[(c * height + Math.floor(y / SIDE)) * width + Math.floor(x / SIDE)]);
  return tensor(out, [1, 3, tall, wide]);
}
