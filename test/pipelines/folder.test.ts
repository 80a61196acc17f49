import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { perceptualFromFiles } from "#kernel-lib/pipelines/perceptual-part.js";
import { openCheckpoint } from "#kernel-lib/pipelines/stable-diffusion-parts.js";
import { expectKeys } from "#kernel-lib/weights/weights.js";
import { CONFIGS, oneTensor, put, putJson, refusal, scratchFolder, writeFolder } from "../fixtures/checkpoint-folder.js";

const scratch = scratchFolder();
afterAll(scratch.remove);
let count = 0;
const fresh = () => writeFolder(join(scratch.path, `folder-${count++}`));
const weightsOf = (folder: string, name: string) => join(folder, name, "diffusion_pytorch_model.safetensors");

describe("a diffusers folder", () => {
  test("opens, and its configs are typed", () => {
    const checkpoint = openCheckpoint(fresh());
    expect(checkpoint.part("unet").config).toEqual({
      inChannels: 4,
      outChannels: 4,
      sampleSize: 16,
      blockOutChannels: [32, 64],
      downBlockTypes: ["CrossAttnDownBlock2D", "DownBlock2D"],
      upBlockTypes: ["UpBlock2D", "CrossAttnUpBlock2D"],
      layersPerBlock: 1,
      heads: [2, 4],
      crossAttentionDim: 24,
      useLinearProjection: true,
      upcastAttention: true,
      normNumGroups: 32,
      normEps: 1e-5,
      flipSinToCos: true,
      freqShift: 0,
      midBlockType: "UNetMidBlock2DCrossAttn",
      downsamplePadding: 1,
      transformerLayersPerBlock: 1,
    });
    expect(checkpoint.part("vae").config).toMatchObject({ blockOutChannels: [32, 64], latentChannels: 4, scalingFactor: 0.18215 });
    expect(checkpoint.part("text_encoder").config).toMatchObject({
      hiddenSize: 24,
      numAttentionHeads: 3,
      hiddenAct: "quick_gelu",
      eosTokenId: 2,
    });
    expect(checkpoint.part("perceptual").config).toEqual({ net: "tiny", epsilon: 1e-10, channels: [16, 32], weight: 20 });
    expect([...checkpoint.part("perceptual").weights.keys()]).toEqual(["features.0.weight", "lin0.model.1.weight"]);
    expect(checkpoint.part("scheduler")).toEqual({
      betaStart: 0.00085,
      betaEnd: 0.012,
      betaSchedule: "scaled_linear",
      trainTimesteps: 1000,
      stepsOffset: 1,
      setAlphaToOne: false,
      prediction: "epsilon",
      spacing: "leading",
      sampler: { name: "pndm" },
    });
    expect(checkpoint.part("tokenizer").contextLength).toBe(24);
  });

  test("is read part by part: a spoiled part matters when it is asked for, and only then", () => {
    const folder = fresh();
    put(weightsOf(folder, "vae"), "nonsense");
    const checkpoint = openCheckpoint(folder);
    const unet = checkpoint.part("unet");
    expect(checkpoint.part("unet")).toBe(unet);
    expect(refusal(() => checkpoint.part("vae")).file).toBe(weightsOf(folder, "vae"));
  });

  test.each(["tokenizer", "perceptual", "scheduler", "vae"] as const)(
    "without %s/ it opens, and the call that needs it says so",
    (name) => {
      const folder = fresh();
      rmSync(join(folder, name), { recursive: true });
      const checkpoint = openCheckpoint(folder);
      const error = refusal(() => checkpoint.part(name));
      expect([error.file, checkpoint.has(name), checkpoint.has("unet")]).toEqual([join(folder, name), false, true]);
      expect(error.found).toMatch(/no such folder; .* holds (dual, )?model_index.json/);
    },
  );

  test("num_attention_heads goes before attention_head_dim; one number counts for every level", () => {
    const folder = fresh();
    putJson(join(folder, "unet", "config.json"), { ...CONFIGS.unet, num_attention_heads: 8 });
    expect(openCheckpoint(folder).part("unet").config.heads).toEqual([8, 8]);
  });

  test("the keys of an old config that are absent have diffusers' defaults", () => {
    const folder = fresh();
    const { use_linear_projection, upcast_attention, conv_in_kernel, attention_head_dim, ...old } = CONFIGS.unet;
    expect([use_linear_projection, upcast_attention, conv_in_kernel, attention_head_dim]).toEqual([true, true, 3, [2, 4]]);
    putJson(join(folder, "unet", "config.json"), old);
    expect(openCheckpoint(folder).part("unet").config).toMatchObject({ useLinearProjection: false, upcastAttention: false, heads: [8, 8] });
  });
});

describe("weight files", () => {
  test("fp16 counts where the plain file is absent, and only there", () => {
    const folder = fresh();
    put(join(folder, "unet", "diffusion_pytorch_model.fp16.safetensors"), oneTensor("half"));
    expect([...openCheckpoint(folder).part("unet").weights.keys()]).toEqual(["conv_in.weight"]);
    rmSync(weightsOf(folder, "unet"));
    expect([...openCheckpoint(folder).part("unet").weights.keys()]).toEqual(["half"]);
  });

  test("links, as a hub cache holds them, are followed to the file", () => {
    const folder = fresh();
    const blob = join(scratch.path, `blob-${count}`);
    renameSync(weightsOf(folder, "unet"), blob);
    symlinkSync(resolve(blob), weightsOf(folder, "unet"));
    expect(openCheckpoint(folder).part("unet").weights.get("conv_in.weight")?.file).toBe(blob);
  });

  const sharded = (map: unknown) => {
    const folder = fresh();
    rmSync(weightsOf(folder, "unet"));
    put(join(folder, "unet", "part-1.safetensors"), oneTensor("a"));
    put(join(folder, "unet", "part-2.safetensors"), oneTensor("b", [4]));
    putJson(join(folder, "unet", "diffusion_pytorch_model.safetensors.index.json"), { metadata: { total_size: 40 }, weight_map: map });
    return folder;
  };
  test("shards are joined as their index says", () => {
    const { weights } = openCheckpoint(sharded({ a: "part-1.safetensors", b: "part-2.safetensors" })).part("unet");
    expect([...weights].map(([key, { file, shape }]) => [key, file.slice(-18), shape])).toEqual([
      ["a", "part-1.safetensors", [2, 3]],
      ["b", "part-2.safetensors", [4]],
    ]);
  });
  test.each<[string, unknown, RegExp]>([
    ["a shard that is missing", { a: "part-3.safetensors" }, /no such file/],
    ["a key that its shard lacks", { c: "part-1.safetensors" }, /no such tensor/],
    ["a shard outside the folder", { a: "../part-1.safetensors" }, /\.\.\/part-1/],
    ["a shard that is a number", { a: 1 }, /1/],
    ["an empty map", {}, /\{\}/],
  ])("%s is refused", (_name, map, found) => {
    const checkpoint = openCheckpoint(sharded(map));
    expect(refusal(() => checkpoint.part("unet")).found).toMatch(found);
  });

  test("a folder with .bin weights alone says what is wanted and how to get it", () => {
    const folder = fresh();
    renameSync(weightsOf(folder, "unet"), join(folder, "unet", "diffusion_pytorch_model.bin"));
    const error = refusal(() => openCheckpoint(folder).part("unet"));
    expect(error.expected).toBe("diffusion_pytorch_model.safetensors");
    expect(error.found).toBe("diffusion_pytorch_model.bin");
    expect(error.message).toMatch(/safe_serialization=True/);
  });

  test("an empty part says that it has no weights", () => {
    const folder = fresh();
    rmSync(weightsOf(folder, "unet"));
    expect(refusal(() => openCheckpoint(folder).part("unet")).found).toBe("no weights");
  });

  test("expectKeys names the first key that is missing or of another shape, and ignores keys beyond the table", () => {
    const part = openCheckpoint(fresh()).part("unet");
    expectKeys(part, new Map());
    expectKeys(part, new Map([["conv_in.weight", [2, 3]]]));
    const missing = refusal(() =>
      expectKeys(
        part,
        new Map([
          ["conv_in.weight", [2, 3]],
          ["conv_out.bias", [4]],
        ]),
      ),
    );
    expect([missing.file, missing.expected, missing.found]).toEqual([part.file, "conv_out.bias [4]", "no such key among 1"]);
    for (const shape of [[2, 4], [2], [2, 3, 1]])
      expect(refusal(() => expectKeys(part, new Map([["conv_in.weight", shape]]))).found).toBe("conv_in.weight [2,3]");
  });
});

describe("the perceptual network", () => {
  test("opens from files of its own", () => {
    const backbone = put(join(scratch.path, "b.safetensors"), oneTensor("features.0.weight"));
    const linear = put(join(scratch.path, "l.safetensors"), oneTensor("lin0.model.1.weight"));
    const part = perceptualFromFiles({ net: "squeeze", backbone, linear });
    expect(part.config).toEqual({ net: "squeeze", epsilon: 1e-10 });
    expect([...part.weights.values()].map(({ file }) => file)).toEqual([backbone, linear]);
    expect(refusal(() => perceptualFromFiles({ net: "vgg", backbone, linear: backbone })).expected).toMatch(
      /keys that b.safetensors lacks/,
    );
    expect(refusal(() => perceptualFromFiles({ net: "vgg", backbone, linear: "nowhere" })).file).toBe("nowhere");
  });
});

describe("what does not fit is refused with file, expected and found", () => {
  test("no folder, a file, a folder without model_index.json", () => {
    expect(refusal(() => openCheckpoint(join(scratch.path, "nowhere"))).found).toBe("no such folder");
    const file = put(join(scratch.path, "file"), "x");
    expect(refusal(() => openCheckpoint(file)).found).toBe("a file");
    const empty = join(scratch.path, "empty");
    mkdirSync(empty);
    writeFileSync(join(empty, "model.ckpt"), "");
    expect(refusal(() => openCheckpoint(empty))).toMatchObject({ file: empty, expected: "model_index.json", found: "model.ckpt" });
  });

  test.each<[string, object, RegExp, RegExp]>([
    ["another pipeline", { _class_name: "StableDiffusionXLPipeline" }, /StableDiffusionPipeline/, /XL/],
    ["another U-Net", { unet: ["diffusers", "UNet3DConditionModel"] }, /unet: UNet2DConditionModel/, /UNet3D/],
    ["another VAE", { vae: ["diffusers", "VQModel"] }, /vae: AutoencoderKL/, /VQModel/],
    ["another text encoder", { text_encoder: ["transformers", "T5EncoderModel"] }, /text_encoder: CLIPTextModel/, /T5/],
    ["another tokenizer", { tokenizer: ["transformers", "T5Tokenizer"] }, /tokenizer: CLIPTokenizer/, /T5/],
    ["a part that is a word", { unet: "UNet2DConditionModel" }, /unet/, /UNet2DConditionModel/],
  ])("model_index.json: %s", (_name, change, expected, found) => {
    const folder = fresh();
    const file = putJson(join(folder, "model_index.json"), { ...CONFIGS.index, ...change });
    const error = refusal(() => openCheckpoint(folder));
    expect(error.file).toBe(file);
    expect(error.expected).toMatch(expected);
    expect(error.found).toMatch(found);
  });

  type Name = "unet" | "vae" | "text_encoder" | "scheduler" | "perceptual" | "dual";
  const BAD: Record<Name, [change: Record<string, unknown>, expected: RegExp, found?: RegExp][]> = {
    unet: [
      [{ _class_name: "UNet2DModel" }, /_class_name: UNet2DConditionModel/, /UNet2DModel/],
      ...[
        { act_fn: "gelu" },
        { addition_embed_type: "text" },
        { center_input_sample: true },
        { class_embed_type: "timestep" },
        { conv_in_kernel: 1 },
        { conv_out_kernel: 5 },
        { cross_attention_norm: "layer_norm" },
        { downsample_padding: 0 },
        { dual_cross_attention: true },
        { encoder_hid_dim: 4096 },
        { mid_block_scale_factor: 2 },
        { mid_block_type: "UNetMidBlock2DSimpleCrossAttn" },
        { mid_block_type: null },
        { norm_num_groups: null },
        { num_class_embeds: 1000 },
        { only_cross_attention: [true, false] },
        { resnet_time_scale_shift: "scale_shift" },
        { resnet_skip_time_act: true },
        { time_embedding_type: "fourier" },
        { time_cond_proj_dim: 256 },
        { timestep_post_act: "silu" },
        { transformer_layers_per_block: [1, 2] },
      ].map((change): [Record<string, unknown>, RegExp] => [change, new RegExp(`^${Object.keys(change)[0]}: `)]),
      [{ block_out_channels: [] }, /block_out_channels/],
      [{ block_out_channels: [32, 33] }, /block_out_channels: multiples of norm_num_groups 32/, /33/],
      [{ block_out_channels: [32, 64, 64], attention_head_dim: 8 }, /down_block_types: 3 entries/],
      [{ block_out_channels: "32" }, /block_out_channels/, /"32"/],
      [{ norm_num_groups: 1, block_out_channels: [33, 64], attention_head_dim: [1, 1] }, /an even first entry/],
      [{ up_block_types: ["UpBlock2D"] }, /up_block_types: 2 entries/],
      [{ down_block_types: ["AttnDownBlock2D", "DownBlock2D"] }, /down_block_types: a list of/, /AttnDown/],
      [{ attention_head_dim: [2] }, /attention_head_dim: a number, or 2/, /\[2\]/],
      [{ attention_head_dim: [5, 4] }, /attention_head_dim: a number of heads that divides 32/, /5/],
      [{ attention_head_dim: 0 }, /attention_head_dim/, /0/],
      [{ layers_per_block: 1e9 }, /layers_per_block: a whole number from 1 to 64/],
      [{ layers_per_block: [1, 2] }, /layers_per_block/],
      [{ cross_attention_dim: [24, 32] }, /cross_attention_dim/],
      [{ cross_attention_dim: [24, 24, 24] }, /cross_attention_dim: 2 entries/],
      [{ norm_eps: "small" }, /norm_eps: a number/],
      [{ use_linear_projection: 1 }, /use_linear_projection: true or false/],
    ],
    vae: [
      [{ _class_name: "AutoencoderTiny" }, /_class_name: AutoencoderKL/],
      [{ act_fn: "relu" }, /act_fn/],
      [{ use_quant_conv: false }, /use_quant_conv/],
      [{ use_post_quant_conv: null }, /use_post_quant_conv: true/, /null/],
      [{ mid_block_add_attention: false }, /mid_block_add_attention/],
      [{ shift_factor: 0.1159 }, /shift_factor/],
      [{ latents_mean: [0, 0, 0, 0] }, /latents_mean/],
      [{ down_block_types: ["DownEncoderBlock2D", "AttnDownEncoderBlock2D"] }, /down_block_types/],
      [{ up_block_types: ["UpDecoderBlock2D"] }, /up_block_types: 2 entries/],
      [{ block_out_channels: [32, 40] }, /multiples of norm_num_groups/],
      [{ scaling_factor: 0 }, /scaling_factor/],
    ],
    text_encoder: [
      [{ model_type: "t5" }, /model_type: clip_text_model/],
      [{ architectures: ["CLIPTextModelWithProjection"] }, /architectures/],
      [{ hidden_act: "relu" }, /hidden_act: quick_gelu or gelu/],
      [{ num_attention_heads: 5 }, /num_attention_heads: a number of heads that divides hidden_size 24/],
      [{ vocab_size: 0.5 }, /vocab_size/],
      [{ num_hidden_layers: -1 }, /num_hidden_layers/],
    ],
    scheduler: [
      [{ _class_name: "Something" }, /_class_name: the name of a scheduler/],
      [{ beta_schedule: "squaredcos_cap_v2" }, /beta_schedule: scaled_linear or linear/],
      [{ clip_sample: "yes" }, /clip_sample: true or false/],
      [{ thresholding: true }, /thresholding: false/],
      [{ trained_betas: [0.1, 0.2] }, /trained_betas: null/],
      [{ timestep_spacing: "even" }, /timestep_spacing: leading or trailing or linspace/],
      [{ rescale_betas_zero_snr: true }, /rescale_betas_zero_snr/],
      [{ prediction_type: "flow" }, /prediction_type: epsilon or v_prediction or sample/],
      [{ beta_end: 2 }, /beta_end/],
      [{ num_train_timesteps: 1e300 }, /num_train_timesteps/],
      [{ steps_offset: -1 }, /steps_offset/],
    ],
    perceptual: [
      [{ _class_name: "LPIPS" }, /_class_name: PerceptualNetwork/],
      [{ net: "resnet" }, /net: vgg or alex or squeeze or tiny/],
      [{ net: "vgg" }, /channels: nothing with net "vgg"/],
      [{ channels: null }, /channels/, /null/],
      [{ channels: undefined }, /channels/, /nothing/],
      [{ weight: -1 }, /weight/],
      [{ classes: ["noon", "night"] }, /classes\[0\]: a list of names/, /"noon"/],
    ],
    dual: [
      [{ _class_name: "CLIPModel" }, /_class_name: "DualEncoder"/, /CLIPModel/],
      [{ channels: [] }, /channels/],
      [{ hidden_size: 0 }, /hidden_size/],
      [{ projection_dim: undefined }, /projection_dim/, /nothing/],
      [{ text_encoder: "abc" }, /text_encoder: a sha256 in hex/, /abc/],
    ],
  };
  for (const [name, cases] of Object.entries(BAD) as [Name, (typeof BAD)[Name]][])
    test.each(cases.map(([change, expected, found]) => [JSON.stringify(change), change, expected, found] as const))(
      `${name}: %s`,
      (_title, change, expected, found) => {
        const folder = fresh();
        const file = join(folder, name, name === "scheduler" ? "scheduler_config.json" : "config.json");
        putJson(file, { ...CONFIGS[name], ...change });
        const checkpoint = openCheckpoint(folder);
        const error = refusal(() => checkpoint.part(name));
        expect(error.file).toBe(file);
        expect(error.expected).toMatch(expected);
        expect(error.found).toMatch(found ?? /./);
      },
    );

  const BETAS = { beta_start: 0.0001, beta_end: 0.02, beta_schedule: "linear" };
  test.each([
    ["DDIMScheduler", { clip_sample: true }, "leading", { name: "ddim" }],
    ["DDPMScheduler", { variance_type: "fixed_large" }, "leading", { name: "ddpm", variance: "large" }],
    ["EulerDiscreteScheduler", { use_karras_sigmas: true }, "linspace", { name: "euler", levels: "karras" }],
    ["EulerAncestralDiscreteScheduler", {}, "linspace", { name: "euler-a" }],
    ["DPMSolverMultistepScheduler", { solver_order: 1 }, "linspace", { name: "dpmpp-2m", order: 1, levels: "timesteps", last: "zero" }],
    ["PNDMScheduler", { skip_prk_steps: true }, "leading", { name: "pndm" }],
    ["LCMScheduler", {}, "leading", { name: "lcm", originalSteps: 50, timestepScaling: 10 }],
    ["UniPCMultistepScheduler", { timestep_spacing: "trailing" }, "trailing", { name: "unipc" }],
  ])("%s chooses its sampler, and its defaults stand for absent keys", (name, own, spacing, sampler) => {
    const folder = fresh();
    putJson(join(folder, "scheduler", "scheduler_config.json"), { _class_name: name, ...BETAS, prediction_type: "v_prediction", ...own });
    expect(openCheckpoint(folder).part("scheduler")).toEqual({
      betaStart: 0.0001,
      betaEnd: 0.02,
      betaSchedule: "linear",
      trainTimesteps: 1000,
      stepsOffset: 0,
      spacing,
      setAlphaToOne: name !== "PNDMScheduler",
      prediction: "v_prediction",
      sampler,
    });
  });

  test.each([
    ["FlowMatchEulerDiscreteScheduler", { shift: 3 }, "_class_name: DDIMScheduler", "flow-matching"],
    ["EDMEulerScheduler", BETAS, "_class_name: DDIMScheduler", "EDMEulerScheduler"],
    ["PNDMScheduler", {}, "beta_start: a number", "nothing"],
    ["HeunDiscreteScheduler", BETAS, "UniPCMultistepScheduler", "HeunDiscreteScheduler"],
    ["DPMSolverMultistepScheduler", { ...BETAS, algorithm_type: "sde-dpmsolver++" }, "algorithm_type", "sde-dpmsolver++"],
    ["EulerDiscreteScheduler", { ...BETAS, use_beta_sigmas: true }, "use_beta_sigmas", "true"],
    ["DDIMScheduler", { ...BETAS, rescale_betas_zero_snr: true }, "prediction_type: v_prediction or sample", "epsilon"],
  ])("%s %j is refused by name", (name, own, expected, found) => {
    const folder = fresh();
    putJson(join(folder, "scheduler", "scheduler_config.json"), { _class_name: name, num_train_timesteps: 1000, ...own });
    const error = refusal(() => openCheckpoint(folder).part("scheduler"));
    expect(error.expected).toContain(expected);
    expect(error.found).toContain(found);
  });
});

const golden = resolve("../shared/golden");
describe.skipIf(!existsSync(golden))("the golden folders (absent: ../shared/golden)", () => {
  test.each([
    ["sd1-tiny", [8, 8, 8], "quick_gelu", "epsilon", 494],
    ["sd2-tiny", [2, 4, 4, 8], "gelu", "epsilon", 684],
    ["sd21v-tiny", [2, 2, 4], "gelu", "v_prediction", 324],
  ])("%s opens", (name, heads, hiddenAct, prediction, keys) => {
    const checkpoint = openCheckpoint(join(golden, name));
    const unet = checkpoint.part("unet");
    expect([unet.config.heads, unet.weights.size]).toEqual([heads, keys]);
    expect(checkpoint.part("text_encoder").config.hiddenAct).toBe(hiddenAct);
    expect(checkpoint.part("scheduler").prediction).toBe(prediction);
    expect(checkpoint.part("vae").weights.get("decoder.conv_in.weight")?.shape).toEqual([64, 4, 3, 3]);
    expect(refusal(() => checkpoint.part("tokenizer")).expected).toBe("the checkpoint's tokenizer folder");
  });

  test.each(["alexnet", "squeezenet1_1"])("LPIPS over %s opens", (name) => {
    const [net, short] = name === "alexnet" ? (["alex", "alex"] as const) : (["squeeze", "squeeze"] as const);
    const lpips = (file: string) => join(golden, "lpips", `${file}.safetensors`);
    const part = perceptualFromFiles({ net, backbone: lpips(`${name}.features`), linear: lpips(`lpips_lin_${short}`) });
    expect(part.weights.get("features.0.bias")?.shape).toEqual([64]);
    expect(part.weights.get("lin0.model.1.weight")?.shape).toEqual([1, 64, 1, 1]);
  });
});
