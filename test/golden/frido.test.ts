/**
 * Golden: frido/*.safetensors, the official Frido code (commit b2f9e28) on small random networks in float32; limits: three times the distance
 * between its float32 and float64 runs (golden/frido/README.md, "Tolerances").
 */
import { afterAll, describe, expect, test } from "vitest";
import type { Tensor } from "#kernel-lib/core/tensor.js";
import { startRuntime } from "#kernel-lib/engine/runtime.js";
import type { Feed } from "#kernel-lib/engine/session.js";
import { gradient } from "#kernel-lib/graph/gradient.js";
import { Graph, type Value } from "#kernel-lib/graph/graph.js";
import { mul } from "#kernel-lib/graph/ops/elementwise.js";
import { msVqganDecode, msVqganEncode, msVqganReconstruct } from "#kernel-lib/nets/ms-vqgan.js";
import { msVqganConfig } from "#kernel-lib/nets/ms-vqgan-config.js";
import { inputParameters } from "#kernel-lib/nets/parameters.js";
import { pyunet } from "#kernel-lib/nets/pyunet.js";
import { pyunetConfig, pyunetTimesteps } from "#kernel-lib/nets/pyunet-config.js";
import { timestepEmbedding } from "#kernel-lib/nets/timestep-embedding.js";
import { tokenTransformer, tokenTransformerConfig } from "#kernel-lib/nets/token-transformer.js";
import { channels, config, expectNear, LOSS, run, shapesOf, skipped, weightsOf, why } from "./frido-reference.js";
import { readGolden, relativeL2 } from "./golden.mjs";

const runtime = startRuntime({ device: "cpu", threads: 1 });
afterAll(() => runtime.close());

describe.skipIf(skipped).each([
  { network: "msvqgan", file: "golden_msvqgan", names: ["coarse", "fine"], params: config?.model.first_stage_config.params },
  { network: "msvqgan3", file: "golden_msvqgan3", names: ["coarse", "mid", "fine"], params: config?.three_scales.first_stage_config },
])(`MS-VQGAN with scales $names${why}`, ({ network, file, names, params }) => {
  const g = readGolden(`frido/${file}.safetensors`);
  const { weights, asOfficial } = weightsOf(network);
  const read = (changes: object = {}) => msVqganConfig("first_stage/config.json", { ...params, ...changes });
  const codesOf = (list: readonly Value[]) => Object.fromEntries(list.map((codes, s) => [`codes_${names[s]}`, codes]));
  const expectCodes = (got: Readonly<Record<string, Tensor>>, prefix: string) => {
    for (const name of names) expect(got[`codes_${name}`].data, name).toEqual(g[`${prefix}codes_${name}`].data);
  };

  test("the weights are those of the official run", () => expect(asOfficial).toBe(true));

  test("parameters have the names and shapes of the official state dict", () => {
    const graph = new Graph();
    const p = inputParameters(graph, "");
    msVqganReconstruct(read(), p, graph.input("image", g.image.shape));
    expect(shapesOf(p.all)).toEqual(shapesOf(weights));
  });

  test("encoding: the maps of each scale, their codes, and the latent", async () => {
    const got = await run(runtime, weights, { image: g.image }, (p, graph) => {
      const { scales, latent } = msVqganEncode(read(), p, graph.input("image", g.image.shape));
      const maps = scales.flatMap(({ raw, features, straight, vectors }, s) =>
        Object.entries({
          [`enc.raw_${names[s]}`]: raw,
          [`enc.${names[s]}.prequant`]: features,
          [`enc.${names[s]}.quant`]: straight,
          [`${names[s]}.vectors`]: vectors,
        }),
      );
      return { ...Object.fromEntries(maps), ...codesOf(scales.map(({ codes }) => codes)), "interface.encode": latent };
    });
    for (const [name, result] of Object.entries(got)) if (g[name]) expectNear(result, g[name], "encoder", name);
    for (const name of names) expect(relativeL2(got[`${name}.vectors`].data, got[`enc.${name}.quant`].data)).toBeLessThan(1e-7);
    expectCodes(got, "train.");
  });

  const decode = (latent: Tensor) => {
    return run(runtime, weights, { z: latent }, (p, graph) => {
      const z = graph.input("z", latent.shape);
      const { image, codes } = msVqganDecode(read(), p, z);
      return { decoded: image, ...codesOf(codes), gradient: gradient(graph, mul(image, image), z) };
    });
  };

  test("decoding an encoded picture: the picture and its codes at the finest resolution", async () => {
    const got = await decode(g["interface.encode"]);
    expectCodes(got, "interface.decode_of_encode.");
    expectNear(got.decoded, g["interface.decode_of_encode"], "image", "decoded");
  });

  // the official run with three scales has none
  test.skipIf(!g["given.latent"])("decoding a given latent: the picture, its codes, and the gradient straight through", async () => {
    const got = await decode(g["given.latent"]);
    expectCodes(got, "given.");
    expectNear(got.decoded, g["given.decoded"], "image", "decoded");
    expectNear(got.gradient, g["given.grad_latent_sum_dec2"], "gradient", "gradient");
  });

  test.each([true, false])("training (legacy %s): the picture again, the codebook loss, and their gradients", async (legacy) => {
    const got = await run(runtime, weights, { image: g.image }, (p, graph) => {
      const input = graph.input("image", g.image.shape);
      const { image, codebookLoss } = msVqganReconstruct(read({ legacy }), p, input);
      const books = names.map((_, s) => graph.inputs.find(({ name }) => name === `ms_quantize.${s}.embedding.weight`) as Value);
      const [dImage, ...dBooks] = gradient(graph, codebookLoss, [input, ...books]);
      return {
        decoded: image,
        loss: codebookLoss,
        decGradient: gradient(graph, mul(image, image), input),
        lossGradient: dImage,
        ...Object.fromEntries(dBooks.map((d, s) => [`book_${names[s]}`, d])),
      };
    });
    expectNear(got.decoded, g["train.decode"], "image", "decoded");
    expect(Math.abs(got.loss.data[0] / g["train.emb_loss"].data[0] - 1)).toBeLessThan(LOSS);
    const suffix = legacy ? "" : "_legacy_false";
    const gradients = {
      decGradient: "train.grad_image_sum_dec2",
      lossGradient: `train.grad_image_emb_loss${suffix}`,
      ...Object.fromEntries(names.map((name) => [`book_${name}`, `train.grad_codebook_${name}_emb_loss${suffix}`])),
    };
    for (const [name, key] of Object.entries(gradients)) if (g[key]) expectNear(got[name], g[key], "gradient", key);
  });
});

describe.skipIf(skipped).each([
  { name: "split and gated", network: "pyunet", prefix: "", params: config?.model.unet_config.params },
  { name: "with several heads", network: "pyunet", prefix: "multihead.", params: config?.pyunet_variants.multihead },
  { name: "without a split", network: "pyunet_nosplit", prefix: "nosplit.", params: config?.pyunet_variants.nosplit },
  { name: "with self-attention alone", network: "pyunet_qkv", prefix: "qkv.", params: config?.pyunet_variants.qkv },
])(`PyU-Net $name${why}`, ({ network, prefix, params }) => {
  const { x, context, ...first } = readGolden("frido/golden_pyunet.safetensors");
  const g = prefix ? readGolden("frido/golden_pyunet_variants.safetensors") : first;
  const { weights, asOfficial } = weightsOf(network);
  const read = () => pyunetConfig("unet/config.json", params);
  const predict = (latent: Tensor, timesteps: Tensor, stage: number) =>
    run(runtime, weights, { x: latent, context, embedding: timestepEmbedding(pyunetTimesteps(read()), timesteps.data) }, (p, graph) => {
      const inputs = [graph.input("x", latent.shape), graph.input("context", context.shape)];
      const embedding = graph.input("embedding", [latent.shape[0], read().modelChannels]);
      const out = pyunet(read(), p, inputs[0], { embedding, context: inputs[1], stage });
      const [dx, dcontext] = gradient(graph, mul(out, out), read().transformer ? inputs : inputs.slice(0, 1));
      return { out, dx, ...(dcontext && { dcontext }) };
    });

  test("the weights are those of the official run", () => expect(asOfficial).toBe(true));

  test("parameters of all stages have the names and shapes of the official state dict", () => {
    const graph = new Graph();
    const p = inputParameters(graph, "");
    const latent = graph.input("x", x.shape);
    const embedding = graph.input("embedding", [1, read().modelChannels]);
    const text = graph.input("context", context.shape);
    for (let stage = 0; stage < read().stages; stage++) pyunet(read(), p, latent, { embedding, context: text, stage });
    expect(shapesOf(p.all)).toEqual(shapesOf(weights));
  });

  test.each([0, 1])("stage %s: the noise at three sets of timesteps, and the gradients to latent and condition", async (stage) => {
    for (const set of ["t0", "t1", "t2"]) {
      const key = `${prefix}stage${stage}.${set}`;
      const timesteps = g[`${key}.timesteps`];
      const got = await predict(x, timesteps, stage);
      expectNear(got.out, g[`${key}.out`], "noise", `${key}.out`);
      if (g[`${key}.grad_x`]) expectNear(got.dx, g[`${key}.grad_x`], "noiseGradient", `${key}.grad_x`);
      if (g[`${key}.grad_context`]) expectNear(got.dcontext, g[`${key}.grad_context`], "noiseGradient", `${key}.grad_context`);
      if (g[`${key}.t_emb`])
        expectNear(timestepEmbedding(pyunetTimesteps(read()), timesteps.data), g[`${key}.t_emb`], "time", `${key}.t_emb`);
    }
  });

  test.skipIf(!g["stage0.t1.out_from_coarse_channels_only"])("stage 0 reads its own channels alone", async () => {
    const { out } = await predict(channels(x, 0, read().split?.[0] ?? 0), g["stage0.t1.timesteps"], 0);
    expectNear(out, g["stage0.t1.out_from_coarse_channels_only"], "noise", "out");
  });
});

describe.skipIf(skipped)(`token transformer${why}`, () => {
  const g = readGolden("frido/golden_embedder.safetensors");
  const { weights, asOfficial } = weightsOf("embedder");
  const read = () => tokenTransformerConfig("condition/config.json", config.model.cond_stage_config.params);
  const tokens = (x: Tensor): Feed => ({ data: Int32Array.from(x.data), shape: x.shape });
  const encode = (ids: Feed) =>
    run(runtime, weights, { ids }, (p, graph) => ({ out: tokenTransformer(read(), p, graph.input("ids", ids.shape, "int32")) }));

  test("the weights are those of the official run", () => expect(asOfficial).toBe(true));

  test("parameters have the names and shapes of the official state dict, but for its unused last layer", () => {
    const graph = new Graph();
    const p = inputParameters(graph, "");
    tokenTransformer(read(), p, graph.input("ids", g.tokens.shape, "int32"));
    expect(shapesOf(p.all)).toEqual(shapesOf(new Map([...weights].filter(([name]) => !name.includes("to_logits")))));
  });

  test("a layout's context, that of tokens that are all 0, and that of 12 tokens", async () => {
    expectNear((await encode(tokens(g.tokens))).out, g.out, "context", "out");
    const none = { data: new Float32Array(g.tokens.data.length), shape: g.tokens.shape };
    expectNear((await encode(tokens(none))).out, g.out_zero_tokens, "context", "out_zero_tokens");
    const [N, T] = g.tokens.shape;
    const short = { data: g.tokens.data.filter((_, k) => k % T < 12), shape: [N, 12] };
    expectNear((await encode(tokens(short))).out, g.out_short_12, "context", "out_short_12");
  });
});
