import { describe, expect, test } from "vitest";
import { startRuntime } from "#kernel-lib/engine/runtime.js";
import { gradient } from "#kernel-lib/graph/gradient.js";
import { Graph } from "#kernel-lib/graph/graph.js";
import { crossEntropy } from "#kernel-lib/nets/classifier.js";
import { targetsOf } from "#models/tiny-landscapes/train/dual.js";
import type { Kind } from "#models/tiny-landscapes/world/captions.js";

const kind = (time: Kind["time"], terrain: Kind["terrain"]): Kind => ({ time, terrain, weather: "clear" });

describe("the dual encoder's targets", () => {
  test("captions of pictures of one kind share the target, and none of another kind has a part of it", () =>
    expect([...targetsOf([kind("noon", "sea"), kind("night", "sea"), kind("noon", "sea")])]).toEqual([
      ...[0.5, 0, 0.5],
      ...[0, 1, 0],
      ...[0.5, 0, 0.5],
    ]));
});

describe("cross-entropy", () => {
  test("is −log softmax, and has its gradient, for scores of any size", async () => {
    const graph = new Graph();
    const scores = graph.input("scores", [3, 3]);
    const loss = crossEntropy(scores, graph.constant([0, 1, 0], [1, 3]));
    graph.output("loss", loss);
    graph.output("gradient", gradient(graph, loss, scores));
    const runtime = startRuntime({ device: "cpu", threads: 1 });
    const session = await runtime.open(graph);
    const data = Float32Array.of(1, 2, 3, 300, -200, 5, -1e4, 1e4, 0);
    const results = await session.run({ scores: { data, shape: [3, 3] } });
    await runtime.close();
    const p = [1, 2, 3].map((x) => Math.exp(x) / (Math.exp(1) + Math.exp(2) + Math.exp(3)));
    const close = (got: Float32Array, want: readonly number[]) => {
      for (const [k, value] of want.entries()) expect(got[k]).toBeCloseTo(value, 4);
    };
    close(results.loss.data, [-Math.log(p[1]), 500, 0]);
    close(results.gradient.data, [p[0], p[1] - 1, p[2], 1, -1, 0, 0, 0, 0]);
  });
});
