/** @file The bundled model's architecture, in the very files of a diffusers folder. Sizes chosen by inference time on two cores. */
import type { ClipTextConfig } from "../../../kernel-lib/nets/clip-text.js";
import { clipTextConfig } from "../../../kernel-lib/nets/clip-text.js";
import { type ControlNetConfig, controlNetConfig } from "../../../kernel-lib/nets/control-net.js";
import type { DualEncoderConfig } from "../../../kernel-lib/nets/dual-encoder.js";
import { dualEncoderConfig } from "../../../kernel-lib/nets/dual-encoder.js";
import type { PerceptualConfig } from "../../../kernel-lib/nets/perceptual.js";
import { perceptualConfig } from "../../../kernel-lib/nets/perceptual.js";
import type { UNetConfig } from "../../../kernel-lib/nets/unet.js";
import { unetConfig } from "../../../kernel-lib/nets/unet.js";
import type { VaeConfig } from "../../../kernel-lib/nets/vae.js";
import { vaeConfig } from "../../../kernel-lib/nets/vae.js";
import { TERRAINS, TIMES, WEATHERS } from "../world/captions.js";
import { MODEL_MAX_LENGTH } from "../world/tokenizer-files.js";

export const MODEL_INDEX = {
  _class_name: "StableDiffusionPipeline",
  _diffusers_version: "0.15.1",
  feature_extractor: [null, null],
  requires_safety_checker: false,
  safety_checker: [null, null],
  scheduler: ["diffusers", "DDIMScheduler"],
  text_encoder: ["transformers", "CLIPTextModel"],
  tokenizer: ["transformers", "CLIPTokenizer"],
  unet: ["diffusers", "UNet2DConditionModel"],
  vae: ["diffusers", "AutoencoderKL"],
};

export const SCHEDULER_JSON = {
  _class_name: "DDIMScheduler",
  _diffusers_version: "0.15.1",
  beta_start: 0.00085,
  beta_end: 0.012,
  beta_schedule: "scaled_linear",
  clip_sample: false,
  num_train_timesteps: 1000,
  prediction_type: "v_prediction",
  set_alpha_to_one: false,
  steps_offset: 1,
  trained_betas: null,
};

export const UNET_JSON = {
  _class_name: "UNet2DConditionModel",
  _diffusers_version: "0.15.1",
  act_fn: "silu",
  attention_head_dim: [4, 4, 4],
  block_out_channels: [48, 96, 128],
  center_input_sample: false,
  cross_attention_dim: 64,
  down_block_types: ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
  downsample_padding: 1,
  flip_sin_to_cos: true,
  freq_shift: 0,
  in_channels: 4,
  layers_per_block: 1,
  mid_block_scale_factor: 1,
  norm_eps: 1e-5,
  norm_num_groups: 8,
  out_channels: 4,
  sample_size: 16,
  up_block_types: ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
  use_linear_projection: true,
};

/** A copy of the U-Net's encoder, and the condition's way to its first level. */
export const SKYLINE_JSON = {
  _class_name: "ControlNetModel",
  _diffusers_version: "0.21.4",
  act_fn: "silu",
  attention_head_dim: UNET_JSON.attention_head_dim,
  block_out_channels: UNET_JSON.block_out_channels,
  conditioning_embedding_out_channels: [16, 16, 32, 48],
  controlnet_conditioning_channel_order: "rgb",
  cross_attention_dim: UNET_JSON.cross_attention_dim,
  down_block_types: UNET_JSON.down_block_types,
  downsample_padding: 1,
  flip_sin_to_cos: true,
  freq_shift: 0,
  global_pool_conditions: false,
  in_channels: 4,
  layers_per_block: UNET_JSON.layers_per_block,
  mid_block_scale_factor: 1,
  norm_eps: UNET_JSON.norm_eps,
  norm_num_groups: UNET_JSON.norm_num_groups,
  use_linear_projection: true,
};

/** The scaling factor is measured after training: 1 / standard deviation of the latents. */
export const vaeJson = (scalingFactor: number) => ({
  _class_name: "AutoencoderKL",
  _diffusers_version: "0.15.1",
  act_fn: "silu",
  block_out_channels: [16, 32, 48, 64],
  down_block_types: Array(4).fill("DownEncoderBlock2D"),
  in_channels: 3,
  latent_channels: 4,
  layers_per_block: 1,
  norm_num_groups: 8,
  out_channels: 3,
  sample_size: 128,
  scaling_factor: scalingFactor,
  up_block_types: Array(4).fill("UpDecoderBlock2D"),
});

export const textEncoderJson = (vocabulary: number) => ({
  architectures: ["CLIPTextModel"],
  attention_dropout: 0,
  bos_token_id: vocabulary - 2,
  eos_token_id: vocabulary - 1,
  hidden_act: "quick_gelu",
  hidden_size: 64,
  intermediate_size: 128,
  layer_norm_eps: 1e-5,
  max_position_embeddings: MODEL_MAX_LENGTH,
  model_type: "clip_text_model",
  num_attention_heads: 4,
  num_hidden_layers: 2,
  pad_token_id: vocabulary - 1,
  vocab_size: vocabulary,
});

/** Squared feature lengths get 1e-2 before the root: flat pictures have features near zero, whose normalised gradient explodes. */
export const PERCEPTUAL_JSON = {
  _class_name: "PerceptualNetwork",
  net: "tiny",
  channels: [16, 32, 64, 64],
  epsilon: 1e-2,
  weight: 40,
  classes: [TIMES, TERRAINS, WEATHERS],
};
/** Another network than the perceptual one: it only judges what was painted. */
export const JUDGE_JSON = { _class_name: "PerceptualNetwork", net: "tiny", channels: [24, 32, 48, 64, 64], epsilon: 1e-2 };

/** The judge's trunk, other numbers. `textEncoder`: of `textEncoderDigest`. */
export const dualJson = (textEncoder: string) => ({
  _class_name: "DualEncoder",
  channels: JUDGE_JSON.channels,
  hidden_size: 64,
  projection_dim: 64,
  text_encoder: textEncoder,
});

const HERE = "models/tiny-landscapes";
export const unetArchitecture = (): UNetConfig => unetConfig(`${HERE}/unet/config.json`, UNET_JSON);
export const skylineArchitecture = (): ControlNetConfig => controlNetConfig(`${HERE}/control/skyline/config.json`, SKYLINE_JSON);
export const vaeArchitecture = (): VaeConfig => vaeConfig(`${HERE}/vae/config.json`, vaeJson(1));
export const textArchitecture = (vocabulary: number): ClipTextConfig =>
  clipTextConfig(`${HERE}/text_encoder/config.json`, textEncoderJson(vocabulary));
export const perceptualArchitecture = (): PerceptualConfig => perceptualConfig(`${HERE}/perceptual/config.json`, PERCEPTUAL_JSON);
export const judgeArchitecture = (): PerceptualConfig => perceptualConfig(`${HERE}/judge/config.json`, JUDGE_JSON);
export const dualArchitecture = (): DualEncoderConfig => dualEncoderConfig(`${HERE}/dual/config.json`, dualJson("0".repeat(64)));
