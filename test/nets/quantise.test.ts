import { afterAll, expect, it } from "vitest";
import { startRuntime } from "#kernel-lib/engine/runtime.js";
import { gradient } from "#kernel-lib/graph/gradient.js";
import { Graph, type Value } from "#kernel-lib/graph/graph.js";
import { cast, mul } from "#kernel-lib/graph/ops/elementwise.js";
import { codebookLoss, quantise } from "#kernel-lib/nets/quantise.js";

const runtime = startRuntime({ device: "cpu", threads: 1 });
afterAll(() => runtime.close());

/** Two channels, three entries, two pixels beside each other: nearest are entry 2 and entry 0. */
const BOOK = { data: Float32Array.of(0, 0, 4, 0, 0, 4), shape: [3, 2] };
const MAP = { data: Float32Array.of(1, 0.5, 3, 0.25), shape: [1, 2, 1, 2] }; // pixels (1,3) and (0.5,0.25)

async function outcome(build: (book: Value, map: Value) => Readonly<Record<string, Value>>): Promise<Record<string, number[]>> {
  const graph = new Graph();
  const [book, map] = [graph.input("book", BOOK.shape), graph.input("map", MAP.shape)];
  for (const [name, value] of Object.entries(build(book, map))) graph.output(name, cast(value, "float32"));
  const session = await runtime.open(graph);
  const results = await session.run({ book: BOOK, map: MAP });
  await session.release();
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, [...(data as Float32Array)]]));
}

it("each pixel gets the entry that is nearest to it", async () => {
  const { codes, vectors, straight } = await outcome((book, map) => ({ ...quantise(book, map) }));
  expect(codes).toEqual([2, 0]);
  expect(vectors).toEqual([0, 0, 4, 0]); // channels first
  expect(straight).toEqual(vectors);
});

it("the gradient goes straight through to the map, or to the entries that were chosen", async () => {
  const got = await outcome((book, map) => {
    const { straight, vectors } = quantise(book, map);
    const weights = book.graph.constant([1, 2, 3, 4], MAP.shape);
    return { dMap: gradient(book.graph, mul(straight, weights), map), dBook: gradient(book.graph, mul(vectors, weights), book) };
  });
  expect(got.dMap).toEqual([1, 2, 3, 4]);
  expect(got.dBook).toEqual([2, 4, 0, 0, 1, 3]); // pixel 1 chose entry 0, pixel 0 entry 2
});

it.each([
  ["commitment", 0.25, 1],
  ["codebook", 1, 0.25],
] as const)("beta weighs the %s term: the loss keeps its value, the gradients change places", async (betaOn, toMap, toBook) => {
  const got = await outcome((book, map) => {
    const loss = codebookLoss(map, quantise(book, map).vectors, { beta: 0.25, betaOn });
    return { loss, dMap: gradient(book.graph, loss, map), dBook: gradient(book.graph, loss, book) };
  });
  const differences = [-1, -0.5, 1, -0.25]; // entry − map
  expect(got.loss[0]).toBeCloseTo((1.25 * differences.reduce((sum, d) => sum + d * d, 0)) / 4, 6);
  expect(got.dMap).toEqual(differences.map((d) => (-toMap * d) / 2)); // 2·d/4
  expect(got.dBook).toEqual([-0.5, -0.25, 0, 0, -1, 1].map((d) => (toBook * d) / 2));
});
