/** @file A published architecture at an eighth of its channels, with a small vocabulary and SqueezeNet for VGG16. */
import { ARCHITECTURES, type Architecture, type ArchitectureName } from "#kernel-lib/pipelines/random-weights/architectures.js";

const eighth = (channels: readonly number[]): number[] => channels.map((c) => c / 8);

export function shrunk(name: ArchitectureName): Architecture {
  const { unet, vae, textEncoder, ...rest } = ARCHITECTURES[name];
  return {
    ...rest,
    unet: {
      ...unet,
      block_out_channels: eighth(unet.block_out_channels),
      cross_attention_dim: unet.cross_attention_dim / 8,
      norm_num_groups: 8,
    },
    vae: { ...vae, block_out_channels: [16, 32, 64, 64], norm_num_groups: 8 },
    textEncoder: {
      ...textEncoder,
      hidden_size: textEncoder.hidden_size / 8,
      intermediate_size: textEncoder.intermediate_size / 8,
      vocab_size: 1024,
    },
    perceptual: { _class_name: "PerceptualNetwork", net: "squeeze" },
  };
}

/** So small that it is written in a moment. */
export function tiny(): Architecture {
  const { unet, vae, textEncoder, ...rest } = shrunk("sd2-base");
  const widths = { block_out_channels: [8, 8, 8, 8], norm_num_groups: 4, layers_per_block: 1 };
  return {
    ...rest,
    unet: { ...unet, ...widths, attention_head_dim: 2, cross_attention_dim: 8 },
    vae: { ...vae, ...widths },
    textEncoder: { ...textEncoder, hidden_size: 8, intermediate_size: 16, num_attention_heads: 2, num_hidden_layers: 2, vocab_size: 800 },
    perceptual: { _class_name: "PerceptualNetwork", net: "tiny", channels: [8, 8] },
  };
}
