/** @file The judge: a classifier of time, terrain and weather that is not the perceptual network. */
import { join } from "node:path";
import { readJson } from "../../../kernel-lib/core/json.js";
import type { Tensor } from "../../../kernel-lib/core/tensor.js";
import { rows } from "../../../kernel-lib/core/tensor.js";
import { startRuntime } from "../../../kernel-lib/engine/runtime.js";
import { Graph } from "../../../kernel-lib/graph/graph.js";
import { checkpointParameters } from "../../../kernel-lib/nets/parameters.js";
import { perceptualConfig } from "../../../kernel-lib/nets/perceptual.js";
import { openSafetensors } from "../../../kernel-lib/weights/safetensors.js";
import { classScores, HEADS } from "../train/classifier.js";
import type { Kind, Terrain, Time, Weather } from "../world/captions.js";

const COUNT = 8;
const SIDE = 128;

export interface Judge {
  /** What each picture shows: [N,3,128,128] in [-1,1]. */
  look(pictures: Tensor): Promise<Kind[]>;
  close(): Promise<void>;
}

export async function openJudge(folder: string, threads: number): Promise<Judge> {
  const configFile = join(folder, "judge/config.json");
  const { file, tensors } = openSafetensors(join(folder, "judge/backbone.safetensors"));
  const graph = new Graph();
  const image = graph.input("image", [COUNT, 3, SIDE, SIDE]);
  const scores = classScores(
    perceptualConfig(configFile, readJson(configFile)),
    checkpointParameters(graph, { file, weights: tensors }),
    image,
  );
  for (const [k, head] of scores.entries()) graph.output(`head${k}`, head);
  const runtime = startRuntime({ device: "cpu", threads });
  const session = await runtime.open(graph);
  return {
    async look(pictures) {
      const kinds: Kind[] = [];
      for (let at = 0; at < pictures.shape[0]; at += COUNT) {
        const part = rows(pictures, at, Math.min(at + COUNT, pictures.shape[0]));
        const data = new Float32Array(COUNT * 3 * SIDE * SIDE);
        data.set(part.data); // a last, smaller batch is filled up with zeros
        const results = await session.run({ image: { data, shape: [COUNT, 3, SIDE, SIDE] } });
        for (let n = 0; n < part.shape[0]; n++) {
          const [time, terrain, weather] = HEADS.map(
            (names, k) => names[largest(results[`head${k}`].data.subarray(n * names.length, (n + 1) * names.length))],
          );
          kinds.push({ time: time as Time, terrain: terrain as Terrain, weather: weather as Weather });
        }
      }
      return kinds;
    },
    close: () => runtime.close(),
  };
}

const largest = (scores: Float32Array): number => scores.indexOf(Math.max(...scores));
