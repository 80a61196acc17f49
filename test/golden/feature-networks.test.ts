/**
 * Golden: features/clip*.safetensors (transformers' CLIPModel on a small random checkpoint), features/inception.safetensors (pytorch-fid's InceptionV3
 * with weights that are a formula), metrics/golden_metrics.safetensors (the official style loss over VGG19's first layers). Limits: README-methods.md.
 */
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { resizeBicubic } from "#kernel-lib/core/bicubic.js";
import type { JsonObject } from "#kernel-lib/core/json.js";
import { rows, type Tensor } from "#kernel-lib/core/tensor.js";
import { startRuntime } from "#kernel-lib/engine/runtime.js";
import { gradient } from "#kernel-lib/graph/gradient.js";
import { add, mul, sqrt, sub } from "#kernel-lib/graph/ops/elementwise.js";
import { reduceMean, reduceSum } from "#kernel-lib/graph/ops/reduce.js";
import { styleLoss } from "#kernel-lib/metrics/style-loss.js";
import { clipConfig, clipImageVectors, clipTextVectors, clipVision } from "#kernel-lib/nets/clip.js";
import { inception } from "#kernel-lib/nets/inception.js";
import { vgg19Grams } from "#kernel-lib/nets/vgg19.js";
import { clipPixels } from "#kernel-lib/pipelines/clip-pixels.js";
import { run } from "./frido-reference.js";
import { golden, has, readGolden, relativeL2, unless } from "./golden.mjs";
import { hashWeights } from "./hash-weights.js";

const runtime = startRuntime({ device: "cpu", threads: 1 });
afterAll(() => runtime.close());

/** Largest difference in units of the wanted numbers' deviation. */
function maxOverStd(got: Float32Array, want: Float32Array): number {
  const mean = want.reduce((a, b) => a + b, 0) / want.length;
  const deviation = Math.sqrt(want.reduce((sum, x) => sum + (x - mean) ** 2, 0) / want.length);
  return got.reduce((most, x, k) => Math.max(most, Math.abs(x - want[k])), 0) / deviation;
}

const CLIP = ["features/clip.safetensors", "features/clip-tiny/model.safetensors"];

describe.skipIf(!has(...CLIP))(`CLIP equals transformers'${unless(...CLIP)}`, () => {
  const g = readGolden(CLIP[0]);
  const weights = new Map(Object.entries(readGolden(CLIP[1])));
  const read = () => clipConfig("config.json", JSON.parse(readFileSync(golden("features/clip-tiny/config.json"), "utf8")) as JsonObject);
  const near = (got: Tensor, name: string, limit = 1e-5) => {
    expect(got.shape, name).toEqual(g[name].shape);
    expect(maxOverStd(got.data, g[name].data), name).toBeLessThan(limit);
  };

  test("the vision tower, layer by layer, its vectors, and the gradient of the cosines", async () => {
    const got = await run(runtime, weights, { pixels: g.pixel_values, text: g.text_embeds }, (p, graph) => {
      const pixels = graph.input("pixels", g.pixel_values.shape);
      const { pooled, lastHiddenState, hiddenStates } = clipVision(read().vision, p, pixels);
      const { features, unit } = clipImageVectors(read(), p, pixels);
      const cosines = reduceSum(mul(unit, graph.input("text", g.text_embeds.shape)), [1]);
      const [grad] = gradient(graph, reduceSum(cosines, [0, 1]), [pixels]);
      const layers = Object.fromEntries(hiddenStates.map((state, k) => [`vision_hidden_states.${k}`, state]));
      return {
        ...layers,
        ...{ vision_pooler_output: pooled, vision_last_hidden_state: lastHiddenState },
        ...{ image_features: features, image_embeds: unit, grad_pixel_values: grad },
      };
    });
    for (const [name, value] of Object.entries(got)) near(value, name, name.startsWith("grad") ? 5e-5 : 1e-5);
  });

  test("the vectors of prompts, read at the highest token number", async () => {
    const [n, tokens] = g.input_ids.shape;
    const row = (k: number) => [...rows(g.input_ids, k, k + 1).data];
    const end = Float32Array.from({ length: n * tokens }, (_, k) => {
      const ids = row(Math.floor(k / tokens));
      return ids.indexOf(Math.max(...ids)) === k % tokens ? 1 : 0;
    });
    const ids = { data: Int32Array.from(g.input_ids.data), shape: g.input_ids.shape };
    const feeds = { ids, end: { data: end, shape: g.input_ids.shape } };
    const got = await run(runtime, weights, feeds, (p, graph) => {
      const { features, unit } = clipTextVectors(read(), p, graph.input("ids", [n, tokens], "int32"), graph.input("end", [n, tokens]));
      return { text_features: features, text_embeds: unit };
    });
    for (const [name, value] of Object.entries(got)) near(value, name);
  });
});

const INCEPTION = ["features/inception.safetensors", "features/inception_weights.json"];

test.skipIf(!has(...INCEPTION))(
  `FID's Inception equals pytorch-fid's, layer by layer, and clean-fid's on its pictures${unless(...INCEPTION)}`,
  { timeout: 300_000 },
  async () => {
    const g = readGolden(INCEPTION[0]);
    const { weights, asOfficial } = hashWeights(INCEPTION[1], "inception");
    expect(asOfficial).toBe(true);
    const image = resized(g["small.u8"]);
    const got = await run(runtime, weights, { image }, (p, graph) => {
      const { features, layers } = inception(p, graph.input("image", image.shape));
      const statistics = Object.entries(layers).flatMap(([name, map]) => {
        const mean = reduceMean(map, [2, 3]); // [N,C,1,1]
        const apart = sub(map, mean);
        const deviation = sqrt(add(reduceMean(mul(apart, apart), [2, 3]), 0));
        return [
          [`small.${name}.mean`, mean],
          [`small.${name}.std`, deviation],
        ] as const;
      });
      return { ...Object.fromEntries(statistics), "small.pool3": features };
    });
    for (const [name, { data }] of Object.entries(got)) expect(relativeL2(data, g[name].data), name).toBeLessThan(1e-5);
    const clean = { shape: [1, 3, 299, 299], data: channelsFirst(g["clean.resized"]).map((x) => (2 * x) / 255 - 1) };
    const { features } = await run(runtime, weights, { image: clean }, (p, graph) => ({
      features: inception(p, graph.input("image", clean.shape)).features,
    }));
    expect(relativeL2(features.data, rows(g["clean.pool3"], 0, 1).data)).toBeLessThan(1e-5);
  },
);

const STYLE = ["metrics/golden_metrics.safetensors", "metrics/vgg19_conv1_5.safetensors"];

test.skipIf(!has(...STYLE))(`the style loss over VGG19 equals the official evaluation's, layer by layer${unless(...STYLE)}`, async () => {
  const { style_a, style_b, style_layer_losses: want } = readGolden(STYLE[0]);
  const weights = new Map(Object.entries(readGolden(STYLE[1])));
  const grams = async ({ data, shape }: Tensor) => {
    const signed = { data: data.map((x) => 2 * x - 1), shape };
    const got = await run(runtime, weights, { image: signed }, (p, graph) =>
      Object.fromEntries(vgg19Grams(p, graph.input("image", shape)).map((matrix, k) => [`gram${k}`, matrix])),
    );
    return Object.values(got);
  };
  const [a, b] = [await grams(style_a), await grams(style_b)];
  for (const [k, loss] of want.data.entries()) expect(Math.abs(styleLoss([a[k]], [b[k]]) / loss - 1), `layer ${k}`).toBeLessThan(1e-4);
});

const channelsFirst = ({ data, shape: [height, width] }: Tensor): Float32Array =>
  Float32Array.from(data, (_, at) => data[(at % (height * width)) * 3 + Math.floor(at / (height * width))]);

/** Bytes [N,3,H,W] -> [N,3,299,299] in [-1,1]: bilinear, without antialiasing, corners not aligned, as pytorch-fid does it. */
function resized({ data, shape: [n, , height, width] }: Tensor): Tensor {
  const side = 299;
  const place = (k: number, size: number) => {
    const at = Math.max(0, ((k + 0.5) * size) / side - 0.5);
    const low = Math.floor(at);
    return [low, Math.min(size - 1, low + 1), at - low] as const;
  };
  const out = new Float32Array(n * 3 * side * side);
  for (const k of out.keys()) {
    const [plane, y, x] = [Math.floor(k / side ** 2), Math.floor(k / side) % side, k % side];
    const [top, bottom, v] = place(y, height);
    const [left, right, u] = place(x, width);
    const at = (row: number, column: number) => data[(plane * height + row) * width + column] / 255;
    const value = (1 - v) * ((1 - u) * at(top, left) + u * at(top, right)) + v * ((1 - u) * at(bottom, left) + u * at(bottom, right));
    out[k] = 2 * value - 1;
  }
  return { data: out, shape: [n, 3, side, side] };
}

const PILLOW = ["features/clip_preprocess.safetensors", "features/inception.safetensors"];

test.skipIf(!has(...PILLOW))(
  `pictures are resized as Pillow does it, to the byte for CLIP and in floats for clean-fid${unless(...PILLOW)}`,
  () => {
    const g = readGolden(PILLOW[0]);
    for (const k of [0, 1, 2, 3]) {
      const [[H, W], [h, w]] = [g[`image${k}`].shape, g[`resized${k}`].shape];
      const image = { data: channelsFirst(g[`image${k}`]), shape: [1, 3, H, W] };
      expect(resizeBicubic(image, { height: h, width: w }, "bytes").data, `image ${k}`).toEqual(channelsFirst(g[`resized${k}`]));
      const pixels = clipPixels({ data: image.data.map((x) => x / 255), shape: image.shape }, 32); // [1,3,32,32] in [-1,1]
      const seen = channelsFirst(g[`cropped${k}`]).map((x) => (2 * x) / 255 - 1);
      expect(maxOverStd(pixels.data, seen), `image ${k}`).toBeLessThan(1e-6);
    }
    const clean = readGolden(PILLOW[1]);
    for (const [name, want, rowStep] of [
      ["clean", "clean.resized", 1],
      ["clean_big", "clean_big.resized_rows", 13],
    ] as const) {
      const [H, W] = clean[`${name}.image`].shape;
      const got = resizeBicubic(
        { data: channelsFirst(clean[`${name}.image`]), shape: [1, 3, H, W] },
        { height: 299, width: 299 },
        "floats",
      );
      const {
        data,
        shape: [rowCount],
      } = clean[want];
      const of = Float32Array.from(data, (_, at) => {
        const [y, x, c] = [Math.floor(at / 897) * rowStep, Math.floor(at / 3) % 299, at % 3];
        return got.data[(c * 299 + y) * 299 + x];
      });
      expect(rowCount * rowStep).toBeGreaterThanOrEqual(299);
      expect(relativeL2(of, data), name).toBeLessThan(1e-6);
    }
  },
);
