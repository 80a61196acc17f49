/** @file The architecture of tiny-noon and tiny-night, in the very files of a folder of diffusers' LDMPipeline. */
import { type UnconditionalUNetConfig, unconditionalUNetConfig } from "../../../kernel-lib/nets/unconditional-unet.js";

export const MODEL_INDEX = {
  _class_name: "LDMPipeline",
  _diffusers_version: "0.15.1",
  scheduler: ["diffusers", "DDIMScheduler"],
  unet: ["diffusers", "UNet2DModel"],
  vqvae: ["diffusers", "AutoencoderKL"],
};

/** Attention at 8×8 and 4×4. */
export const UNET_JSON = {
  _class_name: "UNet2DModel",
  _diffusers_version: "0.15.1",
  act_fn: "silu",
  add_attention: true,
  attention_head_dim: 24,
  block_out_channels: [48, 96, 96],
  center_input_sample: false,
  down_block_types: ["DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"],
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
  time_embedding_type: "positional",
  up_block_types: ["AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D"],
};

export const unetArchitecture = (): UnconditionalUNetConfig => unconditionalUNetConfig("models/tiny-times unet/config.json", UNET_JSON);
