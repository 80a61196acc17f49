/** @file Folders as diffusers, transformers, git and the hub's cache leave them: each opens, or is refused with the right advice. */
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parseJson } from "#kernel-lib/core/json.js";
import { snapshotIn } from "#kernel-lib/hub/hub-cache.js";
import type { Model } from "#kernel-lib/pipelines/model.js";
import { openModel } from "#kernel-lib/pipelines/open-model.js";
import { openCheckpoint, textParts } from "#kernel-lib/pipelines/stable-diffusion-parts.js";
import { loadTokenizer } from "#kernel-lib/text/tokenizer.js";
import { readSafetensors, writeSafetensors } from "#kernel-lib/weights/safetensors.js";
import { openTorch } from "#kernel-lib/weights/torch-file.js";
import {
  CONFIGS,
  clipVocabulary,
  MERGES,
  oneTensor,
  put,
  putJson,
  refusal,
  scratchFolder,
  writeFolder,
} from "../fixtures/checkpoint-folder.js";
import { tinyCheckpoint } from "../fixtures/tiny-checkpoint.js";

const scratch = scratchFolder();
afterAll(scratch.remove);
let count = 0;
const fresh = () => writeFolder(join(scratch.path, `folder-${count++}`));
const UNET = "diffusion_pytorch_model";

describe("configs", () => {
  const unetOf = (change: object) => {
    const folder = fresh();
    putJson(join(folder, "unet", "config.json"), { ...CONFIGS.unet, ...change });
    return openCheckpoint(folder).part("unet").config;
  };

  test.each([
    { upcast_attention: null },
    { use_linear_projection: null },
    { only_cross_attention: null, dual_cross_attention: null, center_input_sample: null, resnet_skip_time_act: null },
  ])("null means false: %j", (change) => {
    const asFalse = Object.fromEntries(Object.keys(change).map((key) => [key, false]));
    expect(unetOf(change)).toEqual(unetOf(asFalse));
  });

  test.each([
    [{ layers_per_block: [1, 1] }, { layers_per_block: 1 }],
    [{ cross_attention_dim: [24, 24] }, { cross_attention_dim: 24 }],
    [{ transformer_layers_per_block: [1, 1] }, {}],
    [{ only_cross_attention: [false, false] }, {}],
  ])("a list of equal entries is its entry: %j", (listed, single) => expect(unetOf(listed)).toEqual(unetOf(single)));

  const schedulerOf = (text: string) => {
    const folder = fresh();
    put(join(folder, "scheduler", "scheduler_config.json"), text);
    return openCheckpoint(folder).part("scheduler");
  };
  const BETAS = { beta_start: 0.00085, beta_end: 0.012, beta_schedule: "scaled_linear" };

  test("-Infinity, as Python writes it, is read; it is DPM-Solver's own lambda_min_clipped, and another one is refused", () => {
    const text = JSON.stringify({ ...BETAS, _class_name: "DPMSolverMultistepScheduler", lambda_min_clipped: "here" });
    const plain = schedulerOf(text.replace(',"lambda_min_clipped":"here"', ""));
    expect(schedulerOf(text.replace('"here"', "-Infinity"))).toEqual(plain);
    expect(refusal(() => schedulerOf(text.replace('"here"', "-5.1"))).message).toMatch(/lambda_min_clipped: null or .*found -5\.1/);
    expect(parseJson("x", '{"a": [-Infinity, Infinity, "Infinity", {"Infinity": 1}]}')).toEqual({
      a: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, "Infinity", { Infinity: 1 }],
    });
    for (const bad of ['{"a": NaN}', '{"a": Infinit}', '{"a": 1Infinity}', "{Infinity: 1}"])
      expect(refusal(() => parseJson("x", bad)).expected, bad).toBe("JSON");
  });

  test("clip_sample of a latent model changes nothing, as in StableDiffusionPipeline", () => {
    const config = {
      ...BETAS,
      _class_name: "DDPMScheduler",
      prediction_type: "v_prediction",
      steps_offset: 1,
      variance_type: "fixed_small",
    };
    const clipped = { ...config, clip_sample: true, clip_sample_range: 1 };
    expect(schedulerOf(JSON.stringify(clipped))).toEqual(schedulerOf(JSON.stringify(config)));
  });

  test.each<[string, object, RegExp]>([
    ["FlowMatchEulerDiscreteScheduler", { num_train_timesteps: 1000, shift: 3 }, /flow-matching model, which has no noise schedule/],
    ["EDMEulerScheduler", { sigma_min: 0.002, sigma_max: 80 }, /found EDMEulerScheduler/],
    ["PNDMScheduler", { skip_prk_steps: true }, /beta_start: .*found nothing/],
  ])("%s without a schedule of betas is refused", (_class_name, config, answer) => {
    expect(refusal(() => schedulerOf(JSON.stringify({ _class_name, ...config }))).message).toMatch(answer);
  });

  test("UniPC's own disable_corrector, an empty list, is read", () => {
    expect(schedulerOf(JSON.stringify({ ...BETAS, _class_name: "UniPCMultistepScheduler", disable_corrector: [] })).sampler.name).toBe(
      "unipc",
    );
  });
});

/** What huggingface/tokenizers writes of the small vocabulary. */
const tokenizerJson = (added: readonly object[] = [], merges: readonly unknown[] = MERGES.map((merge) => merge.split(" "))) => ({
  version: "1.0",
  added_tokens: ["<|startoftext|>", "<|endoftext|>"]
    .map((content): object => ({ id: clipVocabulary()[content], content, special: true, normalized: false, lstrip: false, rstrip: false }))
    .concat(added),
  model: {
    type: "BPE",
    unk_token: "<|endoftext|>",
    continuing_subword_prefix: "",
    end_of_word_suffix: "</w>",
    byte_fallback: false,
    vocab: clipVocabulary(),
    merges,
  },
});
const SIZE = Object.keys(clipVocabulary()).length;
const configOf = (folder: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(folder, "tokenizer", "tokenizer_config.json"), "utf8"));

describe("text encoders", () => {
  test("keys without text_model., as transformers 5 saves CLIPTextModel, give the same numbers", async () => {
    const { path, remove } = tinyCheckpoint();
    const file = join(path, "text_encoder", "model.safetensors");
    const textOf = async () => {
      const model = await openModel<Model>(path, { device: "cpu", threads: 1 });
      const { data } = await model.encodeText("low cat");
      await model.close();
      return data;
    };
    const want = await textOf();
    const tensors = Object.entries(readSafetensors(file));
    expect(tensors.every(([key]) => key.startsWith("text_model."))).toBe(true);
    writeSafetensors(file, Object.fromEntries(tensors.map(([key, value]) => [key.slice("text_model.".length), value])));
    expect(await textOf()).toEqual(want);
    remove();
  });
});

describe("tokenizers", () => {
  const PROMPTS = ["low cat!", "A Mountain 2026", "<|endoftext|> é 山"];
  const idsOf = (folder: string) => {
    const tokenizer = openCheckpoint(folder).part("tokenizer");
    return PROMPTS.map((prompt) => tokenizer.encode(prompt).ids);
  };

  test.each<[string, readonly unknown[]]>([
    ["pairs", MERGES.map((merge) => merge.split(" "))],
    ["texts, as before 2024", MERGES],
  ])("tokenizer.json alone, as transformers 5 saves it, gives the ids of vocab.json and merges.txt (merges as %s)", (_, merges) => {
    const [parts, whole] = [fresh(), fresh()];
    for (const name of ["vocab.json", "merges.txt", "special_tokens_map.json"]) rmSync(join(whole, "tokenizer", name));
    putJson(join(whole, "tokenizer", "tokenizer.json"), tokenizerJson([], merges));
    expect(idsOf(whole)).toEqual(idsOf(parts));
  });

  test.each<[string, object, RegExp]>([
    ["another model", { model: { ...tokenizerJson().model, type: "Unigram" } }, /model\.type: "BPE", found "Unigram"/],
    [
      "words that end otherwise",
      { model: { ...tokenizerJson().model, end_of_word_suffix: null } },
      /end_of_word_suffix: "<\/w>", found null/,
    ],
    ["a merge of no token", { model: { ...tokenizerJson().model, merges: [["q", "q"]] } }, /merge 1 to make a token/],
    ["a merge of three", { model: { ...tokenizerJson().model, merges: [["l", "o", "w"]] } }, /two tokens in merge 1/],
    ["a token twice", tokenizerJson([{ id: 3, content: "<x>" }]), /added token "<x>": an id of its own.*found 3, the id of/],
    [
      "a token that matches words alone",
      tokenizerJson([{ id: SIZE, content: "<x>", single_word: true }]),
      /single_word: false, found true/,
    ],
  ])("tokenizer.json with %s is refused", (_, change, answer) => {
    const folder = join(fresh(), "tokenizer");
    rmSync(join(folder, "vocab.json"));
    putJson(join(folder, "tokenizer.json"), { ...tokenizerJson(), ...change });
    expect(refusal(() => loadTokenizer(folder)).message).toMatch(answer);
  });

  test("the class TokenizersBackend reads the same files", () => {
    const folder = fresh();
    putJson(join(folder, "model_index.json"), { ...CONFIGS.index, tokenizer: ["transformers", "TokenizersBackend"] });
    const config = { ...configOf(folder), tokenizer_class: "TokenizersBackend", backend: "tokenizers" };
    putJson(join(folder, "tokenizer", "tokenizer_config.json"), config);
    expect(idsOf(folder)).toEqual(idsOf(fresh()));
  });

  const flags = { lstrip: false, rstrip: false, normalized: false, single_word: false, special: false };
  const ADDED: Readonly<Record<string, (folder: string) => void>> = {
    "added_tokens.json": (folder) => putJson(join(folder, "tokenizer", "added_tokens.json"), { "<my-hill>": SIZE }),
    added_tokens_decoder: (folder) =>
      putJson(join(folder, "tokenizer", "tokenizer_config.json"), {
        ...configOf(folder),
        added_tokens_decoder: { [SIZE]: { content: "<my-hill>", ...flags } },
      }),
    "tokenizer.json": (folder) => {
      for (const name of ["vocab.json", "merges.txt"]) rmSync(join(folder, "tokenizer", name));
      putJson(join(folder, "tokenizer", "tokenizer.json"), tokenizerJson([{ id: SIZE, content: "<my-hill>", ...flags }]));
    },
  };
  test.each(Object.keys(ADDED))("a token that %s adds has its own id in a prompt, and the embedding table must have its row", (where) => {
    const folder = fresh();
    ADDED[where](folder);
    const checkpoint = openCheckpoint(folder);
    const { ids } = checkpoint.part("tokenizer").encode("<my-hill> low");
    expect(ids.slice(1, 4)).toEqual([SIZE, clipVocabulary()["low</w>"], clipVocabulary()["<|endoftext|>"]]);
    expect(checkpoint.part("tokenizer").encode("<MY-HILL>").ids).not.toContain(SIZE);
    expect(refusal(() => textParts(checkpoint)).message).toMatch(`vocab_size of at least ${SIZE + 1}, the tokenizer's`);
    putJson(join(folder, "text_encoder", "config.json"), { ...CONFIGS.text_encoder, vocab_size: SIZE + 1 });
    expect(textParts(openCheckpoint(folder)).tokenizer.vocabSize).toBe(SIZE + 1);
  });

  test("a token with two ids is refused", () => {
    const folder = fresh();
    ADDED["added_tokens.json"](folder);
    const decoder = { [SIZE + 1]: { content: "<my-hill>", ...flags } };
    putJson(join(folder, "tokenizer", "tokenizer_config.json"), { ...configOf(folder), added_tokens_decoder: decoder });
    expect(refusal(() => loadTokenizer(join(folder, "tokenizer"))).message).toMatch(/"<my-hill>": an id of its own.*elsewhere/);
  });
});

describe("weight files", () => {
  const without = (change: (unet: string) => void) => {
    const folder = fresh();
    const unet = join(folder, "unet");
    rmSync(join(unet, `${UNET}.safetensors`));
    change(unet);
    return () => openCheckpoint(folder).part("unet");
  };
  const keys = (open: ReturnType<typeof without>) => [...open().weights.keys()];

  test.each([".fp16", ".bf16", ".non_ema"])("the variant %s opens where the plain file is missing", (variant) => {
    expect(keys(without((unet) => put(join(unet, `${UNET}${variant}.safetensors`), oneTensor("varied"))))).toEqual(["varied"]);
  });

  test.each([
    ["safetensors.index.json", "-00001-of-00001.safetensors"],
    ["safetensors.index.fp16.json", ".fp16-00001-of-00001.safetensors"],
    ["safetensors.fp16.index.json", "-00001-of-00001.fp16.safetensors"],
    ["fp16.safetensors.index.json", ".fp16-00001-of-00001.safetensors"],
  ])("shards open by their index %s", (index, shard) => {
    const open = without((unet) => {
      put(join(unet, `${UNET}${shard}`), oneTensor("a"));
      putJson(join(unet, `${UNET}.${index}`), { weight_map: { a: `${UNET}${shard}` } });
    });
    expect(keys(open)).toEqual(["a"]);
  });

  test.each([
    [`${UNET}.ema_only.safetensors`, /download diffusion_pytorch_model\.safetensors, or give this variant that name/],
    [`${UNET}-00001-of-00002.safetensors`, /download diffusion_pytorch_model\.safetensors\.index\.json/],
    [`${UNET}.bin`, /safe_serialization=True/],
  ])("%s alone is refused with what to do", (name, advice) => {
    const open = without((unet) => put(join(unet, name), oneTensor("a")));
    expect(refusal(open)).toMatchObject({ found: name, message: expect.stringMatching(advice) });
  });
});

test("a Git LFS pointer is named as one, wherever a file is read", () => {
  const pointer = (bytes: number) => `version https://git-lfs.github.com/spec/v1\noid sha256:${"4d7a".repeat(16)}\nsize ${bytes}\n`;
  const answer = /expected the file itself, found a Git LFS pointer to it \(3\.44 GB\); run "git lfs pull"/;
  const folder = fresh();
  put(join(folder, "unet", `${UNET}.safetensors`), pointer(3438167540));
  put(join(folder, "tokenizer", "vocab.json"), pointer(3438167540));
  const checkpoint = openCheckpoint(folder);
  expect(refusal(() => checkpoint.part("unet")).message).toMatch(answer);
  expect(refusal(() => checkpoint.part("tokenizer")).message).toMatch(answer);
  expect(refusal(() => openTorch(put(join(folder, "model.ckpt"), pointer(3438167540)))).message).toMatch(answer);
});

describe("the hub's cache", () => {
  const [A, B] = ["a".repeat(40), "b".repeat(40)];
  const repository = (snapshots: readonly string[], main?: string) => {
    const root = join(scratch.path, `hub-${count++}`);
    const folder = join(root, "models--org--name");
    mkdirSync(folder, { recursive: true });
    for (const commit of snapshots) cpSync(fresh(), join(folder, "snapshots", commit), { recursive: true });
    if (main) put(join(folder, "refs", "main"), main);
    return { root, folder };
  };

  test("a repository's folder stands for its snapshot of main, else for its only one", () => {
    expect(snapshotIn(repository([A, B], B).folder)).toMatch(new RegExp(`snapshots.${B}$`));
    expect(snapshotIn(repository([A]).folder)).toMatch(new RegExp(`snapshots.${A}$`));
    expect(snapshotIn(fresh())).toBeUndefined();
    expect(snapshotIn(scratch.path)).toBeUndefined();
  });

  test("several snapshots without main, a main that is not there, and the cache itself are refused with what to give", async () => {
    expect(refusal(() => snapshotIn(repository([A, B]).folder)).message).toMatch(/found snapshots aaaa.*give one of them, such as/);
    expect(refusal(() => snapshotIn(repository([A], B).folder)).message).toMatch(/a snapshot of the revision main/);
    const { root } = repository([A]);
    await expect(openModel(root, { device: "cpu" })).rejects.toThrow(/the hub's cache, which holds models--org--name; give one of them/);
  });

  test("openModel opens the snapshot", async () => {
    const { folder } = repository([A], A);
    const index = join(folder, "snapshots", A, "model_index.json");
    renameSync(index, `${index}.old`);
    writeFileSync(index, JSON.stringify({ _class_name: "SomethingElse" }));
    await expect(openModel(folder, { device: "cpu" })).rejects.toThrow(index);
  });
});
