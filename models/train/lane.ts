/** @file One lane's thread: see lanes.ts. */
import { parentPort, workerData } from "node:worker_threads";
import { createRng } from "../../kernel-lib/core/random.js";
import type { Feed } from "../../kernel-lib/engine/session.js";
import { openSession } from "../../kernel-lib/engine/session.js";
import type { LaneReply, LaneRequest, LaneSetup } from "./lanes.js";
import { lengthOf, partOf } from "./layout.js";
import { adamRange, foldRange } from "./optimizer.js";
import { GRADIENT, PARAMETER } from "./program.js";
import type { TrainingTable } from "./training.js";

const { table, device, training: name, model, slots, arrays, shared, lane, lanes } = workerData as LaneSetup;
const { TRAININGS } = (await import(table)) as { TRAININGS: TrainingTable };
const training = TRAININGS[name]();
const feed = training.feeder(shared, lane);
const session = await openSession(model, { device, threads: 1 });
const gradient = arrays.gradients[lane];
const part = partOf(lengthOf(slots), lane, lanes);
// onnxruntime-node takes no shared memory: each step copies the parameters
const parameters = slots.map(({ key, shape, from, to }) => ({
  name: PARAMETER + key,
  feed: { data: new Float32Array(to - from), shape } satisfies Feed,
  from,
  to,
}));

async function gradients(seed: number, microBatches: number): Promise<LaneReply> {
  const values: Record<string, number>[] = [];
  gradient.fill(0);
  for (const { feed, from, to } of parameters) feed.data.set(arrays.parameters.subarray(from, to));
  for (let k = Atomics.add(arrays.next, 0, 1); k < microBatches; k = Atomics.add(arrays.next, 0, 1)) {
    const results = await session.run({
      ...feed(createRng(seed * microBatches + k)),
      ...Object.fromEntries(parameters.map((parameter) => [parameter.name, parameter.feed])),
    });
    for (const { key, from } of slots) {
      const { data } = results[GRADIENT + key];
      for (let i = 0; i < data.length; i++) gradient[from + i] += data[i];
    }
    const logged = Object.entries(results).filter(([output]) => !output.startsWith(GRADIENT));
    values.push(Object.fromEntries(logged.map(([output, { data }]) => [output, data[0]])));
  }
  return { values };
}

async function answer(request: LaneRequest): Promise<LaneReply> {
  if (request.kind === "gradients") return gradients(request.seed, request.microBatches);
  // every lane adds the gradients into lane 0's, each on its own part
  if (request.kind === "fold") return { square: foldRange(arrays.gradients, part) };
  if (request.kind === "update") adamRange(arrays, arrays.gradients[0], arrays.decays, request.rates, part);
  return {};
}

parentPort?.on("message", async (request: LaneRequest) => {
  if (request.kind === "end") {
    await session.release();
    parentPort?.close();
  } else parentPort?.postMessage(await answer(request));
});
parentPort?.postMessage({} satisfies LaneReply);
