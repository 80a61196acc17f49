/** One file of weights from a server, pulled, verified, and opened as a network for metrics. */
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRng, randn } from "#kernel-lib/core/random.js";
import { sizeOf } from "#kernel-lib/core/tensor.js";
import type { WeightsModel } from "#kernel-lib/hub/manifest.js";
import { readPins } from "#kernel-lib/hub/pins.js";
import { pullModel } from "#kernel-lib/hub/pull.js";
import { verifyModel } from "#kernel-lib/hub/verify.js";
import { openMetricNetwork } from "#kernel-lib/pipelines/metric-networks.js";
import { scratchFolder } from "../fixtures/checkpoint-folder.js";
import { type WrittenTensor, zipFile } from "../weights/torch-writer.js";
import { settingsIn } from "./fixtures.js";
import { listen, sha256 } from "./server.js";

const scratch = scratchFolder();
const settings = settingsIn(scratch.path, undefined);
const rng = createRng(4);
const tensorOf = (name: string, shape: number[]): WrittenTensor => ({
  name,
  shape,
  data: randn(rng, [sizeOf(shape)]).data.map((x) => x / 10),
});
/** vgg19.features' first convolutions: index, channels out and in. */
const LAYERS = [
  [0, 64, 3],
  [2, 64, 64],
  [5, 128, 64],
  [7, 128, 128],
  [10, 256, 128],
] as const;
const bytes = zipFile(
  LAYERS.flatMap(([k, out, into]) => [tensorOf(`features.${k}.weight`, [out, into, 3, 3]), tensorOf(`features.${k}.bias`, [out])]),
);

let server: Server;
let model: WeightsModel;
let asked = 0;
beforeAll(async () => {
  server = createServer((_, response) => {
    asked++;
    response.writeHead(200, { "content-length": String(bytes.length) }).end(bytes);
  });
  const file = { path: "weights.pth", url: `${await listen(server)}/vgg19-dcbb9e9d.pth`, sha256: sha256(bytes).slice(0, 8) };
  model = { kind: "weights", name: "vgg19", title: "VGG19", licences: [], bytes: { fp32: 1 }, file };
});
afterAll(() => {
  server.close();
  scratch.remove();
});

test("is pulled once, pinned, verified and opened", async () => {
  const folder = await pullModel(model, { settings });
  expect(folder).toBe(join(settings.ownCache, "models/vgg19"));
  expect(readPins(settings.ownCache).vgg19.files).toEqual({ "weights.pth": sha256(bytes) });
  await pullModel(model, { settings });
  expect(asked).toBe(1);
  for await (const { state } of verifyModel(model, settings)) expect(state).toBe("same");
  const network = await openMetricNetwork("vgg19", { weights: folder, device: "cpu" });
  const grams = await network.grams?.(randn(createRng(1), [2, 3, 16, 16]));
  expect(grams?.map(({ shape }) => shape)).toEqual([64, 64, 128, 128, 256].map((c) => [2, c, c]));
  await network.close();
});

test("other bytes than the published name says are refused, and nothing stays", async () => {
  const other = { ...model, name: "other", file: { ...model.file, sha256: "00000000" } };
  await expect(pullModel(other, { settings })).rejects.toThrow(/sha256/);
  expect(readPins(settings.ownCache).other).toBeUndefined();
});
