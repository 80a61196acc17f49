/** `veduta models pull OWNER/NAME`, `list`, `show` and `verify` of what was pulled, and such a model opened by its name. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { main } from "#kernel-lib/cli.js";
import { openModel } from "#kernel-lib/pipelines/open-model.js";
import { writeSafetensors } from "#kernel-lib/weights/safetensors.js";
import { scratchFolder } from "../fixtures/checkpoint-folder.js";
import { singleFileTensors, writeDiffusers } from "../fixtures/single-file.js";
import { writeTinyCheckpoint } from "../fixtures/tiny-checkpoint.js";
import { COMMIT, type Hub, startHub } from "../hub/server.js";

const CARD = `---
license: creativeml-openrail-m
tags: [a]
---
# Tiny

![picture](x.png) A **model** of [noise](https://example.org), for tests.

\`\`\`py
import nothing
\`\`\`
`;
const scratch = scratchFolder();
const snapshot = join(scratch.path, "hf/hub/models--me--tiny/snapshots", COMMIT);
let hub: Hub;
beforeAll(async () => {
  const tiny = writeTinyCheckpoint(join(scratch.path, "tiny"));
  const paths = readdirSync(tiny, { recursive: true, encoding: "utf8" }).filter((path) => statSync(join(tiny, path)).isFile());
  const files = Object.fromEntries(paths.map((path) => [path.replaceAll("\\", "/"), readFileSync(join(tiny, path))]));
  hub = await startHub({ files: { ...files, "README.md": Buffer.from(CARD) } });
  vi.stubEnv("HF_HOME", join(scratch.path, "hf"));
  vi.stubEnv("VEDUTA_CACHE", join(scratch.path, "veduta"));
  vi.stubEnv("HF_ENDPOINT", hub.url);
});
afterEach(() => {
  hub.options.info = undefined;
  hub.options.misbehave = undefined;
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await hub.close();
  scratch.remove();
});

async function veduta(...words: string[]) {
  let [out, err] = ["", ""];
  const code = await main(["models", ...words], {
    openModel: () => Promise.reject(new Error("not needed")),
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    onInterrupt: () => () => {},
  });
  return { code, out, err };
}

describe("veduta models with OWNER/NAME", () => {
  test("before a pull, --model and show say how to pull it", async () => {
    await expect(openModel("me/tiny")).rejects.toThrow(
      /^me\/tiny: expected a folder, a file, or a repository of the hub in .*; run "veduta models pull me\/tiny"$/,
    );
    expect(await veduta("show", "me/tiny")).toMatchObject({ code: 1, err: expect.stringContaining('run "veduta models pull me/tiny"') });
    expect(await veduta("verify", "me/tiny")).toMatchObject({ code: 2 });
  });

  test("a pipeline that does not open is refused before its files come", async () => {
    hub.options.info = { config: { diffusers: { _class_name: "StableDiffusionXLPipeline" } } };
    const { code, err } = await veduta("pull", "me/tiny");
    expect(code).toBe(1);
    expect(err).toMatch(
      /me\/tiny: expected a pipeline that is supported: StableDiffusionPipeline, .*found StableDiffusionXLPipeline; --file PATH/,
    );
    expect(hub.seen.every(({ path }) => path === "api")).toBe(true);
  });

  test("pull says commit, licence and size, and prints the folder", async () => {
    hub.options.info = { cardData: { license: "creativeml-openrail-m" }, gated: "auto" };
    const { code, out, err } = await veduta("pull", "me/tiny");
    expect([code, out]).toEqual([0, `${snapshot}\n`]);
    expect(err).toMatch(/^from me\/tiny at aaaaaaaaaaaa, gated: \d+ files, [\d.]+ kB\nlicence creativeml-openrail-m\n/);
    expect(err).toContain("unet/diffusion_pytorch_model.safetensors: downloaded, verified\n");
  });

  test("what was pulled opens by its name, is listed, shown and verified", async () => {
    const model = await openModel("me/tiny", { device: "cpu", threads: 1 });
    expect(model.path).toBe(snapshot);
    await model.close();
    expect((await veduta("list")).out).toContain(`me/tiny\n  in the cache, `);
    expect((await veduta("list")).out).toContain(`main aaaaaaaaaaaa: StableDiffusionPipeline, in ${snapshot}\n`);
    const { code, out } = await veduta("show", "me/tiny");
    expect(code).toBe(0);
    expect(out).toMatch(
      /^me\/tiny\n {2}Stable Diffusion 1 and 2, a folder: .*\n {2}unet: \d+ parameters, F32, [\d.]+ kB\n {2}vae: .*\n {2}text_encoder: .*\n {2}predicts epsilon; scaled_linear betas, 1000 steps; sampler pndm\n {2}trained on 8 × 8 latent pixels\n {2}licence creativeml-openrail-m\n {2}a step of one window: noise [\d.]+ GFLOP; matrix products on this CPU, \d+ threads: \d+ GFLOP\/s\n {2}so about \S+ to \S+ s a window in each step\n\nTiny\nA model of noise, for tests\.\n$/,
    );
    const listed = JSON.parse((await veduta("list", "--json")).out) as { name: string; folder?: string }[];
    expect(listed.map(({ name }) => name)).toContain("clip-tokenizer");
    expect(listed.find(({ name }) => name === "me/tiny")?.folder).toBe(join(snapshot, "../.."));
    expect(JSON.parse((await veduta("show", "me/tiny", "--json")).out)).toMatchObject({
      name: "me/tiny",
      path: snapshot,
      prediction: "epsilon",
      window: 8,
      licences: ["creativeml-openrail-m"],
      estimate: {
        flops: { noise: expect.any(Number) },
        secondsPerWindow: [expect.any(Number), expect.any(Number)],
      },
    });
    const verified = await veduta("verify", "me/tiny");
    expect(verified.code).toBe(0);
    for (const line of verified.out.trim().split("\n")) expect(line).toMatch(/^me\/tiny \S+: same$/);
    expect((await veduta("verify")).out).toContain("me/tiny unet/config.json: same\n");
  });

  test("show describes bundled models, folders and single files, and names what is none", async () => {
    const bundled = await veduta("show", "tiny-landscapes");
    expect(bundled.out).toMatch(/unet: 5\.\d M parameters, F\d+.*\n/);
    expect(bundled.out).toMatch(/predicts v_prediction;/);
    expect(bundled.out).toMatch(/a synchronised step of one window: noise 0\.\d+, gradient \d\.\d+ GFLOP;/);
    expect(bundled.out).toContain("A text-conditioned latent diffusion model");
    const tensors = singleFileTensors(1, writeDiffusers(join(scratch.path, "sd"), 1));
    const file = join(scratch.path, "single.safetensors");
    writeSafetensors(file, tensors, { metadata: { "modelspec.license": "CC0" } });
    vi.stubEnv("HF_HUB_CACHE", join(scratch.path, "hf/hub"));
    const single = await veduta("show", file);
    expect(single.out).toMatch(/Stable Diffusion 1 and 2, a single file: .*single\.safetensors\n/);
    expect(single.out).toContain("licence CC0");
    expect(await veduta("show", "nothing")).toMatchObject({ code: 1, err: expect.stringMatching(/nothing: expected a folder/) });
  });

  test.each([
    [["pull", "sd3"], 2, /no model "sd3"; there are .*; or OWNER\/NAME of the hub/],
    [["pull", "sd15", "--file", "x"], 2, /--file x: sd15 is pulled whole/],
    [["pull", "me/tiny", "--file", "x.safetensors"], 1, /expected the file x\.safetensors/],
  ])("%j is answered", async (words, wanted, answer) => {
    const { code, err } = await veduta(...words);
    expect(code).toBe(wanted);
    expect(err).toMatch(answer);
  });
});
