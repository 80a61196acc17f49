/** @file What the metrics of pairs share: edited pictures beside their sources, checked and clamped, picture by picture. */
import { expectShape, type Tensor } from "../core/tensor.js";

/** An edited picture and its source, each three channels of height·width numbers in [0,1]. */
export interface PicturePair {
  readonly source: Float64Array;
  readonly edited: Float64Array;
  readonly height: number;
  readonly width: number;
}

/**
 * A number for each edited picture.
 * @param who names the metric in errors
 * @param source [1|N,3,H,W] in [0,1]: one for all, or one each  @param edited [N,3,H,W] in [0,1]; what lies outside counts as the range's end
 * @returns N numbers
 * @throws ShapeError where the shapes do not fit each other, RangeError for pictures in another range
 */
export function eachPair(who: string, source: Tensor, edited: Tensor, measure: (pair: PicturePair) => number): number[] {
  expectShape(`${who}: edited`, edited, ["N", 3, "H", "W"]);
  const [n, , height, width] = edited.shape;
  const sources = source.shape[0] === 1 ? 1 : n;
  expectShape(`${who}: source`, source, [sources, 3, height, width], "give one source, or as many as there are edited pictures");
  expectUnit(`${who}: edited`, edited);
  expectUnit(`${who}: source`, source);
  const size = 3 * height * width;
  const picture = ({ data }: Tensor, k: number) =>
    Float64Array.from(data.subarray(k * size, (k + 1) * size), (x) => Math.min(1, Math.max(0, x)));
  return Array.from({ length: n }, (_, k) =>
    measure({ source: picture(source, sources === 1 ? 0 : k), edited: picture(edited, k), height, width }),
  );
}

/** A decoder overshoots [0,1] a little; a picture in [-1,1] or [0,255] goes further than this. */
const OVERSHOOT = 0.5;

function expectUnit(who: string, { data }: Tensor): void {
  const stranger = data.find((x) => !(x >= -OVERSHOOT && x <= 1 + OVERSHOOT));
  if (stranger !== undefined) throw new RangeError(`${who}: got the value ${stranger}, want pictures in [0,1]; for [-1,1] give (x + 1)/2`);
}
