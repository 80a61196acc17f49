/** ControlNets, LoRAs and textual inversions by OWNER/NAME: as they lie in the hub's cache, whoever brought them. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createRng, type Model, openModel, randn, type Tensor } from "veduta";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { readSafetensors, writeSafetensors } from "#kernel-lib/weights/safetensors.js";
import { put, scratchFolder } from "../fixtures/checkpoint-folder.js";
import { kohya, randomMatrices } from "../fixtures/lora.js";
import { TINY, writeTinyCheckpoint, writeTinyControlNet } from "../fixtures/tiny-checkpoint.js";

const scratch = scratchFolder();
const at = (...names: string[]) => join(scratch.path, ...names);
const COMMIT = "0123456789abcdef0123456789abcdef01234567";
/** The snapshot of a repository in the cache. */
const snapshot = (id: string) => at("hf", "hub", `models--${id.replace("/", "--")}`, "snapshots", COMMIT);
const rng = createRng(3);

beforeAll(() => {
  vi.stubEnv("HF_HOME", at("hf"));
  writeTinyCheckpoint(at("tiny"));
  writeTinyControlNet(snapshot("me/edges"));
  const [layer] = Object.entries(readSafetensors(at("tiny/unet/diffusion_pytorch_model.safetensors"))).filter(
    ([key]) => key === "conv_out.weight",
  );
  for (const id of ["me/style", "me/styles", "me/toy"]) mkdirSync(snapshot(id), { recursive: true });
  for (const [id, count] of [
    ["me/style", 1],
    ["me/styles", 2],
  ] as const)
    for (let k = 0; k < count; k++)
      writeSafetensors(join(snapshot(id), `style${k}.safetensors`), kohya([randomMatrices(rng, "unet", layer)]));
  writeSafetensors(join(snapshot("me/toy"), "learned_embeds.safetensors"), { "<toy>": randn(createRng(9), [2, TINY.dim]) });
  for (const id of ["me/edges", "me/style", "me/styles", "me/toy"]) put(join(snapshot(id), "../../refs/main"), COMMIT);
});
afterAll(() => {
  vi.unstubAllEnvs();
  scratch.remove();
});

/** What a model opened with an option predicts. */
async function predicted(options: Parameters<typeof openModel>[1], control?: Tensor): Promise<Tensor> {
  const model: Model = await openModel(at("tiny"), { device: "cpu", threads: 1, ...options });
  try {
    const text = await model.encodeText(["", "hills <toy>"]);
    const latent = randn(createRng(2), [1, TINY.channels, TINY.window, TINY.window]);
    const controls = control && [{ net: 0, image: control, scale: 1, mode: "balanced" as const }];
    return await model.predictNoise(latent, { timestep: 501, text, ...(controls && { controls }) });
  } finally {
    await model.close();
  }
}

describe("by a repository's name", () => {
  const condition = randn(createRng(4), [1, 3, TINY.scale * TINY.window, TINY.scale * TINY.window]);
  test("a ControlNet is the one in its folder", async () =>
    expect(await predicted({ control: "me/edges" }, condition)).toEqual(await predicted({ control: snapshot("me/edges") }, condition)));
  test("a LoRA is its only file, with a scale after a colon and a revision after @", async () => {
    const [named, scaled] = [await predicted({ lora: "me/style:0.5" }), await predicted({ lora: `me/style@${COMMIT}:0.5` })];
    const file = join(snapshot("me/style"), "style0.safetensors");
    expect(named).toEqual(await predicted({ lora: { file, scale: 0.5 } }));
    expect(scaled).toEqual(named);
    expect(named).not.toEqual(await predicted({}));
  });
  test("a textual inversion is its only file", async () =>
    expect(await predicted({ embedding: "me/toy" })).toEqual(
      await predicted({ embedding: join(snapshot("me/toy"), "learned_embeds.safetensors") }),
    ));
  test("of several files one is asked for; what is not here says how it is pulled", async () => {
    await expect(predicted({ lora: "me/styles" })).rejects.toThrow(
      /me\/styles: .*several files in .*style0.safetensors, style1.safetensors.*give one of them by its path/,
    );
    for (const option of [{ lora: "you/none" }, { control: "you/none" }, { embedding: "you/none" }])
      await expect(predicted(option)).rejects.toThrow(/you\/none: .*run "veduta models pull you\/none"/);
  });
});
