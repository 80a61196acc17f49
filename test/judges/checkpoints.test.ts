/**
 * Checkpoints that diffusers writes today, with transformers: each opens, and gives diffusers' own numbers. Folders in float32, as fp16 variant, in
 * shards, with other schedulers, with a textual inversion, without text; a ControlNet; single files and folders of our writing, which diffusers opens
 * too. Versions in requirements.txt; what is written and computed in checkpoints.py, relatives.py and opened.py.
 */
import { cpSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type JointRun,
  type Model,
  multiDiffusion,
  type OpenModelOptions,
  openModel,
  rows,
  type SamplerName,
  type Tensor,
  type UnconditionalModel,
} from "veduta";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSchedule } from "#kernel-lib/diffusion/schedule.js";
import { readSafetensors, writeSafetensors } from "#kernel-lib/weights/safetensors.js";
import { scratchFolder } from "../fixtures/checkpoint-folder.js";
import { type Numbers, singleFileTensors, writeDiffusers } from "../fixtures/single-file.js";
import { maxOverStd, relativeL2 } from "../golden/golden.mjs";
import { judge, missing } from "./judges.js";
import { report } from "./run-python.js";

const scratch = scratchFolder();
const at = (...names: string[]) => join(scratch.path, ...names);
afterAll(scratch.remove);

const BUNDLED = fileURLToPath(new URL("../../models/tiny-landscapes/", import.meta.url));
/** As in reference.py. */
const PROMPTS = ["", "a photo of <veduta> mountains, at the Lake's shore!"];
const [STEPS, GUIDANCE] = [6, 7.5];
/** Of single networks, relative L2, and of latents, max|difference| / std, as in test/golden. */
const [UNIT, LATENTS] = [2e-5, 1e-4];

const KINDS = ["", "-sharded", "-fp16", "-sharded-fp16"];
const SCHEDULERS = ["PNDM", "EulerDiscrete", "DPMSolverMultistep", "UniPCMultistep"].map((name) => `sd1-${name}Scheduler`);
const FOLDERS = [...KINDS.map((kind) => `sd1${kind}`), ...KINDS.map((kind) => `sd2${kind}`), ...SCHEDULERS, "sd1-inverted"];
const SINGLE = ["sd1", "sd2"] as const;
/** Written here, as published checkpoints are: keys with text_model., vocab.json and merges.txt. */
const OURS = ["ours/1", "ours/2", "ours/tiny-landscapes"];

/** What the networks give for what reference.py gave to diffusers', by the names of its tensors. */
async function networksOf(model: Model, want: Numbers): Promise<Record<string, Tensor>> {
  const text = await model.encodeText(PROMPTS); // [2,tokens,D]
  const ids = await Promise.all(PROMPTS.map(async (prompt) => (await model.tokenize(prompt)).ids));
  const predict = model.predictVelocity ?? model.predictNoise;
  const got: Record<string, Tensor> = {
    ids: { data: Float32Array.from(ids.flat()), shape: want.ids.shape },
    text,
    encoded: await model.encode(want.image),
    decoded: await model.decode(want.latent),
  };
  for (const key of Object.keys(want).filter((name) => name.startsWith("output.")))
    got[key] = await predict(want.latent, { timestep: Number(key.split(".")[1]), text: rows(text, 1, 2) });
  return got;
}

/** The run of reference.py: one window, all of the picture. */
const runOptions = ({ latent }: Numbers) => ({
  ...{ prompt: PROMPTS[1], negativePrompt: PROMPTS[0], latent, steps: STEPS, guidanceScale: GUIDANCE },
  windows: [{ top: 0, left: 0, height: 8, width: 8 }],
});

/** Runs to the end. @param scale what our latent after a step is divided by to be diffusers' */
async function followed(run: JointRun, want: Numbers, scale: (step: number) => number) {
  const [errors, steps]: [number[], number[]] = [[], []];
  let next = await run.next();
  for (; !next.done; next = await run.next()) {
    const { index, timestep, latent } = next.value;
    steps.push(timestep);
    const ours = latent.data.map((x) => x / scale(index));
    errors.push(maxOverStd(ours, rows(want.latents, index, index + 1).data));
  }
  return { errors, steps, result: next.value };
}

/** @param sampler where it is not the one that the path names itself */
async function expectReference(
  name: string,
  path: string,
  want: Numbers,
  sampler?: SamplerName,
  lora?: OpenModelOptions["lora"],
): Promise<void> {
  const model = await openModel<Model>(path, { device: "cpu", threads: 2, lora });
  const got = await networksOf(model, want);
  expect([...got.ids.data]).toEqual([...want.ids.data]);
  const { ids: _, ...numbers } = got;
  const apart = Object.entries(numbers).map(([key, { data }]) => [key, relativeL2(data, want[key].data)] as const);
  for (const [key, difference] of apart) expect(difference, key).toBeLessThan(UNIT);

  const { alphaBar } = createSchedule(model.config.schedule);
  const timesteps = [...want.timesteps.data];
  // diffusers' Euler latents are ours over alpha
  const scale = (step: number) =>
    model.config.sampler?.name === "euler" && step + 1 < timesteps.length ? Math.sqrt(alphaBar[timesteps[step + 1]]) : 1;
  const run = multiDiffusion(model, { ...runOptions(want), ...(sampler && { sampler }) });
  const { errors, steps, result } = await followed(run, want, scale);
  expect(steps).toEqual(timesteps);
  for (const [step, error] of errors.entries()) expect(error, `step ${step}`).toBeLessThan(LATENTS);
  expect(relativeL2(result.panorama.data, want.picture.data)).toBeLessThan(UNIT);
  await model.close();
  report(`${name}, networks`, Math.max(...apart.map(([, difference]) => difference)));
  report(`${name}, latents`, Math.max(...errors));
}

/** The numbers of a folder's networks by the keys that published checkpoints have. */
function numbersOf(folder: string): Parameters<typeof singleFileTensors>[1] {
  const text = Object.entries(readSafetensors(at(folder, "text_encoder", "model.safetensors")));
  return {
    unet: readSafetensors(at(folder, "unet", "diffusion_pytorch_model.safetensors")),
    vae: readSafetensors(at(folder, "vae", "diffusion_pytorch_model.safetensors")),
    text: Object.fromEntries(text.map(([key, value]) => [`text_model.${key}`, value])),
  };
}

describe.skipIf(missing)(`checkpoints of diffusers${missing}`, () => {
  beforeAll(async () => {
    await judge("checkpoints.py", [scratch.path]);
    for (const [k, name] of SINGLE.entries()) {
      mkdirSync(at("single", name), { recursive: true });
      const metadata = { "modelspec.prediction_type": k === 0 ? "epsilon" : "v" };
      writeSafetensors(at("single", name, "model.safetensors"), singleFileTensors(k === 0 ? 1 : 2, numbersOf(name)), { metadata });
      cpSync(at(name, "tokenizer"), at("single", name, "tokenizer"), { recursive: true });
    }
    writeDiffusers(at("ours", "1"), 1);
    writeDiffusers(at("ours", "2"), 2, "v_prediction");
    cpSync(BUNDLED, at("ours", "tiny-landscapes"), { recursive: true });
    await judge("opened.py", [scratch.path, ...SINGLE.map((name) => join("single", name)), ...OURS]);
    await judge("relatives.py", [scratch.path]);
    await judge("lora.py", [scratch.path]);
    expect(readdirSync(scratch.path).filter((name) => name.startsWith("sd") && !name.endsWith(".safetensors"))).toHaveLength(
      FOLDERS.length,
    );
  }, 1_500_000);

  test.each(FOLDERS)("the folder %s gives diffusers' numbers", (name) =>
    expectReference(name, at(name), readSafetensors(at(`${name}.safetensors`))),
  );

  test.each(OURS)("the folder %s, written in the layout of published checkpoints, gives the numbers that diffusers gives of it", (name) =>
    expectReference(name, at(name), readSafetensors(at(`${name}.safetensors`))),
  );

  test("a run with a ControlNet that diffusers saved follows its StableDiffusionControlNetPipeline", async () => {
    const want = readSafetensors(at("control.safetensors"));
    const model = await openModel<Model>(at("sd1"), { device: "cpu", threads: 2, control: [at("control")] });
    const control = [{ image: want.image, scale: 0.8 }];
    const { errors } = await followed(multiDiffusion(model, { ...runOptions(want), control }), want, () => 1);
    await model.close();
    const plain = readSafetensors(at("sd1.safetensors"));
    expect(maxOverStd(plain.latents.data, want.latents.data)).toBeGreaterThan(0.1);
    report("ControlNet, latents", Math.max(...errors));
    for (const [step, error] of errors.entries()) expect(error, `step ${step}`).toBeLessThan(LATENTS);
  });

  test.each(["diffusers", "kohya"])(
    "a LoRA that peft makes, with the keys of %s, gives the numbers that diffusers gives with it",
    async (keys) => {
      const want = readSafetensors(at("lora.safetensors"));
      expect(relativeL2(readSafetensors(at("sd1.safetensors")).text.data, want.text.data)).toBeGreaterThan(0.01);
      await expectReference(`LoRA, ${keys}`, at("sd1"), want, undefined, [{ file: at("lora", `${keys}.safetensors`), scale: 0.7 }]);
    },
  );

  test.each(["latent", "pixel"])("a folder without text over %ss gives diffusers' predictions", async (name) => {
    const want = readSafetensors(at(`${name}.safetensors`));
    const model = await openModel<UnconditionalModel>(at(name), { device: "cpu", threads: 2 });
    const apart: number[] = [];
    for (const [key, { data }] of Object.entries(want).filter(([key]) => key.startsWith("output.")))
      apart.push(relativeL2((await model.predictNoise(want.latent, { timestep: Number(key.split(".")[1]) })).data, data));
    await model.close();
    report(`${name}, predictions`, Math.max(...apart));
    expect(apart).toHaveLength(3);
    expect(Math.max(...apart)).toBeLessThan(UNIT);
  });

  test.each(SINGLE)("the single file of %s gives the numbers that diffusers gives of it, and of its folder", async (name) => {
    const want = readSafetensors(at("single", `${name}.safetensors`));
    await expectReference(`${name}, single file`, at("single", name, "model.safetensors"), want, "ddim");
    const folder = readSafetensors(at(`${name}.safetensors`));
    for (const [key, { data }] of Object.entries(want)) expect(relativeL2(data, folder[key].data), key).toBeLessThan(1e-6);
  });
});
