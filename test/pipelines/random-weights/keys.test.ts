/** @file The written folder's configs, keys and shapes against what is known of the published checkpoints. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { sizeOf } from "#kernel-lib/core/tensor.js";
import { clipTextConfig } from "#kernel-lib/nets/clip-text.js";
import { unetConfig } from "#kernel-lib/nets/unet.js";
import { vaeConfig } from "#kernel-lib/nets/vae.js";
import { ARCHITECTURES, type Architecture, type ArchitectureName } from "#kernel-lib/pipelines/random-weights/architectures.js";
import { POSITION_IDS, weightFiles } from "#kernel-lib/pipelines/random-weights/keys.js";
import { schedulerConfig } from "#kernel-lib/pipelines/scheduler-config.js";
import { expectPartsFit, openCheckpoint, textParts } from "#kernel-lib/pipelines/stable-diffusion-parts.js";
import { tokenizerFiles } from "#kernel-lib/text/tokenizer-files.js";
import { entryBytes, safetensorsHeader, type TensorEntry } from "#kernel-lib/weights/safetensors.js";

const NAMES = Object.keys(ARCHITECTURES) as ArchitectureName[];
const UNET = "unet/diffusion_pytorch_model.safetensors";
const VAE = "vae/diffusion_pytorch_model.safetensors";
const TEXT = "text_encoder/model.safetensors";

/** The JSON files of the model repositories as they are; sd2-base's are of its successor 2.1-base, whose architecture is the same. */
const published = (name: ArchitectureName): Record<string, Record<string, unknown>> =>
  JSON.parse(readFileSync(new URL(`../../fixtures/published/${name}.json`, import.meta.url), "utf8"));
const entriesOf = (name: ArchitectureName, file: string, dtype: "F32" | "F16" = "F32"): readonly TensorEntry[] =>
  weightFiles(ARCHITECTURES[name], dtype).get(file) ?? [];

describe.each(NAMES)("%s", (name) => {
  const files = published(name);
  const ours: Architecture = ARCHITECTURES[name];

  test("its configs mean what the published ones mean", () => {
    expect(unetConfig("", ours.unet)).toEqual(unetConfig("", files["unet/config.json"]));
    expect(vaeConfig("", ours.vae)).toEqual(vaeConfig("", files["vae/config.json"]));
    expect(clipTextConfig("", ours.textEncoder)).toEqual(clipTextConfig("", files["text_encoder/config.json"]));
    expect(schedulerConfig("", ours.scheduler)).toEqual(schedulerConfig("", files["scheduler/scheduler_config.json"]));
  });

  test("its config files hold no key or value that the published ones lack", () => {
    const pairs: [string, Readonly<Record<string, unknown>>][] = [
      ["unet/config.json", ours.unet],
      ["vae/config.json", ours.vae],
      ["text_encoder/config.json", ours.textEncoder],
    ];
    for (const [file, json] of pairs) expect(files[file], file).toMatchObject(json);
  });

  test("its tokenizer's files say what the published ones say of the special tokens", () => {
    const words = tokenizerFiles({ words: [], contextLength: 77, vocabSize: 49408, padToken: ours.padToken });
    expect(JSON.parse(words["special_tokens_map.json"])).toEqual(files["tokenizer/special_tokens_map.json"]);
    expect(files["tokenizer/tokenizer_config.json"]).toMatchObject(JSON.parse(words["tokenizer_config.json"]));
  });
});

// transformers 5 refuses a whole number there, and JSON writes 1.0 as 1
test.each(NAMES)("the text encoder of %s has no whole number where transformers wants a fraction", (name) => {
  const fractions = ["initializer_factor", "initializer_range", "layer_norm_eps"].filter((key) => key in ARCHITECTURES[name].textEncoder);
  expect(fractions).toContain("layer_norm_eps");
  for (const key of fractions) expect(Number.isInteger((ARCHITECTURES[name] as Architecture).textEncoder[key]), key).toBe(false);
});

test("a tokenizer that has more tokens than ids is refused", () => {
  const words = ["mountains"]; // 8 merges
  expect(() => tokenizerFiles({ words, contextLength: 77, vocabSize: 521 })).toThrow(/vocabSize 521: want 522 or more/);
  expect(() => tokenizerFiles({ words, contextLength: 77, vocabSize: 522 })).not.toThrow();
});

describe("published folders", () => {
  const root = mkdtempSync(join(tmpdir(), "veduta-published-"));
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  // Weight files of full length without content: they take no room on the disk.
  const folder = (name: ArchitectureName): string => {
    const dir = join(root, name);
    const put = (path: string, content: string | Uint8Array) => {
      mkdirSync(dirname(join(dir, path)), { recursive: true });
      writeFileSync(join(dir, path), content);
    };
    for (const [path, json] of Object.entries(published(name))) put(path, JSON.stringify(json));
    const { "vocab.json": vocab, "merges.txt": merges } = tokenizerFiles({ words: ["mountains"], contextLength: 77, vocabSize: 49408 });
    put("tokenizer/vocab.json", vocab);
    put("tokenizer/merges.txt", merges);
    for (const [path, entries] of weightFiles(ARCHITECTURES[name], "F16")) {
      if (path.startsWith("perceptual/")) continue;
      const header = safetensorsHeader(entries);
      put(path, header);
      truncateSync(join(dir, path), header.length + entries.reduce((sum, entry) => sum + entryBytes(entry), 0));
    }
    return dir;
  };

  test.each([
    { name: "sd15", heads: [8, 8, 8, 8], side: 64, prediction: "epsilon", layers: 12, act: "quick_gelu", pad: 49407 },
    { name: "sd2-base", heads: [5, 10, 20, 20], side: 64, prediction: "epsilon", layers: 23, act: "gelu", pad: 0 },
    { name: "sd21", heads: [5, 10, 20, 20], side: 96, prediction: "v_prediction", layers: 23, act: "gelu", pad: 0 },
  ] as const)("$name opens with its own config files", ({ name, heads, side, prediction, layers, act, pad }) => {
    const parts = openCheckpoint(folder(name));
    expectPartsFit(parts);
    expect(parts.part("unet").config).toMatchObject({ heads, sampleSize: side });
    expect(parts.part("vae").config).toMatchObject({ scalingFactor: 0.18215, blockOutChannels: { length: 4 } });
    expect(parts.part("scheduler").prediction).toBe(prediction);
    const { encoder, tokenizer } = textParts(parts);
    expect(encoder.config).toMatchObject({ numHiddenLayers: layers, hiddenAct: act });
    expect(tokenizer).toMatchObject({ contextLength: 77, bosId: 49406, eosId: 49407, padId: pad, vocabSize: 49408 });
    expect(tokenizer.encode("mountains").ids.slice(0, 4)).toEqual([49406, 519, 49407, pad]);
  });
});

describe("keys and shapes", () => {
  test.each([
    { what: "U-Net of 1.5", name: "sd15", file: UNET, keys: 686, numbers: 859_520_964 },
    { what: "U-Net of 2", name: "sd2-base", file: UNET, keys: 686, numbers: 865_910_724 },
    { what: "U-Net of 2.1", name: "sd21", file: UNET, keys: 686, numbers: 865_910_724 },
    { what: "autoencoder", name: "sd15", file: VAE, keys: 248, numbers: 83_653_863 },
    { what: "text encoder of 1.5", name: "sd15", file: TEXT, keys: 197, numbers: 123_060_480 + 77 },
    { what: "text encoder of 2", name: "sd2-base", file: TEXT, keys: 373, numbers: 340_387_840 + 77 },
    { what: "VGG16 without its classifier", name: "sd15", file: "perceptual/backbone.safetensors", keys: 26, numbers: 14_714_688 },
    { what: "LPIPS", name: "sd15", file: "perceptual/linear.safetensors", keys: 5, numbers: 1472 },
  ] as const)("$what: as many keys and numbers as the published one", ({ name, file, keys, numbers }) => {
    const entries = entriesOf(name, file);
    expect(entries).toHaveLength(keys);
    expect(entries.reduce((sum, { shape }) => sum + sizeOf(shape), 0)).toBe(numbers);
  });

  // The header spells out every key and shape, so one letter or number more would show. Lengths are those that the model repositories
  // list; sd-turbo has the networks of 2.1. The header of 2.1's U-Net was written before headers were padded to 8 bytes.
  test.each([
    { what: "stable-diffusion-v1-5, U-Net, fp16", name: "sd15", file: UNET, dtype: "F16", bytes: 1_719_125_304 },
    { what: "stable-diffusion-2-1, U-Net, fp32", name: "sd21", file: UNET, dtype: "F32", bytes: 3_463_726_498 + 6 },
    { what: "sd-turbo, U-Net, fp16", name: "sd2-base", file: UNET, dtype: "F16", bytes: 1_731_904_736 },
    { what: "stable-diffusion-v1-5, autoencoder, fp32", name: "sd15", file: VAE, dtype: "F32", bytes: 334_643_276 },
    { what: "stable-diffusion-v1-5, text encoder, fp16", name: "sd15", file: TEXT, dtype: "F16", bytes: 246_144_864 },
    { what: "sd-turbo, text encoder, fp16, which has no position ids", name: "sd21", file: TEXT, dtype: "F16", bytes: 680_820_392 },
  ] as const)("$what: a file of the published one's length, to the byte", ({ what, name, file, dtype, bytes }) => {
    const entries = entriesOf(name, file, dtype).filter((entry) => entry.name !== POSITION_IDS || !what.endsWith("no position ids"));
    const numbers = entries.reduce((sum, entry) => sum + entryBytes(entry), 0);
    expect(safetensorsHeader(entries, { format: "pt" }).length + numbers).toBe(bytes);
  });

  test.each([
    ["sd15", UNET, "down_blocks.0.attentions.0.proj_in.weight", [320, 320, 1, 1]],
    ["sd2-base", UNET, "down_blocks.0.attentions.0.proj_in.weight", [320, 320]],
    ["sd15", UNET, "mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight", [1280, 768]],
    ["sd2-base", UNET, "mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight", [1280, 1024]],
    ["sd15", UNET, "up_blocks.3.resnets.0.conv1.weight", [320, 960, 3, 3]],
    ["sd15", VAE, "quant_conv.weight", [8, 8, 1, 1]],
    ["sd15", VAE, "decoder.mid_block.attentions.0.proj_attn.weight", [512, 512]],
    ["sd15", TEXT, "text_model.embeddings.token_embedding.weight", [49408, 768]],
    ["sd2-base", TEXT, "text_model.encoder.layers.22.mlp.fc1.weight", [4096, 1024]],
    ["sd2-base", TEXT, POSITION_IDS, [1, 77]],
    ["sd15", "perceptual/backbone.safetensors", "features.28.weight", [512, 512, 3, 3]],
    ["sd15", "perceptual/linear.safetensors", "lin4.model.1.weight", [1, 512, 1, 1]],
  ] as const)("%s, %s: %s is %j", (name, file, key, shape) => {
    expect(entriesOf(name, file).find((entry) => entry.name === key)?.shape).toEqual(shape);
  });
});
