/** @file Both layouts of a random checkpoint hold the same numbers. */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ARCHITECTURES, type Architecture } from "#kernel-lib/pipelines/random-weights/architectures.js";
import { weightFiles } from "#kernel-lib/pipelines/random-weights/keys.js";
import { singleFilePlan } from "#kernel-lib/pipelines/random-weights/layouts.js";
import { writeRandomWeights } from "#kernel-lib/pipelines/random-weights/write-random-weights.js";
import { openSingleFile } from "#kernel-lib/pipelines/single-file/open-single-file.js";
import { openCheckpoint, textParts } from "#kernel-lib/pipelines/stable-diffusion-parts.js";
import { openSafetensors, readTensor, type TensorRef } from "#kernel-lib/weights/safetensors.js";
import { scratchFolder } from "../../fixtures/checkpoint-folder.js";

const scratch = scratchFolder();
afterAll(scratch.remove);

const bytesOf = (ref: TensorRef) => Buffer.from(readTensor(ref).data.buffer);

/** A published architecture with its own number of levels and layers, and narrow ones. */
function narrow(name: keyof typeof ARCHITECTURES): Architecture {
  const { unet, vae, textEncoder, ...rest } = ARCHITECTURES[name];
  const old = name === "sd15";
  return {
    ...rest,
    unet: {
      ...unet,
      block_out_channels: old ? [32, 32, 64, 64] : [64, 64, 128, 128],
      attention_head_dim: old ? 8 : [1, 1, 2, 2],
      cross_attention_dim: 64,
    },
    vae: { ...vae, block_out_channels: [32, 32, 64, 64] },
    textEncoder: { ...textEncoder, hidden_size: 64, intermediate_size: 64, num_attention_heads: 1, vocab_size: 1024 },
    perceptual: { _class_name: "PerceptualNetwork", net: "tiny", channels: [8, 8] },
  };
}

describe.each(["sd15", "sd21"] as const)("%s", (name) => {
  test("in a single file has the configs, the ids and every number of its diffusers folder, each where it lies in the file", async () => {
    const [folder, single] = ["diffusers", "single-file"].map((layout) => join(scratch.path, `${name}-${layout}`));
    await writeRandomWeights(narrow(name), folder, { precision: "fp16", seed: 4 });
    await writeRandomWeights(narrow(name), single, { precision: "fp16", seed: 4, layout: "single-file" });
    const file = join(single, "model.safetensors");
    const [a, b] = [openCheckpoint(folder), openSingleFile(file)];
    for (const part of ["unet", "vae", "text_encoder"] as const) {
      expect({ ...b.part(part).config, sampleSize: 0 }, part).toEqual({ ...a.part(part).config, sampleSize: 0 });
      for (const [key, ref] of b.part(part).weights) {
        expect(ref.file).toBe(file);
        const twin = a.part(part).weights.get(key) as typeof ref;
        expect(ref.shape, key).toEqual(twin.shape);
        expect(bytesOf(ref).equals(bytesOf(twin)), key).toBe(true);
      }
      const positions = part === "text_encoder" ? 1 : 0;
      expect(b.part(part).weights.size).toBe(a.part(part).weights.size - positions);
    }
    expect(b.part("unet").config.sampleSize).toBe(a.part("unet").config.sampleSize);
    expect(b.part("scheduler")).toEqual(a.part("scheduler"));
    const prompt = "mountains at dawn!";
    expect(textParts(b).tokenizer.encode(prompt)).toEqual(textParts(a).tokenizer.encode(prompt));
  });

  test("the single file is a whole safetensors file, and is replaced only when told, and only where nothing else lies", async () => {
    const dir = join(scratch.path, `${name}-again`);
    const options = { precision: "fp16", layout: "single-file" } as const;
    await writeRandomWeights(narrow(name), dir, options);
    expect(readdirSync(dir).sort()).toEqual(["model.safetensors", "tokenizer"]);
    expect(openSafetensors(join(dir, "model.safetensors")).metadata["modelspec.prediction_type"]).toMatch(/^(epsilon|v_prediction)$/);
    await expect(writeRandomWeights(narrow(name), dir, options)).rejects.toThrow(/found a checkpoint; give another one, or replace it/);
    await writeRandomWeights(narrow(name), dir, { ...options, existing: "replace" });
    mkdirSync(join(dir, "mine"));
    writeFileSync(join(dir, "mine", "notes.txt"), "mine");
    await expect(writeRandomWeights(narrow(name), dir, { ...options, existing: "replace" })).rejects.toThrow(/found mine, model/);
  });
});

test("at full size the single file of Stable Diffusion 1.5 has as many tensors as v1-5-pruned-emaonly without its training's buffers", () => {
  const { tensors, header } = singleFilePlan(weightFiles(ARCHITECTURES.sd15, "F32"), ARCHITECTURES.sd15);
  const names = Object.keys(JSON.parse(Buffer.from(header.subarray(8)).toString())).filter((name) => name !== "__metadata__");
  const begins = (prefix: string) => names.filter((name) => name.startsWith(prefix)).length;
  expect(tensors.length).toBe(names.length);
  expect([begins("model.diffusion_model."), begins("first_stage_model."), begins("cond_stage_model.")]).toEqual([686, 248, 197]);
  for (const name of [
    "model.diffusion_model.input_blocks.3.0.op.weight",
    "model.diffusion_model.input_blocks.11.0.out_layers.3.weight",
    "model.diffusion_model.middle_block.1.transformer_blocks.0.attn2.to_out.0.bias",
    "model.diffusion_model.output_blocks.2.1.conv.weight",
    "model.diffusion_model.output_blocks.5.2.conv.weight",
    "model.diffusion_model.output_blocks.8.2.conv.weight",
    "model.diffusion_model.output_blocks.11.1.transformer_blocks.0.ff.net.0.proj.weight",
    "first_stage_model.encoder.down.2.downsample.conv.weight",
    "first_stage_model.decoder.up.3.upsample.conv.weight",
    "first_stage_model.decoder.up.1.block.0.nin_shortcut.weight",
    "cond_stage_model.transformer.text_model.encoder.layers.11.mlp.fc2.bias",
  ])
    expect(names).toContain(name);
});
