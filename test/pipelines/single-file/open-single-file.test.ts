import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createRng, randn } from "#kernel-lib/core/random.js";
import { sizeOf, type Tensor, tensor } from "#kernel-lib/core/tensor.js";
import { hubSettings } from "#kernel-lib/hub/settings.js";
import { openModel } from "#kernel-lib/pipelines/open-model.js";
import type { OpenParts } from "#kernel-lib/pipelines/pipeline.js";
import { clipVocabulary, vocabularyDigest } from "#kernel-lib/pipelines/single-file/clip-vocabulary.js";
import { openSingleFile } from "#kernel-lib/pipelines/single-file/open-single-file.js";
import type { StableDiffusionParts } from "#kernel-lib/pipelines/stable-diffusion-parts.js";
import { readTensor, type TensorRef, writeSafetensors } from "#kernel-lib/weights/safetensors.js";
import {
  MERGES,
  put,
  putJson,
  refusal,
  scratchFolder,
  clipVocabulary as smallVocabulary,
  writeTokenizer,
} from "../../fixtures/checkpoint-folder.js";
import { type Generation, pulledVocabulary, singleFileTensors, writeDiffusers } from "../../fixtures/single-file.js";
import { trainingCheckpoint, type WrittenTensor, zipFile } from "../../weights/torch-writer.js";

const scratch = scratchFolder();
beforeAll(() => {
  for (const [name, value] of Object.entries(pulledVocabulary(scratch.path))) vi.stubEnv(name, value);
});
afterAll(() => {
  vi.unstubAllEnvs();
  scratch.remove();
});

const CPU = { device: "cpu", threads: 1 } as const;

/** A folder and the single file of its numbers. */
function both(generation: Generation, name: string, prediction = "epsilon") {
  const folder = join(scratch.path, name);
  const tensors = singleFileTensors(generation, writeDiffusers(folder, generation, prediction));
  const file = `${folder}.safetensors`;
  return { folder, file, tensors };
}

describe.each([1, 2] as const)("a single file of Stable Diffusion %i", (generation) => {
  test("gives its diffusers folder's numbers, bit for bit", async () => {
    const prediction = generation === 1 ? "epsilon" : "v_prediction";
    const { folder, file, tensors } = both(generation, `same-${generation}`, prediction);
    writeSafetensors(file, tensors, { metadata: { "modelspec.prediction_type": prediction } });
    const results = [];
    for (const path of [folder, file]) {
      const model = await openModel(path, CPU);
      const text = await model.encodeText(["a cat!", "mountain in"]);
      const latent = randn(createRng(3), [1, 4, 8, 8]);
      const image = await model.decode(latent);
      results.push({
        ids: (await model.tokenize("a cat!")).ids,
        text: text.data,
        noise: (await model.predictNoise(latent, { timestep: 500, text })).data,
        image: image.data,
        latent: (await model.encode(image)).data,
        channels: model.unet.channels,
      });
      await model.close();
    }
    expect(results[1]).toEqual(results[0]);
  });
});

/** A file of some tensors of ones, by name and shape. */
const written = (name: string, tensors: Readonly<Record<string, readonly number[]>>, metadata: Record<string, string> = {}) => {
  const file = join(scratch.path, `${name}.safetensors`);
  const ones = Object.entries(tensors).map(([key, shape]) => [key, { data: new Float32Array(sizeOf(shape)).fill(1), shape }]);
  writeSafetensors(file, Object.fromEntries(ones), { metadata });
  return file;
};

describe("other kinds are named, with what is supported", () => {
  const UNET = "model.diffusion_model.input_blocks.0.0.weight";
  const CROSS = "model.diffusion_model.middle_block.1.transformer_blocks.0.attn2.to_k.weight";
  const CLIP = { "cond_stage_model.transformer.text_model.final_layer_norm.weight": [8] };
  const OPEN_CLIP = { "cond_stage_model.model.ln_final.weight": [8] };
  test.each<[string, Record<string, number[]>]>([
    ["Stable Diffusion 1 for inpainting", { [UNET]: [32, 9, 3, 3], ...CLIP }],
    ["Stable Diffusion 2 for inpainting", { [UNET]: [32, 9, 3, 3], ...OPEN_CLIP }],
    ["Stable Diffusion 2 for inpainting", { [UNET]: [32, 9, 3, 3], [CROSS]: [8, 1024] }],
    ["Stable Diffusion 2 with depth", { [UNET]: [32, 5, 3, 3], ...OPEN_CLIP }],
    ["the 4× upscaler of Stable Diffusion", { [UNET]: [32, 7, 3, 3], ...OPEN_CLIP }],
    ["InstructPix2Pix", { [UNET]: [32, 8, 3, 3], ...CLIP }],
    ["Stable Diffusion 2 unCLIP", { [UNET]: [32, 4, 3, 3], "model.diffusion_model.label_emb.0.0.weight": [8, 8], ...OPEN_CLIP }],
    ["Stable Diffusion XL", { [UNET]: [32, 4, 3, 3], "conditioner.embedders.1.model.ln_final.weight": [8] }],
    ["the refiner of Stable Diffusion XL", { [UNET]: [32, 4, 3, 3], "conditioner.embedders.0.model.ln_final.weight": [8] }],
    ["a U-Net of Stable Diffusion XL", { [UNET]: [32, 4, 3, 3], "model.diffusion_model.label_emb.0.0.weight": [8, 8] }],
    ["Stable Diffusion 3", { "model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight": [8, 8] }],
    ["Flux", { "double_blocks.0.img_attn.norm.key_norm.scale": [8] }],
    ["a LoRA", { "lora_unet_down_blocks_0_attentions_0_proj_in.lora_down.weight": [4, 8] }],
    ["a LoRA", { "unet.down_blocks.0.attentions.0.proj_in.lora_A.weight": [4, 8] }],
    ["a textual inversion", { emb_params: [1, 8] }],
    ["a textual inversion", { "<my-hill>": [8] }],
    ["a ControlNet", { "control_model.input_blocks.0.0.weight": [32, 4, 3, 3] }],
    ["a motion module (AnimateDiff)", { "down_blocks.0.motion_modules.0.temporal_transformer.norm.weight": [8] }],
    ["a U-Net alone", { "conv_in.weight": [32, 4, 3, 3] }],
    ["an autoencoder alone", { "encoder.conv_in.weight": [32, 3, 3, 3] }],
    ["a text encoder alone", { "text_model.final_layer_norm.weight": [8] }],
  ])("%s", (name, tensors) => {
    const error = refusal(() => openSingleFile(written("other", tensors)));
    expect(error.expected).toBe("a single file of Stable Diffusion 1 or 2 that paints from text");
    expect(error.found).toBe(`${name}, which is not supported`);
  });

  test("a file of none of these says how many tensors it has, and some", () => {
    expect(refusal(() => openSingleFile(written("strange", { "a.b": [2], c: [1] }))).found).toBe(
      'none of the kinds that are known, but 2 tensors ("a.b", "c")',
    );
    expect(refusal(() => openSingleFile(written("empty", {}))).found).toMatch(/0 tensors \(none\)/);
  });

  test("a file of another format says how it begins; a config points to its folder", () => {
    const opened = (name: string, content: string) => refusal(() => openSingleFile(put(join(scratch.path, name), content))).message;
    expect(opened("model.gguf", "GGUF and more")).toMatch(/expected tensors by name.*found a file that begins with "GGUF and "$/);
    expect(opened("model_index.json", '{"_class_name": 1}')).toMatch(/give the folder of the checkpoint$/);
    expect(opened("nothing.safetensors", "")).toMatch(/found a file that begins with ""$/);
  });

  test("the U-Net of Stable Diffusion alone lacks its text encoder, by name", () => {
    const { file, tensors } = both(1, "no-text");
    writeSafetensors(file, Object.fromEntries(Object.entries(tensors).filter(([key]) => !key.startsWith("cond_stage_model."))));
    expect(refusal(() => openSingleFile(file).part("text_encoder")).expected).toMatch(/^cond_stage_model\.transformer\./);
  });
});

describe("what the U-Net predicts", () => {
  const predictionOf = (generation: Generation, metadata: Record<string, string>, asked?: "epsilon" | "v_prediction" | "sample") => {
    const { file, tensors } = both(generation, `prediction-${generation}`);
    writeSafetensors(file, tensors, { metadata });
    return openSingleFile(file, asked).part("scheduler").prediction;
  };

  test("is what is asked for, else what the metadata say, else epsilon of Stable Diffusion 1", () => {
    expect(predictionOf(1, {})).toBe("epsilon");
    expect(predictionOf(1, { "modelspec.prediction_type": "v" })).toBe("v_prediction");
    expect(predictionOf(1, { "modelspec.prediction_type": "v" }, "sample")).toBe("sample");
    expect(predictionOf(2, { "modelspec.architecture": "stable-diffusion-v2-512" })).toBe("epsilon");
    expect(predictionOf(2, { "modelspec.architecture": "stable-diffusion-v2-768-v" })).toBe("v_prediction");
  });

  test("must be said of Stable Diffusion 2 without metadata, and a word that is none is refused", () => {
    expect(() => predictionOf(2, {})).toThrow(/metadata that say what Stable Diffusion 2 predicts.*say --prediction epsilon/);
    expect(() => predictionOf(1, { "modelspec.prediction_type": "flow" })).toThrow(
      /modelspec.prediction_type: epsilon, eps, v.*found "flow"/,
    );
  });

  test("a network that predicts v was trained on windows of 96 latent pixels in Stable Diffusion 2, on 64 otherwise", () => {
    const { file, tensors } = both(2, "windows");
    writeSafetensors(file, tensors);
    const sizes = (["epsilon", "v_prediction"] as const).map((asked) => openSingleFile(file, asked).part("unet").config.sampleSize);
    expect(sizes).toEqual([64, 96]);
  });

  test("is an option of single files alone, and one of three", async () => {
    const { folder } = both(1, "folder-prediction");
    await expect(openModel(folder, { ...CPU, prediction: "epsilon" })).rejects.toThrow(
      /is a folder, whose scheduler says what it predicts/,
    );
    await expect(openModel(folder, { ...CPU, prediction: "flow" as never })).rejects.toThrow(
      "prediction flow: want epsilon, v_prediction, sample",
    );
  });
});

const bytesOf = (ref: TensorRef) => Buffer.from(readTensor(ref).data.buffer);

describe("the same file otherwise", () => {
  const same = (one: OpenParts<StableDiffusionParts>, other: OpenParts<StableDiffusionParts>) => {
    for (const part of ["unet", "vae", "text_encoder"] as const) {
      expect(other.part(part).config).toEqual(one.part(part).config);
      expect([...other.part(part).weights.keys()]).toEqual([...one.part(part).weights.keys()]);
      for (const [key, ref] of other.part(part).weights)
        expect(bytesOf(ref).equals(bytesOf(one.part(part).weights.get(key) as typeof ref)), key).toBe(true);
    }
  };
  const asTorch = (tensors: Record<string, Tensor>): WrittenTensor[] =>
    Object.entries(tensors).map(([name, { data, shape }]) => ({ name, shape, data: data as Float32Array }));

  test.each(["state_dict of a training", "tensors alone"])("a .ckpt, %s, opens without running anything", (kind) => {
    const { file, tensors } = both(1, "torch");
    writeSafetensors(file, tensors);
    const written = asTorch(tensors);
    const bytes = kind === "tensors alone" ? zipFile(written) : zipFile(written, { value: trainingCheckpoint(written) });
    same(openSingleFile(file), openSingleFile(put(file.replace(".safetensors", ".ckpt"), bytes)));
  });

  test("keys without text_model, as some merges write them, are the same", () => {
    const { file, tensors } = both(1, "inner");
    writeSafetensors(file, tensors);
    const bare = file.replace("inner", "bare");
    writeSafetensors(bare, Object.fromEntries(Object.entries(tensors).map(([key, value]) => [key.replace(".text_model.", "."), value])));
    same(openSingleFile(file), openSingleFile(bare));
  });

  test("of OpenCLIP's 24 layers the last is left out; a file with 23 has the same network", () => {
    const { file, tensors } = both(2, "layers");
    const block = (layer: number) =>
      Object.entries(tensors).flatMap(([key, value]) =>
        key.includes("resblocks.1.") ? [[key.replace("resblocks.1.", `resblocks.${layer}.`), value] as const] : [],
      );
    const layersOf = (count: number) => {
      writeSafetensors(file, { ...tensors, ...Object.fromEntries(Array.from({ length: count }, (_, k) => block(k)).flat()) });
      return openSingleFile(file, "epsilon").part("text_encoder").config.numHiddenLayers;
    };
    expect([layersOf(24), layersOf(23)]).toEqual([23, 23]);
  });
});

describe("a file that lacks something", () => {
  test.each<[string, RegExp, (tensors: Record<string, Tensor>) => void]>([
    [
      "a key",
      /expected model\.diffusion_model\.output_blocks\.1\.1\.conv\.bias \[128\], found no such key/,
      (tensors) => delete tensors["model.diffusion_model.output_blocks.1.1.conv.bias"],
    ],
    [
      "a third of a fused tensor",
      /expected cond_stage_model\.model\.transformer\.resblocks\.0\.attn\.in_proj_bias \[192\], found \[191\]/,
      (tensors) => {
        tensors["cond_stage_model.model.transformer.resblocks.0.attn.in_proj_bias"] = tensor(new Float32Array(191), [191]);
      },
    ],
    [
      "the decoder",
      /expected first_stage_model\.decoder\.conv_out\.weight, found no such key/,
      (tensors) => {
        for (const key of Object.keys(tensors)) if (key.startsWith("first_stage_model.decoder.")) delete tensors[key];
      },
    ],
  ])("%s is refused by the file's own name of it", (_, answer, change) => {
    const { file, tensors } = both(2, "lacking");
    change(tensors);
    writeSafetensors(file, tensors);
    const parts = openSingleFile(file, "epsilon");
    expect(refusal(() => (["unet", "vae", "text_encoder"] as const).map((part) => parts.part(part))).message).toMatch(answer);
  });

  test("no vocabulary anywhere: the command that pulls it is named", () => {
    const { file, tensors } = both(1, "no-vocabulary");
    writeSafetensors(file, tensors);
    const nowhere = hubSettings({ HF_HOME: join(scratch.path, "nowhere"), VEDUTA_CACHE: join(scratch.path, "nowhere") });
    expect(refusal(() => clipVocabulary(file, nowhere)).message).toMatch(/run "veduta models pull clip-tokenizer"/);
    expect(clipVocabulary(file)).toMatch(/models--openai--clip-vit-large-patch14/);
    expect(refusal(() => openSingleFile(file).part("perceptual")).message).toMatch(/veduta models pull lpips-vgg/);
  });

  test("a tokenizer/ beside the file counts, also one that is tokenizer.json alone, as transformers 5 saves it", () => {
    const { file, tensors } = both(1, "beside/file");
    writeSafetensors(file, tensors);
    const beside = writeTokenizer(join(scratch.path, "beside", "tokenizer"));
    const ids = () => openSingleFile(file).part("tokenizer").encode("a cat! mountain in").ids;
    expect(clipVocabulary(file)).toBe(beside);
    const [want, digest] = [ids(), vocabularyDigest(beside)];
    const model = { type: "BPE", end_of_word_suffix: "</w>", vocab: smallVocabulary(), merges: MERGES };
    putJson(join(beside, "tokenizer.json"), { model });
    expect(vocabularyDigest(beside)).toBe(digest); // vocab.json and merges.txt count before it
    for (const name of ["vocab.json", "merges.txt", "special_tokens_map.json"]) rmSync(join(beside, name));
    expect(clipVocabulary(file)).toBe(beside);
    expect(ids()).toEqual(want);
    expect(vocabularyDigest(beside)).not.toBe(digest);
  });

  test("another prediction is another digest", async () => {
    const { file, tensors } = both(2, "digest");
    writeSafetensors(file, tensors);
    const digests = [];
    for (const prediction of ["epsilon", "v_prediction", "epsilon"] as const) {
      const model = await openModel(file, { ...CPU, prediction });
      digests.push(model.digest);
      await model.close();
    }
    expect(digests[0]).toBe(digests[2]);
    expect(digests[0]).not.toBe(digests[1]);
  });
});
