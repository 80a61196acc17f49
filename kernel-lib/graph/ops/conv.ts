/** @file Convolutions. */
import { aroundAt, type Edge } from "../../core/edge.js";
import { ShapeError } from "../../core/errors.js";
import { type Shape, sizeOf } from "../../core/tensor.js";
import type { Value } from "../graph.js";
import type { Operator } from "../operator.js";
import { apply, plain } from "../operator.js";
import { blockedConv, blockedKernel, blockedTurnedKernel, blockOf } from "./blocked-conv.js";
import { weightGradient } from "./conv-weight-gradient.js";
import { add, cast } from "./elementwise.js";
import { upsample2 } from "./pool.js";
import { reduceSum } from "./reduce.js";
import { pad, reshape, slices, transpose } from "./shape.js";

export interface ConvAttrs {
  readonly stride: number;
  /** on every side */
  readonly padding: number;
}

/** [[N,O,H',W']], or an error that says what would fit. */
function convShape([x, w, b]: readonly Shape[], { stride, padding }: ConvAttrs): Shape[] {
  const got = `x [${x}], W [${w}]${b ? `, b [${b}]` : ""}`;
  if (x.length !== 4 || w.length !== 4 || x[1] !== w[1] || w[2] !== w[3] || (b && `${b}` !== `${w[0]}`))
    throw new ShapeError("Conv", { got, want: "x [N,C,H,W], W [O,C,k,k], b [O]" });
  const [h, wd] = [x[2], x[3]].map((d) => Math.floor((d + 2 * padding - w[2]) / stride) + 1);
  if (h < 1 || wd < 1)
    throw new ShapeError("Conv", { got: `${got}, padding ${padding}`, want: "a kernel no larger than the padded picture" });
  return [[x[0], w[0], h, wd]];
}

/**
 * y = W ⋆ x + b; x [N,C,H,W], W [O,C,k,k], b [O]. dx is the transposed convolution of dy: at stride 1 a convolution with W flipped and its
 * channels swapped (1.5 to 2 times faster than ConvTranspose on the CPU, except into a few channels), else ConvTranspose.
 * dW[:,:,i,j] = Σ_N dy · (x shifted by (i,j))ᵀ, a matrix product per tap; db = Σ dy. Inside a checkpointed segment the output is stored, not
 * recomputed, where each element took at least RECOMPUTE_BELOW multiply-adds.
 */
const PlainConv = plain<ConvAttrs>({
  name: "Conv",
  shape: convShape,
  node: ([, w], { stride, padding }) => ({
    attributes: { kernel_shape: [w.shape[2], w.shape[3]], pads: [padding, padding, padding, padding], strides: [stride, stride] },
  }),
  pullBack: ({ inputs: [x, w], attrs, dy }) => [
    () =>
      attrs.stride === 1 && attrs.padding < w.shape[2] && w.shape[1] > 4
        ? turnedConv(dy, w, w.shape[2] - 1 - attrs.padding)
        : convTranspose(dy, w, x, attrs),
    () => weightGradient(x, w, dy, attrs),
    () => reshape(reduceSum(dy, [0, 2, 3]), [w.shape[0]]),
  ],
});

/** The operator of `conv`: see PlainConv; with `convBlock` it emits the blocked layout. */
export const Conv: Operator<ConvAttrs> = {
  ...PlainConv,
  build: (inputs, attrs, graph) => {
    const build = () => {
      const [x, w, bias] = inputs;
      const block = blockOf(w);
      if (block === undefined) return PlainConv.build(inputs, attrs, graph).outputs[0];
      convShape(
        inputs.map(({ shape }) => shape),
        attrs,
      );
      return blockedConv({ x, kernel: blockedKernel(w, block), bias, ...attrs });
    };
    return { outputs: [sizeOf(inputs[1].shape.slice(1)) < RECOMPUTE_BELOW ? build() : graph.keep(build)] };
  },
};

/** Multiply-adds per output element from which a segment stores a convolution instead of recomputing it: 256 channels × 3×3. */
const RECOMPUTE_BELOW = 256 * 9;

/**
 * y = W ⋆ (x with every pixel twice in both directions) + b; x [N,C,h,w], W [O,C,3,3], b [O] -> [N,O,2h,2w], padding 1.
 * dx = K ⋆ dy at stride 2, K [C,O,4,4] the sum of W's turned kernel at its four places in a 4×4 square: the sum over 2×2 pixels is inside the
 * kernel, 16 products a pixel of x instead of 36. dW and db are Conv's on the larger picture.
 */
export const UpsampleConv: Operator<undefined> = {
  name: "UpsampleConv",
  build: ([x, w, b]) => {
    if (x.shape.length !== 4 || `${w.shape}` !== `${[w.shape[0], x.shape[1], 3, 3]}` || (b && `${b.shape}` !== `${w.shape[0]}`))
      throw new ShapeError("UpsampleConv", {
        got: `x [${x.shape}], W [${w.shape}]${b ? `, b [${b.shape}]` : ""}`,
        want: "x [N,C,h,w], W [O,C,3,3], b [O]",
      });
    const large = upsample2(x); // [N,C,2h,2w]
    return { outputs: [conv(large, w, b, { padding: 1 })], saved: [large] };
  },
  pullBack: ({ inputs: [, w], saved: [large], dy }) => [
    () => {
      // in float32: ONNX Runtime has no Pad in half precision on the CPU, where it folds constants
      const turned = flipped(cast(w, "float32")); // [C,O,3,3]
      const places = [0, 1].flatMap((i) => [0, 1].map((j) => pad(turned, [0, 0, i, j], [0, 0, 1 - i, 1 - j])));
      const kernel = cast(
        places.reduce((a, b) => add(a, b)),
        w.dtype,
      );
      return conv(dy, kernel, undefined, { stride: 2, padding: 1 });
    },
    () => weightGradient(large, w, dy, { stride: 1, padding: 1 }),
    () => reshape(reduceSum(dy, [0, 2, 3]), [w.shape[0]]),
  ],
};

/** dy ⋆ (W turned, channels swapped): [N,O,h,w] -> [N,C,H,W]. */
function turnedConv(dy: Value, w: Value, padding: number): Value {
  const block = blockOf(w);
  return block === undefined
    ? conv(dy, flipped(w), undefined, { padding })
    : blockedConv({ x: dy, kernel: blockedTurnedKernel(w, block), padding });
}

/** [O,C,k,k] -> [C,O,k,k], turned by 180°. */
function flipped(w: Value): Value {
  const [, , kh, kw] = w.shape;
  const swapped = transpose(w, [1, 0, 2, 3]);
  return kh === 1 && kw === 1 ? swapped : slices(swapped, [2, 3], [kh - 1, kw - 1], [-1, -1], [-1, -1]);
}

/** The transposed convolution of dy, of x's size. */
function convTranspose(dy: Value, w: Value, x: Value, { stride, padding }: ConvAttrs): Value {
  const output_padding = [2, 3].map((axis) => x.shape[axis] - ((dy.shape[axis] - 1) * stride - 2 * padding + w.shape[axis]));
  const attributes = {
    kernel_shape: w.shape.slice(2),
    pads: [padding, padding, padding, padding],
    strides: [stride, stride],
    output_padding,
  };
  return dy.graph.node("ConvTranspose", [dy, w], attributes, [{ shape: x.shape, dtype: x.dtype }])[0];
}

/** Options of `conv`. */
export interface ConvOptions {
  readonly stride?: number;
  readonly padding?: number;
  /** which edges meet; outside of others are zeros; default "open": outside of all */
  readonly edge?: Edge;
}

/** x [N,C,H,W], weight [O,C,k,k], bias [O]; see Conv. */
export function conv(x: Value, weight: Value, bias?: Value, { stride = 1, padding = 0, edge = "open" }: ConvOptions = {}): Value {
  const inputs = (input: Value) => (bias ? [input, weight, bias] : [input, weight]);
  if (edge === "open" || padding === 0) return apply(Conv, inputs(x), { stride, padding });
  const closed = padAround(x, padding, padding, edge);
  return apply(Conv, inputs(closed), { stride, padding: 0 });
}

/** x [N,C,H,W] with rows and columns around it: where edges meet those of the other side, elsewhere zeros. */
export function padAround(x: Value, before: number, after: number, edge: Edge): Value {
  const around = aroundAt(edge);
  return ([3, 2] as const).reduce((padded, axis) => {
    const on = (n: number) => [0, 1, 2, 3].map((k) => (k === axis ? n : 0));
    return pad(padded, on(before), on(after), (axis === 3 ? around.x : around.y) ? "wrap" : "constant");
  }, x);
}

/** A 3×3 convolution of x scaled by 2 (nearest neighbour): x [N,C,h,w], weight [O,C,3,3], bias [O] -> [N,O,2h,2w]; see UpsampleConv. */
export function upsampleConv(x: Value, weight: Value, bias: Value, edge: Edge = "open"): Value {
  return edge === "open" ? apply(UpsampleConv, [x, weight, bias], undefined) : conv(upsample2(x), weight, bias, { padding: 1, edge });
}

/** Adds a value a channel and batch entry, [N,C], to [N,C,H,W]. */
export const addChannels = (x: Value, t: Value): Value => add(x, reshape(t, [t.shape[0], t.shape[1], 1, 1]));
