/** @file Normalisations, built over LayerNormalization: ONNX Runtime's GroupNormalization is three times slower on the CPU. */
import { ShapeError } from "../../core/errors.js";
import { once } from "../../core/once.js";
import { sizeOf } from "../../core/tensor.js";
import type { Value } from "../graph.js";
import type { Operator } from "../operator.js";
import { apply } from "../operator.js";
import { add, cast, div, max, mul, neg, sqrt, sub } from "./elementwise.js";
import { matmul } from "./matmul.js";
import { reduceMean, reduceSum } from "./reduce.js";
import { expand, reshape, transpose } from "./shape.js";

/** ONNX LayerNormalization over the last axis: the result, the mean [...,1] and 1/σ [...,1]. */
function layerNormalization(x: Value, scale: Value, shift: Value | null, epsilon: number): readonly Value[] {
  const row = { shape: [...x.shape.slice(0, -1), 1], dtype: "float32" as const }; // whatever x's type
  const outputs = [{ shape: x.shape, dtype: x.dtype }, row, row];
  return x.graph
    .node("LayerNormalization", shift ? [x, scale, shift] : [x, scale], { axis: -1, epsilon: { float: epsilon } }, outputs)
    .map((y) => cast(y, x.dtype));
}

/** y = x̂·γ + β, x̂ = (x − mean)/σ over the last axis; with g = dy·γ: dx = (g − mean(g) − x̂·mean(g·x̂))/σ, dγ = Σ dy·x̂, dβ = Σ dy. */
export const LayerNorm: Operator<{ epsilon: number }> = {
  name: "LayerNorm",
  build: ([x, gamma, beta], { epsilon }) => {
    const width = x.shape[x.shape.length - 1];
    if ([gamma, beta].some(({ shape }) => `${shape}` !== `${width}`))
      throw new ShapeError("LayerNorm", {
        got: `x [${x.shape}], gamma [${gamma.shape}], beta [${beta.shape}]`,
        want: "x […,C], gamma and beta [C]",
      });
    const [y, mean, invSigma] = layerNormalization(x, gamma, beta, epsilon);
    return { outputs: [y], saved: [mean, invSigma] };
  },
  pullBack: ({ inputs: [x, gamma], saved: [mean, invSigma], dy }) => {
    const xhat = once(() => mul(sub(x, mean), invSigma));
    return [
      () => {
        const g = mul(dy, gamma);
        return mul(invSigma, sub(sub(g, reduceMean(g, [-1])), mul(xhat(), reduceMean(mul(g, xhat()), [-1]))));
      },
      () => mul(dy, xhat()),
      () => dy,
    ];
  },
};

/**
 * y = x̂·γ + β a channel, x̂ = (x − mean)/σ over each group's channels and pixels; x [N,C,H,W], γ and β [C].
 * With A = Σ dy, B = Σ dy·x̂ a channel (over pixels), M pixels and channels a group: dx = (γ·dy − ΣγA/M − x̂·ΣγB/M)/σ, sums over the
 * group's channels; dγ = Σ_N B, dβ = Σ_N A. Over many pixels B is built as a matrix product of one row and
 * one column a channel, half the time of an elementwise product and its sum.
 */
export const GroupNorm: Operator<{ groups: number; epsilon: number }> = {
  name: "GroupNorm",
  build: ([x, gamma, beta], { groups, epsilon }, graph) => {
    const [N, C] = x.shape;
    if (x.shape.length !== 4 || C % groups || [gamma, beta].some(({ shape }) => `${shape}` !== `${C}`))
      throw new ShapeError("GroupNorm", {
        got: `x [${x.shape}], gamma [${gamma.shape}], beta [${beta.shape}], ${groups} groups`,
        want: "x [N,C,H,W], gamma and beta [C], C a multiple of groups",
      });
    const M = sizeOf(x.shape) / (N * groups);
    const ones = expand(graph.constant(1), [M]); // made when the graph is loaded: M is millions in a panorama's decode
    const [rows, , invSigma] = layerNormalization(reshape(x, [N * groups, M]), cast(ones, x.dtype), null, epsilon);
    const xhat = reshape(rows, x.shape); // [N,C,H,W]
    return { outputs: [affine(xhat, gamma, beta)], saved: [xhat, invSigma] };
  },
  pullBack: ({ inputs: [x, gamma], attrs: { groups }, saved: [xhat, rowInvSigma], dy }) => {
    const [N, C] = x.shape;
    const pixels = sizeOf(x.shape.slice(2));
    const M = (C / groups) * pixels;
    const overPixels = (t: Value) => reduceSum(reshape(t, [N, C, pixels]), [2]); // [N,C,1]
    const row = (t: Value) => reshape(t, [N * C, 1, pixels]);
    const dot = (t: Value, u: Value) => reshape(matmul(row(t), transpose(row(u), [0, 2, 1])), [N, C, 1]);
    const A = once(() => overPixels(dy)); // [N,C,1]
    const B = once(() => (pixels < 1024 ? overPixels(mul(dy, xhat)) : dot(dy, xhat))); // [N,C,1]
    const invSigma = reshape(rowInvSigma, [N, groups, 1]);
    const g = reshape(gamma, [1, groups, C / groups]);
    const groupMean = (t: Value) => mul(reduceSum(mul(g, reshape(t, [N, groups, C / groups])), [2]), 1 / M); // [N,groups,1]
    const toChannels = (t: Value) => expand(t, [N, groups, C / groups]);
    return [
      () => {
        const scale = reshape(mul(invSigma, g), [N, C, 1, 1]);
        const shift = toChannels(neg(mul(invSigma, groupMean(A()))));
        const along = toChannels(neg(mul(invSigma, groupMean(B()))));
        const rows = [1, N * C, ...x.shape.slice(2)]; // each row has its own numbers
        const rest = affine(reshape(xhat, rows), reshape(along, [N * C]), reshape(shift, [N * C]));
        return add(mul(dy, scale), reshape(rest, x.shape));
      },
      () => reshape(reduceSum(B(), [0]), [C]),
      () => reshape(reduceSum(A(), [0]), [C]),
    ];
  },
};

/**
 * n = x/l, each pixel of x [N,C,H,W] divided by its length across channels. With r = √(Σ_c x²): place "outside", l = r + ε, the official
 * LPIPS's normalize_tensor; "inside", l = r = √(Σ_c x² + ε), smooth at 0, for networks whose features can vanish.
 * dx = dy/l − x·Σ_c(dy·n)/(r·l). Where x is 0, "outside" has no derivative: here dy/ε, in PyTorch NaN.
 */
export const UnitLength: Operator<{ epsilon: number; place: "inside" | "outside" }> = {
  name: "UnitLength",
  build: ([x], { epsilon, place }) => {
    if (x.shape.length !== 4) throw new ShapeError("UnitLength", { got: `[${x.shape}]`, want: "[N,C,H,W]" });
    const wide = cast(x, "float32"); // half precision has neither the squares nor the epsilon
    const square = reduceSum(mul(wide, wide), [1]); // [N,1,H,W]
    const root = place === "inside" ? sqrt(add(square, epsilon)) : sqrt(square);
    const length = place === "inside" ? root : add(root, epsilon);
    const n = div(wide, length);
    return { outputs: [cast(n, x.dtype)], saved: [wide, root, length, n] };
  },
  pullBack: ({ inputs: [x], saved: [wide, root, length, n], dy }) => [
    () => {
      const d = cast(dy, "float32");
      // dl/dx = x/r, 0/0 at x = 0: the guard makes it 0
      return cast(sub(div(d, length), mul(wide, div(reduceSum(mul(d, n), [1]), max(mul(root, length), 1e-20)))), x.dtype);
    },
  ],
};

/** x·scale + shift a channel, x [N,C,H,W], scale and shift [C]: as a BatchNormalization of mean 0 and variance 1 it is one pass over x, not two. */
function affine(x: Value, scale: Value, shift: Value): Value {
  const { graph, shape, dtype } = x;
  const [zeros, ones] = [0, 1].map((value) => expand(graph.constant(value), scale.shape));
  return graph.node("BatchNormalization", [x, scale, shift, zeros, ones], { epsilon: { float: 0 } }, [{ shape, dtype }])[0];
}

/**
 * In float32 whatever the inputs' type, forwards and backwards: half precision ends at 65504, below the sums over a picture, and WebGPU's kernel
 * rounds mean and 1/σ to the type of x.
 */
const inFloat32 = <A>(operator: Operator<A>, inputs: readonly Value[], attrs: A): Value =>
  cast(
    apply(
      operator,
      inputs.map((input) => cast(input, "float32")),
      attrs,
    ),
    inputs[0].dtype,
  );

/** Layer normalisation over the last axis, then gain and bias. */
export const layerNorm = (x: Value, gamma: Value, beta: Value, epsilon: number): Value =>
  inFloat32(LayerNorm, [x, gamma, beta], { epsilon });
/** Group normalisation of x [N,C,H,W], then gain and bias per channel. */
export const groupNorm = (x: Value, gamma: Value, beta: Value, groups: number, epsilon: number): Value =>
  inFloat32(GroupNorm, [x, gamma, beta], { groups, epsilon });
/** x [N,C,H,W] scaled to length 1 across channels. */
export const unitLength = (x: Value, epsilon: number, place: "inside" | "outside"): Value => apply(UnitLength, [x], { epsilon, place });
