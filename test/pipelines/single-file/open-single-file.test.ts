import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createRng, randn } from "#kernel-lib/core/random.js";
import { openModel } from "#kernel-lib/pipelines/open-model.js";
import { writeSafetensors } from "#kernel-lib/weights/safetensors.js";
import { scratchFolder } from "../../fixtures/checkpoint-folder.js";
import { type Generation, pulledVocabulary, singleFileTensors, writeDiffusers } from "../../fixtures/single-file.js";

const scratch = scratchFolder();
beforeAll(() => {
  for (const [name, value] of Object.entries(pulledVocabulary(scratch.path))) vi.stubEnv(name, value);
});
afterAll(() => {
  vi.unstubAllEnvs();
  scratch.remove();
});

const CPU = { device: "cpu", threads: 1 } as const;

/** A folder and the single file of its numbers. */
function both(generation: Generation, name: string, prediction = "epsilon") {
  const folder = join(scratch.path, name);
  const tensors = singleFileTensors(generation, writeDiffusers(folder, generation, prediction));
  const file = `${folder}.safetensors`;
  return { folder, file, tensors };
}

describe.each([1, 2] as const)("a single file of Stable Diffusion %i", (generation) => {
  test("gives its diffusers folder's numbers, bit for bit", async () => {
    const prediction = generation === 1 ? "epsilon" : "v_prediction";
    const { folder, file, tensors } = both(generation, `same-${generation}`, prediction);
    writeSafetensors(file, tensors, { metadata: { "modelspec.prediction_type": prediction } });
    const results = [];
    for (const path of [folder, file]) {
      const model = await openModel(path, CPU);
      const text = await model.encodeText(["a cat!", "mountain in"]);
      const latent = randn(createRng(3), [1, 4, 8, 8]);
      const image = await model.decode(latent);
      results.push({
        ids: (await model.tokenize("a cat!")).ids,
        text: text.data,
        noise: (await model.predictNoise(latent, { timestep: 500, text })).data,
        image: image.data,
        latent: (await model.encode(image)).data,
        channels: model.unet.channels,
      });
      await model.close();
    }
    expect(results[1]).toEqual(results[0]);
  });
});
