/** @file The machine's own speed, to read the other numbers by. */
import { Graph } from "#kernel-lib/graph/graph.js";
import { matmul } from "#kernel-lib/graph/ops/matmul.js";
import { reduceMean } from "#kernel-lib/graph/ops/reduce.js";
import { race, THREADS } from "./race.mjs";

const SIDE = 1024;

/** A product's milliseconds, and the rate of it in GFLOP/s. @returns {Promise<[ms: number, rate: number]>} */
export async function matrixRate() {
  const graph = new Graph();
  const product = matmul(graph.input("a", [SIDE, SIDE]), graph.input("b", [SIDE, SIDE]));
  graph.output("mean", reduceMean(product, [0, 1]));
  const [ms] = await race([graph], 10);
  return [ms, (2 * SIDE ** 3) / ms / 1e6];
}

/** @returns {Promise<import("./table.mjs").Row[]>} */
export async function measureGemm() {
  const [ms, rate] = await matrixRate();
  return [{ what: `matrix product, ${SIDE}³, float32`, value: rate, unit: "GFLOP/s", note: `${ms.toFixed(1)} ms, ${THREADS} threads` }];
}
