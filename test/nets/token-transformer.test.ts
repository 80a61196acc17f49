import { afterAll, describe, expect, it } from "vitest";
import { createRng, randn } from "#kernel-lib/core/random.js";
import type { Tensor } from "#kernel-lib/core/tensor.js";
import { startRuntime } from "#kernel-lib/engine/runtime.js";
import { Graph } from "#kernel-lib/graph/graph.js";
import { inputParameters } from "#kernel-lib/nets/parameters.js";
import { tokenTransformer, tokenTransformerConfig } from "#kernel-lib/nets/token-transformer.js";
import { refusal } from "../fixtures/checkpoint-folder.js";
import { relativeL2 } from "../golden/golden.mjs";

const runtime = startRuntime({ device: "cpu", threads: 1 });
afterAll(() => runtime.close());

const read = (changes: object = {}) =>
  tokenTransformerConfig("condition/config.json", {
    n_embed: 6,
    n_layer: 2,
    vocab_size: 9,
    max_seq_len: 8,
    heads: 2,
    head_channels: 4,
    ...changes,
  });

async function encode(ids: readonly (readonly number[])[], keep?: readonly (readonly number[])[]): Promise<Tensor> {
  const graph = new Graph();
  const p = inputParameters(graph, "");
  const shape = [ids.length, ids[0].length];
  const tokens = graph.input("ids", shape, "int32");
  graph.output("out", tokenTransformer(read({ mask: keep !== undefined }), p, tokens, keep && graph.input("keep", shape)));
  const rng = createRng(6);
  const parameters = Object.fromEntries([...p.all].map(([name, { shape }]) => [name, randn(rng, shape)]));
  const session = await runtime.open(graph);
  const given: Record<string, Tensor> = keep ? { keep: { data: Float32Array.from(keep.flat()), shape } } : {};
  const { out } = await session.run({ ...parameters, ...given, ids: { data: Int32Array.from(ids.flat()), shape } });
  await session.release();
  return out as Tensor;
}

describe("padding", () => {
  const words = [3, 1, 4];
  const first = ({ data }: Tensor, numbers: number) => data.subarray(0, numbers);

  it("that is masked changes nothing, whatever its token and however much there is", async () => {
    const alone = await encode([words]);
    for (const padding of [[0], [7, 7, 2]]) {
      const row = [...words, ...padding];
      const padded = await encode([row, row.map(() => 5)], [row.map((_, k) => (k < words.length ? 1 : 0)), row.map(() => 1)]);
      expect(relativeL2(first(padded, alone.data.length), alone.data)).toBeLessThan(1e-6);
    }
  });

  it("that is not masked is attended to, as in the official code", async () => {
    const alone = await encode([words]);
    expect(relativeL2(first(await encode([[...words, 0]]), alone.data.length), alone.data)).toBeGreaterThan(1e-2);
  });
});

describe("what does not fit is refused", () => {
  const build = (tokens: number, mask: boolean, given: boolean) => () => {
    const graph = new Graph();
    const keep = given ? graph.input("keep", [1, tokens]) : undefined;
    tokenTransformer(read({ mask }), inputParameters(graph, ""), graph.input("ids", [1, tokens], "int32"), keep);
  };
  it("too many tokens", () => expect(build(9, false, false)).toThrow("tokenTransformer: got 9 tokens, want at most 8"));
  it("no mask where the config has one", () => expect(build(4, true, false)).toThrow("got no mask of padding, want one"));
  it("a mask where the config has none", () => expect(build(4, false, true)).toThrow("got a mask of padding, want none"));
  it.each([
    [{ n_embed: 0 }, /^n_embed: a whole number/],
    [{ n_layer: 65 }, /^n_layer: a whole number from 1 to 64/],
    [{ mask: "yes" }, /^mask: true or false/],
  ])("a config with %j", (changes, expected) => expect(refusal(() => read(changes)).expected).toMatch(expected));
});
