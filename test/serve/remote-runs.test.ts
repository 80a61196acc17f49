/** Models on other machines: the same bits as here, through `veduta serve` and through a strict server of exported models. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stack } from "#kernel-lib/core/tensor.js";
import { multiDiffusion, syncDiffusion } from "#kernel-lib/methods/joint/joint-methods.js";
import type { Model } from "#kernel-lib/pipelines/model.js";
import { openModel } from "#kernel-lib/pipelines/open-model.js";
import { exportModel } from "#kernel-lib/pipelines/serving/export-model.js";
import type { ModelServer } from "#kernel-lib/serve/serve-model.js";
import { scratchFolder } from "../fixtures/checkpoint-folder.js";
import { writeTinyCheckpoint } from "../fixtures/tiny-checkpoint.js";
import { type Conformance, serveExports } from "./conformance.js";
import { drained, serveTiny } from "./servers.js";

const scratch = scratchFolder();
const [tiny, exported] = ["tiny", "exported"].map((name) => join(scratch.path, name));
let local: Model;
let server: ModelServer;
let triton: Conformance;
const open: { close(): Promise<void> }[] = [];
const opened = async (model: Parameters<typeof openModel>[0]): Promise<Model> => {
  const remote = await openModel(model);
  open.push(remote);
  return remote;
};

beforeAll(async () => {
  writeTinyCheckpoint(tiny, { prediction: "v_prediction" });
  await exportModel(tiny, exported, {
    ...{ what: ["text", "noise", "gradient", "decode", "decode_wrap", "encode", "distance"], batch: 3, sizes: [{ width: 40 }] },
    ...{ precision: "float32", timestepEmbedding: "computed", layout: "triton", weights: "linked", existing: "refuse" },
  });
  local = await openModel(tiny, { device: "cpu", threads: 1 });
  server = await serveTiny(tiny);
  triton = await serveExports(exported);
});
afterAll(async () => {
  for (const one of [...open, local, server, triton]) await one?.close();
  scratch.remove();
});

// 5 windows of 8 latent pixels, 3 per call: the last call is filled up
const OPTIONS = { prompt: "hills", seed: 7, steps: 3, width: 40, height: 16, stride: 4, batch: 3, loop: true } as const;

describe.each([
  { name: "veduta serve", at: () => server.address },
  { name: "a strict server of exports", at: () => triton.url },
])("through $name", ({ at }) => {
  test.each([
    ["MultiDiffusion", multiDiffusion],
    ["SyncDiffusion", syncDiffusion],
  ] as const)("%s paints the same bits as here, latents and panorama", async (_, paint) => {
    const remote = await opened(at());
    const [here, there] = [await drained(paint(local, OPTIONS)), await drained(paint(remote, OPTIONS))];
    expect(there.latent).toEqual(here.latent);
    expect(there.panorama).toEqual(here.panorama);
  });

  test("the model says the same of itself: config, digest, tokens", async () => {
    const remote = await opened(at());
    expect([remote.config, remote.digest, remote.unet]).toEqual([local.config, local.digest, local.unet]);
    for (const prompt of ["a night over hills", "Wörds, 42!"]) expect(await remote.tokenize(prompt)).toEqual(await local.tokenize(prompt));
    expect([remote.device, remote.path]).toEqual(["cpu", at()]);
  });

  test("encode, distance and velocities are the same bits too", async () => {
    const remote = await opened(at());
    const image = await local.decode({ data: new Float32Array(256).fill(0.3), shape: [1, 4, 8, 8] });
    const text = await local.encodeText(["", "hills"]);
    const latent = await local.encode(image);
    const asked = { timestep: 500, text, batch: 1 };
    expect(await remote.encode(image)).toEqual(latent);
    const three = stack([image, image, image]); // a row alone is rounded otherwise than among others
    expect(await remote.perceptualDistance(three, image, { batch: 3 })).toEqual(await local.perceptualDistance(three, image, { batch: 3 }));
    if (at() === server.address)
      expect(await remote.predictVelocity?.(latent, asked)).toEqual(await local.predictVelocity?.(latent, asked));
  });
});

describe("a server that says less", () => {
  let bare: Conformance;
  beforeAll(async () => {
    bare = await serveExports(exported, { parameters: "none", outputs: "json" });
    open.push(bare);
  });

  test.each([
    ["an export's folder", () => exported],
    ["the checkpoint's", () => tiny],
  ])("is asked with config and tokenizer of %s; answers in JSON are read", async (_, folder) => {
    const remote = await opened({ url: bare.url, local: folder() });
    const { latent } = await drained(syncDiffusion(remote, { ...OPTIONS, steps: 1 }));
    expect(latent).toEqual((await drained(syncDiffusion(local, { ...OPTIONS, steps: 1 }))).latent);
    expect(remote.digest).toBe(local.digest);
  });

  test("is refused without a folder, and a call of a size that it has not names what it takes", async () => {
    await expect(openModel(bare.url)).rejects.toThrow(/noise says no config, want .*openModel\({ url, local }\)/);
    const remote = await opened({ url: bare.url, local: exported });
    const wide = { data: new Float32Array(4 * 8 * 24), shape: [1, 4, 8, 24] };
    await expect(remote.decode(wide)).rejects.toThrow(
      /decode got latent \[1,4,8,24\], want latent \[1,4,8,8\]; export it for this size too/,
    );
  });
});

describe("a server without gradient", () => {
  test("says so before SyncDiffusion's first step, with what it offers; MultiDiffusion runs", async () => {
    const folder = join(scratch.path, "less");
    await exportModel(tiny, folder, {
      ...{ what: ["text", "noise", "decode", "decode_wrap"], batch: 3, sizes: [{ width: 40 }], precision: "float32" },
      ...{ timestepEmbedding: "computed", layout: "triton", weights: "linked", existing: "refuse" },
    });
    const less = await serveExports(folder);
    open.push(less);
    const remote = await opened(less.url);
    expect(() => syncDiffusion(remote, OPTIONS)).toThrow(`${less.url} offers text, noise, decode; SyncDiffusion needs gradient`);
    expect((await drained(multiDiffusion(remote, OPTIONS))).latent).toEqual((await drained(multiDiffusion(local, OPTIONS))).latent);
    await expect(remote.encode({ data: new Float32Array(768), shape: [1, 3, 16, 16] })).rejects.toThrow(`${less.url}: offers no encode`);
  });
});
