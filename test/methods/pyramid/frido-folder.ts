/** @file A checkpoint of Frido's kind with small networks of random weights, written as a folder. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createRng, randn } from "#kernel-lib/core/random.js";
import { Graph } from "#kernel-lib/graph/graph.js";
import { msVqganReconstruct } from "#kernel-lib/nets/ms-vqgan.js";
import { msVqganConfig } from "#kernel-lib/nets/ms-vqgan-config.js";
import { inputParameters } from "#kernel-lib/nets/parameters.js";
import { pyunet } from "#kernel-lib/nets/pyunet.js";
import { pyunetConfig } from "#kernel-lib/nets/pyunet-config.js";
import { tokenTransformer, tokenTransformerConfig } from "#kernel-lib/nets/token-transformer.js";
import { writeSafetensors } from "#kernel-lib/weights/safetensors.js";

export const CLASSES = ["boat", "sun", "tower"];
const TOKENS = {
  kind: "veduta",
  classes: CLASSES,
  predicates: ["on", "left of"],
  words: ["a", "boat", "at", "noon"],
  objects: 4,
  cells: 4,
};
const VOCABULARY = 5 + 3 + 2 + 4 + 16;

const FIRST_STAGE = {
  embed_dim: [2, 2],
  n_embed: [12, 16],
  edconfig: {
    multiscale: 2,
    double_z: false,
    z_channels: [2, 2],
    resolution: 32,
    ch: 8,
    ch_mult: [1, 1, 1],
    num_res_blocks: 1,
    attn_resolutions: [],
  },
  ddconfig: { double_z: false, z_channels: 4, resolution: 32, ch: 8, ch_mult: [1, 1], num_res_blocks: 1, attn_resolutions: [] },
  shared_decoder_ch: 8,
  norm_num_groups: 4,
  scale_factor: [0.8, 1.2],
};
const UNET = {
  image_size: 16,
  in_channels: 4,
  out_channels: 4,
  model_channels: 8,
  num_res_blocks: 1,
  attention_resolutions: [2],
  channel_mult: [1, 2],
  num_head_channels: 4,
  legacy: false,
  num_stage: 2,
  use_spatial_transformer: true,
  context_dim: 8,
  use_split_head: true,
  use_SPADE_norm: true,
  split_embed_dim_list: [2, 2],
  spade_hidden: 8,
  norm_num_groups: 4,
};
const CONDITION = { n_embed: 8, n_layer: 1, vocab_size: VOCABULARY, max_seq_len: 13, heads: 2, head_channels: 4, mask: true };
const SCHEDULER = {
  _class_name: "DDIMScheduler",
  beta_start: 0.0015,
  beta_end: 0.0155,
  beta_schedule: "scaled_linear",
  num_train_timesteps: 1000,
  set_alpha_to_one: false,
  steps_offset: 1,
  prediction_type: "epsilon",
};

/** Writes the folder; `changes` are laid over the parts' configs. Pictures have 32×32 pixels, latents [N,4,16,16]. */
export function writeFridoFolder(folder: string, changes: Readonly<Record<string, object>> = {}): string {
  const unet = { ...UNET, ...changes.unet };
  const condition = { ...CONDITION, ...changes.condition };
  const parts = {
    unet: { json: unet, keys: () => shapesOf((graph, p) => stages(graph, p, unet)) },
    first_stage: { json: { ...FIRST_STAGE, ...changes.first_stage }, keys: () => shapesOf((graph, p) => codes(graph, p)) },
    condition: { json: condition, keys: () => shapesOf((graph, p) => tokens(graph, p)) },
  };
  const rng = createRng(5);
  for (const [name, { json, keys }] of Object.entries(parts)) {
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, name, "config.json"), JSON.stringify(json));
    const weights = [...keys()].map(([key, shape]) => {
      const x = randn(rng, shape);
      const fan = shape.slice(1).reduce((a, b) => a * b, 1);
      const scale = shape.length === 1 ? 0.1 : key.includes("ms_quantize") ? 1 : 1 / Math.sqrt(fan);
      const shift = shape.length === 1 && key.endsWith("weight") ? 1 : 0;
      return [key, { data: x.data.map((value) => value * scale + shift), shape }] as const;
    });
    writeSafetensors(join(folder, name, "model.safetensors"), Object.fromEntries(weights));
  }
  mkdirSync(join(folder, "scheduler"), { recursive: true });
  writeFileSync(join(folder, "scheduler", "scheduler_config.json"), JSON.stringify({ ...SCHEDULER, ...changes.scheduler }));
  writeFileSync(join(folder, "condition", "scene_tokens.json"), JSON.stringify(TOKENS));
  writeFileSync(join(folder, "model_index.json"), JSON.stringify({ _class_name: "FridoPipeline" }));
  return folder;
}

type P = ReturnType<typeof inputParameters>;

function shapesOf(build: (graph: Graph, p: P) => void): ReadonlyMap<string, readonly number[]> {
  const graph = new Graph();
  const p = inputParameters(graph, "");
  build(graph, p);
  return new Map([...p.all].map(([key, { shape }]) => [key, shape]));
}

function stages(graph: Graph, p: P, json: object): void {
  const config = pyunetConfig("unet", json as never);
  const latent = graph.input("latent", [1, 4, 4, 4]);
  const embedding = graph.input("embedding", [1, config.modelChannels]);
  const context = graph.input("context", [1, 2, 8]);
  for (let stage = 0; stage < 2; stage++) pyunet(config, p, latent, { embedding, context, stage });
}

const codes = (graph: Graph, p: P): void =>
  void msVqganReconstruct(msVqganConfig("first_stage", FIRST_STAGE), p, graph.input("image", [1, 3, 8, 8]));

const tokens = (graph: Graph, p: P): void =>
  void tokenTransformer(
    tokenTransformerConfig("condition", CONDITION),
    p,
    graph.input("ids", [1, 13], "int32"),
    graph.input("keep", [1, 13]),
  );
