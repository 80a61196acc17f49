/** @file The configs of a single file's networks: sizes from the tensors' shapes, the rest as the published checkpoints of its kind have it. */
import { CheckpointError } from "../../core/errors.js";
import type { JsonObject } from "../../core/json.js";
import type { Prediction } from "../../diffusion/notation.js";
import { ARCHITECTURES, type Architecture } from "../random-weights/architectures.js";
import type { SingleFile } from "./mapped-weights.js";
import { PREFIX } from "./original-keys.js";

/** Which Stable Diffusion. */
export type Generation = 1 | 2;

/** The published checkpoint that says what shapes do not: schedule, activations, numbers of heads, the size it was trained on. */
export const publishedLike = (generation: Generation, prediction: Prediction): Architecture =>
  ARCHITECTURES[generation === 1 ? "sd15" : prediction === "v_prediction" ? "sd21" : "sd2-base"];

/** Numbers of a head: all networks but the U-Net of Stable Diffusion 1, which has 8 heads on every level. */
const HEAD = 64;

/** The U-Net's config.json. */
export function unetJson(single: SingleFile, { unet }: Architecture): JsonObject {
  const at = (name: string) => shapeOf(single, PREFIX.unet + name);
  const has = (name: string) => single.tensors.has(PREFIX.unet + name);
  const isDown = (block: number) => has(`input_blocks.${block}.0.op.weight`);
  const blocks = count((k) => has(`input_blocks.${k}.0.in_layers.2.weight`) || (k === 0 ? has("input_blocks.0.0.weight") : isDown(k)));
  const downs = Array.from({ length: blocks }, (_, k) => k).filter(isDown);
  const layers = (downs[0] ?? blocks) - 1;
  const levels = Array.from({ length: downs.length + 1 }, (_, level) => level);
  const channels = levels.map((level) => at(`input_blocks.${1 + level * (layers + 1)}.0.out_layers.3.weight`)[0]);
  const attends = (side: string, block: number) => has(`${side}_blocks.${block}.1.transformer_blocks.0.attn2.to_k.weight`);
  return {
    ...unet,
    in_channels: at("input_blocks.0.0.weight")[1],
    out_channels: at("out.2.weight")[0],
    block_out_channels: channels,
    layers_per_block: layers,
    down_block_types: levels.map((level) => (attends("input", 1 + level * (layers + 1)) ? "CrossAttnDownBlock2D" : "DownBlock2D")),
    up_block_types: levels.map((up) => (attends("output", up * (layers + 1)) ? "CrossAttnUpBlock2D" : "UpBlock2D")),
    cross_attention_dim: at("middle_block.1.transformer_blocks.0.attn2.to_k.weight")[1],
    use_linear_projection: at("middle_block.1.proj_in.weight").length === 2,
    attention_head_dim: Array.isArray(unet.attention_head_dim) ? channels.map((width) => width / HEAD) : unet.attention_head_dim,
  };
}

/** The autoencoder's config.json. */
export function vaeJson(single: SingleFile, { vae }: Architecture): JsonObject {
  const at = (name: string) => shapeOf(single, PREFIX.vae + name);
  const has = (name: string) => single.tensors.has(PREFIX.vae + name);
  const levels = count((level) => has(`encoder.down.${level}.block.0.conv2.weight`));
  return {
    ...vae,
    in_channels: at("encoder.conv_in.weight")[1],
    out_channels: at("decoder.conv_out.weight")[0],
    latent_channels: at("post_quant_conv.weight")[0],
    block_out_channels: Array.from({ length: levels }, (_, level) => at(`encoder.down.${level}.block.0.conv2.weight`)[0]),
    layers_per_block: count((j) => has(`encoder.down.0.block.${j}.conv2.weight`)),
    down_block_types: Array<string>(levels).fill("DownEncoderBlock2D"),
    up_block_types: Array<string>(levels).fill("UpDecoderBlock2D"),
  };
}

/** CLIP's text encoder in transformers' layout. @param root prefix of its keys, `text_model.` included where the file has it */
export function clipJson(single: SingleFile, { textEncoder }: Architecture, root: string): JsonObject {
  const at = (name: string) => shapeOf(single, root + name);
  return textJson(textEncoder, {
    tokens: at("embeddings.token_embedding.weight"),
    positions: at("embeddings.position_embedding.weight"),
    wide: at("encoder.layers.0.mlp.fc1.weight"),
    layers: count((layer) => single.tensors.has(`${root}encoder.layers.${layer}.mlp.fc1.weight`)),
  });
}

/** Of ViT-H's 24 layers Stable Diffusion 2 leaves out the last; files that were made of a diffusers folder lack it. */
export function openClipJson(single: SingleFile, { textEncoder }: Architecture): JsonObject {
  const at = (name: string) => shapeOf(single, PREFIX.openClip + name);
  const layers = count((layer) => single.tensors.has(`${PREFIX.openClip}transformer.resblocks.${layer}.mlp.c_fc.weight`));
  return textJson(textEncoder, {
    tokens: at("token_embedding.weight"),
    positions: at("positional_embedding"),
    wide: at("transformer.resblocks.0.mlp.c_fc.weight"),
    layers: Math.min(layers, Number(textEncoder.num_hidden_layers)),
  });
}

interface TextShapes {
  readonly tokens: readonly number[];
  readonly positions: readonly number[];
  readonly wide: readonly number[];
  readonly layers: number;
}

const textJson = (published: JsonObject, { tokens, positions, wide, layers }: TextShapes): JsonObject => ({
  ...published,
  vocab_size: tokens[0],
  hidden_size: tokens[1],
  max_position_embeddings: positions[0],
  intermediate_size: wide[0],
  num_attention_heads: tokens[1] / HEAD,
  num_hidden_layers: layers,
});

/** How many from 0 on are there. */
function count(there: (k: number) => boolean): number {
  let k = 0;
  while (there(k)) k++;
  return k;
}

function shapeOf({ file, tensors }: SingleFile, name: string): readonly number[] {
  const ref = tensors.get(name);
  if (!ref) throw new CheckpointError(file, { expected: name, found: "no such key" });
  return ref.shape;
}
