/**
 * What a network in half precision keeps in float32 (its decoder not on CUDA), each beside the same computed in half precision, rounded as a GPU rounds
 * (half-arithmetic.ts): half precision ends at 65504 above and at 6e-8 below, and holds 11 bits.
 */
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { createRng, randn } from "#kernel-lib/core/random.js";
import type { Feeds, Results } from "#kernel-lib/engine/session.js";
import { gradient } from "#kernel-lib/graph/gradient.js";
import { Graph, type Value } from "#kernel-lib/graph/graph.js";
import { inPrecision, type Precision } from "#kernel-lib/graph/half.js";
import { apply } from "#kernel-lib/graph/operator.js";
import { cast, mul, silu } from "#kernel-lib/graph/ops/elementwise.js";
import { attention, matmul } from "#kernel-lib/graph/ops/matmul.js";
import { GroupNorm, groupNorm, LayerNorm, layerNorm } from "#kernel-lib/graph/ops/norm.js";
import { softmax } from "#kernel-lib/graph/ops/reduce.js";
import { transpose } from "#kernel-lib/graph/ops/shape.js";
import { checkpointParameters } from "#kernel-lib/nets/parameters.js";
import { perceptualDistance } from "#kernel-lib/nets/perceptual.js";
import { vaeDecoder } from "#kernel-lib/nets/vae.js";
import { openCheckpoint } from "#kernel-lib/pipelines/stable-diffusion-parts.js";
import { relativeL2 } from "../golden/golden.mjs";
import { openRounded } from "./half-arithmetic.js";

async function run(graph: Graph, feeds: Feeds): Promise<Results> {
  const session = await openRounded(graph);
  const results = await session.run(feeds);
  await session.release();
  return results;
}

/** Inputs that half precision holds exactly, so that what is computed from them is all that differs. */
const given = (seed: number, shape: readonly number[], { mean = 0, std = 1 } = {}) => {
  const { data } = randn(createRng(seed), shape);
  return { data: data.map((x) => Math.round((mean + std * x) * 16) / 16), shape };
};

test("weights that are stored in half precision are taken as they are, others are rounded when the graph is loaded", () => {
  const entry = (dtype: "F16" | "F32") => ({ file: "/w.safetensors", offset: 8, length: dtype === "F16" ? 8 : 16, dtype, shape: [4] });
  const weights = new Map([
    ["half", entry("F16")],
    ["single", entry("F32")],
  ]);
  const graph = new Graph();
  const p = checkpointParameters(graph, { file: "/w.safetensors", weights }, "float16");
  expect(["half", "single"].map((key) => p(key, [4]).dtype)).toEqual(["float16", "float16"]);
  expect(graph.nodes.map(({ type, inputs }) => [type, inputs[0]])).toEqual([["Cast", "/w.safetensors#single"]]);
});

describe("norms", () => {
  const [N, C, side] = [1, 8, 64];
  const x = given(1, [N, C, side, side], { mean: 30, std: 4 });
  const gamma = given(2, [C]);
  const beta = given(3, [C]);
  // gradients of one sign add up
  const dy = given(4, [N, C, side, side], { mean: 40, std: 4 });

  type Norm = (x: Value, gamma: Value, beta: Value) => Value;
  const pulledBack = async (norm: Norm, shape: readonly number[], precision: Precision) => {
    const graph = new Graph();
    const inputs = [graph.input("x", shape), graph.input("gamma", [C]), graph.input("beta", [C])];
    const [hx, hg, hb] = inputs.map((value) => cast(value, precision));
    const y = cast(norm(hx, hg, hb), "float32");
    graph.output("dx", gradient(graph, mul(y, graph.input("dy", shape)), inputs[0]));
    return (await run(graph, { x: { ...x, shape }, gamma, beta, dy: { ...dy, shape } })).dx.data;
  };

  test("group norm: sums over a picture leave half precision, and its own stay right", async () => {
    const norm: Norm = (x, gamma, beta) => groupNorm(x, gamma, beta, 2, 1e-5);
    const inHalf: Norm = (x, gamma, beta) => apply(GroupNorm, [x, gamma, beta], { groups: 2, epsilon: 1e-5 });
    const want = await pulledBack(norm, x.shape, "float32");
    expect((await pulledBack(inHalf, x.shape, "float16")).every(Number.isFinite)).toBe(false);
    expect(relativeL2(await pulledBack(norm, x.shape, "float16"), want)).toBeLessThan(1e-3);
  });

  test("layer norm: the rounding of a mean is larger than all else", async () => {
    const shape = [side * side, C];
    const norm: Norm = (x, gamma, beta) => layerNorm(x, gamma, beta, 1e-5);
    const inHalf: Norm = (x, gamma, beta) => apply(LayerNorm, [x, gamma, beta], { epsilon: 1e-5 });
    const want = await pulledBack(norm, shape, "float32");
    const kept = relativeL2(await pulledBack(norm, shape, "float16"), want);
    expect(kept).toBeLessThan(1e-3);
    expect(relativeL2(await pulledBack(inHalf, shape, "float16"), want)).toBeGreaterThan(5 * kept);
  });
});

test("attention: scores beyond half precision are numbers, and the largest wins", async () => {
  const [S, C] = [16, 32];
  const feeds = { q: given(5, [1, S, C], { std: 200 }), k: given(6, [1, S, C], { std: 200 }), v: given(7, [1, S, C]) };
  const attended = async (attend: (q: Value, k: Value, v: Value) => Value, precision: Precision) => {
    const graph = new Graph();
    const [q, k, v] = ["q", "k", "v"].map((name) => cast(graph.input(name, [1, S, C]), precision));
    graph.output("y", cast(attend(q, k, v), "float32"));
    return (await run(graph, feeds)).y.data;
  };
  const kept = (q: Value, k: Value, v: Value) => attention(q, k, v, 1);
  const inHalf = (q: Value, k: Value, v: Value) => matmul(softmax(mul(matmul(q, transpose(k, [0, 2, 1])), C ** -0.5)), v);
  expect((await attended(inHalf, "float16")).every(Number.isFinite)).toBe(false);
  expect(relativeL2(await attended(kept, "float16"), await attended(kept, "float32"))).toBeLessThan(1e-3);
});

describe("a gradient that enters half precision", () => {
  const shape = [3, 4, 8];
  const x = given(8, shape);
  const w = given(9, [8, 8]);
  /** dx of Σ weight · f(x) a row, f in half precision: as it is built, or between two plain casts. */
  const pulledBack = async (weights: readonly number[], how: "scaled" | "cast") => {
    const graph = new Graph();
    const [input, weight] = [graph.input("x", shape), graph.constant([...weights], [3, 1, 1])];
    const f = ([h]: readonly Value[]) => silu(matmul(h, cast(graph.constant(w.data, w.shape), "float16")));
    const y = how === "scaled" ? inPrecision("float16", [input], f) : cast(f([cast(input, "float16")]), "float32");
    graph.output("dx", gradient(graph, mul(y, weight), input));
    return (await run(graph, { x })).dx.data;
  };
  const row = (data: Float32Array, k: number) => data.subarray(k * 32, (k + 1) * 32);

  test("is as exact where it is small or large as where it is 1, each row by itself", async () => {
    const ones = await pulledBack([1, 1, 1], "scaled");
    const mixed = await pulledBack([1e-12, 1e9, 1], "scaled");
    for (const [k, weight] of [1e-12, 1e9, 1].entries())
      expect(
        relativeL2(
          row(mixed, k),
          row(ones, k).map((d) => d * weight),
        ),
      ).toBeLessThan(2e-3);
  });

  test("would be lost between plain casts", async () => {
    const mixed = await pulledBack([1e-12, 1e9, 1], "cast");
    expect(row(mixed, 0).every((d) => d === 0)).toBe(true);
    expect(row(mixed, 1).every(Number.isFinite)).toBe(false);
  });

  test("stays 0 in a row where it is 0", async () => {
    const dx = await pulledBack([1, 0, 1], "scaled");
    expect(row(dx, 1).every((d) => d === 0)).toBe(true);
    expect(row(dx, 0).every((d) => Number.isFinite(d) && d !== 0)).toBe(true);
  });
});

test("the bundled model's decoder in half precision, as in the gradient on CUDA, moves the gradient by more than 1e-2; its loss, which stays in float32, would by more than 1e-3", async () => {
  const checkpoint = openCheckpoint(fileURLToPath(new URL("../../models/tiny-landscapes", import.meta.url)));
  const [vae, perceptual] = [checkpoint.part("vae"), checkpoint.part("perceptual")];
  const feeds = { z: given(10, [1, 4, 8, 8]), anchor: given(11, [1, 3, 64, 64], { std: 0.5 }) };
  const pulledBack = async (decoder: Precision, loss: Precision) => {
    const graph = new Graph();
    const [z, anchor] = [graph.input("z", [1, 4, 8, 8]), graph.input("anchor", [1, 3, 64, 64])];
    const p = checkpointParameters(graph, vae, decoder);
    const image = inPrecision(decoder, [z], ([latent]) => vaeDecoder(vae.config, p, latent, "open"));
    const q = checkpointParameters(graph, perceptual, loss);
    const distance = inPrecision(loss, [image, anchor], ([a, b]) => perceptualDistance(perceptual.config, q, a, b));
    graph.output("dz", gradient(graph, distance, z));
    return (await run(graph, feeds)).dz.data;
  };
  const want = await pulledBack("float32", "float32");
  const moved = async (decoder: Precision, loss: Precision) => relativeL2(await pulledBack(decoder, loss), want);
  expect(await moved("float16", "float32")).toBeGreaterThan(1e-2);
  expect(await moved("float32", "float16")).toBeGreaterThan(1e-3);
});
