/**
 * @file Frido's PyU-Net, as a graph: one U-Net that predicts the noise of each stage of a pyramid, given what is finished of the coarser ones.
 * Source: Fan et al., arXiv:2208.13753, section 3.2; the official pyunet.py, whose key names these are.
 */
import { ShapeError } from "../core/errors.js";
import type { Value } from "../graph/graph.js";
import { addChannels } from "../graph/ops/conv.js";
import { add, mul, silu } from "../graph/ops/elementwise.js";
import { attention, linear } from "../graph/ops/matmul.js";
import { averagePool2, upsample2 } from "../graph/ops/pool.js";
import { concat, reshape, slice, slices, split, transpose } from "../graph/ops/shape.js";
import { segment } from "../graph/segment.js";
import { convLayer, groupNormLayer, linearLayer, upsampleLayer } from "./layers.js";
import { type Parameters, under } from "./parameters.js";
import type { PyUNetConfig } from "./pyunet-config.js";
import { type Gates, spadeGates, spadeNorm } from "./spade.js";
import { transformer } from "./transformer.js";

const EPSILON = 1e-5;
const TRANSFORMER_EPSILON = 1e-6;

/** x [N,C,h,w] normalised with the parameters below a key. */
type Norm = (p: Parameters, key: string, x: Value, epsilon: number) => Value;

/** What a call gives the network besides the latent. */
export interface PyUNetInputs {
  /** [N,M] or [1,M], M the model's channels: the timestep, by timestepEmbedding with pyunetTimesteps(config) */
  readonly embedding: Value;
  /** [N,tokens,D]; absent where the config has no transformer */
  readonly context?: Value;
  /** from 0, the coarsest */
  readonly stage: number;
}

/**
 * The noise of one stage's channels:
 *
 *     h = conv_s(own channels)                        own: those of stage s; all of them, where the config has no split
 *     g = conv'_s(channels of the coarser stages)     none at stage 0
 *     out = head_s(U-Net(h; time + stage_s, context)), every norm n(x) gated: n(x)·(1 + gamma(g)) + beta(g)
 *
 * g is brought to a level's size by its upper left pixels (nearest neighbour). Channels of finer stages may be there and are not read.
 * @param latent [N,C,h,w], coarse channels first; h and w multiples of 2^(levels−1)
 * @returns [N,own channels,h,w]
 */
export function pyunet(config: PyUNetConfig, p: Parameters, latent: Value, { embedding, context, stage }: PyUNetInputs): Value {
  const { channels, blocks, attentionLevels } = config;
  const deepest = channels.length - 1;
  const { h: first, gate, head, out } = entrance(config, p, latent, stage);
  const norm = gatedNorm(config, gate);
  const time = silu(stageTime(config, p, embedding, stage)); // [N,4M]

  const residual = (x: Value, key: string, width: number, resample?: (x: Value) => Value) =>
    segment([x, time], ([x, time]) => residualBlock(config, norm, under(p, key), x, { time, out: width, resample }));
  const attend = (x: Value, key: string, level: number) =>
    segment([x], ([x]) => attentionBlock(config, norm, under(p, key), x, { context, heads: config.heads[level] }));

  let h = first; // [N,M,h,w]
  const skips = [h];
  let block = config.split ? 0 : 1; // without a split, the first of the input blocks is the convolution
  for (const [level, width] of channels.entries()) {
    for (let j = 0; j < blocks; j++, block++) {
      h = residual(h, `input_blocks.${block}.0`, width); // [N,C_level,h/2^level,w/2^level]
      if (attentionLevels.includes(level)) h = attend(h, `input_blocks.${block}.1`, level);
      skips.push(h);
    }
    if (level === deepest) break;
    const key = `input_blocks.${block++}.0`;
    h = config.residualResampling ? residual(h, key, width, averagePool2) : convLayer(p, `${key}.op`, h, width, 3, { stride: 2 });
    skips.push(h);
  }

  h = residual(h, "middle_block.0", channels[deepest]);
  h = attend(h, "middle_block.1", deepest);
  h = residual(h, "middle_block.2", channels[deepest]);

  block = 0;
  for (let level = deepest; level >= 0; level--)
    for (let j = 0; j <= blocks; j++, block++) {
      const attends = attentionLevels.includes(level);
      h = residual(concat([h, skips.pop() as Value], 1), `output_blocks.${block}.0`, channels[level]);
      if (attends) h = attend(h, `output_blocks.${block}.1`, level);
      if (level === 0 || j < blocks) continue;
      const key = `output_blocks.${block}.${attends ? 2 : 1}`;
      h = config.residualResampling ? residual(h, key, channels[level], upsample2) : upsampleLayer(p, `${key}.conv`, h, channels[level]);
    }
  return convLayer(p, `${head}.2`, silu(groupNormLayer(p, `${head}.0`, h, config.groups, EPSILON)), out, 3);
}

/**
 * The gates of the first norm of each level, finest first: how the coarser stages scale and shift it.
 * @param latent as for `pyunet`  @returns none at stage 0, and where the config has no split
 */
export function pyunetGates(config: PyUNetConfig, p: Parameters, latent: Value, stage: number): readonly Gates[] {
  const { gate } = entrance(config, p, latent, stage);
  if (!gate) return [];
  return config.channels.map((_, level) => {
    const block = level * (config.blocks + 1); // a level's blocks and what halves the map
    const channels = level === 0 ? config.modelChannels : config.channels[level - 1]; // of what enters the level
    return spadeGates(under(p, `input_blocks.${block}.0.in_layers.0`), upperLeft(gate, 2 ** level), channels, config.gateHidden);
  });
}

/** The first map [N,M,h,w], what gates the norms, the key of the stage's head and its channels. */
function entrance(
  { split: parts, stages, inChannels, outChannels, modelChannels: M, channels }: PyUNetConfig,
  p: Parameters,
  latent: Value,
  stage: number,
) {
  const [, C, H, W] = latent.shape;
  const side = 2 ** (channels.length - 1);
  if (H % side || W % side)
    throw new RangeError(`pyunet: got a latent of ${H}×${W}, want multiples of ${side}, since ${channels.length} levels halve it`);
  if (!Number.isInteger(stage) || stage < 0 || stage >= stages)
    throw new RangeError(`pyunet: got stage ${stage}, want a whole number from 0 to ${stages - 1}`);
  const coarser = parts ? parts.slice(0, stage).reduce((a, b) => a + b, 0) : 0; // channels
  const own = parts ? parts[stage] : inChannels;
  if (C < coarser + own)
    throw new ShapeError("pyunet", {
      got: `[${latent.shape}] at stage ${stage}`,
      want: `at least ${coarser + own} channels, coarse first`,
    });
  const ownMap = slice(latent, 1, coarser, coarser + own);
  if (!parts) return { h: convLayer(p, "input_blocks.0.0", ownMap, M, 3), gate: undefined, head: "out", out: outChannels };
  return {
    h: convLayer(p, `pre_input_blocks.${stage}.0`, ownMap, M, 3),
    gate: stage > 0 ? convLayer(p, `pre_input_cond_blocks.${stage - 1}.0`, slice(latent, 1, 0, coarser), M, 3) : undefined, // [N,M,h,w]
    head: `out.${stage}`,
    out: own,
  };
}

/** The norms of all blocks but the head. The gate is brought to each level's size once, outside of any segment. */
function gatedNorm({ split: parts, channels, groups, gateHidden: hidden }: PyUNetConfig, gate: Value | undefined): Norm {
  if (!parts) return (p, key, x, epsilon) => groupNormLayer(p, key, x, groups, epsilon);
  const maps = gate ? channels.map((_, level) => upperLeft(gate, 2 ** level)) : [];
  return (p, key, x, epsilon) => {
    const map = maps.find(({ shape }) => shape[2] === x.shape[2]);
    return spadeNorm(under(p, key), x, map, { groups, epsilon, hidden });
  };
}

/** The upper left pixel of every step × step: [N,C,H,W] -> [N,C,H/step,W/step]. */
const upperLeft = (x: Value, step: number): Value => (step === 1 ? x : slices(x, [2, 3], [0, 0], [x.shape[2], x.shape[3]], [step, step]));

/** The timestep through two linear layers, and the stage's row: [N,M] -> [N,4M]. */
function stageTime({ modelChannels: M, stages }: PyUNetConfig, p: Parameters, embedding: Value, stage: number): Value {
  const time = linearLayer(p, "time_embed.2", silu(linearLayer(p, "time_embed.0", embedding, 4 * M)), 4 * M);
  return stages === 1 ? time : add(time, slice(p("stage_emb.weight", [stages, 4 * M]), 0, stage, stage + 1));
}

/** x [N,C,h,w], time [N,4M] activated -> [N,out,h',w']; `resample` is applied to both branches between the first norm and its convolution. */
function residualBlock(
  { scaleShift }: PyUNetConfig,
  norm: Norm,
  p: Parameters,
  x: Value,
  { time, out, resample = (x) => x }: { readonly time: Value; readonly out: number; readonly resample?: (x: Value) => Value },
): Value {
  let h = convLayer(p, "in_layers.2", resample(silu(norm(p, "in_layers.0", x, EPSILON))), out, 3); // [N,out,h',w']
  const shift = linearLayer(p, "emb_layers.1", time, scaleShift ? 2 * out : out);
  if (scaleShift) {
    const [scale, moved] = split(shift, 1, [out, out]);
    const factor = reshape(add(scale, 1), [scale.shape[0], out, 1, 1]);
    h = addChannels(mul(norm(p, "out_layers.0", h, EPSILON), factor), moved);
  } else h = norm(p, "out_layers.0", addChannels(h, shift), EPSILON);
  h = convLayer(p, "out_layers.3", silu(h), out, 3);
  const straight = resample(x);
  return add(x.shape[1] === out ? straight : convLayer(p, "skip_connection", straight, out, 1), h);
}

/** x [N,C,h,w] -> [N,C,h,w]: a transformer with the condition, or self-attention alone. */
function attentionBlock(
  config: PyUNetConfig,
  norm: Norm,
  p: Parameters,
  x: Value,
  { context, heads }: { readonly context?: Value; readonly heads: number },
): Value {
  if (config.transformer) {
    if (!context) throw new TypeError("pyunet: got no context, want [N,tokens,D] for the network's cross-attention");
    const { depth } = config.transformer;
    return transformer(p, x, context, { heads, projection: "conv", depth, norm: (x) => norm(p, "norm", x, TRANSFORMER_EPSILON) });
  }
  const [N, C, H, W] = x.shape;
  const tokens = transpose(reshape(norm(p, "norm", x, EPSILON), [N, C, H * W]), [0, 2, 1]); // [N,HW,C]
  const mixed = pointwise(p, "qkv", tokens, 3 * C);
  const apart = transpose(reshape(mixed, [N, H * W, heads, 3, C / heads]), [3, 0, 1, 2, 4]); // each head has its q, k and v together
  const [q, k, v] = [0, 1, 2].map((i) => reshape(slice(apart, 0, i, i + 1), [N, H * W, C]));
  const attended = pointwise(p, "proj_out", attention(q, k, v, heads), C);
  return add(x, reshape(transpose(attended, [0, 2, 1]), [N, C, H, W]));
}

/** A 1-D convolution of one pixel, whose weight is [out,C,1]: x [N,T,C] -> [N,T,out]. */
const pointwise = (p: Parameters, key: string, x: Value, out: number): Value =>
  linear(x, reshape(p(`${key}.weight`, [out, x.shape[2], 1]), [out, x.shape[2]]), p(`${key}.bias`, [out]));
