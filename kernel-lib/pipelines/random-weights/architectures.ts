/**
 * @file The published Stable Diffusion checkpoints' own config files. Sources: the model repositories runwayml/stable-diffusion-v1-5,
 * stabilityai/stable-diffusion-2-base and stabilityai/stable-diffusion-2-1, without the keys that change nothing here (names of folders,
 * versions of packages, a safety checker).
 */
import type { JsonObject } from "../../core/json.js";

/** A checkpoint's config files, and what its tokenizer pads with. */
export interface Architecture {
  readonly modelIndex: JsonObject;
  readonly scheduler: JsonObject;
  readonly unet: JsonObject;
  readonly vae: JsonObject;
  readonly textEncoder: JsonObject;
  readonly perceptual: JsonObject;
  readonly padToken: string;
}

const modelIndex = (scheduler: string): JsonObject => ({
  _class_name: "StableDiffusionPipeline",
  _diffusers_version: "0.10.0",
  feature_extractor: [null, null],
  requires_safety_checker: false,
  safety_checker: [null, null],
  scheduler: ["diffusers", scheduler],
  text_encoder: ["transformers", "CLIPTextModel"],
  tokenizer: ["transformers", "CLIPTokenizer"],
  unet: ["diffusers", "UNet2DConditionModel"],
  vae: ["diffusers", "AutoencoderKL"],
});

const scheduler = (name: string, prediction: string): JsonObject => ({
  _class_name: name,
  beta_end: 0.012,
  beta_schedule: "scaled_linear",
  beta_start: 0.00085,
  clip_sample: false,
  num_train_timesteps: 1000,
  prediction_type: prediction,
  set_alpha_to_one: false,
  skip_prk_steps: true,
  steps_offset: 1,
  trained_betas: null,
});

const UNET_1 = {
  _class_name: "UNet2DConditionModel",
  act_fn: "silu",
  attention_head_dim: 8,
  block_out_channels: [320, 640, 1280, 1280],
  center_input_sample: false,
  cross_attention_dim: 768,
  down_block_types: ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
  downsample_padding: 1,
  flip_sin_to_cos: true,
  freq_shift: 0,
  in_channels: 4,
  layers_per_block: 2,
  mid_block_scale_factor: 1,
  norm_eps: 1e-5,
  norm_num_groups: 32,
  out_channels: 4,
  sample_size: 64,
  up_block_types: ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
};
const UNET_2 = {
  ...UNET_1,
  attention_head_dim: [5, 10, 20, 20],
  cross_attention_dim: 1024,
  dual_cross_attention: false,
  only_cross_attention: false,
  use_linear_projection: true,
};

const vae = (sampleSize: number): JsonObject => ({
  _class_name: "AutoencoderKL",
  act_fn: "silu",
  block_out_channels: [128, 256, 512, 512],
  down_block_types: Array(4).fill("DownEncoderBlock2D"),
  in_channels: 3,
  latent_channels: 4,
  layers_per_block: 2,
  norm_num_groups: 32,
  out_channels: 3,
  sample_size: sampleSize,
  up_block_types: Array(4).fill("UpDecoderBlock2D"),
});

/** The published id numbers are not the tokenizer's 49406 and 49407; transformers' CLIPTextModel does without them. */
const TEXT_1 = {
  architectures: ["CLIPTextModel"],
  attention_dropout: 0,
  bos_token_id: 0,
  dropout: 0,
  eos_token_id: 2,
  hidden_act: "quick_gelu",
  hidden_size: 768,
  initializer_range: 0.02,
  intermediate_size: 3072,
  layer_norm_eps: 1e-5,
  max_position_embeddings: 77,
  model_type: "clip_text_model",
  num_attention_heads: 12,
  num_hidden_layers: 12,
  pad_token_id: 1,
  projection_dim: 768,
  vocab_size: 49408,
};
/** Of OpenCLIP's ViT-H text encoder (24 layers) the last layer is left out: that is how SD 2 takes the penultimate state. */
const TEXT_2 = {
  ...TEXT_1,
  hidden_act: "gelu",
  hidden_size: 1024,
  intermediate_size: 4096,
  num_attention_heads: 16,
  num_hidden_layers: 23,
  projection_dim: 512,
};

const PERCEPTUAL = { _class_name: "PerceptualNetwork", net: "vgg" };

/** The checkpoints that `random-weights` knows by name. */
export const ARCHITECTURES = {
  sd15: {
    modelIndex: modelIndex("PNDMScheduler"),
    scheduler: scheduler("PNDMScheduler", "epsilon"),
    unet: UNET_1,
    vae: vae(512),
    textEncoder: TEXT_1,
    perceptual: PERCEPTUAL,
    padToken: "<|endoftext|>",
  },
  "sd2-base": {
    modelIndex: modelIndex("PNDMScheduler"),
    scheduler: scheduler("PNDMScheduler", "epsilon"),
    unet: UNET_2,
    vae: vae(768),
    textEncoder: TEXT_2,
    perceptual: PERCEPTUAL,
    padToken: "!",
  },
  sd21: {
    modelIndex: modelIndex("DDIMScheduler"),
    scheduler: scheduler("DDIMScheduler", "v_prediction"),
    unet: { ...UNET_2, sample_size: 96, upcast_attention: true },
    vae: vae(768),
    textEncoder: TEXT_2,
    perceptual: PERCEPTUAL,
    padToken: "!",
  },
} as const satisfies Record<string, Architecture>;

/** The name of an architecture. */
export type ArchitectureName = keyof typeof ARCHITECTURES;
