/** The bundled model reconstructs pictures from their latent codes. Drawings are of the world, so the test needs the repository's models/. */
import { createRng, cycleDiffusion, openModel, type Tensor } from "veduta";
import { expect, test } from "vitest";
import { drawLandscape } from "#models/tiny-landscapes/world/landscape.js";
import { finish } from "../methods/joint/toy.js";

const COUNT = 20;
const SIDE = 128;

test("20 drawings come back to 1e-6, also under guidance with a prompt that does not fit them", async () => {
  const model = await openModel("tiny-landscapes", { device: "cpu", threads: 2 });
  const image: Tensor = { data: new Float32Array(COUNT * 3 * SIDE * SIDE), shape: [COUNT, 3, SIDE, SIDE] };
  for (let n = 0; n < COUNT; n++) {
    const { pixels } = drawLandscape(createRng(7_300_000 + n), { width: SIDE });
    for (let k = 0; k < SIDE * SIDE; k++)
      for (let c = 0; c < 3; c++) image.data[(n * 3 + c) * SIDE * SIDE + k] = pixels[3 * k + c] / 127.5 - 1;
  }
  const latent = await model.encode(image); // [20,4,16,16]
  for (const [eta, guidanceScale] of [
    [0.1, 1],
    [1, 3],
  ]) {
    const prompts = { prompt: "mountains at noon", sourcePrompt: "mountains at noon", guidanceScale, sourceGuidanceScale: guidanceScale };
    const { result } = await finish(cycleDiffusion(model, { latent, ...prompts, steps: 12, eta, seed: 3, keepCode: false }));
    const worst = result.latent.data.reduce((most, x, k) => Math.max(most, Math.abs(x - latent.data[k])), 0);
    expect(worst).toBeLessThan(1e-6);
  }
  await model.close();
}, 180_000);
