/**
 * @file Frido's MS-VQGAN: pictures as codes at several scales, as graphs. Source: Fan et al., arXiv:2208.13753, section 3.1; the official
 * taming/models/msvqgan.py, whose key names these are. Scales are counted coarse first; the official encoder's own lists are fine first.
 */
import type { Value } from "../graph/graph.js";
import { convTranspose } from "../graph/ops/conv-transpose.js";
import { add } from "../graph/ops/elementwise.js";
import { upsample2 } from "../graph/ops/pool.js";
import { concat, pad, split } from "../graph/ops/shape.js";
import { convLayer } from "./layers.js";
import type { MsVqganConfig } from "./ms-vqgan-config.js";
import type { Parameters } from "./parameters.js";
import { under } from "./parameters.js";
import { codebookLoss, type Quantised, quantise } from "./quantise.js";
import { tamingAttention, tamingDecoder, tamingHead, tamingMiddle, tamingResnet } from "./taming-blocks.js";

/** What the encoder makes of a picture at one scale; h and w are half those of the next finer scale. */
export interface MsVqganScale extends Quantised {
  /** [N,E,h,w]: the encoder's own map of the scale */
  readonly raw: Value;
  /** [N,E,h,w]: raw joined with the coarser codes; what is quantised */
  readonly features: Value;
}

/** A picture encoded. */
export interface MsVqganEncoding {
  /** coarse first */
  readonly scales: readonly MsVqganScale[];
  /** [N,E·scales,h,w]: every scale's features, coarse first, scaled up to the finest; NOT quantised. What a diffusion model learns. */
  readonly latent: Value;
}

/**
 * Image [N,C,H,W], about [-1,1], H and W multiples of 2^(levels−1), to codes. Coarse first:
 *
 *     features_0 = conv_0(raw_0)
 *     features_s = conv_s(join_s(up(straight_0), …, up(straight_{s−1}), raw_s)),   up = 1×1 ∘ ConvTranspose
 *
 * With three scales the coarsest passes up_1 and then up_2; up_s belongs to the step, not to the scale. VQModelInterface.encode is `latent`;
 * the official training class returns the quantised maps, fine first.
 */
export function msVqganEncode(config: MsVqganConfig, p: Parameters, image: Value): MsVqganEncoding {
  const E = config.codeChannels;
  let coarser: readonly Value[] = [];
  const scales = encoderMaps(config, under(p, "encoder"), image).map((raw, s): MsVqganScale => {
    let joined = raw;
    if (s > 0) {
      coarser = coarser.map((map) => convLayer(p, `shared_post_quant_conv.${s - 1}`, upTwice(p, `upsample.${s - 1}`, map), E, 1));
      joined = tamingDecoder(config.fusion, under(p, `shared_decoder.${s - 1}`), concat([...coarser, raw], 1), E);
    }
    const features = convLayer(p, `ms_quant_conv.${s}`, joined, E, 1); // [N,E,h,w]
    const quantised = quantise(codebook(config, p, s), features);
    coarser = [...coarser, quantised.straight];
    return { raw, features, ...quantised };
  });
  return { scales, latent: stacked(scales.map(({ features }) => features)) };
}

/** The pictures of a latent, and its codes at the finest resolution. */
export interface MsVqganDecoding {
  /** [N,C,H,W], about [-1,1], not clamped */
  readonly image: Value;
  /** [N,h·w] int64 a scale, coarse first: a coarse code stands four times, where its four pixels agree */
  readonly codes: readonly Value[];
}

/**
 * Latent [N,E·scales,h,w] of `msVqganEncode` -> its picture. Every scale is quantised at the finest resolution; the gradient passes straight
 * through. Source: VQModelInterface.decode.
 */
export function msVqganDecode(config: MsVqganConfig, p: Parameters, latent: Value): MsVqganDecoding {
  const parts = split(latent, 1, Array<number>(config.codes.length).fill(config.codeChannels)); // [N,E,h,w] each
  const quantised = parts.map((part, s) => quantise(codebook(config, p, s), part));
  return {
    image: decodeMaps(
      config,
      p,
      quantised.map(({ straight }) => straight),
    ),
    codes: quantised.map(({ codes }) => codes),
  };
}

/** Latent [N,E·scales,h,w] -> the same with each pixel's features replaced by the nearest entry of its scale's codebook. */
export function msVqganQuantise(config: MsVqganConfig, p: Parameters, latent: Value): Value {
  const parts = split(latent, 1, Array<number>(config.codes.length).fill(config.codeChannels)); // [N,E,h,w] each
  return concat(
    parts.map((part, s) => quantise(codebook(config, p, s), part).vectors),
    1,
  );
}

/** What a training step needs: the picture again, and what moves codebooks and encoder to each other. */
export interface MsVqganReconstruction {
  /** [N,C,H,W], not clamped */
  readonly image: Value;
  /** a scalar: the codebook losses of all scales added up */
  readonly codebookLoss: Value;
  readonly encoding: MsVqganEncoding;
}

/** An image [N,C,H,W] encoded, quantised at each scale's own resolution, and decoded. Source: MSFPNVQModel, encode and decode. */
export function msVqganReconstruct(config: MsVqganConfig, p: Parameters, image: Value): MsVqganReconstruction {
  const encoding = msVqganEncode(config, p, image);
  const losses = encoding.scales.map(({ features, vectors }) => codebookLoss(features, vectors, config.loss));
  const maps = atFinest(encoding.scales.map(({ straight }) => straight));
  return { image: decodeMaps(config, p, maps), codebookLoss: losses.reduce((a, b) => add(a, b)), encoding };
}

/** Quantised maps at the finest resolution, coarse first, to a picture. The decoder reads them fine first. */
function decodeMaps(config: MsVqganConfig, p: Parameters, maps: readonly Value[]): Value {
  const z = convLayer(p, "post_quant_conv", concat([...maps].reverse(), 1), config.decoderInput, 1);
  return tamingDecoder(config.decoder, under(p, "decoder"), z, config.outChannels);
}

const codebook = ({ codes, codeChannels }: MsVqganConfig, p: Parameters, scale: number): Value =>
  p(`ms_quantize.${scale}.embedding.weight`, [codes[scale], codeChannels]);

/** x [N,C,h,w] -> [N,C,2h,2w], learned. */
function upTwice(p: Parameters, key: string, x: Value): Value {
  const C = x.shape[1];
  return convTranspose(x, p(`${key}.weight`, [C, C, 4, 4]), p(`${key}.bias`, [C]));
}

/** Each map scaled up (nearest neighbour) to the last one's size. */
const atFinest = (maps: readonly Value[]): Value[] =>
  maps.map((map, s) => Array.from({ length: maps.length - 1 - s }).reduce<Value>((h) => upsample2(h), map));

const stacked = (maps: readonly Value[]): Value => concat(atFinest(maps), 1);

/** The last levels of the encoder, each through its own middle and head: [N,E,h,w] a scale, coarse first. */
function encoderMaps({ encoder, codes, codeChannels }: MsVqganConfig, p: Parameters, image: Value): Value[] {
  const { channels, blocks, attentionLevels, groups } = encoder;
  const last = channels.length - 1;
  const side = 2 ** last;
  const [, , H, W] = image.shape;
  if (H % side || W % side)
    throw new RangeError(`msVqganEncode: got an image of ${H}×${W}, want multiples of ${side}, since ${last + 1} levels halve it`);
  const ends: Value[] = []; // a level's last map, before it is halved
  let h = convLayer(p, "conv_in", image, channels[0], 3); // [N,C_0,H,W]
  for (const [level, out] of channels.entries()) {
    for (let j = 0; j < blocks; j++) {
      h = tamingResnet(p, `down.${level}.block.${j}`, h, out, groups); // [N,C_level,H/2^level,W/2^level]
      if (attentionLevels.includes(level)) h = tamingAttention(p, `down.${level}.attn.${j}`, h, groups);
    }
    ends.push(h);
    // a row of zeros below, a column of zeros to the right
    if (level < last)
      h = convLayer(p, `down.${level}.downsample.conv`, pad(h, [0, 0, 0, 0], [0, 0, 1, 1]), out, 3, { stride: 2, padding: 0 });
  }
  const maps = ends.slice(-codes.length).map((end, k) => {
    const middle = tamingMiddle(p, `mid_ms.${k}`, end, groups);
    return tamingHead(p, `norm_out_ms.${k}`, `conv_out_ms.${k}`, middle, codeChannels, groups);
  });
  return maps.reverse();
}
