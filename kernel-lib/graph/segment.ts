/**
 * @file Gradient checkpointing. A network is cut into segments; the forward pass stores no activation inside a segment for the gradient. The
 * pull-back recomputes them from the segment's inputs, so a deep network's gradient holds one value per segment and the inside of one segment.
 * Source: Chen et al., Training Deep Nets with Sublinear Memory Cost, arXiv:1604.06174.
 */
import { pullBack } from "./gradient.js";
import type { Operator, Value } from "./graph.js";
import { after } from "./ops/after.js";

interface SegmentAttrs {
  readonly f: (inputs: readonly Value[]) => Value;
  /** how many of the operator's inputs f is given; the others it reads by itself */
  readonly given: number;
}

/** y = f(x₁, x₂, …), recomputed in the pull-back, except for the values that `graph.keep` stored in the forward pass. */
const Segment: Operator<SegmentAttrs> = {
  name: "Segment",
  build: () => {
    throw new Error("Segment: use segment(inputs, f)");
  },
  pullBack: ({ inputs, attrs: { f, given }, saved, dy, needed }) => {
    let grads: Map<Value, Value> | undefined;
    const once = () => {
      if (grads) return grads;
      const { graph } = dy;
      // The recomputation must wait for dy. Otherwise ONNX Runtime merges it with the identical forward nodes (common-subexpression
      // elimination), or runs it early, and the activations stay in memory.
      const again = inputs.slice(0, given).map((x) => after(x, dy));
      const kept = [...saved];
      const { result, tape } = graph.taped(() =>
        graph.keeping(
          () => after(kept.shift() as Value, dy),
          () => f(again),
        ),
      );
      const inside = needed.map((x) => again[inputs.indexOf(x)] ?? x);
      const found = pullBack(tape, { of: result, dy }, inside);
      grads = new Map(needed.map((x, k) => [x, found[k]]));
      return grads;
    };
    return inputs.map((x) => () => once().get(x) as Value);
  },
};

/**
 * f(inputs). With gradient checkpointing its inner values are recomputed for the gradient; without, it is f alone.
 * @param inputs float values; a value that f reads and that is not among them stays stored
 */
export function segment(inputs: readonly Value[], f: SegmentAttrs["f"]): Value {
  const { graph } = inputs[0];
  if (!graph.checkpointing) return f(inputs);
  const from = graph.nodes.length;
  const saved: Value[] = [];
  const keeper = (build: () => Value) => {
    saved.push(build());
    return saved[saved.length - 1];
  };
  const output = graph.offTape(() => graph.keeping(keeper, () => f(inputs)));
  const nodes = graph.nodes.slice(from);
  const inner = new Set(nodes.flatMap((node) => node.outputs));
  const read = [...new Set(nodes.flatMap((node) => node.inputs))].filter((name) => name !== "" && !inner.has(name));
  const captured = read.map((name) => graph.values.get(name) as Value).filter((x) => x.dtype.includes("float") && !inputs.includes(x));
  graph.record({
    operator: Segment as Operator<unknown>,
    inputs: [...inputs, ...captured],
    attrs: { f, given: inputs.length },
    outputs: [output],
    saved,
  });
  return output;
}
