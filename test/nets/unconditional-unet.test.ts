import { afterAll, describe, expect, it } from "vitest";
import { createRng, randn } from "#kernel-lib/core/random.js";
import { sizeOf, type Tensor } from "#kernel-lib/core/tensor.js";
import { startRuntime } from "#kernel-lib/engine/runtime.js";
import { gradient } from "#kernel-lib/graph/gradient.js";
import { Graph } from "#kernel-lib/graph/graph.js";
import { mul } from "#kernel-lib/graph/ops/elementwise.js";
import { checkpointParameters, inputParameters } from "#kernel-lib/nets/parameters.js";
import { computedTimestepEmbedding, timestepEmbedding } from "#kernel-lib/nets/timestep-embedding.js";
import { type UnconditionalUNetConfig, unconditionalUNet, unconditionalUNetConfig } from "#kernel-lib/nets/unconditional-unet.js";
import { openSafetensors } from "#kernel-lib/weights/safetensors.js";
import { refusal } from "../fixtures/checkpoint-folder.js";
import { golden, readGolden, relativeL2 } from "../golden/golden.mjs";

const runtime = startRuntime({ device: "cpu", threads: 1 });
afterAll(() => runtime.close());

const FILE = "units/unconditional.safetensors";
const { tensors: refs, metadata, file } = openSafetensors(golden(FILE));
const values = readGolden(FILE);

/** A network of the golden file: its config and where its weights lie. */
function part(name: string) {
  const prefix = `${name}/weights/`;
  const weights = new Map([...refs].filter(([key]) => key.startsWith(prefix)).map(([key, ref]) => [key.slice(prefix.length), ref]));
  return { file, weights, config: unconditionalUNetConfig(name, JSON.parse(metadata[name])) };
}

describe.each(["ldm", "ddpm", "plain"])("%s equals diffusers' UNet2DModel", (name) => {
  const { config, ...weights } = part(name);
  const [sample, cotangent] = ["sample", "cotangent"].map((key) => values[`${name}/${key}`]);
  const timestep = Number(metadata[`${name}/timestep`]);

  const outcome = async (checkpointing: boolean, computed: boolean) => {
    const graph = new Graph({ checkpointing });
    const x = graph.input("x", sample.shape);
    const embedding = computed
      ? computedTimestepEmbedding(config, graph.input("timestep", [1]))
      : graph.input("embedding", [1, config.blockOutChannels[0]]);
    const output = unconditionalUNet(config, checkpointParameters(graph, weights), x, embedding);
    graph.output("output", output);
    graph.output("gradient", gradient(graph, mul(output, graph.input("cotangent", cotangent.shape)), x));
    const session = await runtime.open(graph);
    const time: Record<string, Tensor> = computed
      ? { timestep: { data: Float32Array.of(timestep), shape: [1] } }
      : { embedding: timestepEmbedding(config, [timestep]) };
    const results = await session.run({ x: sample, cotangent, ...time });
    await session.release();
    return results;
  };

  it.each([
    [false, false],
    [true, true],
  ])("in its output and in its gradient to the sample (checkpointing %s, embedding computed %s)", async (checkpointing, computed) => {
    const results = await outcome(checkpointing, computed);
    for (const key of ["output", "gradient"]) expect(relativeL2(results[key].data, values[`${name}/${key}`].data), key).toBeLessThan(2e-5);
  });

  it("in the names and shapes of its parameters", () => {
    const graph = new Graph();
    const own = inputParameters(graph, "");
    const named = Object.assign((...asked: Parameters<typeof own>) => own(...asked), { has: (key: string) => weights.weights.has(key) });
    unconditionalUNet(config, named, graph.input("x", sample.shape), graph.input("e", [1, config.blockOutChannels[0]]));
    const shapes = (entries: Iterable<[string, { readonly shape: readonly number[] }]>) =>
      Object.fromEntries([...entries].map(([key, { shape }]) => [key, [...shape]]));
    expect(shapes(own.all)).toEqual(shapes(weights.weights));
  });
});

describe("the number of parameters", () => {
  const count = (config: UnconditionalUNetConfig) => {
    const graph = new Graph();
    const own = inputParameters(graph, "");
    const { inChannels, sampleSize, blockOutChannels } = config;
    const x = graph.input("x", [1, inChannels, sampleSize, sampleSize]);
    unconditionalUNet(config, own, x, graph.input("e", [1, blockOutChannels[0]]));
    return [...own.all.values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  };

  it("of google/ddpm-cifar10-32's architecture is the published 35.7 million", () => {
    const config = unconditionalUNetConfig("ddpm-cifar10-32", {
      act_fn: "silu",
      attention_head_dim: null,
      block_out_channels: [128, 256, 256, 256],
      down_block_types: ["DownBlock2D", "AttnDownBlock2D", "DownBlock2D", "DownBlock2D"],
      up_block_types: ["UpBlock2D", "UpBlock2D", "AttnUpBlock2D", "UpBlock2D"],
      downsample_padding: 0,
      flip_sin_to_cos: false,
      freq_shift: 1,
      norm_eps: 1e-6,
      sample_size: 32,
      _class_name: "UNet2DModel",
    });
    expect(count(config)).toBe(35_746_307);
  });
});

describe("a config", () => {
  const fitting = JSON.parse(metadata.ldm);
  const read = (changes: object) => unconditionalUNetConfig("unet/config.json", { ...fitting, ...changes });

  it("without keys has diffusers' defaults", () => {
    expect(unconditionalUNetConfig("unet/config.json", { _class_name: "UNet2DModel", sample_size: 16 })).toEqual({
      inChannels: 3,
      outChannels: 3,
      sampleSize: 16,
      blockOutChannels: [224, 448, 672, 896],
      downBlockTypes: ["DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"],
      upBlockTypes: ["AttnUpBlock2D", "AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D"],
      layersPerBlock: 2,
      headDim: 8,
      addAttention: true,
      downsamplePadding: 1,
      normNumGroups: 32,
      normEps: 1e-5,
      flipSinToCos: true,
      freqShift: 0,
    });
  });

  it.each([
    [{ _class_name: "UNet2DConditionModel" }, "_class_name: UNet2DModel", '"UNet2DConditionModel"'],
    [{ down_block_types: ["DownBlock2D", "SkipDownBlock2D", "DownBlock2D"] }, /^down_block_types: a list of DownBlock2D, Attn/, /SkipDown/],
    [{ up_block_types: ["UpBlock2D"] }, /^up_block_types: 3 entries/, /UpBlock2D/],
    [{ block_out_channels: [6, 8, 11] }, /^block_out_channels: multiples of norm_num_groups 2/, /11/],
    [{ attention_head_dim: 5 }, "attention_head_dim: a number that divides 12, or null", "5"],
    [{ time_embedding_type: "fourier" }, 'time_embedding_type: "positional"', '"fourier"'],
    [{ class_embed_type: "timestep" }, "class_embed_type: null", '"timestep"'],
    [{ downsample_padding: 2 }, /^downsample_padding: a whole number from 0 to 1/, "2"],
    [{ sample_size: null }, /^sample_size: a whole number/, "null"],
    [{ sample_size: [8, 16] }, /^sample_size: a whole number/, "[8,16]"],
    [{ mid_block_type: null }, 'mid_block_type: "UNetMidBlock2D"', "null"],
    [{ resnet_time_scale_shift: "scale_shift" }, /^resnet_time_scale_shift/, /scale_shift/],
  ])("with %j is refused by the field's name", (changes, expected, found) => {
    const error = refusal(() => read(changes));
    expect(error.file).toBe("unet/config.json");
    expect(error.expected).toMatch(expected);
    expect(error.found).toMatch(found);
  });

  it("whose levels do not halve the latent evenly is refused when the graph is built", () => {
    const graph = new Graph();
    const build = () => unconditionalUNet(read({}), inputParameters(graph, ""), graph.input("x", [1, 4, 6, 8]), graph.input("e", [1, 6]));
    expect(build).toThrow("unconditionalUNet: got a latent of 6×8, want multiples of 4, since 3 levels halve it");
  });
});

it("the gradient of the noise's product with a direction agrees with central differences in the latent", async () => {
  const { config, ...weights } = part("ldm");
  const graph = new Graph();
  const x = graph.input("x", [1, 4, 8, 8]);
  const cotangent = graph.input("cotangent", [1, 4, 8, 8]);
  const output = unconditionalUNet(config, checkpointParameters(graph, weights), x, graph.input("embedding", [1, 6]));
  graph.output("output", output);
  graph.output("gradient", gradient(graph, mul(output, cotangent), x));
  const session = await runtime.open(graph);
  const rng = createRng(5);
  const [at, along, against] = Array.from({ length: 3 }, () => randn(rng, [1, 4, 8, 8]));
  const embedding = timestepEmbedding(config, [200]);
  const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, v, k) => sum + v * b[k], 0);
  const product = async (step: number) => {
    const moved = { data: at.data.map((v, k) => v + step * along.data[k]), shape: at.shape };
    return dot((await session.run({ x: moved, cotangent: against, embedding })).output.data, against.data);
  };
  const h = 2e-3;
  const slope = ((await product(h)) - (await product(-h))) / (2 * h);
  const { gradient: d } = await session.run({ x: at, cotangent: against, embedding });
  await session.release();
  expect(Math.abs(dot(d.data, along.data) / slope - 1)).toBeLessThan(2e-3);
});
