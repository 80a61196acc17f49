/** @file The config of an MS-VQGAN: the `params` of the official YAML as JSON. Source: Frido, taming/models/msvqgan.py. */
import { form, list, misfit, object, only, optional, readForm, real, whole, wholes, yesNo } from "../core/forms.js";
import type { JsonObject } from "../core/json.js";
import { layers } from "./config-checks.js";
import type { CodebookLoss } from "./quantise.js";
import type { TamingLevels } from "./taming-blocks.js";

/** Frido's multi-scale VQGAN. */
export interface MsVqganConfig {
  /** entries of each scale's codebook, coarse first; as many scales as entries */
  readonly codes: readonly number[];
  /** channels of a code, the same at every scale */
  readonly codeChannels: number;
  readonly imageChannels: number;
  readonly encoder: TamingLevels;
  readonly decoder: TamingLevels;
  /** channels of the decoder's input */
  readonly decoderInput: number;
  readonly outChannels: number;
  /** what joins the scales: one residual level at the finer scale's size */
  readonly fusion: TamingLevels;
  readonly loss: CodebookLoss;
  /** what each scale's features are multiplied with to be a diffusion model's latent, coarse first: 1 / their standard deviation */
  readonly scaleFactors: readonly number[];
}

/** What the encoder and the decoder have in common. */
const LEVELS = {
  ...only({ double_z: [false], resamp_with_conv: [true], use_linear_attn: [false], attn_type: ["vanilla"] }),
  resolution: whole(),
  ch: whole(),
  ch_mult: wholes,
  num_res_blocks: layers,
  attn_resolutions: list(whole(), "a list of whole numbers"),
};

const MS_VQGAN = object({
  ...only({ fusion: ["concat"], remap: [null] }),
  channel_range: optional(form("[]", (value) => Array.isArray(value) && value.length === 0)),
  embed_dim: wholes,
  n_embed: wholes,
  edconfig: object({ ...LEVELS, multiscale: whole({ max: 8 }), z_channels: wholes, in_channels: optional(whole(), 3) }),
  ddconfig: object({
    ...LEVELS,
    ...only({ give_pre_end: [false], tanh_out: [false] }),
    z_channels: whole(),
    out_ch: optional(whole(), 3),
  }),
  quant_beta: optional(real({ min: 0 }), 0.25),
  legacy: optional(yesNo, true),
  // not of the official code, which has 128 channels and 32 groups written down
  shared_decoder_ch: optional(whole(), 128),
  norm_num_groups: optional(whole(), 32),
  // in the official checkpoints a buffer of the diffusion model, `scale_factor`
  scale_factor: optional(list(real({ min: 1e-6 }), "a list of numbers above 0, one per scale")),
});

/**
 * Reads the config of an MS-VQGAN. Three keys are ours: `shared_decoder_ch` (default 128), `norm_num_groups` (default 32) and
 * `scale_factor` (default 1 for every scale), a buffer in the official checkpoints.
 * @throws CheckpointError naming the field
 */
export function msVqganConfig(file: string, json: JsonObject): MsVqganConfig {
  const c = readForm(file, MS_VQGAN, json);
  const { edconfig: ed, ddconfig: dd, norm_num_groups: groups } = c;
  const scales = ed.multiscale;
  const [E] = c.embed_dim;
  const scaleFactors = c.scale_factor ?? c.embed_dim.map(() => 1);
  const perScale = (key: string, entries: readonly number[]) => {
    if (entries.length !== scales) throw misfit(file, key, `${scales} entries, one per scale of edconfig.multiscale`, entries);
  };
  perScale("embed_dim", c.embed_dim);
  perScale("n_embed", c.n_embed);
  perScale("scale_factor", scaleFactors);
  perScale("edconfig.z_channels", ed.z_channels);
  if (c.embed_dim.some((e) => e !== E)) throw misfit(file, "embed_dim", "the same number of channels at every scale", c.embed_dim);
  // every map goes through layers of this width when scales are joined
  if (ed.z_channels.some((z) => z !== E)) throw misfit(file, "edconfig.z_channels", `${E}, as embed_dim, at every scale`, ed.z_channels);
  if (ed.ch_mult.length < scales) throw misfit(file, "edconfig.ch_mult", `at least ${scales} levels, one per scale`, ed.ch_mult);
  const finest = ed.ch_mult.length - scales + 1;
  if (dd.ch_mult.length !== finest)
    throw misfit(file, "ddconfig.ch_mult", `${finest} levels, to scale the finest latent up to the picture`, dd.ch_mult);
  const [encoder, decoder] = [levelsOf(ed, groups), levelsOf(dd, groups)];
  const fusion: TamingLevels = { channels: [c.shared_decoder_ch], blocks: 2, attentionLevels: [], groups };
  for (const [key, { channels }] of Object.entries({ "edconfig.ch": encoder, "ddconfig.ch": decoder, shared_decoder_ch: fusion }))
    if (channels.some((width) => width % groups !== 0))
      throw misfit(file, key, `levels whose widths are multiples of norm_num_groups ${groups}`, channels);
  return {
    codes: c.n_embed,
    codeChannels: E,
    imageChannels: ed.in_channels,
    encoder,
    decoder,
    decoderInput: dd.z_channels,
    outChannels: dd.out_ch,
    fusion,
    loss: { beta: c.quant_beta, betaOn: c.legacy ? "codebook" : "commitment" },
    scaleFactors,
  };
}

interface LevelFields {
  readonly resolution: number;
  readonly ch: number;
  readonly ch_mult: readonly number[];
  readonly num_res_blocks: number;
  readonly attn_resolutions: readonly number[];
}

/** Attention goes by the side that a level would have at the config's resolution, whatever the picture's size. */
const levelsOf = ({ resolution, ch, ch_mult, num_res_blocks, attn_resolutions }: LevelFields, groups: number): TamingLevels => ({
  channels: ch_mult.map((m) => m * ch),
  blocks: num_res_blocks,
  attentionLevels: [...ch_mult.keys()].filter((level) => attn_resolutions.includes(Math.floor(resolution / 2 ** level))),
  groups,
});
