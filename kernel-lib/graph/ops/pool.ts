/** @file Pooling and nearest-neighbour scaling. */
import { ShapeError } from "../../core/errors.js";
import type { Shape } from "../../core/tensor.js";
import type { Value } from "../graph.js";
import { apply, type Operator, operand, plain } from "../operator.js";
import { add, cast, div, equal, mul, sub } from "./elementwise.js";
import { concat, pad, reshape, slice, slices } from "./shape.js";

const images = (name: string, [x]: readonly Shape[]) => {
  if (x.length !== 4) throw new ShapeError(name, { got: `[${x}]`, want: "[N,C,H,W]" });
  return x;
};

/** y = mean of each 2×2 block; dx = dy/4, repeated. */
export const AveragePool = plain({
  name: "AveragePool",
  shape: (shapes) => {
    const [N, C, H, W] = images("AveragePool", shapes);
    if (H % 2 || W % 2) throw new ShapeError("AveragePool", { got: `[${shapes[0]}]`, want: "even height and width" });
    return [[N, C, H / 2, W / 2]];
  },
  node: () => ({ attributes: { kernel_shape: [2, 2], strides: [2, 2] } }),
  pullBack: ({ dy }) => [() => mul(upsample2(dy), 0.25)],
});

/** y = x with every pixel twice in both directions (nearest); dx = the sum of each 2×2 block of dy. */
export const Resize = plain({
  name: "Resize",
  shape: (shapes) => {
    const [N, C, H, W] = images("Resize", shapes);
    return [[N, C, 2 * H, 2 * W]];
  },
  node: ([x], _, graph) => ({
    inputs: [x, null, graph.constant([1, 1, 2, 2], [4])],
    attributes: { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" },
  }),
  pullBack: ({ dy }) => [() => mul(averagePool2(dy), 4)],
});

export interface MaxPoolAttrs {
  readonly size: 2 | 3;
  /** what happens to a last, incomplete window: dropped ("floor") or kept ("ceil") */
  readonly rounding: "floor" | "ceil";
}

/**
 * y = maximum of each size × size window at stride 2. dx goes to the maximum: 2×2 shares it equally among tied ones (after a ReLU ties are
 * at 0 and harmless); 3×3, whose windows overlap, gives it to the first, as PyTorch.
 */
export const MaxPool = plain<MaxPoolAttrs>({
  name: "MaxPool",
  shape: (shapes, { size, rounding }) => {
    const [N, C, H, W] = images("MaxPool", shapes);
    const side = (d: number) => {
      const out = Math[rounding]((d - size) / 2) + 1;
      return (out - 1) * 2 >= d ? out - 1 : out; // a window that starts past the end is none
    };
    if (H < size || W < size) throw new ShapeError("MaxPool", { got: `[${shapes[0]}]`, want: `at least ${size}×${size} pixels` });
    return [[N, C, side(H), side(W)]];
  },
  node: (_, { size, rounding }) => ({
    attributes: { kernel_shape: [size, size], strides: [2, 2], ceil_mode: rounding === "ceil" ? 1 : 0 },
  }),
  pullBack: ({ inputs: [x], outputs: [y], attrs: { size }, dy }) => [
    () => (size === 2 ? blockGradient(x, y, dy) : overlapGradient(x, y, dy)),
  ],
});

/** 2×2 windows do not overlap: mask = [x = y repeated], dy shared among the marked. */
function blockGradient(x: Value, y: Value, dy: Value): Value {
  const [, , H, W] = x.shape;
  const [, , h, w] = y.shape;
  const kept = 2 * h > H || 2 * w > W; // an incomplete last window
  const even = kept ? grownLow(x, 2 * h, 2 * w) : H === 2 * h && W === 2 * w ? x : slices(x, [2, 3], [0, 0], [2 * h, 2 * w], [1, 1]);
  const mask = cast(equal(even, upsample2(y)), y.dtype); // [N,C,2h,2w]
  const ties = mul(averagePool2(mask), 4); // [N,C,h,w], 1 to 4
  const shared = mul(mask, upsample2(div(dy, ties))); // [N,C,2h,2w]
  return kept ? slices(shared, [2, 3], [0, 0], [H, W], [1, 1]) : pad(shared, [0, 0, 0, 0], [0, 0, H - 2 * h, W - 2 * w]);
}

/** 3×3 windows at stride 2: nine taps, each an own strided picture, added a parity of row and column and interleaved. */
function overlapGradient(x: Value, y: Value, dy: Value): Value {
  const [N, C, H, W] = x.shape;
  const [, , h, w] = y.shape;
  const grown = grownLow(x, Math.max(H, 2 * h + 1), Math.max(W, 2 * w + 1));
  let free: Value | undefined; // 1 where no earlier tap matched
  const parity: (Value | undefined)[] = [undefined, undefined, undefined, undefined];
  for (let i = 0; i < 3; i++)
    for (let j = 0; j < 3; j++) {
      const tap = slices(grown, [2, 3], [i, j], [i + 2 * h - 1, j + 2 * w - 1], [2, 2]); // [N,C,h,w]
      const match = cast(equal(tap, y), y.dtype);
      const first: Value = free ? mul(match, free) : match;
      free = free ? sub(free, first) : sub(1, match);
      const at = [0, 0, i >> 1, j >> 1];
      const placed = pad(mul(dy, first), at, [0, 0, 1 - (i >> 1), 1 - (j >> 1)]); // [N,C,h+1,w+1]
      const k = (i % 2) * 2 + (j % 2);
      const before = parity[k];
      parity[k] = before ? add(before, placed) : placed;
    }
  const [a, b, c, d] = parity as Value[];
  const pair = (p: Value, q: Value) =>
    concat(
      [p, q].map((v) => reshape(v, [N, C, h + 1, w + 1, 1])),
      4,
    ); // columns interleaved
  const both = concat(
    [pair(a, b), pair(c, d)].map((v) => reshape(v, [N, C, h + 1, 1, 2 * w + 2])),
    3,
  ); // rows interleaved
  const whole = reshape(both, [N, C, 2 * h + 2, 2 * w + 2]);
  const cut = slice(slice(whole, 2, 0, Math.min(H, 2 * h + 2)), 3, 0, Math.min(W, 2 * w + 2));
  return pad(cut, [0, 0, 0, 0], [0, 0, H - cut.shape[2], W - cut.shape[3]]);
}

/** x grown to the right and down with the lowest float: what lies outside is never a maximum. */
const grownLow = (x: Value, height: number, width: number): Value => padLow(x, 0, height - x.shape[2], width - x.shape[3]);

/** x with the lowest float around it: `before` rows and columns, then `below` rows and `right` columns. */
function padLow(x: Value, before: number, below: number, right: number): Value {
  const [N, C, H, W] = x.shape;
  if (before === 0 && below === 0 && right === 0) return x;
  const { graph } = x;
  const pads = graph.constant([0, 0, before, before, 0, 0, below, right], [8], "int64");
  const shape = [N, C, before + H + below, before + W + right];
  return graph.node("Pad", [x, pads, operand(-3e38, x)], { mode: "constant" }, [{ shape, dtype: x.dtype }])[0];
}

const AROUND = { kernel_shape: [3, 3], strides: [1, 1], pads: [1, 1, 1, 1] } as const;

/** y = mean of a pixel and its neighbours inside the picture, 3×3 at most; dx = the sum over the same places of dy divided by their number. */
export const AverageAround: Operator<undefined> = {
  name: "AverageAround",
  build: ([x]) => ({ outputs: [averageNode(x, "not counted")] }),
  pullBack: ({ inputs: [x], dy }) => [
    () => {
      const [, , H, W] = x.shape;
      const along = (side: number, k: number) => Math.min(side - 1, k + 1) - Math.max(0, k - 1) + 1;
      const counts = Float32Array.from({ length: H * W }, (_, k) => along(H, Math.floor(k / W)) * along(W, k % W));
      return mul(averageNode(div(dy, cast(x.graph.constant(counts, [1, 1, H, W]), dy.dtype)), "counted"), 9);
    },
  ],
};

/** ONNX's AveragePool; what lies outside of the picture adds 0, and is counted in the divisor or not. */
function averageNode(x: Value, outside: "counted" | "not counted"): Value {
  images("AverageAround", [x.shape]);
  const attributes = { ...AROUND, count_include_pad: outside === "counted" ? 1 : 0 };
  return x.graph.node("AveragePool", [x], attributes, [{ shape: x.shape, dtype: x.dtype }])[0];
}

/** y = maximum of a pixel and its neighbours inside the picture; dx goes to the first maximum, by rows, as in PyTorch. */
export const MaxAround: Operator<undefined> = {
  name: "MaxAround",
  build: ([x], _, graph) => {
    images("MaxAround", [x.shape]);
    return { outputs: graph.node("MaxPool", [x], AROUND, [{ shape: x.shape, dtype: x.dtype }]) };
  },
  pullBack: ({ inputs: [x], outputs: [y], dy }) => [
    () => {
      const [, , H, W] = x.shape;
      const low = padLow(x, 1, 1, 1);
      let free: Value | undefined; // 1 where no earlier tap matched
      let sum: Value | undefined; // [N,C,H+2,W+2]
      for (let i = 0; i < 3; i++)
        for (let j = 0; j < 3; j++) {
          const match = cast(equal(slices(low, [2, 3], [i, j], [i + H, j + W], [1, 1]), y), dy.dtype);
          const first: Value = free ? mul(match, free) : match;
          free = free ? sub(free, first) : sub(1, match);
          const placed = pad(mul(dy, first), [0, 0, i, j], [0, 0, 2 - i, 2 - j]);
          sum = sum ? add(sum, placed) : placed;
        }
      return slices(sum as Value, [2, 3], [1, 1], [1 + H, 1 + W], [1, 1]);
    },
  ],
};

/** The mean of every 2×2 pixels: [N,C,H,W] -> [N,C,H/2,W/2]. */
export const averagePool2 = (x: Value): Value => apply(AveragePool, [x], undefined);
/** Nearest-neighbour scaling by 2. */
export const upsample2 = (x: Value): Value => apply(Resize, [x], undefined);
/** The maximum of every window of pixels. */
export const maxPool = (x: Value, size: 2 | 3, rounding: "floor" | "ceil" = "floor"): Value => apply(MaxPool, [x], { size, rounding });
/** The mean of every pixel and its neighbours inside the picture, [N,C,H,W] -> the same shape. */
export const averageAround = (x: Value): Value => apply(AverageAround, [x], undefined);
/** The maximum of every pixel and its neighbours inside the picture, [N,C,H,W] -> the same shape. */
export const maxAround = (x: Value): Value => apply(MaxAround, [x], undefined);
