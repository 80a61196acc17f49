/** Checkpoints without text: LDMPipeline's over latents, DDPMPipeline's over pixels. */
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { multiDiffusion, openModel, translate, type UnconditionalModel } from "veduta";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRng, randn } from "#kernel-lib/core/random.js";
import { rows, type Tensor } from "#kernel-lib/core/tensor.js";
import { predictions } from "#kernel-lib/diffusion/notation.js";
import { createSchedule } from "#kernel-lib/diffusion/schedule.js";
import { CONFIGS, putJson, scratchFolder } from "../fixtures/checkpoint-folder.js";
import { TINY, writeTinyCheckpoint } from "../fixtures/tiny-checkpoint.js";
import { type TinyUnconditionalOptions, writeTinyUnconditional } from "../fixtures/tiny-unconditional.js";
import { relativeL2 } from "../golden/golden.mjs";

const scratch = scratchFolder();
let count = 0;
const fresh = (options: TinyUnconditionalOptions = {}) => writeTinyUnconditional(join(scratch.path, `${count++}`), options);
const open = (path: string) => openModel<UnconditionalModel>(path, { device: "cpu", threads: 1 });
const noise = (seed: number, shape: readonly number[]): Tensor => randn(createRng(seed), shape);
const latents = (n: number): Tensor => noise(n, [n, TINY.channels, TINY.window, TINY.window]);

let model: UnconditionalModel;
let path: string;
beforeAll(async () => {
  path = fresh();
  model = await open(path);
});
afterAll(async () => {
  await model.close();
  scratch.remove();
});

describe("a folder of LDMPipeline", () => {
  it("opens with channels, scale, window and schedule in its config", () => {
    expect(model.config).toMatchObject({ latentChannels: 4, scaleFactor: TINY.scale, window: TINY.window, windowMultiple: 2 });
    expect(model.config.schedule).toMatchObject({ betaSchedule: "scaled_linear", prediction: "epsilon" });
    expect([model.device, model.threads, model.path]).toEqual(["cpu", 1, path]);
  });

  it("predicts noise, each row by itself whatever the batch and the window's size", async () => {
    const x = latents(5);
    const all = await model.predictNoise(x, { timestep: 300, batch: 5 });
    expect(all.shape).toEqual(x.shape);
    const parts = await model.predictNoise(x, { timestep: 300, batch: 2 });
    expect(relativeL2(parts.data, all.data)).toBeLessThan(1e-6);
    expect(relativeL2((await model.predictNoise(rows(x, 3, 4), { timestep: 300 })).data, rows(all, 3, 4).data)).toBeLessThan(1e-6);
    expect((await model.predictNoise(noise(1, [1, 4, 8, 24]), { timestep: 300 })).shape).toEqual([1, 4, 8, 24]);
    expect(relativeL2((await model.predictNoise(x, { timestep: 900 })).data, all.data)).toBeGreaterThan(1e-3);
  });

  it.each(["v_prediction", "sample"] as const)("whose network predicts %s gives the eps that this means", async (prediction) => {
    const other = await open(fresh({ prediction }));
    const x = latents(2);
    const output = await model.predictNoise(x, { timestep: 300 });
    const level = createSchedule(model.config.schedule).level(300);
    const eps = await other.predictNoise(x, { timestep: 300 });
    await other.close();
    expect(relativeL2(eps.data, predictions[prediction].eps(x, output, level).data)).toBeLessThan(1e-6);
  });

  it("encodes and decodes as the same autoencoder does in a checkpoint with text", async () => {
    const withText = writeTinyCheckpoint(join(scratch.path, `${count++}`));
    for (const name of ["config.json", "diffusion_pytorch_model.safetensors"])
      copyFileSync(join(path, "vqvae", name), join(withText, "vae", name));
    const other = await openModel(withText, { device: "cpu", threads: 1 });
    const x = latents(2);
    const image = await model.decode(x, { edge: "wrap" });
    expect(image).toEqual(await other.decode(x, { edge: "wrap" }));
    expect(await model.encode(image)).toEqual(await other.encode(image));
    await other.close();
  });

  it("has a digest that changes with the U-Net's weights alone, and none of its calls runs once it is closed", async () => {
    const [same, other] = [await open(fresh()), await open(fresh({ seed: 2 }))];
    await Promise.all([same.close(), other.close()]);
    expect(same.digest).toBe(model.digest);
    expect(other.digest).not.toBe(model.digest);
    for (const call of [same.predictNoise(latents(1), { timestep: 1 }), same.decode(latents(1)), same.encode(noise(1, [1, 3, 16, 16]))])
      await expect(call).rejects.toThrow("the model is closed; open it again");
  });
});

describe("a folder of DDPMPipeline", () => {
  it("has pixels for latents: encode and decode change nothing, and a notice says that the scheduler's clipping is not followed", async () => {
    const pixels = await open(fresh({ kind: "pixel" }));
    expect(pixels.config).toMatchObject({ latentChannels: 3, scaleFactor: 1 });
    expect(pixels.notices).toContain("the scheduler's clip_sample is not followed: predicted images are not clipped");
    const image = noise(3, [2, 3, 16, 16]);
    expect(await pixels.encode(image)).toEqual(image);
    expect(await pixels.decode(image)).toEqual(image);
    expect((await pixels.predictNoise(image, { timestep: 10 })).shape).toEqual(image.shape);
    await pixels.close();
    await expect(pixels.decode(image)).rejects.toThrow("the model is closed");
  });
});

describe("translate", () => {
  const outcome = async (run: ReturnType<typeof translate>) => {
    for (;;) {
      const { done, value } = await run.next();
      if (done) return value.latent;
    }
  };

  it("from a model to itself gives the latent back, and to another model another one", async () => {
    const other = await open(fresh({ seed: 2 }));
    const options = { latent: latents(1), steps: 5, eta: 0.5, seed: 3 };
    expect(relativeL2((await outcome(translate(model, model, options))).data, options.latent.data)).toBeLessThan(1e-5);
    expect(relativeL2((await outcome(translate(model, other, options))).data, options.latent.data)).toBeGreaterThan(1e-3);
    await other.close();
  });

  it("refuses models whose latents differ, with both numbers", async () => {
    const pixels = await open(fresh({ kind: "pixel" }));
    expect(() => translate(model, pixels, { latent: latents(1) })).toThrow(/4.*3|3.*4/);
    await pixels.close();
  });
});

describe("bad input", () => {
  it("a latent of other channels, a size that the levels do not halve, and a timestep outside the training are refused", async () => {
    await expect(model.predictNoise(noise(1, [1, 3, 8, 8]), { timestep: 1 })).rejects.toThrow(
      "predictNoise: latent: got [1,3,8,8], want [N,4,h,w]",
    );
    await expect(model.predictNoise(noise(1, [1, 4, 7, 8]), { timestep: 1 })).rejects.toThrow(/7×8, want multiples of 2/);
    for (const timestep of [-1, 1000, 1.5])
      await expect(model.predictNoise(latents(1), { timestep })).rejects.toThrow(
        `predictNoise: timestep ${timestep}, want a whole number from 0 to 999`,
      );
  });

  it("a U-Net with text in such a folder is refused by both classes' names, in the index and in the config", async () => {
    const folder = fresh();
    const index = JSON.parse(readFileSync(join(folder, "model_index.json"), "utf8"));
    putJson(join(folder, "unet/config.json"), CONFIGS.unet);
    await expect(open(folder)).rejects.toMatchObject({
      file: join(folder, "unet/config.json"),
      expected: "_class_name: UNet2DModel",
      found: '"UNet2DConditionModel"',
    });
    putJson(join(folder, "model_index.json"), { ...index, unet: ["diffusers", "UNet2DConditionModel"] });
    await expect(open(folder)).rejects.toMatchObject({ expected: "unet: UNet2DModel", found: '["diffusers","UNet2DConditionModel"]' });
  });

  it("an autoencoder of another class is refused by name, as the published LDM has one", async () => {
    const folder = fresh();
    const index = JSON.parse(readFileSync(join(folder, "model_index.json"), "utf8"));
    putJson(join(folder, "model_index.json"), { ...index, vqvae: ["diffusers", "VQModel"] });
    await expect(open(folder)).rejects.toMatchObject({ expected: "vqvae: AutoencoderKL", found: '["diffusers","VQModel"]' });
  });

  it("a U-Net of other channels than the autoencoder's latent, or of pixels that are not RGB, is refused with both numbers", async () => {
    const folder = fresh();
    const unet = JSON.parse(readFileSync(join(folder, "unet/config.json"), "utf8"));
    putJson(join(folder, "unet/config.json"), { ...unet, in_channels: 3 });
    await expect(open(folder)).rejects.toMatchObject({ expected: "in_channels 4, the autoencoder's latent_channels", found: "3" });
    const pixels = fresh({ kind: "pixel" });
    putJson(join(pixels, "unet/config.json"), { ...unet, in_channels: 3, out_channels: 6 });
    await expect(open(pixels)).rejects.toMatchObject({ expected: "out_channels 3, those of an RGB image", found: "6" });
  });

  it("a method that needs text refuses the model and names one that has it", () => {
    expect(() => multiDiffusion(model as never, { prompt: "mountains" })).toThrow(
      "multiDiffusion: got a model without a text encoder, want one that takes prompts, such as tiny-landscapes",
    );
  });
});
