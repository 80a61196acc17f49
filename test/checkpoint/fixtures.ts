/** Small checkpoint files made on the spot, so that these tests need nothing beside them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { CheckpointError } from "#kernel-lib/core/errors.js";

/** A folder that `remove` takes away again. */
export function scratchFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), "veduta-checkpoint-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export function put(file: string, content: string | Uint8Array): string {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}
export const putJson = (file: string, content: unknown): string => put(file, JSON.stringify(content, null, 2));

/** A safetensors file from its header's text (or object) and its numbers' bytes, by the format's definition. */
export function safetensorsBytes(header: unknown, data: Uint8Array, claimed?: bigint): Uint8Array {
  const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(claimed ?? BigInt(text.length));
  return Buffer.concat([prefix, text, data]);
}

/** What a call refuses with, or the failure of the test. */
export function refusal(call: () => unknown): CheckpointError {
  try {
    call();
  } catch (error) {
    if (error instanceof CheckpointError) return error;
    throw error;
  }
  throw new Error("expected a CheckpointError, but the call returned");
}

export const MERGES = ["l o", "lo w</w>", "e r</w>", "a t</w>", "c at</w>", "m o", "u n", "mo un", "t a", "moun ta", "i n</w>", "a in"];

/** CLIP's vocabulary in small: every byte as its visible character, the same ending a word, the merges, begin and end. */
export function clipVocabulary(merges: readonly string[] = MERGES): Record<string, number> {
  const tokens = [...byteCharacters().map(([, character]) => character), ...byteCharacters().map(([, character]) => `${character}</w>`)];
  for (const merge of merges) tokens.push(merge.replace(" ", ""));
  tokens.push("<|startoftext|>", "<|endoftext|>");
  return Object.fromEntries(tokens.map((token, id) => [token, id]));
}

/** GPT-2's visible characters for bytes: printable Latin-1 stands for itself, the others follow from U+0100, in order. */
export function byteCharacters(): [byte: number, character: string][] {
  const visible = (b: number) => (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
  const bytes = Array.from({ length: 256 }, (_, b) => b);
  const hidden = bytes.filter((b) => !visible(b));
  return [
    ...bytes.filter(visible).map((b): [number, string] => [b, String.fromCharCode(b)]),
    ...hidden.map((b, k): [number, string] => [b, String.fromCharCode(256 + k)]),
  ];
}

/** The tokenizer/ folder of SD 1 (pads with the end) or SD 2 (pads with "!", said by special_tokens_map.json alone). */
export function writeTokenizer(folder: string, { pad = "<|endoftext|>", length = 77 }: { pad?: string; length?: number } = {}): string {
  putJson(join(folder, "vocab.json"), clipVocabulary());
  put(join(folder, "merges.txt"), `#version: 0.2\n${MERGES.join("\n")}\n`);
  const special = (content: string) => ({ content, lstrip: false, normalized: true, rstrip: false, single_word: false });
  const [bos_token, eos_token] = [special("<|startoftext|>"), special("<|endoftext|>")];
  putJson(join(folder, "special_tokens_map.json"), { bos_token, eos_token, pad_token: pad, unk_token: eos_token });
  putJson(join(folder, "tokenizer_config.json"), {
    bos_token: { __type: "AddedToken", ...bos_token },
    eos_token: { __type: "AddedToken", ...eos_token },
    pad_token: "<|endoftext|>",
    model_max_length: length,
    tokenizer_class: "CLIPTokenizer",
  });
  return folder;
}

/** Published configs' keys, at toy size. */
export const CONFIGS = {
  index: {
    _class_name: "StableDiffusionPipeline",
    _diffusers_version: "0.15.1",
    safety_checker: [null, null],
    scheduler: ["diffusers", "PNDMScheduler"],
    text_encoder: ["transformers", "CLIPTextModel"],
    tokenizer: ["transformers", "CLIPTokenizer"],
    unet: ["diffusers", "UNet2DConditionModel"],
    vae: ["diffusers", "AutoencoderKL"],
  },
  unet: {
    _class_name: "UNet2DConditionModel",
    act_fn: "silu",
    attention_head_dim: [2, 4],
    block_out_channels: [32, 64],
    center_input_sample: false,
    class_embed_type: null,
    conv_in_kernel: 3,
    cross_attention_dim: 24,
    down_block_types: ["CrossAttnDownBlock2D", "DownBlock2D"],
    downsample_padding: 1,
    dual_cross_attention: false,
    flip_sin_to_cos: true,
    freq_shift: 0,
    in_channels: 4,
    layers_per_block: 1,
    mid_block_scale_factor: 1,
    norm_eps: 1e-5,
    norm_num_groups: 32,
    only_cross_attention: false,
    out_channels: 4,
    resnet_time_scale_shift: "default",
    sample_size: 16,
    time_embedding_type: "positional",
    up_block_types: ["UpBlock2D", "CrossAttnUpBlock2D"],
    upcast_attention: true,
    use_linear_projection: true,
  },
  vae: {
    _class_name: "AutoencoderKL",
    act_fn: "silu",
    block_out_channels: [32, 64],
    down_block_types: ["DownEncoderBlock2D", "DownEncoderBlock2D"],
    in_channels: 3,
    latent_channels: 4,
    layers_per_block: 1,
    norm_num_groups: 32,
    out_channels: 3,
    sample_size: 128,
    up_block_types: ["UpDecoderBlock2D", "UpDecoderBlock2D"],
  },
  text_encoder: {
    architectures: ["CLIPTextModel"],
    model_type: "clip_text_model",
    bos_token_id: 0,
    eos_token_id: 2,
    pad_token_id: 1,
    hidden_act: "quick_gelu",
    hidden_size: 24,
    intermediate_size: 96,
    layer_norm_eps: 1e-5,
    max_position_embeddings: 77,
    num_attention_heads: 3,
    num_hidden_layers: 2,
    vocab_size: 526,
  },
  scheduler: {
    _class_name: "PNDMScheduler",
    beta_end: 0.012,
    beta_schedule: "scaled_linear",
    beta_start: 0.00085,
    clip_sample: false,
    num_train_timesteps: 1000,
    set_alpha_to_one: false,
    skip_prk_steps: true,
    steps_offset: 1,
    trained_betas: null,
  },
  perceptual: { _class_name: "PerceptualNetwork", net: "tiny", epsilon: 1e-10, channels: [16, 32], weight: 20 },
};

/** One float32 tensor of ones, of a name of its own. */
export function oneTensor(name: string, shape: readonly number[] = [2, 3]): Uint8Array {
  const n = shape.reduce((a, b) => a * b, 1);
  const data = new Uint8Array(new Float32Array(n).fill(1).buffer);
  return safetensorsBytes({ [name]: { dtype: "F32", shape, data_offsets: [0, 4 * n] } }, data);
}

/** A whole diffusers folder whose weights are one tensor a part. */
export function writeFolder(folder: string): string {
  putJson(join(folder, "model_index.json"), CONFIGS.index);
  for (const name of ["unet", "vae", "text_encoder", "perceptual"] as const) putJson(join(folder, name, "config.json"), CONFIGS[name]);
  putJson(join(folder, "scheduler", "scheduler_config.json"), CONFIGS.scheduler);
  put(join(folder, "unet", "diffusion_pytorch_model.safetensors"), oneTensor("conv_in.weight"));
  put(join(folder, "vae", "diffusion_pytorch_model.safetensors"), oneTensor("encoder.conv_in.weight"));
  put(join(folder, "text_encoder", "model.safetensors"), oneTensor("text_model.final_layer_norm.weight"));
  put(join(folder, "perceptual", "backbone.safetensors"), oneTensor("features.0.weight"));
  put(join(folder, "perceptual", "linear.safetensors"), oneTensor("lin0.model.1.weight"));
  writeTokenizer(join(folder, "tokenizer"), { length: 24 });
  return folder;
}
