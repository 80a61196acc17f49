import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { sceneTokenizer } from "#kernel-lib/conditions/scene-tokenizer.js";
import { CheckpointError } from "#kernel-lib/core/errors.js";
import { createRng } from "#kernel-lib/core/random.js";
import type { Tensor } from "#kernel-lib/core/tensor.js";
import { type ConvertFridoOptions, convertFrido } from "#kernel-lib/pipelines/convert-frido.js";
import type { FridoModel } from "#kernel-lib/pipelines/model.js";
import { openModel } from "#kernel-lib/pipelines/open-model.js";
import { readSafetensors } from "#kernel-lib/weights/safetensors.js";
import { put, scratchFolder } from "../fixtures/checkpoint-folder.js";
import {
  checkpointFile,
  networks,
  officialTensors,
  type TrainingChanges,
  textTraining,
  training,
  yamlOf,
} from "../fixtures/frido-training.js";
import { type Pickled, type WrittenTensor, zipFile } from "../weights/torch-writer.js";

const scratch = scratchFolder();
afterAll(scratch.remove);
let files = 0;
const fresh = (name: string) => join(scratch.path, `${files++}`, name);

const trained = networks(1);
const average = networks(2).unet;
const TENSORS = officialTensors(trained, average);
const CKPT = checkpointFile(TENSORS);

interface Given {
  readonly ckpt?: Uint8Array;
  readonly changes?: TrainingChanges;
  readonly yaml?: string;
  readonly options?: ConvertFridoOptions;
}
async function convert({ ckpt = CKPT, changes = {}, yaml = yamlOf(training(changes)), options }: Given = {}) {
  const out = fresh("out");
  const given = [put(fresh("model.ckpt"), ckpt), put(fresh("training.yaml"), Buffer.from(yaml))] as const;
  try {
    const converted = await convertFrido(...given, out, options);
    return { ...converted, json: (path: string) => JSON.parse(readFileSync(join(out, path), "utf8")) };
  } catch (error) {
    // refused or stopped: nothing is left half written
    expect([out, `${out}.partial`].filter((path) => existsSync(path))).toEqual([]);
    throw error;
  }
}
/** What a conversion is refused with. */
async function refusal(given: Given): Promise<CheckpointError> {
  const error = await convert(given).catch((error: unknown) => error);
  if (error instanceof CheckpointError) return error;
  throw error instanceof Error ? error : new Error("expected a CheckpointError, but it was converted");
}
const asRecord = (tensors: ReadonlyMap<string, Tensor>) =>
  Object.fromEntries([...tensors].map(([name, { data, shape }]) => [name, { data, shape: [...shape] }]));

describe("a checkpoint of a training", () => {
  test("becomes a folder with every tensor under its own name: the U-Net's average, the first stage, the transformer", async () => {
    const { dir, bytes, parameters, notices, json } = await convert();
    const weights = (part: string) => readSafetensors(join(dir, part, "model.safetensors"));
    expect(weights("unet")).toEqual(asRecord(average));
    expect(weights("first_stage")).toEqual(asRecord(trained.firstStage));
    expect(weights("condition")).toEqual(asRecord(trained.condition));
    expect(bytes).toBe(4 * parameters);
    expect(notices).toEqual([
      "The classes are called by their numbers; --classes FILE names them, one per line in the order of their numbers.",
    ]);
    expect(json("model_index.json")).toEqual({ _class_name: "FridoPipeline" });
    expect(readdirSync(dir).sort()).toEqual(["condition", "first_stage", "model_index.json", "scheduler", "unet"]);
  });

  test("the configs are the YAML's, without paths; the scale factors are the checkpoint's", async () => {
    const { json } = await convert();
    expect(json("first_stage/config.json")).toMatchObject({ embed_dim: [2, 2], n_embed: [5, 7], scale_factor: [0.5, 0.25] });
    expect(Object.keys(json("first_stage/config.json"))).not.toContain("ckpt_path");
    expect(json("unet/config.json")).toMatchObject({ model_channels: 4, num_stage: 2, split_embed_dim_list: [2, 2] });
    expect(json("condition/config.json")).toMatchObject({ n_embed: 6, vocab_size: 60 });
    expect(json("scheduler/scheduler_config.json")).toMatchObject({
      beta_schedule: "scaled_linear", // what "linear" means there
      beta_start: 0.0015,
      beta_end: 0.0155,
      num_train_timesteps: 20,
      precision: "float64",
      prediction_type: "epsilon",
      steps_offset: 1,
      set_alpha_to_one: false,
    });
  });

  test("the folder opens, and its layouts become the official tokens", async () => {
    const { dir } = await convert();
    const model = await openModel<FridoModel>(dir, { device: "cpu", threads: 1 });
    const { file, json } = model.tokenFile;
    const tokenizer = sceneTokenizer(file, json);
    const { ids } = tokenizer.tokens({ layout: [{ what: "3", box: [0, 0, 1, 1] }] });
    expect([...ids.slice(0, 3), ...ids.slice(-2)]).toEqual([3, 11, 59, 11, 59]);
    const { data, shape } = await model.encodeTokens({ ids: { data: ids, shape: [1, ids.length] } });
    expect(shape).toEqual([1, 26, 6]);
    expect(data.every(Number.isFinite)).toBe(true);
    await model.close();
  });

  test("one scale factor stands for all scales", async () => {
    const tensors = officialTensors(trained, average, { data: Float32Array.of(0.125), shape: [] });
    expect((await convert({ ckpt: checkpointFile(tensors) })).json("first_stage/config.json").scale_factor).toEqual([0.125, 0.125]);
  });

  test("the earlier names of the classes count too", async () => {
    const changes = {
      target: "ldm.models.diffusion.msldm.MSLatentDiffusion",
      unetTarget: "ldm.modules.diffusionmodules.openaimodel.UNetModel",
    };
    expect((await convert({ changes })).json("unet/config.json")).toMatchObject({ _class_name: "PyUNetModel", num_stage: 2 });
  });

  test("without an average the trained weights are taken, and it is said", async () => {
    const { dir, notices } = await convert({ ckpt: checkpointFile(TENSORS.filter(({ name }) => !name.startsWith("model_ema."))) });
    expect(readSafetensors(join(dir, "unet", "model.safetensors"))).toEqual(asRecord(trained.unet));
    expect(notices[0]).toBe("The checkpoint holds no average of the weights (model_ema); the trained ones were taken.");
  });

  test("reports every byte, and stopped halfway leaves nothing", async () => {
    const seen: number[] = [];
    const { bytes } = await convert({ options: { progress: (written) => seen.push(written) } });
    expect(seen[seen.length - 1]).toBe(bytes);
    const stop = new AbortController();
    const progress = (written: number, total: number) => written > total / 2 && stop.abort();
    await expect(convert({ options: { signal: stop.signal, progress } })).rejects.toThrow(/abort/);
  });
});

describe("the four tasks", () => {
  const tokensOf = async (changes: TrainingChanges, options?: ConvertFridoOptions) =>
    (await convert({ changes, options })).json("condition/scene_tokens.json");
  const classes = put(fresh("classes.txt"), Buffer.from("person\ntraffic light\r\nboat\n"));

  test("layouts, with the names and flags of the classes where they are given", async () => {
    const layout = { kind: "frido", builder: "objects_bbox", no_tokens: 49, max_objects: 8, encode_crop: true, shift: 11 };
    expect(await tokensOf({})).toEqual({ ...layout, flags: [] });
    expect(await tokensOf({}, { classes })).toEqual({ ...layout, flags: ["group"], classes: ["person", "traffic light", "boat"] });
    const { flags } = await tokensOf({ dataSet: { use_additional_parameters: true } }, { classes });
    expect(flags).toEqual(["group", "occluded", "depiction", "inside"]);
    expect(await tokensOf({ model: { cond_stage_key: "objects_center_points" } })).toMatchObject({ builder: "center_points" });
  });

  test("labels, which are not shifted", async () => {
    const tokens = await tokensOf({ model: { cond_stage_key: "objects" }, dataSet: { encode_crop: false } }, { classes });
    expect(tokens).toMatchObject({ builder: "objects", encode_crop: false, max_objects: 8 });
    expect(tokens).not.toHaveProperty("shift");
  });

  test.each([
    ["../coco/annotations/scenegraph_val2017.json", "scene_graph"],
    ["../vg/val_sg.json", "scene_graph"],
    ["../coco/annotations/captions_val2014.json", "caption"],
  ])("text: captions from %s are %ss", async (captions, builder) => {
    expect(await tokensOf(textTraining(captions))).toEqual({ kind: "frido", builder, max_tokens: 40, no_tokens: 60 });
  });

  test("a vocabulary goes along, so that prompts become tokens; without it that is said", async () => {
    const changes = textTraining("captions.json");
    const vocabulary = put(fresh("vocab.txt"), Buffer.from("[PAD]\n[UNK]\n[CLS]\n[SEP]\na\nboat\n"));
    const { dir, notices } = await convert({ changes, options: { vocabulary } });
    expect(notices).toEqual([]);
    const file = join(dir, "condition", "scene_tokens.json");
    const { ids } = sceneTokenizer(file, JSON.parse(readFileSync(file, "utf8"))).tokens({ prompt: "A boat." });
    expect([...ids.slice(0, 5)]).toEqual([2, 4, 5, 3, 0]);
    expect((await convert({ changes })).notices).toEqual([
      "Texts are refused until condition/ holds the vocab.txt of bert-base-uncased; --vocabulary FILE copies it.",
    ]);
  });
});

describe("refused before anything is written", () => {
  const without = (name: string) => checkpointFile(TENSORS.filter((tensor) => tensor.name !== name));
  const changed = (name: string, change: Partial<WrittenTensor>) =>
    checkpointFile(TENSORS.map((tensor) => (tensor.name === name ? { ...tensor, ...change } : tensor)));
  const pickled = (value: Pickled) => zipFile([], { value });

  test.each<[TrainingChanges, string]>([
    [{ firstStage: { embed_dim: [2, 3] } }, "embed_dim: the same number of channels at every scale, found [2,3]"],
    [{ firstStage: { fusion: "add" } }, 'fusion: "concat", found "add"'],
    [{ firstStage: { remap: "used.npy" } }, "remap: null"],
    [{ unet: { use_stage_expert: true } }, "use_stage_expert: false"],
    [{ unet: { use_mscond: true } }, "use_mscond: false"],
    [{ unet: { use_pos_embed: true } }, "use_pos_embed: false"],
    [{ unet: { predict_codebook_ids: true } }, "predict_codebook_ids: false"],
    [{ target: "ldm.models.diffusion.ddpm.LatentDiffusion" }, "model.target: a class FridoDiffusion or MSLatentDiffusion"],
    [
      { conditionTarget: "frido.modules.encoders.modules.FrozenCLIPTextEmbedder" },
      "model.params.cond_stage_config.target: a class BERTEmbedder",
    ],
    [{ model: { conditioning_key: "concat" } }, 'model.params.conditioning_key: "crossattn"'],
    [{ model: { beta_schedule: "cosine" } }, 'model.params.beta_schedule: "linear"'],
    [{ model: { cond_stage_key: "class_label" } }, "model.params.cond_stage_key: objects_bbox or"],
    [{ model: { parameterization: "v" } }, "model.params.parameterization: eps or x0"],
    [{ condition: { use_tokenizer: true } }, "use_tokenizer: false, for cond_stage_key objects_bbox, found true"],
    [{ dataSet: { no_tokens: null } }, "no_tokens: a whole number"],
    [{ dataSet: { max_objects_per_image: 30 } }, "at most max_seq_len 40 tokens of a condition, found 92"],
    [{ dataSet: { no_tokens: 64 } }, "tokens below vocab_size 60, found 74"],
    [{ unet: { context_dim: 8 } }, "context_dim 6, n_embed of condition"],
    [{ model: { linear_end: 0.02 } }, "alphas_cumprod [20] of linear_start, linear_end and timesteps in"],
    [{ model: { timesteps: 10 } }, "alphas_cumprod [10]"],
  ])("a YAML with %j, by its key", async (changes, words) => {
    expect((await refusal({ changes })).message).toMatch(words);
  });

  test.each<[string, Uint8Array, RegExp]>([
    ["truncated", CKPT.subarray(0, -100), /a zip with/],
    ["cut within its numbers", Buffer.concat([CKPT.subarray(0, 5000), CKPT.subarray(9000)]), /a zip with/],
    ["that is a Git LFS pointer", Buffer.from("version https://git-lfs.github.com/spec/v1\n"), /Git LFS pointer/],
    ["no checkpoint", Buffer.from("hello\n"), /another kind of file/],
    ["with code", pickled({ dict: [["state_dict", { call: "builtins eval", with: ["1"] }]] }), /found "builtins eval", in its pickle/],
    ["of tensors without state_dict", zipFile(TENSORS), /"state_dict": tensors by name/],
    ["of another model", checkpointFile([{ name: "scale_factor", shape: [2], data: Float32Array.of(1, 1) }]), /found no such key/],
    ["without a tensor of the first stage", without("first_stage_model.ms_quant_conv.0.weight"), /ms_quant_conv\.0\.weight/],
    ["without a tensor of the transformer", without("cond_stage_model.transformer.norm.weight"), /transformer\.norm\.weight/],
    [
      "without the average of one tensor",
      without("model_ema.diffusion_modeltime_embed0weight"),
      /model_ema\.diffusion_modeltime_embed0weight, the average of model\.diffusion_model\.time_embed\.0\.weight alone, found no such tensor/,
    ],
    [
      "with an average of another shape",
      changed("model_ema.diffusion_modeltime_embed0bias", { shape: [4, 4], data: new Float32Array(16) }),
      /model_ema\.diffusion_modeltime_embed0bias \[16\], found \[4,4\]/,
    ],
    ["with a tensor of another shape", changed("first_stage_model.ms_quant_conv.0.bias", { shape: [1, 2] }), /ms_quant_conv\.0\.bias/],
    ["with weights in float64", changed("first_stage_model.ms_quant_conv.0.bias", { data: new Float64Array(2) }), /F32, F16 or BF16.*F64/],
    ["without scale factors", without("scale_factor"), /scale_factor \[2\], found no such tensor/],
    [
      "with three scale factors",
      changed("scale_factor", { shape: [3], data: Float32Array.of(1, 1, 1) }),
      /scale_factor \[2\], found \[3\]/,
    ],
    [
      "with a scale factor that is no number",
      changed("scale_factor", { data: Float32Array.of(1, Number.NaN) }),
      /scale_factor: numbers above 0, found NaN/,
    ],
    [
      "whose names without dots are one",
      checkpointFile([...TENSORS, { name: "model.diffusion_model.time_embed.0weight", shape: [16, 4], data: new Float32Array(64) }]),
      /alone, found also that of model\.diffusion_model\.time_embed\.0\.weight/,
    ],
  ])("a .ckpt %s", async (_, ckpt, words) => {
    expect((await refusal({ ckpt })).message).toMatch(words);
  });

  const file = (content: string) => put(fresh("given.txt"), Buffer.from(content));
  test.each<[string, ConvertFridoOptions, TrainingChanges, string]>([
    ["classes with an empty line", { classes: file("a\n\nb\n") }, {}, "a name in every line, found line 2 empty"],
    ["a class twice", { classes: file("a\na\n") }, {}, "classes: each name once"],
    [
      "another number of classes than the YAML says",
      { classes: file("a\nb\n") },
      { dataSet: { no_object_classes: 3 } },
      "3 classes, no_object_classes of the YAML, found 2",
    ],
    [
      "classes for a model that reads prompts",
      { classes: file("a\n") },
      textTraining("captions.json"),
      "no classes, since this model reads prompts",
    ],
    ["a vocabulary for a model that reads layouts", { vocabulary: file("a\n") }, {}, "no vocabulary, since this model reads no text"],
    ["a vocabulary that is none", { vocabulary: file("a\nb\n") }, textTraining("captions.json"), "the token [UNK]"],
    [
      "a vocabulary that is too large",
      { vocabulary: file(["[PAD]", "[UNK]", "[CLS]", "[SEP]", ...Array(60).keys()].join("\n")) },
      textTraining("captions.json"),
      "at most 60 tokens, vocab_size, found 64",
    ],
    ["a file of classes that is not there", { classes: "/nowhere/classes.txt" }, {}, "no such file"],
  ])("%s", async (_, options, changes, words) => {
    expect((await refusal({ options, changes })).message).toMatch(words);
  });

  test("a YAML without data, for a layout model, says which file to take", async () => {
    const { model } = training() as { model: never };
    await expect(convert({ yaml: yamlOf({ model }) })).rejects.toThrow("take the YAML of the training, with its part data");
  });
});

test("200 spoiled YAMLs and checkpoints convert or are a CheckpointError, and leave nothing half written", async () => {
  const yaml = Buffer.from(yamlOf(training()));
  const rng = createRng(12);
  const pickle = CKPT.indexOf("state_dict");
  let [converted, refused] = [0, 0];
  for (let k = 0; k < 200; k++) {
    const isYaml = k % 2 === 0;
    const bytes = Buffer.from(isYaml ? yaml : CKPT);
    // a checkpoint is mostly numbers: of three, two are spoiled in the pickle
    const from = isYaml || k % 3 === 0 ? 0 : pickle;
    const at = from + rng.below(isYaml || k % 3 === 0 ? bytes.length : 20_000);
    const shorter = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + rng.below(20))]);
    bytes.fill(isYaml ? " 0:[]-\nA".charCodeAt(rng.below(8)) : rng.below(256), at, at + 1 + rng.below(3));
    const spoiled = rng.below(5) === 0 ? shorter : bytes;
    try {
      await convert(isYaml ? { yaml: spoiled.toString("latin1") } : { ckpt: spoiled });
      converted++;
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw new Error(`seed ${k}`, { cause: error });
      refused++;
    }
  }
  expect(Math.min(converted, refused)).toBeGreaterThan(20);
});
