/** Laws of attention control: in a graph, in the U-Net and in a model of random numbers. */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRng, randn } from "#kernel-lib/core/random.js";
import { rows, stack, type Tensor, tensor, zeros } from "#kernel-lib/core/tensor.js";
import { startRuntime } from "#kernel-lib/engine/runtime.js";
import { Graph } from "#kernel-lib/graph/graph.js";
import { onnxBytes } from "#kernel-lib/graph/onnx.js";
import { changedAttention } from "#kernel-lib/graph/ops/changed-attention.js";
import { attention } from "#kernel-lib/graph/ops/matmul.js";
import { attentionControl, LARGEST_SELF } from "#kernel-lib/nets/controlled-denoiser.js";
import { inputParameters } from "#kernel-lib/nets/parameters.js";
import { unet, unetConfig } from "#kernel-lib/nets/unet.js";
import type { Model } from "#kernel-lib/pipelines/model.js";
import { openModel } from "#kernel-lib/pipelines/open-model.js";
import { TINY, tinyCheckpoint } from "../fixtures/tiny-checkpoint.js";

const runtime = startRuntime({ device: "cpu", threads: 1 });
const { path, remove } = tinyCheckpoint();
let model: Model;
beforeAll(async () => {
  model = await openModel(path, { device: "cpu", threads: 1 });
});
afterAll(async () => {
  await model.close();
  await runtime.close();
  remove();
});

const noise = (seed: number, shape: readonly number[]): Tensor => randn(createRng(seed), shape);
const apart = (a: Tensor, b: Tensor): number => a.data.reduce((most, x, k) => Math.max(most, Math.abs(x - b.data[k])), 0);
const identity = (n: number): Tensor =>
  tensor(
    Array.from({ length: n * n }, (_, k) => Number(k % (n + 1) === 0)),
    [n, n],
  );
const ones = (n: number): Tensor => tensor(Array<number>(n).fill(1), [n]);
const T = TINY.tokens;
const OFF = { fromSource: zeros([T, T]), fromOwn: ones(T), selfBlend: 0 };
const COPY = { fromSource: identity(T), fromOwn: zeros([T]), selfBlend: 1 };

describe("the U-Net's graph without control", () => {
  // sha256 of the bytes at commit 8b89f22, before there was control, with group norm's affine part since made one node
  it.each([
    [false, "2d5ef336e0cf6b4e80c9e8d54b591325f9dad504fb1cb155b0d32e4c66cec422"],
    [true, "5481213efbc0143c69158b3233bf16d392e85b63fa0bd6b81777247389b66411"],
  ])("has the bytes it had before there was control (checkpointing %s)", (checkpointing, digest) => {
    const build = (...control: [] | [undefined]) => {
      const graph = new Graph({ checkpointing, scoreBytes: 2 ** 12 });
      const inputs = [graph.input("latent", [2, 4, 8, 8]), graph.input("embedding", [1, 8]), graph.input("text", [2, 16, 8])] as const;
      graph.output("output", unet(CONFIG, inputParameters(graph, ""), ...inputs, ...control));
      return onnxBytes(graph);
    };
    expect(createHash("sha256").update(build()).digest("hex")).toBe(digest);
    expect(Buffer.from(build(undefined)).equals(build())).toBe(true);
  });
});

const CONFIG = unetConfig("unet", {
  _class_name: "UNet2DConditionModel",
  block_out_channels: [8, 8],
  norm_num_groups: 4,
  layers_per_block: 1,
  attention_head_dim: 2,
  cross_attention_dim: 8,
  sample_size: 8,
  down_block_types: ["CrossAttnDownBlock2D", "DownBlock2D"],
  up_block_types: ["UpBlock2D", "CrossAttnUpBlock2D"],
});

describe("the probabilities", () => {
  const [heads, groups, perGroup, S, tokens] = [2, 2, 3, 4, 5];
  const P = noise(1, [perGroup * groups * heads, S, tokens]);
  const square = noise(2, [perGroup * groups * heads, S, S]);
  const sections = (x: Tensor, row: number) => rows(x, row * groups * heads, (row + 1) * groups * heads);

  const run = async (maps: { fromSource: Tensor; fromOwn: Tensor; selfBlend: number }) => {
    const graph = new Graph();
    const control = attentionControl(graph, { tokens, rows: perGroup }, "float32");
    graph.output("cross", control.cross(graph.input("P", P.shape)));
    graph.output("self", control.self(S)?.(graph.input("square", square.shape)) as never);
    const session = await runtime.open(graph);
    const out = await session.run({ ...maps, selfBlend: tensor([maps.selfBlend], [1]), P, square });
    await session.release();
    return out;
  };

  it("of the edited rows are P_s·fromSource + P_t∘fromOwn, and the blend of both rows' own; the other rows' are as they were", async () => {
    const [fromSource, fromOwn, selfBlend] = [noise(3, [tokens, tokens]), noise(4, [tokens]), 0.25];
    const { cross, self } = await run({ fromSource, fromOwn, selfBlend });
    const [source, own] = [sections(P, 0), sections(P, 2)];
    const want = own.data.map((p, k) => {
      const [row, j] = [k - (k % tokens), k % tokens];
      let sum = p * fromOwn.data[j];
      for (let i = 0; i < tokens; i++) sum += source.data[row + i] * fromSource.data[i * tokens + j];
      return sum;
    });
    expect(apart(sections(cross, 2), { data: want, shape: own.shape })).toBeLessThan(1e-6);
    const [a, b] = [sections(square, 0), sections(square, 2)];
    expect(apart(sections(self, 2), { data: b.data.map((p, k) => 0.25 * a.data[k] + 0.75 * p), shape: b.shape })).toBeLessThan(1e-6);
    for (const row of [0, 1]) {
      expect(sections(cross, row).data).toEqual(sections(P, row).data);
      expect(sections(self, row).data).toEqual(sections(square, row).data);
    }
  });

  it("are the source's under the identity map, and their own without control, bit for bit", async () => {
    const copied = await run({ fromSource: identity(tokens), fromOwn: zeros([tokens]), selfBlend: 1 });
    expect(sections(copied.cross, 2).data).toEqual(sections(P, 0).data);
    expect(sections(copied.self, 2).data).toEqual(sections(square, 0).data);
    const off = await run({ fromSource: zeros([tokens, tokens]), fromOwn: ones(tokens), selfBlend: 0 });
    expect(off.cross.data).toEqual(P.data);
    expect(off.self.data).toEqual(square.data);
  });

  it("of self-attention over more than 16² pixels are never changed", () => {
    const control = attentionControl(new Graph(), { tokens, rows: 2 }, "float32");
    expect(LARGEST_SELF).toBe(256);
    expect(control.self(256)).toBeDefined();
    expect(control.self(257)).toBeUndefined();
  });
});

it("attention with unchanged probabilities equals the attention operator; a change of shape is refused", async () => {
  const graph = new Graph();
  const [q, k, v] = [graph.input("q", [2, 6, 8]), graph.input("k", [2, 5, 8]), graph.input("v", [2, 5, 8])];
  graph.output("plain", attention(q, k, v, 2));
  graph.output(
    "changed",
    changedAttention(q, k, v, 2, (P) => P),
  );
  const session = await runtime.open(graph);
  const { plain, changed } = await session.run({ q: noise(1, q.shape), k: noise(2, k.shape), v: noise(3, v.shape) });
  await session.release();
  expect(changed.data).toEqual(plain.data);
  expect(() => changedAttention(q, k, v, 2, () => v)).toThrow(/changedAttention: got \[2,5,8\], want \[4,6,5\]/);
});

describe("predictControlledNoise", () => {
  const [G, R] = [2, 3];
  const latent = noise(5, [G * R, TINY.channels, 8, 8]);
  const text = noise(6, [G * R, T, TINY.dim]);
  const grouped = (x: Tensor): Tensor => ({ data: x.data, shape: [G, R, ...x.shape.slice(1)] });
  const predict = (control: typeof OFF, changes: { latent?: Tensor; text?: Tensor; batch?: number; on?: Model } = {}) =>
    (changes.on ?? model).predictControlledNoise(grouped(changes.latent ?? latent), {
      timestep: 500,
      text: grouped(changes.text ?? text),
      control,
      batch: changes.batch,
    });
  const rowOf = (x: Tensor, row: number) =>
    stack([row, R + row].map((k) => rows({ data: x.data, shape: [G * R, ...x.shape.slice(2)] }, k, k + 1)));

  it("without control is predictRowNoise", async () => {
    const plain = await model.predictRowNoise(latent, { timestep: 500, text });
    expect(apart(await predict(OFF), plain)).toBeLessThan(1e-5);
  });

  it("changes the last rows alone", async () => {
    const [off, on] = [await predict(OFF), await predict(COPY)];
    for (const row of [0, 1]) expect(apart(rowOf(off, row), rowOf(on, row))).toBeLessThan(1e-6);
    expect(apart(rowOf(off, 2), rowOf(on, 2))).toBeGreaterThan(1e-3);
  });

  it("with the source's latent and text is the source's prediction, under every control that copies", async () => {
    const same = (x: Tensor) => stack([0, 1, 0, 3, 4, 3].map((k) => rows(x, k, k + 1)));
    for (const selfBlend of [0, 0.5, 1]) {
      const found = await predict({ ...COPY, selfBlend }, { latent: same(latent), text: same(text) });
      expect(apart(rowOf(found, 2), rowOf(found, 0))).toBeLessThan(1e-5);
    }
  });

  it("does not depend on how many groups go into a call", async () => {
    expect(apart(await predict(COPY, { batch: 1 }), await predict(COPY, { batch: 2 }))).toBeLessThan(1e-6);
  });

  it("in half precision is near that in float32", async () => {
    const half = await openModel(path, { device: "cpu", threads: 1, precision: "float16" });
    const [narrow, wide] = [await predict(COPY, { on: half }), await predict(COPY)];
    await half.close();
    const norm = (x: Float32Array) => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0));
    expect(norm(narrow.data.map((x, k) => x - wide.data[k])) / norm(wide.data)).toBeLessThan(1e-2);
  });

  it("refuses groups of one, texts and maps of another size, and a blend outside 0 to 1", async () => {
    const options = { timestep: 500, text: grouped(text), control: COPY };
    await expect(model.predictControlledNoise(latent, options)).rejects.toThrow(/latent: got \[6,4,8,8\], want \[G,R,4,h,w\]/);
    const alone = { data: latent.data, shape: [6, 1, 4, 8, 8] };
    await expect(model.predictControlledNoise(alone, options)).rejects.toThrow(/got groups of 1, want the source's row first/);
    await expect(model.predictControlledNoise(grouped(latent), { ...options, text })).rejects.toThrow(
      /text: got \[6,16,8\], want \[2,3,tok/,
    );
    await expect(predict({ ...COPY, fromSource: identity(3) })).rejects.toThrow(/fromSource: got \[3,3\], want \[16,16\]/);
    await expect(predict({ ...COPY, selfBlend: 1.5 })).rejects.toThrow(/selfBlend 1.5, want a number from 0 to 1/);
  });
});
