/** What edits, energies and measures ask of a model on another machine: the same bits as here. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRng, randn } from "#kernel-lib/core/random.js";
import type { Tensor } from "#kernel-lib/core/tensor.js";
import type { Model } from "#kernel-lib/pipelines/model.js";
import { openModel } from "#kernel-lib/pipelines/open-model.js";
import type { ModelServer } from "#kernel-lib/serve/serve-model.js";
import { TINY, tinyCheckpoint } from "../fixtures/tiny-checkpoint.js";
import { serveTiny } from "./servers.js";

const tiny = tinyCheckpoint();
let local: Model;
let remote: Model;
let server: ModelServer;
beforeAll(async () => {
  server = await serveTiny(tiny.path);
  local = await openModel(tiny.path, { device: "cpu", threads: 1 });
  remote = await openModel(server.address);
});
afterAll(async () => {
  for (const one of [remote, local, server]) await one?.close();
  tiny.remove();
});

const rng = createRng(9);
const draw = (...shape: number[]): Tensor => randn(rng, shape);
const { window: side, channels, scale, tokens, dim } = TINY;
const px = scale * side;
const latents = draw(2, channels, side, side);
const images = draw(2, 3, px, px);
const control = { fromSource: draw(tokens, tokens), fromOwn: draw(tokens), selfBlend: 0.4 };
const asked = { timestep: 401, batch: 2 };
const prompts = ["hills at night", "sea"];

const CALLS: Readonly<Record<string, (model: Model) => Promise<unknown>>> = {
  predictRowNoise: (model) => model.predictRowNoise(latents, { ...asked, text: draw2 }),
  predictControlledNoise: (model) =>
    model.predictControlledNoise(
      { ...latents, shape: [1, 2, channels, side, side] },
      { ...asked, text: { ...draw2, shape: [1, 2, tokens, dim] }, control, batch: 1 },
    ),
  "encode with noise, around the edge": (model) => model.encode(images, { noise: latents, edge: "wrap", batch: 2 }),
  "decode around all edges": (model) => model.decode(latents, { edge: "wrap-xy", batch: 2 }),
  decodedGradient: async (model) =>
    model.decodedGradient?.(latents, { anchor: { data: images.data.slice(0, 3 * px * px), shape: [1, 3, px, px] }, batch: 2 }),
  "perceptualDistance in pairs": (model) => model.perceptualDistance(images, { ...images, data: images.data.toReversed() }, { batch: 2 }),
  embedImages: (model) => model.embedImages(images, { batch: 2 }),
  embedPrompts: (model) => model.embedPrompts(prompts),
  textEnergyGradient: async (model) => {
    const { data, shape } = await model.embedPrompts(prompts[0]);
    return model.textEnergyGradient(images, { data, shape }, { batch: 2 });
  },
  choiceEnergyGradient: async (model) => model.choiceEnergyGradient(images, await model.embedPrompts(prompts), 1, { batch: 2 }),
  classEnergyGradient: async (model) => [
    await model.classEnergyGradient(images, "night", { batch: 2 }),
    await model.classEnergyGradient(images, "city", { batch: 2 }),
  ],
};
const draw2 = draw(2, tokens, dim);

describe("calls of edits, energies and measures", () => {
  test.each(Object.entries(CALLS))("%s", async (_, call) => {
    expect(await call(remote)).toEqual(await call(local));
  });

  test("what no server offers is named", async () => {
    const merged = { windows: [{ top: 0, left: 0 }], panorama: { height: side, width: side }, attention: "all" } as const;
    const one = { data: latents.data.slice(0, channels * side * side), shape: [1, channels, side, side] };
    const text = await local.encodeText(["", "hills"]);
    await expect(remote.predictMergedNoise(one, { timestep: 1, text, merged })).rejects.toThrow(
      `${server.address}: offers no mergedNoise; open the checkpoint on this machine for it`,
    );
    await expect(remote.features(images)).rejects.toThrow(/offers no /);
  });
});
