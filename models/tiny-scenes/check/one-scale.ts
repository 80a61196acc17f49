/** @file Pictures by the one-scale baseline: the same codes, the same conditions, one U-Net over the whole latent. */
import { join } from "node:path";
import type { SceneCondition } from "../../../kernel-lib/conditions/scene.js";
import { readJson } from "../../../kernel-lib/core/json.js";
import { createRng, randn } from "../../../kernel-lib/core/random.js";
import { rows, stack, type Tensor } from "../../../kernel-lib/core/tensor.js";
import { ddimStep } from "../../../kernel-lib/diffusion/ddim.js";
import { guide } from "../../../kernel-lib/diffusion/guidance.js";
import { createSchedule } from "../../../kernel-lib/diffusion/schedule.js";
import { startRuntime } from "../../../kernel-lib/engine/runtime.js";
import { Graph } from "../../../kernel-lib/graph/graph.js";
import type { SceneModel } from "../../../kernel-lib/methods/pyramid/open-pyramid-model.js";
import { tokenizerOf } from "../../../kernel-lib/methods/pyramid/scene-context.js";
import { checkpointParameters } from "../../../kernel-lib/nets/parameters.js";
import { timestepEmbedding } from "../../../kernel-lib/nets/timestep-embedding.js";
import { tokenTransformer, tokenTransformerConfig } from "../../../kernel-lib/nets/token-transformer.js";
import { unet, unetConfig } from "../../../kernel-lib/nets/unet.js";
import { networkReader } from "../../../kernel-lib/pipelines/folder.js";
import { schedulerConfig } from "../../../kernel-lib/pipelines/scheduler-config.js";
import { tokenRows } from "../train/scene-batch.js";
import { GUIDANCE } from "./paint-scenes.js";

/** Pictures of one call; it has twice as many rows. */
const BATCH = 20;
const SIDE = 16;
const CHANNELS = 8;

export interface OneScale {
  /** @param conditions in the words of `model` @returns [N,8,16,16] */
  sample(conditions: readonly SceneCondition[], options: { readonly steps: number; readonly seed: number }): Promise<Tensor>;
  close(): Promise<void>;
}

/** @param folder with unet/, condition/ and scheduler/ @param model whose tokens it reads */
export async function openOneScale(folder: string, model: SceneModel): Promise<OneScale> {
  const net = networkReader(unetConfig, ["model"]).read(join(folder, "unet"));
  const transformer = networkReader(tokenTransformerConfig, ["model"]).read(join(folder, "condition"));
  const schedulerFile = join(folder, "scheduler/scheduler_config.json");
  const schedule = createSchedule(schedulerConfig(schedulerFile, readJson(schedulerFile)));
  const tokenizer = tokenizerOf(model);
  const rowCount = 2 * BATCH;
  const runtime = startRuntime({ device: "cpu", threads: model.threads });
  const contextGraph = new Graph();
  const [ids, keep] = [
    contextGraph.input("ids", [rowCount, tokenizer.length], "int32"),
    contextGraph.input("keep", [rowCount, tokenizer.length]),
  ];
  contextGraph.output("context", tokenTransformer(transformer.config, checkpointParameters(contextGraph, transformer), ids, keep));
  const noiseGraph = new Graph();
  const latent = noiseGraph.input("latent", [rowCount, CHANNELS, SIDE, SIDE]);
  const embedding = noiseGraph.input("embedding", [1, net.config.blockOutChannels[0]]);
  const context = noiseGraph.input("context", [rowCount, tokenizer.length, transformer.config.width]);
  noiseGraph.output("v", unet(net.config, checkpointParameters(noiseGraph, net), latent, embedding, context));
  const [encoder, denoiser] = [await runtime.open(contextGraph), await runtime.open(noiseGraph)];

  /** Rows of no condition, then of each. */
  const contextOf = async (conditions: readonly SceneCondition[]): Promise<Tensor> => {
    const none = Array<undefined>(BATCH).fill(undefined);
    return (await encoder.run(tokenRows(tokenizer, [...none, ...conditions, ...none].slice(0, rowCount)))).context;
  };

  return {
    async sample(conditions, { steps, seed }) {
      const parts: Tensor[] = [];
      for (let at = 0; at < conditions.length; at += BATCH) {
        const part = conditions.slice(at, at + BATCH);
        const context = await contextOf(part);
        let z = randn(createRng(seed + at / BATCH), [BATCH, CHANNELS, SIDE, SIDE]);
        for (const { now, next } of schedule.path(steps)) {
          const { v } = await denoiser.run({ latent: stack([z, z]), embedding: timestepEmbedding(net.config, [now.t]), context });
          const both = { data: v.data.map((x, k) => now.alpha * x + now.sigma * z.data[k % z.data.length]), shape: v.shape }; // eps = alpha·v + sigma·x_t
          z = ddimStep(z, guide(rows(both, 0, BATCH), rows(both, BATCH, rowCount), GUIDANCE), now, next).prev;
        }
        parts.push(rows(z, 0, part.length));
      }
      return stack(parts);
    },
    close: () => runtime.close(),
  };
}
