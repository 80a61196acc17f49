/**
 * @file What an operator is: its shape rule, the ONNX node (or the few) it becomes, and its pull-back, in one place.
 * The pull-back of z = f(a, b, …) maps dL/dz to one thunk an input that builds dL/da; thunks of inputs that need no gradient
 * are never called. Sums over broadcast axes are the walker's (gradient.ts), not a rule's.
 */
import { ShapeError } from "../core/errors.js";
import type { Shape } from "../core/tensor.js";
import type { Attributes, DType, Graph, Operator, PullBack, Value } from "./graph.js";

export type { Call, Operator, PullBack } from "./graph.js";

/** What makes an operator of one ONNX node. */
export interface PlainOperator<A> {
  readonly name: string;
  /** Output shapes, or an error that says what would fit. */
  readonly shape: (shapes: readonly Shape[], attrs: A) => readonly Shape[];
  readonly dtype?: (inputs: readonly Value[], attrs: A) => DType;
  /** ONNX inputs and attributes, where they are not just the operator's inputs. */
  readonly node?: (
    inputs: readonly Value[],
    attrs: A,
    graph: Graph,
  ) => { readonly inputs?: readonly (Value | null)[]; readonly attributes?: Attributes };
  readonly pullBack: PullBack<A> | "none";
}

/** An operator that is one ONNX node of the same name. */
export function plain<A = undefined>(spec: PlainOperator<A>): Operator<A> {
  return {
    name: spec.name,
    pullBack: spec.pullBack,
    build: (inputs, attrs, graph) => {
      const dtype = spec.dtype?.(inputs, attrs) ?? inputs[0].dtype;
      const shapes = spec.shape(
        inputs.map((value) => value.shape),
        attrs,
      );
      const { inputs: onnxInputs = inputs, attributes = {} } = spec.node?.(inputs, attrs, graph) ?? {};
      return {
        outputs: graph.node(
          spec.name,
          onnxInputs,
          attributes,
          shapes.map((shape) => ({ shape, dtype })),
        ),
      };
    },
  };
}

/** Applies an operator: all its outputs. */
export function applyAll<A>(operator: Operator<A>, inputs: readonly Value[], attrs: A): readonly Value[] {
  const graph = inputs[0].graph;
  for (const value of inputs) if (value.graph !== graph) throw new Error(`${operator.name}: "${value.name}" belongs to another graph`);
  const { outputs, saved = [] } = graph.offTape(() => operator.build(inputs, attrs, graph));
  graph.record({ operator: operator as Operator<unknown>, inputs, attrs, outputs, saved });
  return outputs;
}

/** Applies an operator: its first output. */
export const apply = <A>(operator: Operator<A>, inputs: readonly Value[], attrs: A): Value => applyAll(operator, inputs, attrs)[0];

/** A number beside a value becomes a scalar constant of the value's type. */
export function operand(x: Value | number, beside: Value): Value {
  if (typeof x !== "number") return x;
  const scalar = beside.graph.constant(x);
  if (beside.dtype === "float32") return scalar;
  return beside.graph.node("Cast", [scalar], { to: ONNX_TYPE[beside.dtype] }, [{ shape: [], dtype: beside.dtype }])[0];
}

/** ONNX's TensorProto.DataType numbers. */
export const ONNX_TYPE: Readonly<Record<DType, number>> = { float32: 1, int32: 6, int64: 7, bool: 9, float16: 10, bfloat16: 16 };

/** The shape of an elementwise result (NumPy's rule), or a ShapeError that names the operator. */
export function broadcastShape(name: string, shapes: readonly Shape[]): Shape {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sides = shapes.map((shape) => shape[shape.length - rank + axis] ?? 1);
    const side = sides.find((d) => d !== 1) ?? 1;
    if (sides.some((d) => d !== 1 && d !== side))
      throw new ShapeError(name, { got: shapes.map((shape) => `[${shape}]`).join(" and "), want: "shapes that broadcast" });
    return side;
  });
}

/** `axis` counted from the front. */
export const fromFront = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);
