/**
 * Golden: joint/mad_*, the official Merge-Attend-Diffuse: its attention processor on feature maps of three sizes, and whole runs over the U-Net of sd2-tiny.
 * README-methods.md: a float64 reimplementation is 2e-6 and 1.9e-5 from them.
 */
import { existsSync, readFileSync } from "node:fs";
import { mergeAttendDiffuse, openModel } from "veduta";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rows, type Tensor } from "#kernel-lib/core/tensor.js";
import { startRuntime } from "#kernel-lib/engine/runtime.js";
import { Graph, type Value } from "#kernel-lib/graph/graph.js";
import { linear } from "#kernel-lib/graph/ops/matmul.js";
import { reshape, transpose } from "#kernel-lib/graph/ops/shape.js";
import { canvasAttention, canvasTable, cellsOf } from "#kernel-lib/nets/merged-attention.js";
import { plainAttention } from "#kernel-lib/nets/transformer.js";
import type { Model } from "#kernel-lib/pipelines/model.js";
import { finish } from "../methods/joint/toy.js";
import { golden, maxOverStd, readGolden } from "./golden.mjs";

const here = existsSync(golden("joint/mad_unet.json"));
const why = here ? "" : " (skipped: ../shared/golden is not here)";
const facts = (name: string) => JSON.parse(readFileSync(golden(`joint/${name}.json`), "utf8"));
const WINDOW = 16;

const windowsOf = (views: Tensor) =>
  Array.from({ length: views.shape[0] }, (_, k) => {
    const [top, bottom, left, right] = rows(views, k, k + 1).data;
    return { top, left, height: bottom - top, width: right - left };
  });

describe.skipIf(!here)(`the attention of MAD${why}`, () => {
  const runtime = startRuntime({ device: "cpu", threads: 1 });
  afterAll(() => runtime.close());
  const g = readGolden("joint/mad_attention.safetensors");

  test.each(["d1", "d2", "d4"])("%s: canvas, windows cut from it, merged and plain self-attention, cross-attention", async (size) => {
    const { heads, batch, height, width } = facts("mad_attention");
    const windows = windowsOf(g.views);
    const side = WINDOW / Number(size.slice(1));
    const layer = { heads, height: side, width: side };
    const canvas = {
      ...{ height: height / 8, width: width / 8, window: { height: WINDOW, width: WINDOW } },
      ...{ tops: windows.map(({ top }) => top), lefts: windows.map(({ left }) => left) },
    };
    const graph = new Graph();
    const feeds: Record<string, Tensor> = {};
    const fed = (name: string, tensor = g[name]): Value => {
      feeds[name] = tensor;
      return graph.input(name, tensor.shape);
    };
    const { merge, crop } = canvasTable(graph, cellsOf(canvas, layer), batch);
    const inputs = { q: fed(`${size}.q`), k: fed(`${size}.k`), v: fed(`${size}.v`) };
    for (const [name, x] of Object.entries(inputs))
      graph.output(`canvas_${name}`, reshape(transpose(merge(x), [0, 2, 1]), g[`${size}.canvas_${name}`].shape));
    graph.output("split_q", crop(merge(inputs.q)));
    const { self, cross } = canvasAttention(graph, canvas, "all");
    const weight = (name: string) => fed(`w.${name}`);
    const [toQ, toOut, bias] = [weight("to_q"), weight("to_out"), weight("to_out_bias")];
    const [k, v] = [linear(inputs.q, weight("to_k")), linear(inputs.q, weight("to_v"))];
    const q = linear(inputs.q, toQ);
    graph.output("self_mad", linear(self(q, k, v, layer), toOut, bias));
    graph.output("self_plain", linear(plainAttention(q, k, v, layer), toOut, bias));
    const text = repeated(g[`${size}.text`], windows.length); // [2·windows,tokens,D]
    const tokens = fed("text", text);
    const [kText, vText] = [linear(tokens, weight("to_k_cross")), linear(tokens, weight("to_v_cross"))];
    graph.output("cross", linear(cross(q, kText, vText, layer), toOut, bias));

    const session = await runtime.open(graph);
    const found = await session.run(feeds);
    await session.release();
    for (const [name, { data }] of Object.entries(found))
      expect([name, maxOverStd(data, g[`${size}.${name}`].data) < 3e-5]).toEqual([name, true]);
    expect(maxOverStd(found.self_mad.data, found.self_plain.data)).toBeGreaterThan(0.1);
  });
});

/** Each row so many times, one after the other. */
const repeated = (x: Tensor, times: number): Tensor => {
  const parts = Array.from({ length: x.shape[0] * times }, (_, k) => [...rows(x, Math.floor(k / times), Math.floor(k / times) + 1).data]);
  return { data: Float32Array.from(parts.flat()), shape: [x.shape[0] * times, ...x.shape.slice(1)] };
};

describe.skipIf(!here)(`runs of MAD${why}`, () => {
  let model: Model;
  beforeAll(async () => {
    model = await openModel(golden("sd2-tiny"), { device: "cpu", threads: 1 });
  });
  afterAll(() => model.close());

  test.each(["mad_unet", "mad_unet_all", "mad_unet_none"])("%s: every latent, with queries that stay merged", async (name) => {
    const g = readGolden(`joint/${name}.safetensors`);
    const { steps, guidance, mad_threshold: threshold } = facts(name);
    const options = {
      ...{ latent: g.init_latent, text: g.text_embeds, windows: windowsOf(g.views), steps, guidanceScale: guidance },
      ...({ mergeShare: Math.min(1, threshold / steps), mergeQueries: "always" } as const),
    };
    const run = await finish(mergeAttendDiffuse(model, options));
    const errors = run.steps.map(({ latent }, k) => maxOverStd(latent.data, rows(g.latents_after_step, k, k + 1).data));
    expect(Math.max(...errors)).toBeLessThan(5e-5);
    if (threshold >= steps) return; // both options are the same then
    const early = await finish(mergeAttendDiffuse(model, { ...options, mergeQueries: "early" }));
    expect(maxOverStd(early.result.latent.data, run.result.latent.data)).toBeGreaterThan(1e-3);
  });
});
