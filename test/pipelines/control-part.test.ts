/** ControlNets are opened from folders and files; those that do not fit are refused by file and key. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRng, openModel, randn, type Tensor } from "veduta";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeSafetensors } from "#kernel-lib/weights/safetensors.js";
import { putJson } from "../fixtures/checkpoint-folder.js";
import { controlJson, writeTinyCheckpoint, writeTinyControlNet } from "../fixtures/tiny-checkpoint.js";

const root = mkdtempSync(join(tmpdir(), "veduta-control-part-"));
const at = (...names: string[]) => join(root, ...names);
let tensors: Readonly<Record<string, Tensor>>;
beforeAll(() => {
  writeTinyCheckpoint(root);
  tensors = writeTinyControlNet(at("control", "skyline")).tensors;
});
afterAll(() => rmSync(root, { recursive: true }));

/** The layers of a ControlNet of two levels, one block each, as lllyasviel's cldm.py numbers them; written down by hand. */
const ORIGINAL: readonly (readonly [original: string, diffusers: string])[] = [
  ["input_hint_block.0", "controlnet_cond_embedding.conv_in"],
  ["input_hint_block.2", "controlnet_cond_embedding.blocks.0"],
  ["input_hint_block.4", "controlnet_cond_embedding.blocks.1"],
  ["input_hint_block.14", "controlnet_cond_embedding.conv_out"],
  ["time_embed.0", "time_embedding.linear_1"],
  ["time_embed.2", "time_embedding.linear_2"],
  ["input_blocks.0.0", "conv_in"],
  ["input_blocks.1.0", "down_blocks.0.resnets.0"],
  ["input_blocks.1.1", "down_blocks.0.attentions.0"],
  ["input_blocks.2.0.op", "down_blocks.0.downsamplers.0.conv"],
  ["input_blocks.3.0", "down_blocks.1.resnets.0"],
  ["middle_block.0", "mid_block.resnets.0"],
  ["middle_block.1", "mid_block.attentions.0"],
  ["middle_block.2", "mid_block.resnets.1"],
  ["zero_convs.0.0", "controlnet_down_blocks.0"],
  ["zero_convs.1.0", "controlnet_down_blocks.1"],
  ["zero_convs.2.0", "controlnet_down_blocks.2"],
  ["zero_convs.3.0", "controlnet_down_blocks.3"],
  ["middle_block_out.0", "controlnet_mid_block"],
];
const RESNET = {
  norm1: "in_layers.0",
  conv1: "in_layers.2",
  time_emb_proj: "emb_layers.1",
  norm2: "out_layers.0",
  conv2: "out_layers.3",
  conv_shortcut: "skip_connection",
};
function originalKey(key: string): string {
  const [original, layer] = ORIGINAL.find(([, layer]) => key.startsWith(`${layer}.`)) ?? [];
  if (original === undefined || layer === undefined) throw new Error(`no original key for ${key}`);
  const rest = key.slice(layer.length);
  const [, inner, kind] = /^\.(\w+)\.(weight|bias)$/.exec(rest) ?? [];
  return layer.includes("resnets") ? `${original}.${RESNET[inner as keyof typeof RESNET]}.${kind}` : original + rest;
}

describe("a ControlNet", () => {
  test("predicts the same from its folder, by its name in the checkpoint, and from a file with either's keys", async () => {
    const renamed = Object.entries(tensors).map(([key, x]) => [originalKey(key), x] as const);
    const prefixed = renamed.map(([key, x]) => [`control_model.${key}`, x] as const);
    const other = randn(createRng(1), [3]);
    writeSafetensors(at("diffusers.safetensors"), tensors);
    writeSafetensors(at("original.safetensors"), Object.fromEntries(renamed));
    writeSafetensors(at("whole.safetensors"), { ...Object.fromEntries(prefixed), "model.diffusion_model.out.2.bias": other });
    const names = ["skyline", at("control", "skyline"), at("diffusers.safetensors"), at("original.safetensors"), at("whole.safetensors")];
    const model = await openModel(root, { device: "cpu", threads: 1, control: names });
    expect(model.config.controlNets).toEqual(names);
    const text = await model.encodeText(["", "hills"]);
    const latent = randn(createRng(2), [1, 4, 8, 8]);
    const image = { data: randn(createRng(3), [1, 3, 16, 16]).data.map((x) => 1 / (1 + Math.exp(-x))), shape: [1, 3, 16, 16] };
    const by = (net: number) => model.predictNoise(latent, { timestep: 500, text, controls: [{ net, image, scale: 1, mode: "balanced" }] });
    const first = await by(0);
    for (let net = 1; net < names.length; net++) expect((await by(net)).data, names[net]).toEqual(first.data);
    expect((await model.predictNoise(latent, { timestep: 500, text })).data).not.toEqual(first.data);
    const { digest } = model;
    await model.close();
    const [plain, one] = [await openModel(root, { device: "cpu" }), await openModel(root, { device: "cpu", control: "skyline" })];
    expect(new Set([digest, plain.digest, one.digest]).size).toBe(3);
    await Promise.all([plain.close(), one.close()]);
  });

  test.each([
    [{ block_out_channels: [8, 16] }, /block_out_channels \[8,8\], the U-Net's, found \[8,16\]/],
    [{ cross_attention_dim: 12 }, /cross_attention_dim 8, the U-Net's, found 12/],
    [{ attention_head_dim: 4 }, /attention_head_dim \[2,2\], the U-Net's, found \[4,4\]/],
    [{ conditioning_embedding_out_channels: [4, 8, 8] }, /conditioning_embedding_out_channels of 2 entries.*found 3 entries/],
    [{ conditioning_embedding_out_channels: [4, 12] }, /controlnet_cond_embedding\.blocks\.1\.weight \[12,4,3,3\]/],
    [{ class_embed_type: "timestep" }, /class_embed_type: null/],
    [{ addition_embed_type: "text_time" }, /addition_embed_type: null/],
    [{ encoder_hid_dim: 768 }, /encoder_hid_dim: null/],
    [{ _class_name: "UNet2DConditionModel" }, /_class_name: ControlNetModel/],
  ])("with %j is refused", async (change, message) => {
    const folder = at("wrong");
    mkdirSync(folder, { recursive: true });
    putJson(join(folder, "config.json"), { ...controlJson, ...change });
    writeSafetensors(join(folder, "diffusion_pytorch_model.safetensors"), tensors);
    await expect(openModel(root, { device: "cpu", control: folder })).rejects.toThrow(message);
  });

  test("that is not there is refused with the names that the checkpoint has; and so is a file that holds none", async () => {
    await expect(openModel(root, { control: "canny" })).rejects.toThrow(
      /canny: expected a ControlNet: .*a name \(skyline\), found no such file or folder/,
    );
    writeSafetensors(at("lora.safetensors"), { "lora.up": randn(createRng(1), [2]) });
    await expect(openModel(root, { control: at("lora.safetensors") })).rejects.toThrow(
      /expected a ControlNet: the key .*found keys like "lora\.up"/,
    );
    writeFileSync(at("code.pth"), "print('no')");
    await expect(openModel(root, { control: at("code.pth") })).rejects.toThrow(/code\.pth/);
    await expect(openModel("tiny-noon", { control: "skyline" })).rejects.toThrow(/takes no ControlNets; leave the option out/);
  });
});
