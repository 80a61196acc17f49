/**
 * @file The configs of a checkpoint's parts, typed and checked. Absent keys have the defaults of diffusers and transformers.
 * An option that would change a network and is not built here is refused by name; nothing is guessed.
 */
import { type Fields, fieldsOf } from "./fields.js";
import type { JsonObject } from "./json.js";

export type { PerceptualConfig } from "./perceptual-config.js";
export type { SchedulerConfig } from "./scheduler-config.js";

export type DownBlockType = "CrossAttnDownBlock2D" | "DownBlock2D";
export type UpBlockType = "CrossAttnUpBlock2D" | "UpBlock2D";

/** diffusers' UNet2DConditionModel, as SD 1.x and 2.x configure it. One entry a level in each list. */
export interface UNetConfig {
  readonly inChannels: number;
  readonly outChannels: number;
  /** Side of the square latent it was trained on. */
  readonly sampleSize: number;
  readonly blockOutChannels: readonly number[];
  readonly downBlockTypes: readonly DownBlockType[];
  readonly upBlockTypes: readonly UpBlockType[];
  readonly layersPerBlock: number;
  /** Number of attention heads a level (diffusers names it attention_head_dim). */
  readonly heads: readonly number[];
  /** Width of the text embedding. */
  readonly crossAttentionDim: number;
  readonly useLinearProjection: boolean;
  /** Attention scores in float32 whatever the weights are: here they always are. */
  readonly upcastAttention: boolean;
  readonly normNumGroups: number;
  readonly normEps: number;
  readonly flipSinToCos: boolean;
  readonly freqShift: number;
  readonly midBlockType: "UNetMidBlock2DCrossAttn";
  readonly downsamplePadding: 1;
  readonly transformerLayersPerBlock: 1;
}

/** diffusers' AutoencoderKL. */
export interface VaeConfig {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly latentChannels: number;
  /** Side of the square image it was trained on, in pixels. */
  readonly sampleSize: number;
  readonly blockOutChannels: readonly number[];
  readonly layersPerBlock: number;
  readonly normNumGroups: number;
  /** The diffusion model's latent is the VAE's times this. */
  readonly scalingFactor: number;
}

/** transformers' CLIPTextModel. */
export interface ClipTextConfig {
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly numHiddenLayers: number;
  readonly numAttentionHeads: number;
  readonly maxPositionEmbeddings: number;
  readonly hiddenAct: "quick_gelu" | "gelu";
  readonly layerNormEps: number;
  readonly bosTokenId: number;
  readonly eosTokenId: number;
  readonly padTokenId: number;
}

const LAYERS = { min: 1, max: 64 };

/** @throws CheckpointError naming the key. @source diffusers, models/unet_2d_condition.py (defaults). */
export function unetConfig(file: string, json: JsonObject): UNetConfig {
  const f = fieldsOf(file, json);
  f.oneOf("_class_name", ["UNet2DConditionModel"]);
  f.only({
    act_fn: ["silu", "swish"],
    addition_embed_type: [null],
    attention_type: ["default"],
    center_input_sample: [false],
    class_embed_type: [null],
    class_embeddings_concat: [null, false],
    conv_in_kernel: [3],
    conv_out_kernel: [3],
    cross_attention_norm: [null, false],
    downsample_padding: [1],
    dual_cross_attention: [false],
    encoder_hid_dim: [null],
    encoder_hid_dim_type: [null],
    mid_block_only_cross_attention: [null, false],
    mid_block_scale_factor: [1],
    mid_block_type: ["UNetMidBlock2DCrossAttn"],
    num_class_embeds: [null],
    only_cross_attention: [false],
    resnet_out_scale_factor: [1],
    resnet_skip_time_act: [false],
    resnet_time_scale_shift: ["default"],
    reverse_transformer_layers_per_block: [null],
    time_cond_proj_dim: [null],
    time_embedding_act_fn: [null],
    time_embedding_dim: [null],
    time_embedding_type: ["positional"],
    timestep_post_act: [null],
    transformer_layers_per_block: [1],
  });
  const blockOutChannels = f.wholes("block_out_channels", [320, 640, 1280, 1280]);
  const n = blockOutChannels.length;
  const config: UNetConfig = {
    inChannels: f.whole("in_channels", 4),
    outChannels: f.whole("out_channels", 4),
    sampleSize: f.has("sample_size") ? f.whole("sample_size") : 64,
    blockOutChannels,
    downBlockTypes: f.listOf("down_block_types", ["CrossAttnDownBlock2D", "DownBlock2D"], downDefault(n)),
    upBlockTypes: f.listOf("up_block_types", ["CrossAttnUpBlock2D", "UpBlock2D"], upDefault(n)),
    layersPerBlock: f.whole("layers_per_block", 2, LAYERS),
    heads: headsOf(f, n),
    crossAttentionDim: f.whole("cross_attention_dim", 1280),
    useLinearProjection: f.yesNo("use_linear_projection", false),
    upcastAttention: f.yesNo("upcast_attention", false),
    normNumGroups: f.whole("norm_num_groups", 32),
    normEps: f.real("norm_eps", 1e-5, { min: 0, max: 1 }),
    flipSinToCos: f.yesNo("flip_sin_to_cos", true),
    freqShift: f.real("freq_shift", 0),
    midBlockType: "UNetMidBlock2DCrossAttn",
    downsamplePadding: 1,
    transformerLayersPerBlock: 1,
  };
  for (const [key, list] of [["down_block_types", config.downBlockTypes] as const, ["up_block_types", config.upBlockTypes] as const])
    if (list.length !== n) f.refuse(key, `${n} entries, one a level of block_out_channels`, list);
  expectDivisible(f, blockOutChannels, config.normNumGroups);
  // The time embedding begins with pairs of a sine and a cosine, block_out_channels[0] wide.
  if (blockOutChannels[0] % 2 !== 0) f.refuse("block_out_channels", "an even first entry", blockOutChannels);
  blockOutChannels.forEach((channels, level) => {
    const attends =
      level === n - 1 || config.downBlockTypes[level].startsWith("Cross") || config.upBlockTypes[n - 1 - level].startsWith("Cross");
    if (attends && channels % config.heads[level] !== 0)
      f.refuse("attention_head_dim", `a number of heads that divides ${channels}`, config.heads[level]);
  });
  return config;
}

const downDefault = (n: number): DownBlockType[] =>
  Array.from({ length: n }, (_, k) => (k < n - 1 ? "CrossAttnDownBlock2D" : "DownBlock2D"));
const upDefault = (n: number): UpBlockType[] => Array.from({ length: n }, (_, k) => (k > 0 ? "CrossAttnUpBlock2D" : "UpBlock2D"));

// diffusers takes attention_head_dim for the number of heads; num_attention_heads, where not null, has the same meaning and goes first.
function headsOf(f: Fields, levels: number): readonly number[] {
  const key = f.has("num_attention_heads") ? "num_attention_heads" : "attention_head_dim";
  if (!Array.isArray(f.get(key))) return Array<number>(levels).fill(f.whole(key, 8));
  const heads = f.wholes(key);
  return heads.length === levels ? heads : f.refuse(key, `a number, or ${levels}, one a level of block_out_channels`, heads);
}

function expectDivisible(f: Fields, channels: readonly number[], groups: number): void {
  if (channels.some((c) => c % groups !== 0)) f.refuse("block_out_channels", `multiples of norm_num_groups ${groups}`, channels);
}

/** @throws CheckpointError naming the key. @source diffusers, models/autoencoder_kl.py (defaults). */
export function vaeConfig(file: string, json: JsonObject): VaeConfig {
  const f = fieldsOf(file, json);
  f.oneOf("_class_name", ["AutoencoderKL"]);
  f.only({
    act_fn: ["silu", "swish"],
    latents_mean: [null],
    latents_std: [null],
    mid_block_add_attention: [true],
    shift_factor: [null, 0],
    use_post_quant_conv: [true],
    use_quant_conv: [true],
  });
  const blockOutChannels = f.wholes("block_out_channels", [64]);
  for (const [key, name] of [["down_block_types", "DownEncoderBlock2D"] as const, ["up_block_types", "UpDecoderBlock2D"] as const]) {
    const list = f.listOf(
      key,
      [name],
      blockOutChannels.map(() => name),
    );
    if (list.length !== blockOutChannels.length)
      f.refuse(key, `${blockOutChannels.length} entries, one a level of block_out_channels`, list);
  }
  const normNumGroups = f.whole("norm_num_groups", 32);
  expectDivisible(f, blockOutChannels, normNumGroups);
  return {
    inChannels: f.whole("in_channels", 3),
    outChannels: f.whole("out_channels", 3),
    latentChannels: f.whole("latent_channels", 4),
    sampleSize: f.has("sample_size") ? f.whole("sample_size") : 32,
    blockOutChannels,
    layersPerBlock: f.whole("layers_per_block", 1, LAYERS),
    normNumGroups,
    scalingFactor: f.real("scaling_factor", 0.18215, { min: 1e-6, max: 1e6 }),
  };
}

/** @throws CheckpointError naming the key. @source transformers, models/clip/configuration_clip.py (defaults). */
export function clipTextConfig(file: string, json: JsonObject): ClipTextConfig {
  const f = fieldsOf(file, json);
  f.oneOf("model_type", ["clip_text_model"]);
  const classes = f.get("architectures") ?? ["CLIPTextModel"];
  if (!Array.isArray(classes) || !classes.includes("CLIPTextModel")) f.refuse("architectures", '["CLIPTextModel"]', classes);
  const id = { min: 0, max: 2 ** 31 };
  const config: ClipTextConfig = {
    vocabSize: f.whole("vocab_size", 49408, { min: 1, max: 2 ** 24 }),
    hiddenSize: f.whole("hidden_size", 512),
    intermediateSize: f.whole("intermediate_size", 2048, { min: 1, max: 2 ** 20 }),
    numHiddenLayers: f.whole("num_hidden_layers", 12, { min: 1, max: 256 }),
    numAttentionHeads: f.whole("num_attention_heads", 8),
    maxPositionEmbeddings: f.whole("max_position_embeddings", 77),
    hiddenAct: f.oneOf("hidden_act", ["quick_gelu", "gelu"], "quick_gelu"),
    layerNormEps: f.real("layer_norm_eps", 1e-5, { min: 0, max: 1 }),
    bosTokenId: f.whole("bos_token_id", 49406, id),
    eosTokenId: f.whole("eos_token_id", 49407, id),
    padTokenId: f.whole("pad_token_id", 1, id),
  };
  if (config.hiddenSize % config.numAttentionHeads !== 0)
    f.refuse("num_attention_heads", `a number of heads that divides hidden_size ${config.hiddenSize}`, config.numAttentionHeads);
  return config;
}
