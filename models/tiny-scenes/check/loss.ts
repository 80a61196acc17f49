/** @file The loss of a training on rows that it never saw, with what it saved. */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { createRng } from "../../../kernel-lib/core/random.js";
import { openSession } from "../../../kernel-lib/engine/session.js";
import { Graph } from "../../../kernel-lib/graph/graph.js";
import { onnxBytes } from "../../../kernel-lib/graph/onnx.js";
import { checkpointParameters } from "../../../kernel-lib/nets/parameters.js";
import { openSafetensors, type TensorRef } from "../../../kernel-lib/weights/safetensors.js";
import { mean } from "../../tiny-landscapes/check/statistics.js";
import type { Feeder, LossGraph } from "../../train/training.js";

const SEED = 31_000;
const BATCHES = 8;

/** Means of all that the loss graph names over 8 fixed batches. @param folder with unet/ and condition/ */
export async function measureLoss(loss: LossGraph, folder: string, feed: Feeder): Promise<Readonly<Record<string, number>>> {
  const weights = new Map<string, TensorRef>();
  for (const part of ["unet", "condition"])
    for (const [key, ref] of openSafetensors(join(folder, part, "model.safetensors")).tensors) weights.set(`${part}.${key}`, ref);
  const graph = new Graph();
  for (const [name, value] of Object.entries(loss(graph, checkpointParameters(graph, { file: folder, weights }))))
    graph.output(name, value);
  const session = await openSession(onnxBytes(graph), { device: "cpu", threads: availableParallelism() });
  const found: Record<string, number>[] = [];
  for (let k = 0; k < BATCHES; k++) {
    const results = Object.entries(await session.run(feed(createRng(SEED + k))));
    found.push(Object.fromEntries(results.map(([name, { data }]) => [name, data[0]])));
  }
  await session.release();
  return Object.fromEntries(Object.keys(found[0]).map((name) => [name, mean(found.map((each) => each[name]))]));
}
