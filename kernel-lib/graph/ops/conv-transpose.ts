/** @file The transposed convolution as an operator of its own: learned scaling up. */
import { ShapeError } from "../../core/errors.js";
import type { Shape } from "../../core/tensor.js";
import type { Value } from "../graph.js";
import { apply, plain } from "../operator.js";
import { type ConvAttrs, conv } from "./conv.js";
import { weightGradient } from "./conv-weight-gradient.js";
import { reduceSum } from "./reduce.js";
import { reshape } from "./shape.js";

/** [[N,O,H',W']], or an error that says what would fit. */
function outputShape([x, w, b]: readonly Shape[], { stride, padding }: ConvAttrs): Shape[] {
  const got = `x [${x}], W [${w}]${b ? `, b [${b}]` : ""}`;
  if (x.length !== 4 || w.length !== 4 || x[1] !== w[0] || w[2] !== w[3] || (b && `${b}` !== `${w[1]}`))
    throw new ShapeError("ConvTranspose", { got, want: "x [N,C,h,w], W [C,O,k,k], b [O]" });
  const [H, W] = [x[2], x[3]].map((d) => (d - 1) * stride - 2 * padding + w[2]);
  if (H < 1 || W < 1)
    throw new ShapeError("ConvTranspose", { got: `${got}, padding ${padding}`, want: "a padding that leaves at least one pixel" });
  return [[x[0], w[1], H, W]];
}

/**
 * y = Wᵀ ⋆ x + b, the pull-back of Conv to its input: each pixel of x puts W times itself into y, `stride` apart, and `padding` is cut off on
 * every side. x [N,C,h,w], W [C,O,k,k] (the input's channels first, as PyTorch stores it), b [O] -> [N,O,(h−1)·stride − 2·padding + k, …].
 * dx = W ⋆ dy at the same stride and padding. dW is that of y' = W ⋆ x' with x' = dy and dy' = x: both are ⟨x, W ⋆ dy⟩'s. db = Σ dy.
 */
export const ConvTranspose = plain<ConvAttrs>({
  name: "ConvTranspose",
  shape: outputShape,
  node: ([, w], { stride, padding }) => ({
    attributes: { kernel_shape: w.shape.slice(2), pads: [padding, padding, padding, padding], strides: [stride, stride] },
  }),
  pullBack: ({ inputs: [x, w], attrs, dy }) => [
    () => conv(dy, w, undefined, attrs),
    () => weightGradient(dy, w, x, attrs),
    () => reshape(reduceSum(dy, [0, 2, 3]), [w.shape[1]]),
  ],
});

/** Options of `convTranspose`; the defaults double height and width with a 4×4 kernel. */
export interface ConvTransposeOptions {
  readonly stride?: number;
  readonly padding?: number;
}

/** x [N,C,h,w], weight [C,O,k,k], bias [O] -> [N,O,(h−1)·stride − 2·padding + k, …]; see ConvTranspose. */
export const convTranspose = (x: Value, weight: Value, bias?: Value, { stride = 2, padding = 1 }: ConvTransposeOptions = {}): Value =>
  apply(ConvTranspose, bias ? [x, weight, bias] : [x, weight], { stride, padding });
