/**
 * @file LPIPS as a graph: features of a backbone at several depths, each scaled to unit length across channels, squared differences weighted
 * by learned non-negative numbers, averaged over pixels, summed over depths. Source: richzhang/PerceptualSimilarity, lpips/lpips.py and
 * pretrained_networks.py (v0.1); equation 1 of arXiv:1801.03924.
 */

import { ShapeError } from "../core/errors.js";
import { list, misfit, nullish, object, oneOf, optional, readForm, real, text, wholes } from "../core/forms.js";
import type { JsonObject } from "../core/json.js";
import type { Value } from "../graph/graph.js";
import { conv } from "../graph/ops/conv.js";
import { add, div, mul, relu, sub } from "../graph/ops/elementwise.js";
import { linear } from "../graph/ops/matmul.js";
import { unitLength } from "../graph/ops/norm.js";
import { averagePool2, maxPool } from "../graph/ops/pool.js";
import { reduceMean } from "../graph/ops/reduce.js";
import { concat, reshape } from "../graph/ops/shape.js";
import type { Parameters } from "./parameters.js";

/** LPIPS's own (lpips/__init__.py, normalize_tensor). */
export const PERCEPTUAL_EPSILON = 1e-10;

/** perceptual/config.json, a file of ours: the perceptual network beside a checkpoint: LPIPS over one of its backbones, or over a small one ("tiny"). */
export interface PerceptualConfig {
  readonly net: "vgg" | "alex" | "squeeze" | "tiny";
  /** Added to a feature's norm before dividing by it. */
  readonly epsilon: number;
  /** Channels of the levels, for "tiny" alone. */
  readonly channels?: readonly number[];
  /** Groups of classes that the backbone was trained to tell apart, where its head ("head.weight") is kept: one name of each group is right. */
  readonly classes?: readonly (readonly string[])[];
  /** SyncDiffusion's recommended weight with this checkpoint. */
  readonly weight?: number;
}

const PERCEPTUAL = object({
  _class_name: oneOf(["PerceptualNetwork"]),
  net: oneOf(["vgg", "alex", "squeeze", "tiny"]),
  epsilon: optional(real({ min: 0, max: 1 }), PERCEPTUAL_EPSILON),
  weight: nullish(real({ min: 0, max: 1e6 })),
  classes: optional(list(list(text(/./, "a name"), "a list of names"), "a list of lists of names")),
});

/** Reads a perceptual network's config.json. @throws CheckpointError naming the field */
export function perceptualConfig(file: string, json: JsonObject): PerceptualConfig {
  const { net, epsilon, weight, classes } = readForm(file, PERCEPTUAL, json);
  const given = json.channels ?? undefined;
  if (net !== "tiny" && given !== undefined) throw misfit(file, "channels", `nothing with net "${net}"`, given);
  return {
    net,
    epsilon,
    ...(net === "tiny" ? readForm(file, object({ channels: wholes }), json) : {}),
    ...(typeof weight === "number" ? { weight } : {}),
    ...(classes ? { classes } : {}),
  };
}

/** torchvision's ImageNet statistics for images in [-1,1] (lpips.py, ScalingLayer). */
const SHIFT = [-0.03, -0.088, -0.188];
const SCALE = [0.458, 0.448, 0.45];

/** A backbone: the image, scaled as it wants it -> its feature maps [N,C_k,H_k,W_k]. */
export type Backbone = (config: PerceptualConfig, p: Parameters, image: Value) => readonly Value[];

const layer = (p: Parameters, key: string, x: Value, out: number, size: number, padding: number, stride = 1): Value =>
  relu(conv(x, p(`${key}.weight`, [out, x.shape[1], size, size]), p(`${key}.bias`, [out]), { padding, stride }));

const vgg: Backbone = (_, p, image) => {
  const stages = [
    [
      [0, 64],
      [2, 64],
    ],
    [
      [5, 128],
      [7, 128],
    ],
    [
      [10, 256],
      [12, 256],
      [14, 256],
    ],
    [
      [17, 512],
      [19, 512],
      [21, 512],
    ],
    [
      [24, 512],
      [26, 512],
      [28, 512],
    ],
  ];
  let h = image;
  return stages.map((stage, k) => {
    if (k > 0) h = maxPool(h, 2);
    for (const [index, out] of stage) h = layer(p, `features.${index}`, h, out, 3, 1);
    return h;
  });
};

const alex: Backbone = (_, p, image) => {
  const first = layer(p, "features.0", image, 64, 11, 2, 4);
  const second = layer(p, "features.3", maxPool(first, 3), 192, 5, 2);
  const third = layer(p, "features.6", maxPool(second, 3), 384, 3, 1);
  const fourth = layer(p, "features.8", third, 256, 3, 1);
  return [first, second, third, fourth, layer(p, "features.10", fourth, 256, 3, 1)];
};

const squeeze: Backbone = (_, p, image) => {
  const fire = (x: Value, index: number, narrow: number, wide: number) => {
    const s = layer(p, `features.${index}.squeeze`, x, narrow, 1, 0);
    return concat([layer(p, `features.${index}.expand1x1`, s, wide, 1, 0), layer(p, `features.${index}.expand3x3`, s, wide, 3, 1)], 1);
  };
  const a = layer(p, "features.0", image, 64, 3, 0, 2);
  const b = fire(fire(maxPool(a, 3, "ceil"), 3, 16, 64), 4, 16, 64);
  const c = fire(fire(maxPool(b, 3, "ceil"), 6, 32, 128), 7, 32, 128);
  const d = fire(maxPool(c, 3, "ceil"), 9, 48, 192);
  const e = fire(d, 10, 48, 192);
  const f = fire(e, 11, 64, 256);
  return [a, b, c, d, e, f, fire(f, 12, 64, 256)];
};

/** A small VGG: the image halved, then levels of two 3×3 convolutions between 2×2 maxima. */
const tiny: Backbone = ({ channels = [] }, p, image) => {
  let h = averagePool2(image);
  return channels.map((out, level) => {
    if (level > 0) h = maxPool(h, 2);
    for (const j of [0, 1]) h = layer(p, `features.${2 * level + j}`, h, out, 3, 1);
    return h;
  });
};

/** Every backbone by its name. */
export const backbones = { vgg, alex, squeeze, tiny } satisfies Record<PerceptualConfig["net"], Backbone>;

/** The least height and width, in pixels, of which something is left at the last level. */
export const leastSide = ({ net, channels = [] }: PerceptualConfig): number =>
  ({ vgg: 16, alex: 31, squeeze: 25, tiny: 2 ** channels.length })[net];

/** Feature maps of an image [N,3,H,W] in [-1,1]. @throws ShapeError for an image that is too small */
export function features(config: PerceptualConfig, p: Parameters, image: Value): readonly Value[] {
  const { graph, shape } = image;
  const least = leastSide(config);
  if (Math.min(shape[2], shape[3]) < least)
    throw new ShapeError("the perceptual network", {
      got: `an image of ${shape[2]}×${shape[3]} pixels`,
      want: `at least ${least}×${least}`,
    });
  const scaled = config.net === "tiny" ? image : div(sub(image, graph.constant(SHIFT, [1, 3, 1, 1])), graph.constant(SCALE, [1, 3, 1, 1]));
  return backbones[config.net](config, p, scaled);
}

/** The feature maps of an image [N,3,H,W] in [-1,1], each pixel scaled to unit length across channels: [N,C_k,H_k,W_k]. */
export function unitFeatures(config: PerceptualConfig, p: Parameters, image: Value): readonly Value[] {
  const place = config.net === "tiny" ? "inside" : "outside";
  return features(config, p, image).map((map) => unitLength(map, config.epsilon, place));
}

/** The distance of N images to one or N references, from their unit-length feature maps: [N]. */
export function featureDistance(p: Parameters, maps: readonly Value[], referenceMaps: readonly Value[]): Value {
  const [N] = maps[0].shape;
  const distances = maps.map((map, k) => {
    const d = sub(map, referenceMaps[k]); // [N,C,H,W]
    const C = d.shape[1];
    const mean = reshape(reduceMean(mul(d, d), [2, 3]), [N, C]); // weighting after the mean over pixels is the same sum
    return linear(mean, reshape(p(`lin${k}.model.1.weight`, [1, C, 1, 1]), [1, C])); // [N,1]
  });
  return reshape(
    distances.reduce((a, b) => add(a, b)),
    [N],
  );
}

/**
 * The distance of N images to one or N references: [N].
 * @param image [N,3,H,W] in [-1,1]  @param reference [1,3,H,W] or [N,3,H,W] in [-1,1]
 */
export function perceptualDistance(config: PerceptualConfig, p: Parameters, image: Value, reference: Value): Value {
  const [maps, referenceMaps] = [image, reference].map((x) => unitFeatures(config, p, x));
  return featureDistance(p, maps, referenceMaps);
}
