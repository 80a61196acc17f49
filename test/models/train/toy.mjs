/** @file A training whose answer is known: y = a·x + b from pairs on the line 3x − 2. Lanes import it by its path. */
import { add, mul, sub } from "#kernel-lib/graph/ops/elementwise.js";
import { reduceMean } from "#kernel-lib/graph/ops/reduce.js";
import { reshape } from "#kernel-lib/graph/ops/shape.js";

const ROWS = 8;

/** @type {import("#models/train/training.js").Training} */
const line = {
  name: "line",
  seed: 1,
  learningRate: 0.05,
  weightDecay: 0,
  averaging: 0.9,
  microBatches: 4,
  rows: ROWS,
  loss(graph, p) {
    const [x, y] = [graph.input("x", [ROWS, 1]), graph.input("y", [ROWS, 1])];
    const error = sub(add(mul(x, p("slope.weight", [1, 1])), p("line.bias", [1])), y);
    return { loss: reshape(reduceMean(mul(error, error), [0, 1]), []) };
  },
  feeder: () => (rng) => {
    const xs = Float32Array.from({ length: ROWS }, () => rng.normal());
    return { x: { data: xs, shape: [ROWS, 1] }, y: { data: xs.map((x) => 3 * x - 2), shape: [ROWS, 1] } };
  },
  initial: (_, shape) => new Float32Array(shape.reduce((n, d) => n * d, 1)),
  save() {},
};

/**
 * The same with a value that drifts: every seventh step it becomes a random number.
 * @type {import("#models/train/training.js").Training}
 */
const revised = {
  ...line,
  name: "revised",
  loss(graph, p) {
    const { loss } = line.loss(graph, p);
    return { loss: add(loss, mul(reshape(p("drifting.bias", [1]), []), 0.01)) };
  },
  revision: {
    every: 7,
    open: async () => ({
      revise: async (_, rng) => [{ key: "drifting.bias", from: 0, values: Float32Array.of(1 + rng.uniform()) }],
      async close() {},
    }),
  },
};

export const TABLE = import.meta.url;
export const TRAININGS = { line: () => line, revised: () => revised };
