/** @file A published architecture at an eighth of its channels, with a small vocabulary and SqueezeNet for VGG16. */
import { ARCHITECTURES, type Architecture, type ArchitectureName } from "#kernel-lib/fabricate/architectures.js";

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
