/** @file LoRAs: the networks give what a merged checkpoint gives; files that do not fit are refused by file, expected and found. */
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { createRng, openModel, randn, type Tensor, tensor } from "veduta";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { readSafetensors, writeSafetensors } from "#kernel-lib/weights/safetensors.js";
import { put, putJson, scratchFolder } from "../../fixtures/checkpoint-folder.js";
import { dotted, kohya, layersOf, type Matrices, merged, processors, randomMatrices, type Tensors } from "../../fixtures/lora.js";
import { type Generation, pulledVocabulary, singleFileTensors, writeDiffusers } from "../../fixtures/single-file.js";
import { writeTinyCheckpoint } from "../../fixtures/tiny-checkpoint.js";

const scratch = scratchFolder();
const at = (...names: string[]) => join(scratch.path, ...names);
const CPU = { device: "cpu", threads: 1 } as const;
const FILES = { unet: "unet/diffusion_pytorch_model.safetensors", text_encoder: "text_encoder/model.safetensors" } as const;
let base: { readonly unet: Tensors; readonly text_encoder: Tensors };
beforeAll(() => {
  for (const [name, value] of Object.entries(pulledVocabulary(scratch.path))) vi.stubEnv(name, value);
  writeTinyCheckpoint(at("tiny"));
  base = { unet: readSafetensors(at("tiny", FILES.unet)), text_encoder: readSafetensors(at("tiny", FILES.text_encoder)) };
});
afterAll(() => {
  vi.unstubAllEnvs();
  scratch.remove();
});

/** Matrices for every layer of both networks. */
const everywhere = (seed: number, options: Parameters<typeof randomMatrices>[3] = {}): Matrices[] =>
  (["unet", "text_encoder"] as const).flatMap((network) =>
    layersOf(base[network]).map((layer) => randomMatrices(createRng(seed + layer[0].length), network, layer, options)),
  );

/** The tiny checkpoint with weights that were merged here. */
function mergedFolder(name: string, loras: Parameters<typeof merged>[2]): string {
  cpSync(at("tiny"), at(name), { recursive: true });
  for (const network of ["unet", "text_encoder"] as const)
    writeSafetensors(at(name, FILES[network]), merged(base[network], network, loras));
  return at(name);
}

/** What the networks give: text, noise without guidance (which would multiply the rounding), and the gradient of LPIPS through U-Net and decoder. */
async function numbers(path: string, options: Parameters<typeof openModel>[1] = {}) {
  const model = await openModel(path, { ...CPU, ...options });
  const text = await model.encodeText(["a cat!", "mountain in"]);
  const latent = randn(createRng(3), [2, 4, 8, 8]);
  const noise = await model.predictNoise(latent, { timestep: 500, text, guidanceScale: 1 });
  const anchor = randn(createRng(4), [1, 3, 16, 16]);
  const pulled = await model.pullNoise(latent, { timestep: 500, text, guidanceScale: 1, cotangent: latent });
  const { gradient } =
    model.config.scaleFactor === 2 && path.includes("tiny")
      ? await model.perceptualGradient(latent, { anchor, timestep: 500, text, guidanceScale: 1 })
      : { gradient: pulled };
  const { digest, loras } = model;
  await model.close();
  return { text, noise, pulled, gradient, digest, loras };
}

/** The largest difference, in units of the largest number. */
const apart = (a: Tensor, b: Tensor): number =>
  Math.max(...a.data.map((x, k) => Math.abs(x - b.data[k]))) / Math.max(...b.data.map(Math.abs));

function expectClose(got: Awaited<ReturnType<typeof numbers>>, want: Awaited<ReturnType<typeof numbers>>): void {
  for (const name of ["text", "noise"] as const) expect(apart(got[name], want[name]), name).toBeLessThan(1e-6);
  // backwards, float32 loses a digit
  for (const name of ["pulled", "gradient"] as const) expect(apart(got[name], want[name]), name).toBeLessThan(1e-5);
}

/** lora_te1_, without text_model_. */
const renamed = (tensors: Tensors): Tensors =>
  Object.fromEntries(Object.entries(tensors).map(([key, value]) => [key.replace("lora_te_text_model_", "lora_te1_"), value]));

describe("a LoRA over a folder equals the merged checkpoint", () => {
  test.each([
    ["kohya's, with alpha", { rank: 2, alpha: 0.7 }, (layers: Matrices[]) => kohya(layers), 0.8],
    ["kohya's, without alpha", { rank: 3 }, (layers: Matrices[]) => kohya(layers), 1],
    ["kohya's, as diffusers writes it with transformers 5", { rank: 2, alpha: 1 }, (layers: Matrices[]) => renamed(kohya(layers)), 1],
    ["kohya's, a negative scale", { rank: 2, alpha: 4 }, (layers: Matrices[]) => kohya(layers), -0.5],
    ["kohya's, lora_mid in 3×3 convolutions", { rank: 2, alpha: 1, tucker: true }, (layers: Matrices[]) => kohya(layers), 0.9],
    ["diffusers' of peft", { rank: 2 }, (layers: Matrices[]) => dotted(layers, "peft"), 0.6],
    ["diffusers' before peft", { rank: 2 }, (layers: Matrices[]) => dotted(layers, "lora.down"), 0.6],
  ] as const)("%s", async (name, options, write, scale) => {
    const layers = everywhere(7, options);
    const file = at(`${name.replace(/\W+/g, "-")}.safetensors`);
    writeSafetensors(file, write(layers));
    const want = await numbers(mergedFolder(`tiny-${name.replace(/\W+/g, "-")}`, [[scale, layers]]));
    const got = await numbers(at("tiny"), { lora: `${file}:${scale}` });
    expectClose(got, want);
    expect(apart(got.noise, (await numbers(at("tiny"))).noise)).toBeGreaterThan(1e-2);
  });

  test("diffusers' attention processors of 2023", async () => {
    const layers = everywhere(5).filter(({ key }) => /attn\d\.to_|self_attn\./.test(key));
    writeSafetensors(at("processors.safetensors"), processors(layers));
    expectClose(
      await numbers(at("tiny"), { lora: at("processors.safetensors") }),
      await numbers(mergedFolder("tiny-processors", [[1, layers]])),
    );
  });

  test("several add, and one file may be given twice", async () => {
    const [a, b] = [everywhere(1, { alpha: 1 }), everywhere(2, { rank: 4 }).filter(({ network }) => network === "unet")];
    writeSafetensors(at("a.safetensors"), kohya(a));
    writeSafetensors(at("b.safetensors"), dotted(b, "peft"));
    const lora = [`${at("a.safetensors")}:0.5`, { file: at("b.safetensors"), scale: -0.3 }, at("a.safetensors")];
    const want = await numbers(
      mergedFolder("tiny-several", [
        [0.5, a],
        [-0.3, b],
        [1, a],
      ]),
    );
    const got = await numbers(at("tiny"), { lora });
    expectClose(got, want);
    expect(got.loras).toMatchObject([{ scale: 0.5 }, { file: at("b.safetensors"), scale: -0.3 }, { scale: 1 }]);
  });

  test("over weights in float16 and matrices in float16: the sum is made in float32", async () => {
    const half = at("tiny-half");
    cpSync(at("tiny"), half, { recursive: true });
    for (const file of Object.values(FILES)) writeSafetensors(join(half, file), readSafetensors(join(half, file)), { dtype: "F16" });
    const layers = everywhere(11, { alpha: 1 });
    writeSafetensors(at("half.safetensors"), kohya(layers), { dtype: "F16" });
    const narrow = readSafetensors(at("half.safetensors"));
    const widened = layers.map((layer): Matrices => {
      const [own] = Object.keys(kohya([layer]));
      return { ...layer, up: narrow[own].data, down: narrow[own.replace("lora_up", "lora_down")].data };
    });
    mkdirSync(at("tiny-half-merged"));
    cpSync(half, at("tiny-half-merged"), { recursive: true });
    for (const network of ["unet", "text_encoder"] as const)
      writeSafetensors(
        at("tiny-half-merged", FILES[network]),
        merged(readSafetensors(join(half, FILES[network])), network, [[1, widened]]),
      );
    expectClose(await numbers(half, { lora: at("half.safetensors") }), await numbers(at("tiny-half-merged")));
  });

  test("in float16 it predicts what the merged checkpoint predicts in float16", async () => {
    const layers = everywhere(13, { alpha: 1 });
    writeSafetensors(at("narrow.safetensors"), kohya(layers));
    const want = await numbers(mergedFolder("tiny-narrow", [[1, layers]]), { precision: "float16" });
    const got = await numbers(at("tiny"), { lora: at("narrow.safetensors"), precision: "float16" });
    expect(apart(got.noise, want.noise)).toBeLessThan(2e-3);
  });

  test("at scale 0 nothing changes, bit for bit; the digest tells each file and scale apart", async () => {
    writeSafetensors(at("zero.safetensors"), kohya(everywhere(3)));
    const [plain, zero, one] = [
      await numbers(at("tiny")),
      await numbers(at("tiny"), { lora: `${at("zero.safetensors")}:0` }),
      await numbers(at("tiny"), { lora: at("zero.safetensors") }),
    ];
    expect(zero.noise.data).toEqual(plain.noise.data);
    expect(new Set([plain.digest, zero.digest, one.digest]).size).toBe(3);
    expect(plain.loras).toEqual([]);
  });
});

describe.each([1, 2] as const)("over a single file of Stable Diffusion %i", (generation: Generation) => {
  test("a LoRA gives what it gives over the folder, also with latent diffusion's own names", async () => {
    const folder = at(`sd-${generation}`);
    const networks = writeDiffusers(folder, generation);
    const file = `${folder}.safetensors`;
    writeSafetensors(file, singleFileTensors(generation, networks), { metadata: { "modelspec.prediction_type": "epsilon" } });
    const layers = [
      ...layersOf(networks.unet).map((layer) => randomMatrices(createRng(layer[0].length), "unet", layer, { alpha: 1 })),
      ...layersOf(networks.text).map((layer) => randomMatrices(createRng(layer[0].length), "text_encoder", layer)),
    ];
    writeSafetensors(at(`lora-${generation}.safetensors`), kohya(layers));
    const options = { lora: at(`lora-${generation}.safetensors`) };
    const ofFolder = await numbers(folder, options);
    const ofFile = await numbers(file, options);
    for (const name of ["text", "noise", "pulled"] as const) expect(ofFile[name].data, name).toEqual(ofFolder[name].data);

    const conv = layers.filter(({ key }) => key === "down_blocks.0.downsamplers.0.conv.weight");
    writeSafetensors(
      at("other-names.safetensors"),
      kohya(conv, () => "input_blocks.2.0.op"),
    );
    writeSafetensors(at("usual-names.safetensors"), kohya(conv));
    const [a, b] = [
      await numbers(file, { lora: at("other-names.safetensors") }),
      await numbers(file, { lora: at("usual-names.safetensors") }),
    ];
    expect(a.noise.data).toEqual(b.noise.data);
  });
});

describe("the alpha of diffusers and peft", () => {
  const write = (file: string, metadata?: Record<string, string>) => {
    const layers = everywhere(17);
    writeSafetensors(file, dotted(layers, "peft"), { metadata });
    return layers;
  };
  test("is that of lora_adapter_metadata, by network, with patterns and rank stabilisation", async () => {
    const own = {
      "unet.lora_alpha": 1,
      "unet.alpha_pattern": { conv_in: 6 },
      "text_encoder.lora_alpha": 3,
      "text_encoder.use_rslora": true,
    };
    const layers = write(at("metadata.safetensors"), { lora_adapter_metadata: JSON.stringify(own) });
    const scaled = layers.map((layer): Matrices => {
      if (layer.network === "text_encoder") return { ...layer, alpha: 3 * Math.sqrt(layer.rank) };
      return { ...layer, alpha: layer.key === "conv_in.weight" ? 6 : 1 };
    });
    expectClose(
      await numbers(at("tiny"), { lora: at("metadata.safetensors") }),
      await numbers(mergedFolder("tiny-metadata", [[1, scaled]])),
    );
  });
  test("is that of adapter_config.json beside a file of peft's own", async () => {
    const layers = everywhere(17).filter(({ network }) => network === "unet");
    const own = Object.entries(dotted(layers, "peft")).map(([key, x]) => [key.replace(/^unet\./, "base_model.model."), x] as const);
    mkdirSync(at("peft"));
    writeSafetensors(at("peft", "adapter_model.safetensors"), Object.fromEntries(own));
    putJson(at("peft", "adapter_config.json"), { peft_type: "LORA", r: 2, lora_alpha: 5 });
    const scaled = layers.map((layer) => ({ ...layer, alpha: 5 }));
    expectClose(
      await numbers(at("tiny"), { lora: at("peft", "adapter_model.safetensors") }),
      await numbers(mergedFolder("tiny-peft", [[1, scaled]])),
    );
  });
  test("with DoRA is refused", async () => {
    write(at("dora.safetensors"), { lora_adapter_metadata: JSON.stringify({ "unet.use_dora": true }) });
    await expect(openModel(at("tiny"), { lora: at("dora.safetensors") })).rejects.toThrow(
      /expected a plain LoRA, found use_dora: true \(DoRA\)/,
    );
  });
});

describe("is refused by file, expected and found:", () => {
  const Q = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q";
  const pair = (name: string, rank = 2, out = 8, inner = 8) => ({
    [`${name}.lora_up.weight`]: tensor(new Float32Array(out * rank), [out, rank]),
    [`${name}.lora_down.weight`]: tensor(new Float32Array(rank * inner), [rank, inner]),
  });
  const one = (name: string, ...shape: number[]) => ({ [name]: tensor(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape) });
  test.each<readonly [string, Tensors, RegExp]>([
    ["DoRA", { ...pair(Q), ...one(`${Q}.dora_scale`, 8, 1) }, /found DoRA .*which is not supported/],
    ["LoHa", one(`${Q}.hada_w1_a`, 8, 2), /found LoHa \(LyCORIS\)/],
    ["LoKr", one(`${Q}.lokr_w1`, 2, 2), /found LoKr \(LyCORIS\)/],
    ["GLoRA", one(`${Q}.a1.weight`, 2, 2), /found GLoRA/],
    ["(IA)³", one(`${Q}.on_input`, 1), /found \(IA\)³/],
    ["OFT", one(`${Q}.oft_blocks`, 2, 2, 2), /found OFT or BOFT/],
    ["whole differences", one(`${Q}.diff`, 8, 8), /found whole differences/],
    ["biases", { ...pair(Q), ...one(`${Q}.lora_up.bias`, 8) }, /found a LoRA with biases/],
    ["SDXL", pair("lora_te2_text_model_encoder_layers_0_mlp_fc1"), /found a LoRA of Stable Diffusion XL/],
    ["SDXL's deeper transformers", pair("lora_unet_down_blocks_1_attentions_0_transformer_blocks_1_attn1_to_q"), /Stable Diffusion XL/],
    ["Flux", pair("transformer.single_transformer_blocks.0.attn.to_q"), /found a LoRA of Flux/],
    ["a motion LoRA", pair("down_blocks.0.motion_modules.0.temporal_transformer.proj_in"), /found a motion module/],
    ["a checkpoint", one("model.diffusion_model.out.2.bias", 4), /found a whole checkpoint.*--model/],
    ["a textual inversion", one("emb_params", 2, 8), /found a textual inversion.*--embedding/],
    ["a key of nothing", one("something.weight", 2, 2), /expected a key of a LoRA .*found "something\.weight"/],
    [
      "a layer that is not there",
      pair(Q.replace("attn1", "attn7")),
      /expected a layer of the checkpoint's U-Net, found "lora_unet_mid.*attn7/,
    ],
    [
      "a layer of no text encoder",
      pair("lora_te_text_model_encoder_layers_9_mlp_fc1"),
      /expected a layer of the checkpoint's text encoder/,
    ],
    ["an alpha alone", one(`${Q}.alpha`), /expected the up matrix of mid_block.*found no such key/],
    ["an up alone", one(`${Q}.lora_up.weight`, 8, 2), /expected the down matrix of mid_block/],
    ["another rank", { ...pair(Q), ...one(`${Q}.lora_down.weight`, 3, 8) }, /lora_down\.weight" \[2,8\].*found \[3,8\]/],
    ["another width", pair(Q, 2, 8, 12), /lora_down\.weight" \[2,8\].*, since mid_block.* is \[8,8\], found \[2,12\]/],
    ["rank 0", { ...one(`${Q}.lora_up.weight`, 8, 0), ...one(`${Q}.lora_down.weight`, 0, 8) }, /found \[8,0\]/],
    ["an alpha of two numbers", { ...pair(Q), ...one(`${Q}.alpha`, 2) }, /alpha": one number, found \[2\]/],
    ["an alpha that is no number", { ...pair(Q), [`${Q}.alpha`]: tensor(Float32Array.of(Number.NaN), []) }, /one number, found NaN/],
    [
      "two spellings of one layer",
      {
        ...pair(Q),
        ...one(Q.replace(/lora_unet_(.*)/, "unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_q.lora_A.weight"), 2, 8),
      },
      /expected one down matrix/,
    ],
    ["nothing", {}, /found no tensors/],
  ])("%s", async (_, tensors, message) => {
    writeSafetensors(at("wrong.safetensors"), tensors);
    await expect(openModel(at("tiny"), { ...CPU, lora: at("wrong.safetensors") })).rejects.toThrow(message);
  });

  test("a file that is missing, other numbers than a record says, a scale that is none, a model that takes none", async () => {
    await expect(openModel(at("tiny"), { lora: "none.safetensors" })).rejects.toThrow(
      /none\.safetensors: expected a LoRA .*found no such file/,
    );
    await expect(openModel(at("tiny"), { lora: `${at("wrong.safetensors")}:much` })).rejects.toThrow(/scale much, want a number/);
    await expect(openModel("tiny-noon", { lora: at("wrong.safetensors") })).rejects.toThrow(/takes no LoRAs/);
    put(at("text.safetensors"), "no tensors at all");
    await expect(openModel(at("tiny"), { lora: at("text.safetensors") })).rejects.toThrow(/text\.safetensors: expected/);
    const choice = { file: at("wrong.safetensors"), sha256: "0".repeat(64) };
    await expect(openModel(at("tiny"), { lora: choice })).rejects.toThrow(
      /expected sha256 0+, as the run's record says, found sha256 [0-9a-f]{64}/,
    );
    await expect(openModel(at("wrong.safetensors"), CPU)).rejects.toThrow(/found none of the kinds/);
  });
});

test("the base weights' file stays as it was", () => {
  expect(readSafetensors(at("tiny", FILES.unet))).toEqual(base.unet);
});
