/** LPIPS from .pth files on a server, converted, and used by a checkpoint that has no perceptual network of its own. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRng, randn } from "#kernel-lib/core/random.js";
import type { Tensor } from "#kernel-lib/core/tensor.js";
import type { LpipsModel } from "#kernel-lib/hub/manifest.js";
import { readPins } from "#kernel-lib/hub/pins.js";
import { pullModel } from "#kernel-lib/hub/pull.js";
import { verifyModel } from "#kernel-lib/hub/verify.js";
import { openModel } from "#kernel-lib/pipelines/open-model.js";
import { readSafetensors } from "#kernel-lib/weights/safetensors.js";
import { put, scratchFolder } from "../fixtures/checkpoint-folder.js";
import { writeTinyCheckpoint } from "../fixtures/tiny-checkpoint.js";
import { legacyFile, type WrittenTensor, zipFile } from "../weights/torch-writer.js";
import { settingsIn } from "./fixtures.js";
import { listen, sha256 } from "./server.js";

const scratch = scratchFolder();
const settings = settingsIn(scratch.path, undefined);
const own = join(settings.ownCache, "models/lpips-vgg");

/** VGG16's convolutions as torchvision names them (features.N), by index: output and input channels; and one layer of its classifier. */
const CONVOLUTIONS = [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28];
const CHANNELS = [3, 64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512];
const spread = (n: number, scale: number): Float32Array => {
  let state = n;
  return Float32Array.from({ length: n }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return scale * (state / 2 ** 31 - 1);
  });
};
const backbone: readonly WrittenTensor[] = [
  ...CONVOLUTIONS.flatMap((index, k): WrittenTensor[] => {
    const [out, into] = [CHANNELS[k + 1], CHANNELS[k]];
    return [
      {
        name: `features.${index}.weight`,
        shape: [out, into, 3, 3],
        data: spread(9 * out * into, 1.5 / Math.sqrt(9 * into)),
        rebuild: "_rebuild_tensor",
      },
      { name: `features.${index}.bias`, shape: [out], data: spread(out, 0.1), rebuild: "_rebuild_tensor" },
    ];
  }),
  { name: "classifier.6.bias", shape: [1000], data: spread(1000, 1), rebuild: "_rebuild_tensor" },
];
const linear = [64, 128, 256, 512, 512].map(
  (n, k): WrittenTensor => ({ name: `lin${k}.model.1.weight`, shape: [1, n, 1, 1], data: spread(n, 1).map(Math.abs) }),
);

const served: Record<string, Buffer> = {};
let server: Server;
let asked: string[] = [];
let model: LpipsModel;
let checkpoint: string;
const images: Tensor[] = [1, 2].map((seed) => randn(createRng(seed), [1, 3, 32, 32]));

beforeAll(async () => {
  served["/vgg16.pth"] = legacyFile(backbone);
  served["/vgg.pth"] = zipFile(linear);
  server = createServer((request, response) => {
    asked.push(request.url ?? "");
    const bytes = served[request.url ?? ""] ?? Buffer.alloc(0);
    response.writeHead(200, { "content-length": String(bytes.length) }).end(bytes);
  });
  const url = await listen(server);
  const file = (path: string) => ({ path, url: `${url}/${path}`, sha256: sha256(served[`/${path}`]) });
  const backboneFile = file("vgg16.pth");
  model = {
    kind: "lpips",
    name: "lpips-vgg",
    title: "LPIPS",
    net: "vgg",
    licences: [],
    bytes: { fp32: 1 },
    backbone: { ...backboneFile, sha256: backboneFile.sha256.slice(0, 8) }, // as a file's name says it
    linear: file("vgg.pth"),
  };
  checkpoint = writeTinyCheckpoint(join(scratch.path, "tiny"));
  rmSync(join(checkpoint, "perceptual"), { recursive: true });
  process.env.VEDUTA_CACHE = settings.ownCache;
  process.env.HF_HOME = join(scratch.path, "hf");
});
afterAll(() => {
  server.close();
  scratch.remove();
});
const distance = async (
  perceptual?: Parameters<typeof openModel>[1] extends infer O ? (O extends { perceptual?: infer P } ? P : never) : never,
) => {
  const opened = await openModel(checkpoint, { device: "cpu", threads: 2, perceptual });
  try {
    return (await opened.perceptualDistance(images[0], images[1])).data[0];
  } finally {
    await opened.close();
  }
};

describe("LPIPS", () => {
  test("is missed where a call needs it: the command that pulls it is named, and nothing before that fails", async () => {
    await expect(distance()).rejects.toThrow(
      /perceptual: expected the checkpoint's perceptual folder, .*run "veduta models pull lpips-vgg"$/,
    );
    await expect(distance("lpips-vgg")).rejects.toThrow(/^lpips-vgg: .*run "veduta models pull lpips-vgg"$/);
    await expect(distance("lpips-none")).rejects.toThrow(/perceptual lpips-none: expected lpips-vgg, lpips-alex, lpips-squeeze/);
  });

  test("is pulled from both places into one perceptual/ folder, without what nothing needs", async () => {
    expect(await pullModel(model, { settings })).toBe(own);
    expect(readdirSync(own, { recursive: true }).sort()).toEqual([
      "perceptual",
      join("perceptual", "backbone.safetensors"),
      join("perceptual", "config.json"),
      join("perceptual", "linear.safetensors"),
    ]);
    const written = readSafetensors(join(own, "perceptual/backbone.safetensors"));
    expect(Object.keys(written)).toEqual(backbone.map(({ name }) => name).filter((name) => name.startsWith("features")));
    expect(written["features.28.weight"]).toEqual({ shape: [512, 512, 3, 3], data: backbone[24].data });
    expect(Object.keys(readSafetensors(join(own, "perceptual/linear.safetensors")))).toEqual(linear.map(({ name }) => name));
    expect(Object.keys(readPins(settings.ownCache)["lpips-vgg"].files).sort()).toEqual([
      "perceptual/backbone.safetensors",
      "perceptual/config.json",
      "perceptual/linear.safetensors",
      "vgg.pth",
      "vgg16.pth",
    ]);
  });

  test("serves a checkpoint that has none, with the same numbers as from the .pth files themselves", async () => {
    const files = {
      net: "vgg",
      backbone: put(join(scratch.path, "b.pth"), served["/vgg16.pth"]),
      linear: put(join(scratch.path, "l.pth"), served["/vgg.pth"]),
    } as const;
    const [pulled, named, given] = [await distance(), await distance("lpips-vgg"), await distance(files)];
    expect(pulled).toBeGreaterThan(0);
    expect([named, given]).toEqual([pulled, pulled]);
  });

  test("pulled again asks no server; damaged, it is named, and removed and pulled again it is the same", async () => {
    asked = [];
    await pullModel(model, { settings });
    expect(asked).toEqual([]);
    const file = join(own, "perceptual/linear.safetensors");
    const good = readFileSync(file);
    writeFileSync(file, good.subarray(0, -4));
    await expect(pullModel(model, { settings })).rejects.toThrow(
      /linear\.safetensors: expected sha256 .*; delete it and run "veduta models pull lpips-vgg"/,
    );
    const states = [];
    for await (const { path, state } of verifyModel(model, settings)) states.push(`${path} ${state}`);
    expect(states).toContain("perceptual/linear.safetensors different");
    rmSync(file);
    await pullModel(model, { settings });
    expect(asked).toEqual(["/vgg16.pth", "/vgg.pth"]);
    expect(readFileSync(file).equals(good)).toBe(true);
  });

  test("other bytes than the manifest's sha256 are refused, and nothing is converted", async () => {
    const elsewhere = settingsIn(join(scratch.path, "elsewhere"), undefined);
    await expect(pullModel({ ...model, linear: { ...model.linear, sha256: "0".repeat(64) } }, { settings: elsewhere })).rejects.toThrow(
      /expected sha256 0{64}, found .*, twice/,
    );
    expect(existsSync(join(elsewhere.ownCache, "models/lpips-vgg/perceptual/config.json"))).toBe(false);
  });

  test("a .pth that holds more than tensors is refused, and nothing is converted", async () => {
    const evil = legacyFile([], { call: "posix system", with: ["touch /tmp/veduta-was-here"] });
    served["/evil.pth"] = evil;
    const elsewhere = settingsIn(join(scratch.path, "evil"), undefined);
    const linearFile = { path: "evil.pth", url: model.linear.url.replace("vgg.pth", "evil.pth"), sha256: sha256(evil) };
    await expect(pullModel({ ...model, linear: linearFile }, { settings: elsewhere })).rejects.toThrow(/evil\.pth: .*found "posix system"/);
    expect(existsSync(join(elsewhere.ownCache, "models/lpips-vgg/perceptual/config.json"))).toBe(false);
    expect(existsSync("/tmp/veduta-was-here")).toBe(false);
  });
});
