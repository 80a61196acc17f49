/** @file Convolutions along one line of pixels: 1×k and k×1 kernels. */
import { ShapeError } from "../../core/errors.js";
import type { Value } from "../graph.js";
import { apply, type Operator } from "../operator.js";
import { matmul } from "./matmul.js";
import { reduceSum } from "./reduce.js";
import { concat, pad, reshape, slices, transpose } from "./shape.js";

/** Zeros before and after the line so that the picture keeps its size, [rows, columns]. */
const around = ([, , kh, kw]: readonly number[]): [number, number] => [(kh - 1) / 2, (kw - 1) / 2];

/**
 * y = W ⋆ x + b at stride 1, the picture's size kept; x [N,C,H,W], W [O,C,1,k] or [O,C,k,1] with an odd k, b [O]. dx = turned W ⋆ dy;
 * dW[:,:,j] = Σ_N dy · (x shifted by j)ᵀ, a matrix product per tap; db = Σ dy.
 */
export const LineConv: Operator<undefined> = {
  name: "LineConv",
  build: ([x, w, b], _, graph) => {
    const [, , kh, kw] = w.shape;
    const line = w.shape.length === 4 && Math.min(kh, kw) === 1 && Math.max(kh, kw) % 2 === 1;
    if (x.shape.length !== 4 || !line || x.shape[1] !== w.shape[1] || (b && `${b.shape}` !== `${w.shape[0]}`))
      throw new ShapeError("LineConv", {
        got: `x [${x.shape}], W [${w.shape}]${b ? `, b [${b.shape}]` : ""}`,
        want: "x [N,C,H,W], W [O,C,1,k] or [O,C,k,1] with an odd k, b [O]",
      });
    const [rows, columns] = around(w.shape);
    const [N, , H, W] = x.shape;
    const attributes = { kernel_shape: [kh, kw], pads: [rows, columns, rows, columns], strides: [1, 1] };
    return { outputs: graph.node("Conv", b ? [x, w, b] : [x, w], attributes, [{ shape: [N, w.shape[0], H, W], dtype: x.dtype }]) };
  },
  pullBack: ({ inputs: [x, w], dy }) => [
    () => {
      const [, , kh, kw] = w.shape;
      const swapped = transpose(w, [1, 0, 2, 3]); // [C,O,kh,kw]
      return lineConv(dy, slices(swapped, [2, 3], [kh - 1, kw - 1], [-1, -1], [-1, -1]));
    },
    () => weightOf(x, w, dy),
    () => reshape(reduceSum(dy, [0, 2, 3]), [w.shape[0]]),
  ],
};

/** dL/dW, [O,C,kh,kw]. */
function weightOf(x: Value, w: Value, dy: Value): Value {
  const [O, C, kh, kw] = w.shape;
  const [N, , H, W] = x.shape;
  const [rows, columns] = around(w.shape);
  const padded = pad(x, [0, 0, rows, columns], [0, 0, rows, columns]);
  const flat = reshape(dy, [N, O, H * W]);
  const taps = Array.from({ length: kh * kw }, (_, j) => {
    const [top, left] = kh > 1 ? [j, 0] : [0, j];
    const shifted = reshape(slices(padded, [2, 3], [top, left], [top + H, left + W], [1, 1]), [N, C, H * W]);
    return reshape(reduceSum(matmul(flat, transpose(shifted, [0, 2, 1])), [0]), [O, C, 1]);
  });
  return reshape(concat(taps, 2), w.shape);
}

/** A convolution along one line: x [N,C,H,W], weight [O,C,1,k] or [O,C,k,1], bias [O] -> [N,O,H,W]; see LineConv. */
export const lineConv = (x: Value, weight: Value, bias?: Value): Value =>
  apply(LineConv, bias ? [x, weight, bias] : [x, weight], undefined);
