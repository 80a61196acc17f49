import { afterAll, describe, expect, it } from "vitest";
import { createRng, randn } from "#kernel-lib/core/random.js";
import { sizeOf, type Tensor } from "#kernel-lib/core/tensor.js";
import { startRuntime } from "#kernel-lib/engine/runtime.js";
import { gradient } from "#kernel-lib/graph/gradient.js";
import { Graph } from "#kernel-lib/graph/graph.js";
import { mul } from "#kernel-lib/graph/ops/elementwise.js";
import { inputParameters } from "#kernel-lib/nets/parameters.js";
import { pyunet } from "#kernel-lib/nets/pyunet.js";
import { pyunetConfig, pyunetTimesteps } from "#kernel-lib/nets/pyunet-config.js";
import { spadeNorm } from "#kernel-lib/nets/spade.js";
import { timestepEmbedding } from "#kernel-lib/nets/timestep-embedding.js";
import { refusal } from "../fixtures/checkpoint-folder.js";
import { relativeL2 } from "../golden/golden.mjs";

const TINY = {
  image_size: 8,
  in_channels: 5,
  out_channels: 5,
  model_channels: 4,
  num_res_blocks: 1,
  attention_resolutions: [2],
  channel_mult: [1, 2],
  num_head_channels: 4,
  legacy: false,
  num_stage: 2,
  use_spatial_transformer: true,
  transformer_depth: 2,
  context_dim: 6,
  use_split_head: true,
  split_embed_dim_list: [2, 3],
  use_SPADE_norm: true,
  spade_hidden: 3,
  norm_num_groups: 2,
};
const read = (changes: object = {}) => pyunetConfig("unet/config.json", { ...TINY, ...changes });

const runtime = startRuntime({ device: "cpu", threads: 1 });
afterAll(() => runtime.close());

describe("a config", () => {
  it("of the authors' layout model has one head, as `legacy` says, and gates of 128 channels", () => {
    const config = pyunetConfig("unet/config.json", {
      image_size: 64,
      in_channels: 6,
      out_channels: 6,
      model_channels: 192,
      attention_resolutions: [8, 4, 2],
      num_res_blocks: 2,
      channel_mult: [1, 2, 3, 5],
      num_head_channels: 32,
      use_spatial_transformer: true,
      transformer_depth: 1,
      context_dim: 640,
      num_stage: 2,
      use_split_head: true,
      split_embed_dim_list: [3, 3],
      use_SPADE_norm: true,
    });
    expect(config).toMatchObject({
      heads: [1, 1, 1, 1],
      channels: [192, 384, 576, 960],
      attentionLevels: [1, 2, 3],
      gateHidden: 128,
      groups: 32,
    });
  });

  it.each([
    [{ use_stage_expert: true }, "use_stage_expert: false", "true"],
    [{ use_mscond: true }, "use_mscond: false", "true"],
    [{ use_pos_embed: true }, "use_pos_embed: false", "true"],
    [{ n_embed: 8192 }, "n_embed: null", "8192"],
    [{ num_classes: 10 }, "num_classes: null", "10"],
    [{ use_SPADE_norm: false }, "use_SPADE_norm: true, as use_split_head", "false"],
    [{ split_embed_dim_list: [2, 2] }, /^split_embed_dim_list: entries that add up to in_channels 5/, "[2,2]"],
    [{ split_embed_dim_list: [5] }, /^split_embed_dim_list: 2 entries, one per stage/, "[5]"],
    [{ context_dim: null }, /^context_dim: a whole number/, /null|undefined|nothing/],
    [{ num_head_channels: 3 }, /^num_head_channels: a number that divides 4, 8/, "3"],
    [{ num_head_channels: -1 }, /^num_head_channels: a whole number, unless num_heads/, "-1"],
    [
      { num_head_channels: -1, num_heads: 2, use_spatial_transformer: false },
      /^num_head_channels: a whole number, where use_spatial/,
      "-1",
    ],
    [{ model_channels: 6, norm_num_groups: 4 }, /^model_channels: levels whose widths are multiples/, "[6,12]"],
    [{ model_channels: 3, norm_num_groups: 1 }, /^model_channels: an even number/, "3"],
    [{ num_heads_upsample: 4 }, "num_heads_upsample: -1", "4"],
  ])("with %j is refused by the field's name", (changes, expected, found) => {
    const error = refusal(() => read(changes));
    expect(error.file).toBe("unet/config.json");
    expect(error.expected).toMatch(expected);
    expect(error.found).toMatch(found);
  });
});

it("the bundled world's network has 5.84 million parameters", () => {
  const config = read({
    image_size: 16,
    in_channels: 8,
    out_channels: 8,
    model_channels: 48,
    channel_mult: [1, 2, 2],
    attention_resolutions: [2, 4],
    num_head_channels: 16,
    transformer_depth: 1,
    context_dim: 64,
    split_embed_dim_list: [4, 4],
    spade_hidden: 32,
    norm_num_groups: 8,
  });
  const graph = new Graph();
  const p = inputParameters(graph, "");
  const inputs = [graph.input("x", [1, 8, 16, 16]), graph.input("e", [1, 48]), graph.input("c", [1, 27, 64])];
  for (const stage of [0, 1]) pyunet(config, p, inputs[0], { embedding: inputs[1], context: inputs[2], stage });
  expect([...p.all.values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0) / 1e6).toBeCloseTo(5.84, 2);
});

describe("a network of random weights", () => {
  const rng = createRng(8);
  const [latent, context] = [randn(rng, [2, 5, 8, 4]), randn(rng, [2, 3, 6])];
  const embedding = timestepEmbedding(pyunetTimesteps(read()), [3, 700]);

  const outcome = async (stage: number, x: Tensor, { checkpointing = false, changes = {} } = {}) => {
    const config = read(changes);
    const graph = new Graph({ checkpointing });
    const p = inputParameters(graph, "");
    const inputs = [graph.input("x", x.shape), graph.input("context", context.shape), graph.input("embedding", embedding.shape)];
    const out = pyunet(config, p, inputs[0], { embedding: inputs[2], context: inputs[1], stage });
    graph.output("out", out);
    graph.output("dx", gradient(graph, mul(out, out), inputs[0]));
    if (config.transformer) graph.output("dcontext", gradient(graph, mul(out, out), inputs[1]));
    // numbers follow from a parameter's name, so that stages share theirs
    const seed = (name: string) => [...name].reduce((h, c) => (h * 31 + c.charCodeAt(0)) % 65521, 7);
    const feeds = [...p.all].map(([name, { shape }]) => {
      const { data } = randn(createRng(seed(name)), shape);
      return [name, { data: data.map((v) => v / 3), shape }];
    });
    const session = await runtime.open(graph);
    const results = await session.run({ x, context, embedding, ...Object.fromEntries(feeds) });
    await session.release();
    return results as Record<string, Tensor>;
  };
  const qkv = { use_spatial_transformer: false, use_scale_shift_norm: true, resblock_updown: true };
  const changed = (x: Tensor, from: number, to: number): Tensor => {
    const pixels = x.shape[2] * x.shape[3];
    return {
      data: x.data.map((v, k) => (Math.floor(k / pixels) % x.shape[1] >= from && Math.floor(k / pixels) % x.shape[1] < to ? v + 1 : v)),
      shape: x.shape,
    };
  };

  it.each([
    [0, {}],
    [1, {}],
    [1, qkv],
  ])("has the same gradients with gradient checkpointing (stage %s, %j)", async (stage, changes) => {
    const [plain, again] = [await outcome(stage, latent, { changes }), await outcome(stage, latent, { changes, checkpointing: true })];
    for (const key of Object.keys(plain)) expect(relativeL2(again[key].data, plain[key].data), key).toBeLessThan(1e-5);
  });

  it("gives a stage's own channels, and reads none of a finer stage", async () => {
    const [coarse, moved] = [await outcome(0, latent), await outcome(0, changed(latent, 2, 5))];
    expect(coarse.out.shape).toEqual([2, 2, 8, 4]);
    expect(moved.out.data).toEqual(coarse.out.data);
    expect((await outcome(1, latent)).out.shape).toEqual([2, 3, 8, 4]);
  });

  it("is gated by the coarser stage's channels", async () => {
    const [fine, moved] = [await outcome(1, latent), await outcome(1, changed(latent, 0, 2))];
    expect(relativeL2(moved.out.data, fine.out.data)).toBeGreaterThan(1e-2);
  });
});

it("a gate whose last convolutions are zero leaves the norm as it is; a constant one scales and shifts it", async () => {
  const x = randn(createRng(2), [1, 4, 3, 3]);
  const normed = async (withMap: boolean, gamma: number, beta: number) => {
    const graph = new Graph();
    const p = inputParameters(graph, "");
    const map = graph.input("map", [1, 2, 3, 3]);
    graph.output("y", spadeNorm(p, graph.input("x", x.shape), withMap ? map : undefined, { groups: 2, epsilon: 1e-5, hidden: 3 }));
    const bias: Record<string, number> = { "mlp_gamma.bias": gamma, "mlp_beta.bias": beta, "param_free_norm.weight": 1 };
    const feeds = [...p.all].map(([name, { shape }]) => [name, { data: new Float32Array(sizeOf(shape)).fill(bias[name] ?? 0), shape }]);
    const session = await runtime.open(graph);
    const { y } = await session.run({ x, map: randn(createRng(3), [1, 2, 3, 3]), ...Object.fromEntries(feeds) });
    await session.release();
    return y.data as Float32Array;
  };
  const plain = await normed(false, 0, 0);
  expect(await normed(true, 0, 0)).toEqual(plain);
  for (const [k, v] of (await normed(true, 0.5, -2)).entries()) expect(v).toBeCloseTo(1.5 * plain[k] - 2, 5);
});

describe("a call that does not fit is refused when the graph is built", () => {
  const build = (shape: readonly number[], stage: number, context: boolean) => () => {
    const graph = new Graph();
    const [x, embedding, text] = [graph.input("x", shape), graph.input("e", [1, 4]), graph.input("c", [1, 3, 6])];
    pyunet(read(), inputParameters(graph, ""), x, { embedding, context: context ? text : undefined, stage });
  };
  it("a stage that is none", () => expect(build([1, 5, 4, 4], 2, true)).toThrow("pyunet: got stage 2, want a whole number from 0 to 1"));
  it("a latent that cannot be halved", () =>
    expect(build([1, 5, 4, 5], 0, true)).toThrow("pyunet: got a latent of 4×5, want multiples of 2, since 2 levels halve it"));
  it("a latent without the stage's channels", () =>
    expect(build([1, 4, 4, 4], 1, true)).toThrow("pyunet: got [1,4,4,4] at stage 1, want at least 5 channels, coarse first"));
  it("no condition", () => expect(build([1, 5, 4, 4], 0, false)).toThrow(/pyunet: got no context, want \[N,tokens,D\]/));
});
