/** @file Sample calls of every operator for the law tests: broadcasts, odd sizes, every attribute, and ties where the rule decides them. */
import type { Edge } from "#kernel-lib/core/edge.js";
import { createRng } from "#kernel-lib/core/random.js";
import type { Graph, Value } from "#kernel-lib/graph/graph.js";
import type { OperatorName } from "#kernel-lib/graph/operators.js";
import { stopGradient } from "#kernel-lib/graph/ops/arg.js";
import { conv } from "#kernel-lib/graph/ops/conv.js";
import { add, cast, mul, sub } from "#kernel-lib/graph/ops/elementwise.js";
import type { Attrs, Numbers } from "./reference.js";
import { convolution, fill } from "./reference.js";

export interface Sample extends Numbers {
  readonly dtype: "float32" | "int32";
}

export interface Case<A> {
  readonly title: string;
  readonly inputs: readonly Sample[];
  readonly attrs: A;
  /** What is built where it is not just the operator. */
  readonly build?: (inputs: readonly Value[], graph: Graph) => readonly Value[];
  readonly reference?: (inputs: readonly Numbers[]) => readonly Numbers[];
  /** The gradient that the rule chooses where there is no derivative: one list an input, from that of the output. */
  readonly tie?: (dy: readonly number[]) => readonly (readonly number[])[];
}

const rng = createRng(20);
/** Standard normal numbers that float32 holds. */
const normal = (...shape: number[]): Sample => ({ ...fill(shape, () => Math.fround(rng.normal())), dtype: "float32" });
/** In [0.5, 2). */
const positive = (...shape: number[]): Sample => ({ ...fill(shape, () => Math.fround(0.5 + 1.5 * rng.uniform())), dtype: "float32" });
/** Shuffled, no two nearer than 1/8, none nearer to 0 than 1/16: no kink within reach of a difference. */
function apart(...shape: number[]): Sample {
  const count = shape.reduce((n, side) => n * side, 1);
  const steps = Array.from({ length: count }, (_, k) => (k - Math.floor(count / 2)) / 8 + 1 / 16);
  return { ...fill(shape, () => steps.splice(rng.below(steps.length), 1)[0]), dtype: "float32" };
}
const given = (data: readonly number[], shape: readonly number[] = [data.length]): Sample => ({ data, shape, dtype: "float32" });
const indices = (data: readonly number[], shape: readonly number[]): Sample => ({ data, shape, dtype: "int32" });

const plain = (title: string, ...inputs: readonly Sample[]): Case<undefined> => ({ title, inputs, attrs: undefined });
const withAttrs = <A>(title: string, attrs: A, ...inputs: readonly Sample[]): Case<A> => ({ title, inputs, attrs });
const unary = (sample: (...shape: number[]) => Sample): Case<undefined>[] => [
  plain("any shape", sample(2, 3, 5)),
  plain("a scalar", sample()),
];
const binary = (sample: (...shape: number[]) => Sample): Case<undefined>[] => [
  plain("equal shapes", sample(2, 3), sample(2, 3)),
  plain("the first is repeated along two axes", sample(3, 1), sample(2, 3, 4)),
  plain("each repeats the other", sample(2, 1, 5), sample(3, 1)),
  plain("a scalar beside it", sample(2, 3), sample()),
];
const attentionInputs = (B: number, S: number, T: number, C: number) => [normal(B, S, C), normal(B, T, C), normal(B, T, C)];
/** Row s sees columns 0 to s. */
const causal = (side: number): Sample => ({ ...fill([side, side], ([s, t]) => (t > s ? -1e9 : 0)), dtype: "float32" });

const wrapped = (title: string, edge: Edge, padding: number, ...inputs: readonly Sample[]): Case<Attrs<"Conv">> => ({
  title,
  inputs,
  attrs: { stride: 1, padding },
  build: ([x, w, b]) => [conv(x, w, b, { padding, edge })],
  reference: (numbers) => convolution(numbers, { stride: 1, padding }, edge),
});

/** 4×4 with equal numbers in it; dx by hand below. */
const plateau = given([1, 1, 0, 2, 1, 0, 2, 2, 3, 0, 0, 0, 0, 3, 0, 0], [1, 1, 4, 4]);

export const CASES: { readonly [K in OperatorName]: readonly Case<Attrs<K>>[] } = {
  Add: binary(normal),
  Sub: binary(normal),
  Mul: binary(normal),
  Div: binary(positive),
  Max: [
    plain(
      "equal shapes",
      apart(3, 4),
      given(
        Array.from({ length: 12 }, (_, k) => (k % 5) / 8 - 0.3),
        [3, 4],
      ),
    ),
    plain("the second is repeated", apart(3, 4), given([0.01, -0.4, 0.3, 0.05])),
    {
      ...plain("a tie goes to the first", given([1, 2, 3]), given([1, 3, 2])),
      tie: ([p, q, r]) => [
        [p, 0, r],
        [0, q, 0],
      ],
    },
  ],
  Neg: unary(normal),
  Abs: [...unary(apart), { ...plain("nothing at 0", given([0, -1, 2])), tie: ([, q, r]) => [[0, -q, r]] }],
  Exp: unary(normal),
  Log: unary(positive),
  Sqrt: unary(positive),
  Sin: unary(normal),
  Cos: unary(normal),
  Erf: [...unary(normal), plain("far out", given([-4.5, -3, -1e-3, 1e-3, 2.5, 6]))],
  // dx = dz·z·(1 − z) in float32 loses a digit of its relative precision for every 2.3 that x grows
  Sigmoid: [...unary(normal), plain("further out", given([-4, 4, -3, 2.5]))],
  Relu: [...unary(apart), { ...plain("nothing at 0", given([0, -1, 2])), tie: ([, , r]) => [[0, 0, r]] }],
  Clip: [
    withAttrs("some numbers are cut", { low: -0.5, high: 0.25 }, apart(3, 5)),
    { ...withAttrs("both ends let the gradient through", { low: 0, high: 1 }, given([0, 1, -1, 2])), tie: ([p, q]) => [[p, q, 0, 0]] },
  ],
  Greater: [plain("equal numbers are not greater", given([1, 2, 3]), given([1, 3, 2])), plain("broadcast", apart(2, 3), given([0.01]))],
  Equal: [plain("equal numbers", given([1, 2, 3]), given([1, 3, 2])), plain("broadcast", given([1, 2, 2, 1], [2, 2]), given([2, 1]))],
  Cast: [
    {
      ...withAttrs("to half precision and back", { to: "float16" }, given([0, 1, -0.5, 1024, 0.125])),
      build: ([x]) => [cast(cast(x, "float16"), "float32")],
    },
    withAttrs("whole numbers to float32", { to: "float32" }, indices([0, -3, 70000], [3])),
  ],
  Silu: [...unary(normal), plain("far out", given([-12, 12, -5, 5]))],
  Gelu: [...unary(normal), plain("far out", given([-4, 4, -2.5, 5]))],
  QuickGelu: [...unary(normal), plain("far out", given([-7, 7, -3, 5]))],
  MatMul: [
    plain("two matrices", normal(3, 4), normal(4, 2)),
    plain("one matrix for a batch", normal(2, 3, 4, 5), normal(5, 2)),
    plain("a batch by a batch", normal(2, 3, 4), normal(2, 4, 5)),
    plain("one matrix before a batch", normal(3, 4), normal(2, 4, 5)),
    plain("batches that repeat each other", normal(2, 1, 3, 4), normal(3, 4, 2)),
  ],
  Gemm: [plain("with a bias", normal(3, 4), normal(2, 4), normal(2)), plain("without", normal(1, 3), normal(5, 3))],
  Attention: [
    withAttrs("one head over itself", { heads: 1 }, ...attentionInputs(2, 5, 5, 4)),
    withAttrs("three heads over a longer text", { heads: 3 }, ...attentionInputs(2, 3, 7, 6)),
    withAttrs("causal mask", { heads: 2 }, ...attentionInputs(1, 4, 4, 6), causal(4)),
    withAttrs("any mask", { heads: 2 }, ...attentionInputs(2, 3, 4, 6), normal(3, 4)),
  ],
  Conv: [
    withAttrs("3×3", { stride: 1, padding: 1 }, normal(2, 3, 4, 5), normal(2, 3, 3, 3), normal(2)),
    withAttrs("3×3 from more than four channels", { stride: 1, padding: 1 }, normal(2, 5, 4, 3), normal(2, 5, 3, 3), normal(2)),
    withAttrs("3×3 over 256 pixels and more", { stride: 1, padding: 1 }, normal(2, 1, 16, 16), normal(2, 1, 3, 3), normal(2)),
    withAttrs("3×3 without padding or bias", { stride: 1, padding: 0 }, normal(1, 6, 4, 5), normal(3, 6, 3, 3)),
    withAttrs("5×5 with padding 2", { stride: 1, padding: 2 }, normal(1, 5, 3, 4), normal(2, 5, 5, 5), normal(2)),
    withAttrs("padding beyond the kernel's reach", { stride: 1, padding: 1 }, normal(1, 5, 3, 4), normal(2, 5, 1, 1), normal(2)),
    withAttrs("1×1", { stride: 1, padding: 0 }, normal(2, 6, 3, 4), normal(3, 6, 1, 1), normal(3)),
    withAttrs("1×1 at stride 2", { stride: 2, padding: 0 }, normal(2, 6, 5, 4), normal(3, 6, 1, 1), normal(3)),
    withAttrs("3×3 at stride 2, even size", { stride: 2, padding: 1 }, normal(2, 3, 6, 4), normal(2, 3, 3, 3), normal(2)),
    withAttrs("3×3 at stride 2, odd size", { stride: 2, padding: 1 }, normal(1, 5, 5, 7), normal(2, 5, 3, 3), normal(2)),
    withAttrs("3×3 at stride 2, no padding, a row left over", { stride: 2, padding: 0 }, normal(1, 3, 6, 7), normal(2, 3, 3, 3), normal(2)),
    withAttrs("11×11 at stride 4", { stride: 4, padding: 2 }, normal(1, 2, 14, 17), normal(2, 2, 11, 11), normal(2)),
    wrapped("3×3, left and right edges meet", "wrap", 1, normal(2, 3, 4, 5), normal(2, 3, 3, 3), normal(2)),
    wrapped("5×5, left and right edges meet", "wrap", 2, normal(1, 5, 3, 4), normal(2, 5, 5, 5)),
    wrapped("3×3, upper and lower edges meet", "wrap-y", 1, normal(2, 3, 4, 5), normal(2, 3, 3, 3), normal(2)),
    wrapped("5×5, all edges meet", "wrap-xy", 2, normal(1, 5, 3, 4), normal(2, 5, 5, 5)),
  ],
  UpsampleConv: [
    plain("odd sizes", normal(2, 3, 3, 5), normal(2, 3, 3, 3), normal(2)),
    plain("one pixel, more than four channels, no bias", normal(2, 5, 1, 1), normal(3, 5, 3, 3)),
  ],
  ConvTranspose: [
    withAttrs("4×4 at stride 2: twice as large", { stride: 2, padding: 1 }, normal(2, 3, 3, 4), normal(3, 2, 4, 4), normal(2)),
    withAttrs("4×4 at stride 2 over 256 pixels", { stride: 2, padding: 1 }, normal(1, 1, 16, 16), normal(1, 1, 4, 4), normal(1)),
    withAttrs("one pixel, no bias", { stride: 2, padding: 1 }, normal(2, 5, 1, 1), normal(5, 3, 4, 4)),
    withAttrs("3×3 at stride 1", { stride: 1, padding: 1 }, normal(1, 5, 3, 4), normal(5, 2, 3, 3), normal(2)),
    withAttrs("2×2 at stride 3: gaps between the kernels", { stride: 3, padding: 0 }, normal(1, 2, 3, 2), normal(2, 2, 2, 2), normal(2)),
    withAttrs("5×5 at stride 2, padding 2: an odd size", { stride: 2, padding: 2 }, normal(1, 2, 3, 3), normal(2, 3, 5, 5)),
  ],
  LayerNorm: [
    withAttrs("rows of a batch", { epsilon: 1e-5 }, normal(2, 3, 7), normal(7), normal(7)),
    withAttrs("an epsilon that matters", { epsilon: 0.5 }, normal(3, 4), normal(4), normal(4)),
  ],
  GroupNorm: [
    withAttrs("groups of two channels", { groups: 3, epsilon: 1e-5 }, normal(2, 6, 3, 4), normal(6), normal(6)),
    withAttrs("one group", { groups: 1, epsilon: 1e-6 }, normal(2, 4, 3, 3), normal(4), normal(4)),
    withAttrs("a group a channel, an epsilon that matters", { groups: 4, epsilon: 0.5 }, normal(1, 4, 3, 5), normal(4), normal(4)),
    withAttrs("over 1024 pixels", { groups: 1, epsilon: 1e-5 }, normal(1, 1, 32, 32), normal(1), normal(1)),
  ],
  UnitLength: [
    withAttrs("epsilon beside the root", { epsilon: 1e-10, place: "outside" }, normal(2, 5, 3, 2)),
    withAttrs("an epsilon that matters, beside the root", { epsilon: 0.5, place: "outside" }, normal(1, 3, 2, 4)),
    withAttrs("epsilon under the root", { epsilon: 1e-8, place: "inside" }, normal(2, 5, 3, 2)),
    withAttrs(
      "an epsilon that matters, under the root, with a dark pixel",
      { epsilon: 0.5, place: "inside" },
      given([0, 1, 0, -2, 0, 3], [1, 3, 1, 2]),
    ),
    ...(["outside", "inside"] as const).map((place) =>
      withAttrs(
        `features of small length, epsilon ${place}`,
        { epsilon: 1e-10, place },
        given(
          [1, -2, 0.5, 1.5, 2, -1].map((x) => x / 128),
          [1, 3, 1, 2],
        ),
      ),
    ),
    {
      ...withAttrs("dy/epsilon at a dark pixel, beside the root", { epsilon: 0.25, place: "outside" }, given([0, 0, 0], [1, 3, 1, 1])),
      tie: (dy) => [dy.map((d) => d / 0.25)],
    },
  ],
  AveragePool: [plain("2×2", normal(2, 3, 4, 6))],
  MaxPool: [
    withAttrs("2×2", { size: 2, rounding: "floor" }, apart(2, 2, 4, 6)),
    withAttrs("2×2, a row and a column left over", { size: 2, rounding: "floor" }, apart(1, 2, 5, 7)),
    withAttrs("2×2, the last row and column kept", { size: 2, rounding: "ceil" }, apart(1, 2, 5, 7)),
    withAttrs("2×2, the last row kept alone", { size: 2, rounding: "ceil" }, apart(1, 2, 5, 8)),
    withAttrs("2×2, the last column kept alone", { size: 2, rounding: "ceil" }, apart(1, 2, 6, 7)),
    withAttrs("3×3, odd size", { size: 3, rounding: "floor" }, apart(2, 2, 5, 7)),
    withAttrs("3×3, even size", { size: 3, rounding: "floor" }, apart(1, 2, 6, 8)),
    withAttrs("3×3, the last row and column kept", { size: 3, rounding: "ceil" }, apart(1, 2, 6, 8)),
    withAttrs("3×3, kept though there is nothing left over", { size: 3, rounding: "ceil" }, apart(1, 1, 5, 7)),
    withAttrs("3×3, one window", { size: 3, rounding: "ceil" }, apart(1, 1, 3, 4)),
    {
      ...withAttrs("2×2 shares among equal ones", { size: 2, rounding: "floor" }, plateau),
      tie: ([p, q, r, s]) => [[p / 3, p / 3, 0, q / 3, p / 3, 0, q / 3, q / 3, r / 2, 0, s / 4, s / 4, 0, r / 2, s / 4, s / 4]],
    },
    {
      ...withAttrs("3×3 chooses the first of equal ones", { size: 3, rounding: "ceil" }, plateau),
      tie: ([p, q, r, s]) => [[0, 0, 0, q, 0, 0, 0, 0, p + r, 0, s, 0, 0, 0, 0, 0]],
    },
  ],
  Resize: [plain("twice as large", normal(2, 3, 3, 2))],
  ReduceSum: [
    withAttrs("the last axis", { axes: [2] }, normal(2, 3, 4)),
    withAttrs("two axes", { axes: [0, 2] }, normal(2, 3, 4)),
    withAttrs("all axes", { axes: [0, 1] }, normal(3, 5)),
  ],
  ReduceMean: [withAttrs("the last axis", { axes: [2] }, normal(2, 3, 4)), withAttrs("pixels", { axes: [2, 3] }, normal(2, 3, 4, 5))],
  Softmax: [plain("rows", normal(2, 3, 5)), plain("large numbers", given([60, 61, 59, -80, -81, -79], [2, 3]))],
  Reshape: [withAttrs("another shape", { shape: [4, 1, 6] }, normal(2, 3, 4)), withAttrs("a scalar", { shape: [] }, normal(1, 1))],
  Transpose: [
    withAttrs("two axes", { perm: [1, 0] }, normal(2, 3)),
    withAttrs("three axes in a circle", { perm: [1, 2, 0] }, normal(2, 3, 4)),
    withAttrs("heads", { perm: [0, 2, 1, 3] }, normal(2, 3, 2, 4)),
  ],
  Concat: [
    withAttrs("three parts", { axis: 1 }, normal(2, 3, 2), normal(2, 1, 2), normal(2, 2, 2)),
    withAttrs("one part", { axis: 0 }, normal(2, 3)),
  ],
  Split: [
    withAttrs("uneven parts", { axis: 1, sizes: [2, 1, 3] }, normal(2, 6, 2)),
    withAttrs("one part", { axis: 0, sizes: [2] }, normal(2, 3)),
  ],
  Slice: [
    withAttrs("a part of two axes", { axes: [1, 2], starts: [1, 0], ends: [3, 2], steps: [1, 1] }, normal(2, 4, 3)),
    withAttrs("every second", { axes: [1], starts: [1], ends: [6], steps: [2] }, normal(2, 6)),
    withAttrs("every third of two axes, none at the end", { axes: [0, 1], starts: [0, 1], ends: [7, 6], steps: [3, 2] }, normal(7, 8)),
    withAttrs("an end past the end", { axes: [0], starts: [1], ends: [100], steps: [1] }, normal(4, 2)),
    withAttrs("backwards", { axes: [1], starts: [4], ends: [-1], steps: [-1] }, normal(2, 5)),
    withAttrs("backwards by two, and forwards beside it", { axes: [0, 1], starts: [6, 1], ends: [1, 4], steps: [-2, 1] }, normal(7, 5)),
  ],
  Pad: [
    withAttrs("zeros", { before: [0, 1, 2], after: [0, 3, 0], mode: "constant" }, normal(2, 3, 2)),
    withAttrs("the opposite edge", { before: [0, 2], after: [0, 1], mode: "wrap" }, normal(2, 3)),
    withAttrs("the opposite edge on two axes", { before: [1, 0, 2], after: [1, 0, 3], mode: "wrap" }, normal(2, 2, 3)),
    withAttrs("a whole turn to both sides", { before: [0, 3], after: [0, 3], mode: "wrap" }, normal(2, 3)),
  ],
  Expand: [withAttrs("rows and a new axis", { shape: [2, 3, 4] }, normal(3, 1)), withAttrs("a scalar", { shape: [2, 3] }, normal())],
  Gather: [
    plain("words of two sentences, some more than once", normal(5, 3), indices([0, 4, 2, 2, 0, 0], [2, 3])),
    plain("one word", normal(4, 2), indices([3], [1])),
  ],
  ArgMin: [
    withAttrs("the last axis", { axis: 1 }, apart(4, 5)),
    withAttrs("the first axis of three", { axis: 0 }, apart(3, 2, 4)),
    withAttrs("the first of equal ones", { axis: 1 }, given([2, 1, 1, 0, 0, 3], [2, 3])),
    withAttrs("of one list: a scalar", { axis: 0 }, given([3, -1, 2])),
  ],
  StopGradient: [
    {
      ...plain("x + constant(x²): the gradient is that of x", given([1, -2, 3])),
      build: ([x]) => [add(x, stopGradient(mul(x, x)))],
      reference: ([x]) => [{ ...x, data: x.data.map((v) => v + v * v) }],
      tie: (dy) => [dy],
    },
    {
      ...plain("x·constant(x): the gradient is the constant", given([1, -2, 3])),
      build: ([x]) => [mul(x, stopGradient(x))],
      reference: ([x]) => [{ ...x, data: x.data.map((v) => v * v) }],
      tie: ([p, q, r]) => [[p, -2 * q, 3 * r]],
    },
    {
      ...plain("straight through: rounded forwards, as if it were x backwards", given([0.25, -1.5, 3])),
      build: ([x]) => [add(x, stopGradient(sub(cast(cast(x, "int32"), x.dtype), x)))],
      reference: ([x]) => [{ ...x, data: x.data.map(Math.trunc) }],
      tie: (dy) => [dy],
    },
  ],
  AverageAround: [plain("five rows", normal(2, 2, 5, 4)), plain("two pixels", normal(1, 1, 1, 2))],
  MaxAround: [
    plain("five rows", apart(1, 2, 5, 4)),
    plain("below 0 at the edge", { ...apart(1, 1, 3, 3), data: apart(1, 1, 3, 3).data.map((x) => x - 9) }),
    {
      ...plain("chooses the first of equal ones", given([1, 1, 0, 1], [1, 1, 2, 2])),
      tie: ([p, q, r, s]) => [[p + q + r + s, 0, 0, 0]],
    },
  ],
  LineConv: [
    plain("a row of 3 and a bias", normal(2, 2, 4, 5), normal(3, 2, 1, 3), normal(3)),
    plain("a column of 5, longer than the picture", normal(1, 2, 3, 4), normal(2, 2, 5, 1)),
    plain("one pixel", normal(1, 2, 3, 2), normal(2, 2, 1, 1)),
  ],
};
