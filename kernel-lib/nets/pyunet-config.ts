/** @file The config of a PyU-Net: the `params` of the official YAML as JSON. Source: Frido, frido/modules/diffusionmodules/pyunet.py. */
import { either, form, is, list, misfit, nullish, object, oneOf, only, optional, readForm, whole, wholes, yesNo } from "../core/forms.js";
import type { JsonObject } from "../core/json.js";
import { layers } from "./config-checks.js";
import type { TimestepConfig } from "./timestep-embedding.js";

/** Frido's U-Net, one network for all stages of a pyramid. */
export interface PyUNetConfig {
  /** channels of the whole latent, all stages together */
  readonly inChannels: number;
  readonly outChannels: number;
  /** side of the square latent it was trained on */
  readonly sampleSize: number;
  /** how many stages share the network */
  readonly stages: number;
  /** each stage's channels of the latent, coarse first: it has its own way in and out, and its norms are gated by the coarser ones (SPADE) */
  readonly split?: readonly number[];
  /** channels inside a gate */
  readonly gateHidden: number;
  readonly modelChannels: number;
  /** a level's width, finest first */
  readonly channels: readonly number[];
  readonly blocks: number;
  /** levels that attend; the middle always does */
  readonly attentionLevels: readonly number[];
  /** heads a level */
  readonly heads: readonly number[];
  /** attention to the condition as well as to the pixels, so many blocks deep; undefined: to the pixels alone */
  readonly transformer?: { readonly depth: number; readonly contextDim: number };
  /** whether the time scales and shifts inside a residual block, or is added */
  readonly scaleShift: boolean;
  /** whether residual blocks change the resolution, or convolutions */
  readonly residualResampling: boolean;
  readonly groups: number;
  /** the resolution of a stage: "fine", the finest one's (the official code's), or "own", half that of the next finer stage */
  readonly coarseAt: "fine" | "own";
}

const COUNT = optional(either(whole(), is(-1), "a whole number, or -1"), -1);
const PYUNET = object({
  ...only({
    conv_resample: [true],
    dims: [2],
    n_embed: [null],
    num_classes: [null],
    num_heads_upsample: [-1],
    predict_codebook_ids: [false],
    use_fp16: [false],
    use_mscond: [false],
    use_new_attention_order: [false],
    use_pos_embed: [false],
    use_stage_expert: [false],
  }),
  image_size: whole(),
  in_channels: whole(),
  out_channels: whole(),
  model_channels: whole(),
  num_res_blocks: layers,
  attention_resolutions: list(whole(), "a list of whole numbers"),
  channel_mult: optional(wholes, [1, 2, 4, 8]),
  num_heads: COUNT,
  num_head_channels: COUNT,
  num_stage: optional(whole({ max: 8 }), 1),
  legacy: optional(yesNo, true),
  use_scale_shift_norm: optional(yesNo, false),
  resblock_updown: optional(yesNo, false),
  use_spatial_transformer: optional(yesNo, false),
  transformer_depth: optional(layers, 1),
  context_dim: nullish(whole()),
  use_split_head: optional(yesNo, false),
  use_SPADE_norm: optional(yesNo, false),
  split_embed_dim_list: optional(either(wholes, form<readonly number[]>("[]", isEmpty), "whole numbers, one per stage"), []),
  // not of the official code, which has 128 channels and 32 groups written down
  spade_hidden: optional(whole(), 128),
  norm_num_groups: optional(whole(), 32),
  // not of the official code, whose stages are all at the finest resolution
  coarse_at: optional(oneOf(["fine", "own"]), "fine"),
});

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

/**
 * Reads the config of a PyU-Net. Three keys are ours: `spade_hidden` (default 128), `norm_num_groups` (default 32) and `coarse_at` ("fine" by default).
 * @throws CheckpointError naming the field
 */
export function pyunetConfig(file: string, json: JsonObject): PyUNetConfig {
  const c = readForm(file, PYUNET, json);
  const channels = c.channel_mult.map((m) => m * c.model_channels);
  if (c.model_channels % 2 !== 0) throw misfit(file, "model_channels", "an even number: pairs of a sine and a cosine", c.model_channels);
  if ([c.model_channels, ...channels].some((width) => width % c.norm_num_groups !== 0))
    throw misfit(file, "model_channels", `levels whose widths are multiples of norm_num_groups ${c.norm_num_groups}`, channels);
  expectSplit(file, c);
  if (c.use_spatial_transformer && !c.context_dim)
    throw misfit(file, "context_dim", "a whole number, for use_spatial_transformer", c.context_dim);
  return {
    inChannels: c.in_channels,
    outChannels: c.out_channels,
    sampleSize: c.image_size,
    stages: c.num_stage,
    split: c.use_split_head ? c.split_embed_dim_list : undefined,
    gateHidden: c.spade_hidden,
    modelChannels: c.model_channels,
    channels,
    blocks: c.num_res_blocks,
    attentionLevels: [...channels.keys()].filter((level) => c.attention_resolutions.includes(2 ** level)),
    heads: headsOf(file, c, channels),
    transformer: c.use_spatial_transformer && c.context_dim ? { depth: c.transformer_depth, contextDim: c.context_dim } : undefined,
    scaleShift: c.use_scale_shift_norm,
    residualResampling: c.resblock_updown,
    groups: c.norm_num_groups,
    coarseAt: c.coarse_at,
  };
}

interface SplitFields {
  readonly use_split_head: boolean;
  readonly use_SPADE_norm: boolean;
  readonly split_embed_dim_list: readonly number[];
  readonly num_stage: number;
  readonly in_channels: number;
}

function expectSplit(file: string, c: SplitFields): void {
  const { use_split_head: split, split_embed_dim_list: parts } = c;
  if (c.use_SPADE_norm !== split) throw misfit(file, "use_SPADE_norm", `${split}, as use_split_head`, c.use_SPADE_norm);
  if (!split) return;
  if (parts.length !== c.num_stage) throw misfit(file, "split_embed_dim_list", `${c.num_stage} entries, one per stage of num_stage`, parts);
  const sum = parts.reduce((a, b) => a + b, 0);
  if (sum !== c.in_channels) throw misfit(file, "split_embed_dim_list", `entries that add up to in_channels ${c.in_channels}`, parts);
}

interface HeadFields {
  readonly num_heads: number;
  readonly num_head_channels: number;
  readonly legacy: boolean;
  readonly use_spatial_transformer: boolean;
}

/** With legacy, a transformer has one head whatever the other keys say, as in the official code; self-attention alone follows num_head_channels. */
function headsOf(file: string, c: HeadFields, channels: readonly number[]): readonly number[] {
  const { num_heads, num_head_channels: width } = c;
  if (num_heads === -1 && width === -1) throw misfit(file, "num_head_channels", "a whole number, unless num_heads is one", width);
  if (c.use_spatial_transformer && c.legacy) return channels.map(() => 1);
  if (!c.use_spatial_transformer && width === -1)
    throw misfit(file, "num_head_channels", "a whole number, where use_spatial_transformer is false", width);
  const heads = channels.map((C) => (width === -1 ? num_heads : C / width));
  if (channels.some((C, level) => !Number.isInteger(heads[level]) || C % heads[level] !== 0))
    throw misfit(
      file,
      width === -1 ? "num_heads" : "num_head_channels",
      `a number that divides ${channels.join(", ")}`,
      width === -1 ? num_heads : width,
    );
  return heads;
}

/** What the embedding of its timesteps is made by: cosines first. */
export const pyunetTimesteps = ({ modelChannels }: PyUNetConfig): TimestepConfig => ({
  blockOutChannels: [modelChannels],
  flipSinToCos: true,
  freqShift: 0,
});
