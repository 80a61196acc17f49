/** @file The operator table as one graph: every case, its results and its gradients, and what the float64 reference says of both. */
import { createRng } from "#kernel-lib/core/random.js";
import { sizeOf } from "#kernel-lib/core/tensor.js";
import { type Feed, type Feeds, openSession, type Results } from "#kernel-lib/engine/session.js";
import { gradient } from "#kernel-lib/graph/gradient.js";
import { Graph, type Value } from "#kernel-lib/graph/graph.js";
import { onnxBytes } from "#kernel-lib/graph/onnx.js";
import { applyAll, type Operator } from "#kernel-lib/graph/operator.js";
import { OPERATORS, type OperatorName } from "#kernel-lib/graph/operators.js";
import { add, cast, mul } from "#kernel-lib/graph/ops/elementwise.js";
import { reduceSum } from "#kernel-lib/graph/ops/reduce.js";
import { CASES, type Case, type Sample } from "./cases.js";
import { type Numbers, REFERENCE } from "./reference.js";

/** One case of one operator, and what a run of it must give. */
export interface Law {
  readonly operator: OperatorName;
  readonly title: string;
  readonly inputs: readonly Sample[];
  /** the numbers of dL/dy, one list an output */
  readonly weights: readonly (readonly number[])[];
  readonly build: (inputs: readonly Value[], graph: Graph) => readonly Value[];
  readonly reference: (inputs: readonly Numbers[]) => readonly Numbers[];
  readonly tie: Case<unknown>["tie"];
  readonly differentiable: boolean;
}

export const LAWS: readonly Law[] = (Object.keys(OPERATORS) as OperatorName[]).flatMap((operator) => lawsOf(operator));

function lawsOf<K extends OperatorName>(operator: K): Law[] {
  const rule = OPERATORS[operator] as Operator<unknown>;
  return (CASES[operator] ?? []).map((c) => {
    const reference = c.reference ?? ((inputs: readonly Numbers[]) => REFERENCE[operator](inputs, c.attrs));
    const rng = createRng(c.title.length);
    // multiples of 1/16: half precision holds them too
    const weights = reference(c.inputs).map(({ data }) => data.map(() => (rng.below(32) + 1) / 16 - 1.03125));
    return {
      operator,
      title: c.title,
      inputs: c.inputs,
      weights,
      build: c.build ?? ((values) => applyAll(rule, values, c.attrs)),
      reference,
      tie: c.tie,
      differentiable: rule.pullBack !== "none" && c.inputs.some(({ dtype }) => dtype === "float32"),
    };
  });
}

/** The inputs that a gradient can be asked for. */
export const floatInputs = ({ inputs, differentiable }: Law): number[] =>
  differentiable ? [...inputs.keys()].filter((k) => inputs[k].dtype === "float32") : [];

export const outputName = (law: number, output: number): string => `y${law}.${output}`;
export const gradientName = (law: number, input: number): string => `d${law}.${input}`;

/** Runs all cases in one number format. A graph holds 20 of them: ONNX Runtime's optimiser takes longer than in proportion over larger ones. */
export async function runLaws(run: RunModel, precision: "float32" | "float16" = "float32", laws: readonly Law[] = LAWS): Promise<Results> {
  const all: Results[] = [];
  for (let from = 0; from < laws.length; from += 20) {
    const { graph, feeds } = lawGraph(laws.slice(from, from + 20), precision);
    all.push(await run(onnxBytes(graph), feeds));
  }
  return Object.assign({}, ...all);
}

/** Loads a model, runs it once, and lets it go. */
export type RunModel = (model: Uint8Array, feeds: Feeds) => Promise<Results>;

export const runOnCpu: RunModel = async (model, feeds) => {
  const session = await openSession(model, { device: "cpu", threads: 1 });
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
};

function lawGraph(laws: readonly Law[], precision: "float32" | "float16"): { graph: Graph; feeds: Feeds } {
  const graph = new Graph();
  const feeds: Record<string, Feed> = {};
  for (const law of laws) {
    const k = LAWS.indexOf(law);
    const inputs = law.inputs.map(({ data, shape, dtype }, i) => {
      feeds[`x${k}.${i}`] = { data: dtype === "int32" ? Int32Array.from(data) : Float32Array.from(data), shape };
      return graph.input(`x${k}.${i}`, shape, dtype);
    });
    const values = inputs.map((x) => (x.dtype === "float32" ? cast(x, precision) : x));
    const outputs = law.build(values, graph).map((output) => cast(output, "float32"));
    for (const [j, output] of outputs.entries()) graph.output(outputName(k, j), output);
    if (!law.differentiable) continue;
    const terms = outputs.map((output, j) => mul(output, graph.constant(law.weights[j], output.shape)));
    const total = terms.length === 1 ? terms[0] : terms.map((t) => reduceSum(t, [...t.shape.keys()])).reduce((a, b) => add(a, b));
    const wrt = floatInputs(law);
    for (const [n, d] of gradient(
      graph,
      total,
      wrt.map((i) => inputs[i]),
    ).entries())
      graph.output(gradientName(k, wrt[n]), d);
  }
  return { graph, feeds };
}

/** ‖got − want‖ / ‖want‖; ‖got‖ where all that is wanted is 0; NaN where the lengths differ. */
export function apart(got: Float32Array, want: readonly number[]): number {
  if (got.length !== want.length) return Number.NaN;
  const norm = Math.hypot(...want);
  return Math.hypot(...want.map((x, k) => got[k] - x)) / (norm || 1);
}

/** dL/d(each number of one input) of the reference: by the tie's rule, or central differences. */
export function referenceGradient(law: Law, input: number): readonly number[] {
  const known = gradients.get(law)?.[input];
  if (known) return known;
  const found = law.tie?.(law.weights[0])[input] ?? centralDifferences(law, input);
  gradients.set(law, { ...gradients.get(law), [input]: found });
  return found;
}
const gradients = new Map<Law, Readonly<Record<number, readonly number[]>>>();

function centralDifferences(law: Law, input: number): readonly number[] {
  const step = 1e-5;
  const loss = (inputs: readonly Numbers[]) =>
    law.reference(inputs).reduce((total, { data }, j) => total + data.reduce((t, y, k) => t + y * law.weights[j][k], 0), 0);
  const moved = (k: number, by: number) =>
    law.inputs.map(({ data, shape }, i) => ({ data: i === input ? data.map((x, n) => (n === k ? x + by : x)) : data, shape }));
  return Array.from({ length: sizeOf(law.inputs[input].shape) }, (_, k) => (loss(moved(k, step)) - loss(moved(k, -step))) / (2 * step));
}
