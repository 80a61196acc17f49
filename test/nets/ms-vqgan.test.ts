import { afterAll, describe, expect, it } from "vitest";
import { createRng, randn } from "#kernel-lib/core/random.js";
import type { Tensor } from "#kernel-lib/core/tensor.js";
import { startRuntime } from "#kernel-lib/engine/runtime.js";
import { gradient } from "#kernel-lib/graph/gradient.js";
import { Graph } from "#kernel-lib/graph/graph.js";
import { mul } from "#kernel-lib/graph/ops/elementwise.js";
import { msVqganDecode, msVqganEncode, msVqganReconstruct } from "#kernel-lib/nets/ms-vqgan.js";
import { msVqganConfig } from "#kernel-lib/nets/ms-vqgan-config.js";
import { inputParameters } from "#kernel-lib/nets/parameters.js";
import { refusal } from "../fixtures/checkpoint-folder.js";
import { relativeL2 } from "../golden/golden.mjs";

const levels = { double_z: false, resolution: 16, num_res_blocks: 1, ch: 4, dropout: 0 };
const ed = { ...levels, multiscale: 2, z_channels: [3, 3], in_channels: 3, out_ch: 3, ch_mult: [1, 1, 2], attn_resolutions: [4] };
const dd = { ...levels, z_channels: 6, in_channels: 3, out_ch: 3, ch_mult: [1, 2], attn_resolutions: [] };
const TINY = { embed_dim: [3, 3], n_embed: [5, 7], edconfig: ed, ddconfig: dd, shared_decoder_ch: 4, norm_num_groups: 2 };
const read = (changes: object = {}) => msVqganConfig("first_stage/config.json", { ...TINY, ...changes });

describe("a config", () => {
  it("of the authors' f16f8 model has five encoder levels with attention on the fourth, and their loss", () => {
    const authors = {
      double_z: false,
      resolution: 256,
      in_channels: 3,
      out_ch: 3,
      ch: 128,
      num_res_blocks: 2,
      attn_resolutions: [32],
      dropout: 0,
    };
    const config = msVqganConfig("first_stage/config.json", {
      monitor: "val/rec_loss",
      embed_dim: [4, 4],
      n_embed: [8192, 8192],
      edconfig: { ...authors, multiscale: 2, z_channels: [4, 4], ch_mult: [1, 1, 2, 2, 4] },
      ddconfig: { ...authors, z_channels: 8, ch_mult: [1, 1, 2, 4] },
      lossconfig: { target: "taming.modules.losses.vqperceptual.VQLPIPSWithDiscriminator" },
    });
    expect(config).toEqual({
      codes: [8192, 8192],
      codeChannels: 4,
      imageChannels: 3,
      encoder: { channels: [128, 128, 256, 256, 512], blocks: 2, attentionLevels: [3], groups: 32 },
      decoder: { channels: [128, 128, 256, 512], blocks: 2, attentionLevels: [3], groups: 32 },
      decoderInput: 8,
      outChannels: 3,
      fusion: { channels: [128], blocks: 2, attentionLevels: [], groups: 32 },
      loss: { beta: 0.25, betaOn: "codebook" },
      scaleFactors: [1, 1],
    });
  });

  it.each([
    [{ embed_dim: [3, 4] }, /^embed_dim: the same number of channels at every scale/, "[3,4]"],
    [{ embed_dim: [3] }, /^embed_dim: 2 entries, one per scale/, "[3]"],
    [{ n_embed: [5, 7, 9] }, /^n_embed: 2 entries, one per scale/, "[5,7,9]"],
    [{ fusion: "add" }, 'fusion: "concat"', '"add"'],
    [{ remap: "used.npy" }, "remap: null", '"used.npy"'],
    [{ channel_range: [0, 3] }, "channel_range: []", "[0,3]"],
    [{ edconfig: { ...ed, z_channels: [3, 4] } }, /^edconfig\.z_channels: 3, as embed_dim/, "[3,4]"],
    [{ edconfig: { ...ed, double_z: true } }, "edconfig.double_z: false", "true"],
    [{ edconfig: { ...ed, ch: 5 } }, /^edconfig\.ch: levels whose widths are multiples of norm_num_groups 2/, "[5,5,10]"],
    [{ ddconfig: { ...dd, ch_mult: [1, 1, 2] } }, /^ddconfig\.ch_mult: 2 levels/, "[1,1,2]"],
    [{ ddconfig: { ...dd, tanh_out: true } }, "ddconfig.tanh_out: false", "true"],
    [{ shared_decoder_ch: 3 }, /^shared_decoder_ch: levels/, "[3]"],
    [{ n_embed: undefined }, /^n_embed: /, "nothing"],
  ])("with %j is refused by the field's name", (changes, expected, found) => {
    const error = refusal(() => read(changes));
    expect(error.file).toBe("first_stage/config.json");
    expect(error.expected).toMatch(expected);
    expect(error.found).toMatch(found);
  });

  it("whose levels do not halve the image evenly is refused when the graph is built", () => {
    const graph = new Graph();
    const build = () => msVqganEncode(read(), inputParameters(graph, ""), graph.input("image", [1, 3, 8, 10]));
    expect(build).toThrow("msVqganEncode: got an image of 8×10, want multiples of 4, since 3 levels halve it");
  });
});

describe("a small network of random weights", () => {
  const runtime = startRuntime({ device: "cpu", threads: 1 });
  afterAll(() => runtime.close());
  const image = randn(createRng(3), [2, 3, 8, 12]);

  const outcome = async (checkpointing: boolean) => {
    const graph = new Graph({ checkpointing });
    const p = inputParameters(graph, "");
    const input = graph.input("image", image.shape);
    const { image: again, encoding } = msVqganReconstruct(read(), p, input);
    graph.output("again", again);
    graph.output("decoded", msVqganDecode(read(), p, encoding.latent).image);
    graph.output("gradient", gradient(graph, mul(again, again), input));
    const rng = createRng(4);
    const scaled = ({ data, shape }: Tensor) => ({ data: data.map((x) => x / 3), shape });
    const feeds = Object.fromEntries([...p.all].map(([name, { shape }]) => [name, scaled(randn(rng, shape))]));
    const session = await runtime.open(graph);
    const results = await session.run({ image, ...feeds });
    await session.release();
    return results;
  };

  it("decodes its latent to what it decodes its codes to, since a coarse code stands for four equal pixels", async () => {
    const { again, decoded } = await outcome(false);
    expect(again.shape).toEqual(image.shape);
    expect(relativeL2(decoded.data, again.data)).toBeLessThan(1e-5);
  });

  it("has the same gradient with gradient checkpointing", async () => {
    const [plain, checkpointed] = [await outcome(false), await outcome(true)];
    expect(relativeL2(checkpointed.gradient.data, plain.gradient.data)).toBeLessThan(1e-5);
  });
});
