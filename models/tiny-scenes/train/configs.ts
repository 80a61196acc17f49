/** @file The architecture of tiny-scenes, in the very files of a folder that `veduta models convert frido` writes: the official keys. */
import { type MsVqganConfig, msVqganConfig } from "../../../kernel-lib/nets/ms-vqgan-config.js";
import { type PyUNetConfig, pyunetConfig } from "../../../kernel-lib/nets/pyunet-config.js";
import { type TokenTransformerConfig, tokenTransformerConfig } from "../../../kernel-lib/nets/token-transformer.js";
import { type UNetConfig, unetConfig } from "../../../kernel-lib/nets/unet.js";
import { SCHEDULER_JSON as LANDSCAPES_SCHEDULER, UNET_JSON as LANDSCAPES_UNET } from "../../tiny-landscapes/train/configs.js";
import { CAPTION_WORDS } from "../../tiny-landscapes/world/captions.js";
import { PREDICATES } from "../../tiny-landscapes/world/relations.js";
import { THINGS } from "../../tiny-landscapes/world/things.js";

export const MODEL_INDEX = {
  _class_name: "FridoPipeline",
  condition: ["veduta", "TokenTransformer"],
  first_stage: ["veduta", "MSVQGAN"],
  scheduler: ["diffusers", "DDIMScheduler"],
  unet: ["veduta", "PyUNet"],
};

/** Betas of the official code. Unlike its networks, this one predicts v: a small network soon learns a picture's large colours by it. */
export const SCHEDULER_JSON = { ...LANDSCAPES_SCHEDULER, beta_start: 0.0015, beta_end: 0.0155 };

const ENCODER = { resolution: 128, num_res_blocks: 1, attn_resolutions: [], double_z: false };
/** Scales of factor 16 and 8. The factors of the latent are measured before the U-Net is trained. */
export const firstStageJson = (scaleFactors: readonly number[] = [1, 1]) => ({
  embed_dim: [4, 4],
  n_embed: [256, 512],
  edconfig: { ...ENCODER, multiscale: 2, in_channels: 3, z_channels: [4, 4], ch: 16, ch_mult: [1, 2, 3, 4, 4] },
  ddconfig: { ...ENCODER, z_channels: 8, out_ch: 3, ch: 16, ch_mult: [1, 2, 3, 4] },
  fusion: "concat",
  quant_beta: 0.25,
  legacy: false,
  shared_decoder_ch: 32,
  norm_num_groups: 8,
  scale_factor: scaleFactors,
});

/** Attention at the second and the third level: 8×8 and 4×4 of the fine stage. At the first one too, a step would take 1.34 times as long (measured). */
export const UNET_JSON = {
  image_size: 16,
  in_channels: 8,
  out_channels: 8,
  model_channels: 48,
  num_res_blocks: 1,
  attention_resolutions: [2, 4],
  channel_mult: [1, 2, 2],
  num_head_channels: 16,
  num_stage: 2,
  legacy: false,
  use_spatial_transformer: true,
  transformer_depth: 1,
  context_dim: 64,
  use_split_head: true,
  use_SPADE_norm: true,
  split_embed_dim_list: [4, 4],
  spade_hidden: 32,
  norm_num_groups: 8,
  coarse_at: "own",
};

/** condition/scene_tokens.json. */
export const SCENE_TOKENS_JSON = { kind: "veduta", classes: THINGS, predicates: PREDICATES, words: CAPTION_WORDS, cells: 16, objects: 12 };
/** Most things of a condition. */
export const MOST_OBJECTS = SCENE_TOKENS_JSON.objects;
/** Tokens of a condition: its kind, then three for each thing or relation. */
export const TOKENS = 1 + 3 * MOST_OBJECTS;

/** Padding, the four kinds, and one token for each class, predicate, word and cell. */
const VOCABULARY = 5 + THINGS.length + PREDICATES.length + CAPTION_WORDS.length + SCENE_TOKENS_JSON.cells ** 2;
export const CONDITION_JSON = {
  n_embed: UNET_JSON.context_dim,
  n_layer: 3,
  vocab_size: VOCABULARY,
  max_seq_len: TOKENS,
  heads: 8,
  head_channels: 16,
  mask: true,
};

/** The U-Net of tiny-landscapes over both scales at once, at the finer one's resolution: what a pyramid is compared with. */
export const ONE_SCALE_JSON = { ...LANDSCAPES_UNET, in_channels: 8, out_channels: 8 };

/** What finds the things of a picture: its maps' widths, and 32×32 cells of 4×4 pixels. */
export const FINDER_JSON = { _class_name: "Finder", channels: [16, 32, 64], classes: THINGS };

const HERE = "models/tiny-scenes";
export const firstStageArchitecture = (): MsVqganConfig => msVqganConfig(`${HERE}/first_stage/config.json`, firstStageJson());
export const unetArchitecture = (): PyUNetConfig => pyunetConfig(`${HERE}/unet/config.json`, UNET_JSON);
export const conditionArchitecture = (): TokenTransformerConfig => tokenTransformerConfig(`${HERE}/condition/config.json`, CONDITION_JSON);
export const oneScaleArchitecture = (): UNetConfig => unetConfig(`${HERE} one-scale/unet/config.json`, ONE_SCALE_JSON);
