/** @file Elementwise operators. L is the scalar at the end; d· is short for dL/d·. Broadcast axes are summed by the walker. */
import type { DType, Value } from "../graph.js";
import type { Operator } from "../operator.js";
import { apply, broadcastShape, ONNX_TYPE, operand, plain } from "../operator.js";

const alike = (name: string) => (shapes: readonly (readonly number[])[]) => [broadcastShape(name, shapes)];
const bool = (): DType => "bool";

/** z = a + b; da = dz, db = dz. */
export const Add = plain({ name: "Add", shape: alike("Add"), pullBack: ({ dy }) => [() => dy, () => dy] });
/** z = a − b; da = dz, db = −dz. */
export const Sub = plain({ name: "Sub", shape: alike("Sub"), pullBack: ({ dy }) => [() => dy, () => neg(dy)] });
/** z = a·b; da = dz·b, db = dz·a. */
export const Mul = plain({ name: "Mul", shape: alike("Mul"), pullBack: ({ inputs: [a, b], dy }) => [() => mul(dy, b), () => mul(dy, a)] });
/** z = a/b; da = dz/b, db = −dz·z/b. */
export const Div = plain({
  name: "Div",
  shape: alike("Div"),
  pullBack: ({ inputs: [, b], outputs: [z], dy }) => [() => div(dy, b), () => neg(div(mul(dy, z), b))],
});
/** z = max(a, b); the gradient goes to the larger, to a on a tie. */
export const Max = plain({
  name: "Max",
  shape: alike("Max"),
  pullBack: ({ inputs: [a, b], dy }) => [() => sub(dy, mul(dy, indicator(greater(b, a), dy))), () => mul(dy, indicator(greater(b, a), dy))],
});
/** z = −x; dx = −dz. */
export const Neg = plain({ name: "Neg", shape: alike("Neg"), pullBack: ({ dy }) => [() => neg(dy)] });
/** z = |x|; dx = dz·sign(x), 0 at 0. Sign is built from comparisons: ONNX's Sign leaves the GPU on WebGPU. */
export const Abs = plain({
  name: "Abs",
  shape: alike("Abs"),
  pullBack: ({ inputs: [x], dy }) => [() => mul(dy, sub(indicator(greater(x, 0), dy), indicator(greater(neg(x), 0), dy)))],
});
/** z = eˣ; dx = dz·z. */
export const Exp = plain({ name: "Exp", shape: alike("Exp"), pullBack: ({ outputs: [z], dy }) => [() => mul(dy, z)] });
/** z = ln x; dx = dz/x. */
export const Log = plain({ name: "Log", shape: alike("Log"), pullBack: ({ inputs: [x], dy }) => [() => div(dy, x)] });
/** z = √x; dx = dz/(2z). */
export const Sqrt = plain({ name: "Sqrt", shape: alike("Sqrt"), pullBack: ({ outputs: [z], dy }) => [() => div(mul(dy, 0.5), z)] });
/** z = sin x; dx = dz·cos x. */
export const Sin = plain({ name: "Sin", shape: alike("Sin"), pullBack: ({ inputs: [x], dy }) => [() => mul(dy, cos(x))] });
/** z = cos x; dx = −dz·sin x. */
export const Cos = plain({ name: "Cos", shape: alike("Cos"), pullBack: ({ inputs: [x], dy }) => [() => neg(mul(dy, sin(x)))] });
/** z = erf x; dx = dz·2/√π·e^(−x²). */
export const Erf = plain({
  name: "Erf",
  shape: alike("Erf"),
  pullBack: ({ inputs: [x], dy }) => [() => mul(dy, mul(exp(neg(mul(x, x))), 2 / Math.sqrt(Math.PI)))],
});
/** z = 1/(1+e^(−x)); dx = dz·z·(1−z). */
export const Sigmoid = plain({
  name: "Sigmoid",
  shape: alike("Sigmoid"),
  pullBack: ({ outputs: [z], dy }) => [() => mul(dy, mul(z, sub(1, z)))],
});
/** z = max(x, 0); dx = dz where z > 0. */
export const Relu = plain({
  name: "Relu",
  shape: alike("Relu"),
  pullBack: ({ outputs: [z], dy }) => [() => mul(dy, indicator(greater(z, 0), dy))],
});
/** z = min(max(x, low), high); dx = dz where low ≤ x ≤ high, ends included, as PyTorch. */
export const Clip = plain<{ low: number; high: number }>({
  name: "Clip",
  shape: alike("Clip"),
  node: ([x], { low, high }) => ({ inputs: [x, operand(low, x), operand(high, x)] }),
  pullBack: ({ inputs: [x], outputs: [z], dy }) => [() => mul(dy, indicator(equal(z, x), dy))],
});
/** z = [a > b]; not differentiable. */
export const Greater = plain({ name: "Greater", shape: alike("Greater"), dtype: bool, pullBack: "none" });
/** z = [a = b]; not differentiable. */
export const Equal = plain({ name: "Equal", shape: alike("Equal"), dtype: bool, pullBack: "none" });
/** z = x in another type; dx = dz in x's. */
export const Cast = plain<{ to: DType }>({
  name: "Cast",
  shape: alike("Cast"),
  dtype: (_, { to }) => to,
  node: (_, { to }) => ({ attributes: { to: ONNX_TYPE[to] } }),
  pullBack: ({ inputs: [x], dy }) => [x.dtype.includes("float") ? () => cast(dy, x.dtype) : null],
});
/** z = x·σ(x) (SiLU); dx = w + σ·(dz − w), w = dz·z: z and σ, kept by the forward pass, are read once. Two nodes that ONNX Runtime fuses by itself. */
export const Silu: Operator<undefined> = {
  name: "Silu",
  build: ([x]) => {
    const s = sigmoid(x);
    return { outputs: [mul(x, s)], saved: [s] };
  },
  pullBack: ({ outputs: [z], saved: [s], dy }) => [
    () => {
      const w = mul(dy, z);
      return add(w, mul(s, sub(dy, w)));
    },
  ],
};
/** z = x·Φ(x) (GELU, exact); dx = dz·(Φ(x) + x·φ(x)), Φ and φ the standard normal's distribution and density. */
export const Gelu = plain({
  name: "Gelu",
  shape: alike("Gelu"),
  pullBack: ({ inputs: [x], dy }) => [
    () => {
      const cdf = add(mul(erf(mul(x, Math.SQRT1_2)), 0.5), 0.5);
      const density = mul(exp(mul(mul(x, x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
      return mul(dy, add(cdf, mul(x, density)));
    },
  ],
});
/** z = x·σ(1.702x) (CLIP's quick GELU); dx = dz·σ·(1 + 1.702·x·(1−σ)). */
export const QuickGelu: Operator<undefined> = {
  name: "QuickGelu",
  build: ([x]) => {
    const s = sigmoid(mul(x, 1.702));
    return { outputs: [mul(x, s)], saved: [s] };
  },
  pullBack: ({ inputs: [x], saved: [s], dy }) => [() => mul(dy, mul(s, add(mul(mul(x, 1.702), sub(1, s)), 1)))],
};

const binary = (operator: Operator<undefined>) => (a: Value | number, b: Value | number) => {
  const beside = typeof a === "number" ? (b as Value) : a;
  return apply(operator, [operand(a, beside), operand(b, beside)], undefined);
};
const unary = (operator: Operator<undefined>) => (x: Value) => apply(operator, [x], undefined);

/** An elementwise function of two values, or of a value and a number. */
export type Binary = { (a: Value, b: Value | number): Value; (a: number, b: Value): Value };
/** An elementwise function of one value. */
export type Unary = (x: Value) => Value;

/** a + b */
export const add: Binary = binary(Add);
/** a − b */
export const sub: Binary = binary(Sub);
/** a · b */
export const mul: Binary = binary(Mul);
/** a / b */
export const div: Binary = binary(Div);
/** The larger of a and b. */
export const max: Binary = binary(Max);
/** 1 where a > b, as bool. */
export const greater: Binary = binary(Greater);
/** 1 where a = b, as bool. */
export const equal: Binary = binary(Equal);
/** The negative of x. */
export const neg: Unary = unary(Neg);
/** The absolute value of x. */
export const abs: Unary = unary(Abs);
/** The exponential of x. */
export const exp: Unary = unary(Exp);
/** The natural logarithm. */
export const log: Unary = unary(Log);
/** The square root of x. */
export const sqrt: Unary = unary(Sqrt);
/** sin x */
export const sin: Unary = unary(Sin);
/** cos x */
export const cos: Unary = unary(Cos);
/** The error function. */
export const erf: Unary = unary(Erf);
/** 1 / (1 + e⁻ˣ) */
export const sigmoid: Unary = unary(Sigmoid);
/** max(x, 0) */
export const relu: Unary = unary(Relu);
/** x · sigmoid(x) */
export const silu: Unary = unary(Silu);
/** x · Φ(x), with the error function. */
export const gelu: Unary = unary(Gelu);
/** x · sigmoid(1.702·x) */
export const quickGelu: Unary = unary(QuickGelu);
/** x held between two numbers; its gradient is 0 outside. */
export const clip = (x: Value, low: number, high: number): Value => apply(Clip, [x], { low, high });
/** x in another number format. */
export const cast = (x: Value, to: DType): Value => (x.dtype === to ? x : apply(Cast, [x], { to }));
/** A condition as 1 and 0, in another value's type. */
const indicator = (condition: Value, like: Value): Value => cast(condition, like.dtype);
