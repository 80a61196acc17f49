/**
 * @file Where a single file keeps each parameter: from diffusers' keys to those of the latent-diffusion code.
 * Source: CompVis/stable-diffusion, ldm/modules/diffusionmodules/openaimodel.py and model.py (names and their order), Stability-AI/stablediffusion,
 * ldm/modules/encoders/modules.py (OpenCLIP), open_clip/transformer.py.
 */
import type { UNetConfig } from "../../nets/unet.js";
import type { VaeConfig } from "../../nets/vae.js";

/** A tensor of a single file, or one of three equal parts of its rows. */
export interface OriginalPlace {
  readonly name: string;
  /** of a fused tensor of queries, keys and values, one after the other */
  readonly third?: 0 | 1 | 2;
}

/** Where a parameter lies, by its key in diffusers' layout. */
export type OriginalKeys = (key: string) => OriginalPlace;

/** What the names of the networks begin with in a single file. */
export const PREFIX = {
  unet: "model.diffusion_model.",
  vae: "first_stage_model.",
  clip: "cond_stage_model.transformer.",
  openClip: "cond_stage_model.model.",
} as const;

type Rule = readonly [pattern: RegExp, name: (...groups: string[]) => string];

/** The first rule that fits names the key's beginning; the rest of it is renamed by `rest`. */
function renamed(key: string, rules: readonly Rule[], rest: Readonly<Record<string, string>>): string {
  for (const [pattern, name] of rules) {
    const match = pattern.exec(key);
    if (!match) continue;
    const inner = key.slice(match[0].length);
    const old = Object.keys(rest).find((each) => inner.startsWith(`${each}.`));
    return name(...match.slice(1)) + (old === undefined ? inner : rest[old] + inner.slice(old.length));
  }
  throw new TypeError(`single file: no name for ${key}`);
}

const UNET_LAYERS = {
  norm1: "in_layers.0",
  conv1: "in_layers.2",
  time_emb_proj: "emb_layers.1",
  norm2: "out_layers.0",
  conv2: "out_layers.3",
  conv_shortcut: "skip_connection",
};

/** The U-Net: input_blocks, middle_block and output_blocks count through all levels. */
export function unetOriginal({ layersPerBlock: layers, upBlockTypes }: Pick<UNetConfig, "layersPerBlock" | "upBlockTypes">): OriginalKeys {
  const slot = (kind: string) => (kind === "resnets" ? 0 : 1);
  const attends = (up: string) => upBlockTypes[Number(up)].startsWith("Cross");
  const rules: readonly Rule[] = [
    [/^conv_in\./, () => "input_blocks.0.0."],
    [/^time_embedding\.linear_(\d)\./, (k) => `time_embed.${2 * (Number(k) - 1)}.`],
    [
      /^down_blocks\.(\d+)\.(resnets|attentions)\.(\d+)\./,
      (level, kind, j) => `input_blocks.${1 + Number(level) * (layers + 1) + Number(j)}.${slot(kind)}.`,
    ],
    [/^down_blocks\.(\d+)\.downsamplers\.0\.conv\./, (level) => `input_blocks.${(Number(level) + 1) * (layers + 1)}.0.op.`],
    [/^mid_block\.attentions\.0\./, () => "middle_block.1."],
    [/^mid_block\.resnets\.(\d)\./, (j) => `middle_block.${2 * Number(j)}.`],
    [
      /^up_blocks\.(\d+)\.(resnets|attentions)\.(\d+)\./,
      (up, kind, j) => `output_blocks.${Number(up) * (layers + 1) + Number(j)}.${slot(kind)}.`,
    ],
    [
      /^up_blocks\.(\d+)\.upsamplers\.0\.conv\./,
      (up) => `output_blocks.${Number(up) * (layers + 1) + layers}.${attends(up) ? 2 : 1}.conv.`,
    ],
    [/^conv_norm_out\./, () => "out.0."],
    [/^conv_out\./, () => "out.2."],
  ];
  return (key) => ({ name: PREFIX.unet + renamed(key, rules, UNET_LAYERS) });
}

const VAE_LAYERS = {
  conv_shortcut: "nin_shortcut",
  group_norm: "norm",
  query: "q",
  key: "k",
  value: "v",
  proj_attn: "proj_out",
};

/** The autoencoder: the decoder's levels are numbered from the image, diffusers' from the latent. */
export function vaeOriginal({ blockOutChannels }: Pick<VaeConfig, "blockOutChannels">): OriginalKeys {
  const level = (up: string) => blockOutChannels.length - 1 - Number(up);
  const rules: readonly Rule[] = [
    [/^encoder\.down_blocks\.(\d+)\.resnets\.(\d+)\./, (down, j) => `encoder.down.${down}.block.${j}.`],
    [/^encoder\.down_blocks\.(\d+)\.downsamplers\.0\./, (down) => `encoder.down.${down}.downsample.`],
    [/^decoder\.up_blocks\.(\d+)\.resnets\.(\d+)\./, (up, j) => `decoder.up.${level(up)}.block.${j}.`],
    [/^decoder\.up_blocks\.(\d+)\.upsamplers\.0\./, (up) => `decoder.up.${level(up)}.upsample.`],
    [/^(encoder|decoder)\.mid_block\.resnets\.(\d)\./, (side, j) => `${side}.mid.block_${Number(j) + 1}.`],
    [/^(encoder|decoder)\.mid_block\.attentions\.0\./, (side) => `${side}.mid.attn_1.`],
    [/^(encoder|decoder)\.conv_norm_out\./, (side) => `${side}.norm_out.`],
    [/^(?=(?:encoder|decoder)\.conv_(?:in|out)\.|(?:post_)?quant_conv\.)/, () => ""], // the same in both
  ];
  return (key) => ({ name: PREFIX.vae + renamed(key, rules, VAE_LAYERS) });
}

/** CLIP's text encoder of Stable Diffusion 1, in transformers' layout. @param inner what stands for `text_model.`, which some files leave out */
export const clipOriginal =
  (inner: "text_model." | ""): OriginalKeys =>
  (key) => ({ name: PREFIX.clip + key.replace(/^text_model\./, inner) });

const OPEN_CLIP: readonly Rule[] = [
  [/^text_model\.embeddings\.token_embedding\./, () => "token_embedding."],
  [/^text_model\.embeddings\.position_embedding\.weight$/, () => "positional_embedding"],
  [/^text_model\.final_layer_norm\./, () => "ln_final."],
  [/^text_model\.encoder\.layers\.(\d+)\./, (layer) => `transformer.resblocks.${layer}.`],
];
const OPEN_CLIP_LAYERS = {
  layer_norm1: "ln_1",
  layer_norm2: "ln_2",
  "mlp.fc1": "mlp.c_fc",
  "mlp.fc2": "mlp.c_proj",
  "self_attn.out_proj": "attn.out_proj",
};
const FUSED = /^text_model\.encoder\.layers\.(\d+)\.self_attn\.([qkv])_proj\.(weight|bias)$/;

/** OpenCLIP's text encoder of Stable Diffusion 2: queries, keys and values are one tensor, as in torch.nn.MultiheadAttention. */
export const openClipOriginal: OriginalKeys = (key) => {
  const fused = FUSED.exec(key);
  if (!fused) return { name: PREFIX.openClip + renamed(key, OPEN_CLIP, OPEN_CLIP_LAYERS) };
  const [, layer, which, kind] = fused;
  return { name: `${PREFIX.openClip}transformer.resblocks.${layer}.attn.in_proj_${kind}`, third: "qkv".indexOf(which) as 0 | 1 | 2 };
};
