/** @file The judge: a classifier of time, terrain and weather that is not the perceptual network, and its features. */
import { join } from "node:path";
import { readJson } from "../../../kernel-lib/core/json.js";
import type { Tensor } from "../../../kernel-lib/core/tensor.js";
import { rows } from "../../../kernel-lib/core/tensor.js";
import { startRuntime } from "../../../kernel-lib/engine/runtime.js";
import { Graph } from "../../../kernel-lib/graph/graph.js";
import { checkpointParameters } from "../../../kernel-lib/nets/parameters.js";
import { perceptualConfig } from "../../../kernel-lib/nets/perceptual.js";
import { openSafetensors } from "../../../kernel-lib/weights/safetensors.js";
import { classify, HEADS } from "../train/classifier.js";
import type { Kind, Terrain, Time, Weather } from "../world/captions.js";

const COUNT = 8;
const SIDE = 128;

/** What the judge sees in one picture. */
export interface Verdict {
  readonly kind: Kind;
  /** means over the picture of the last feature maps, [C] */
  readonly features: Float32Array;
  /** variances over the picture of the last feature maps, [C]: how much the picture's places differ from each other */
  readonly spread: Float32Array;
}

export interface Judge {
  /** @param pictures [N,3,128,128] in [-1,1] */
  look(pictures: Tensor): Promise<Verdict[]>;
  close(): Promise<void>;
}

export async function openJudge(folder: string, threads: number): Promise<Judge> {
  const configFile = join(folder, "judge/config.json");
  const { file, tensors } = openSafetensors(join(folder, "judge/backbone.safetensors"));
  const graph = new Graph();
  const image = graph.input("image", [COUNT, 3, SIDE, SIDE]);
  const parameters = checkpointParameters(graph, { file, weights: tensors });
  const { scores, map } = classify(perceptualConfig(configFile, readJson(configFile)), parameters, image);
  for (const [k, head] of scores.entries()) graph.output(`head${k}`, head);
  graph.output("map", map); // [N,C,h,w]
  const runtime = startRuntime({ device: "cpu", threads });
  const session = await runtime.open(graph);
  return {
    async look(pictures) {
      const verdicts: Verdict[] = [];
      for (let at = 0; at < pictures.shape[0]; at += COUNT) {
        const part = rows(pictures, at, Math.min(at + COUNT, pictures.shape[0]));
        const data = new Float32Array(COUNT * 3 * SIDE * SIDE);
        data.set(part.data); // a last, smaller batch is filled up with zeros
        const results = await session.run({ image: { data, shape: [COUNT, 3, SIDE, SIDE] } });
        for (let n = 0; n < part.shape[0]; n++) {
          const [time, terrain, weather] = HEADS.map(
            (names, k) => names[largest(results[`head${k}`].data.subarray(n * names.length, (n + 1) * names.length))],
          );
          const kind = { time: time as Time, terrain: terrain as Terrain, weather: weather as Weather };
          verdicts.push({ kind, ...moments(results.map, n) });
        }
      }
      return verdicts;
    },
    close: () => runtime.close(),
  };
}

const largest = (scores: Float32Array): number => scores.indexOf(Math.max(...scores));

/** Mean and variance over the pixels of every channel of row n of a map [N,C,h,w]. */
function moments({ data, shape: [, C, h, w] }: Tensor, n: number): { readonly features: Float32Array; readonly spread: Float32Array } {
  const [features, spread] = [new Float32Array(C), new Float32Array(C)];
  for (let c = 0; c < C; c++) {
    const values = data.subarray((n * C + c) * h * w, (n * C + c + 1) * h * w);
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
    features[c] = mean;
    spread[c] = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
  }
  return { features, spread };
}
