/**
 * Golden: cycle/*.safetensors, the official CycleDiffusion code (ldm ddim.py and its wrappers) on small random checkpoints in float32: the posterior sample
 * of a picture, its latent code, its reconstruction and edits at several guidance scales. Limits: specs/cyclediffusion.md, section 4.
 */
import { readFileSync } from "node:fs";
import { cycleDiffusion, type EditStep, type Model, openModel, rows, stack, type Tensor } from "veduta";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { golden as at, maxOverStd, readGolden, unless } from "./golden.mjs";

const CASES = ["ddim_eta0.1_skip0", "ddim_eta0.1_skip3_gs", "ddpm_eta1_skip0"].map((name) => ({
  name,
  skipped: unless(`cycle/${name}.json`),
}));
const LIMIT = { latent: 1e-4, image: 1.5e-4 };

async function collect(run: ReturnType<typeof cycleDiffusion>) {
  const steps: EditStep[] = [];
  for (;;) {
    const { done, value } = await run.next();
    if (done) return { steps, result: value };
    steps.push(value);
  }
}

describe.each(CASES)("$name follows the official CycleDiffusion$skipped", ({ name, skipped }) => {
  const golden = readGolden(`cycle/${name}.safetensors`);
  const info = skipped ? undefined : JSON.parse(readFileSync(at(`cycle/${name}.json`), "utf8"));
  let model: Model;
  beforeAll(async () => {
    if (info) model = await openModel(at(info.checkpoint), { device: "cpu" });
  });
  afterAll(() => model?.close());
  const text = (key: string): Tensor => stack([golden.uncond, golden[key]]); // [2,77,D]
  const options = (target: string, guidanceScale: number) => ({
    latent: golden.x0,
    noise: golden.noise_draws,
    sourceText: text("enc_cond"),
    text: text(target),
    steps: info.custom_steps,
    skipSteps: info.skip_steps,
    eta: info.eta,
    sourceGuidanceScale: info.enc_scale,
    guidanceScale,
  });

  test.skipIf(skipped || !golden.image)("the posterior's sample", async () => {
    const x0 = await model.encode(golden.image.data.some((x) => x < 0) ? golden.image : signed(golden.image), { noise: golden.vae_noise });
    expect(maxOverStd(x0.data, golden.x0.data)).toBeLessThan(LIMIT.latent);
  });

  test.skipIf(skipped)("the latent code and the reconstruction", async () => {
    const { result } = await collect(cycleDiffusion(model, options("enc_cond", info.enc_scale)));
    const code = [result.code?.start, ...(result.code?.noise ?? [])] as Tensor[];
    expect(code.length).toBe(golden.z_list.shape[0]);
    for (const [k, z] of code.entries())
      expect(maxOverStd(z.data, rows(golden.z_list, k, k + 1).data), `z ${k}`).toBeLessThan(LIMIT.latent);
    expect(maxOverStd(result.latent.data, golden.recon_latent.data)).toBeLessThan(LIMIT.latent);
  });

  test.skipIf(skipped).each<number>(info?.dec_scales ?? [])("the edit at guidance %s", async (scale) => {
    const { result } = await collect(cycleDiffusion(model, options("dec_cond", scale)));
    expect(maxOverStd(result.latent.data, golden[`edit_latent_scale${scale}`].data)).toBeLessThan(LIMIT.latent);
    const picture = golden[`edit_image_scale${scale}`]; // not in the small set
    if (picture) expect(maxOverStd((await model.decode(golden[`edit_latent_scale${scale}`])).data, picture.data)).toBeLessThan(LIMIT.image);
  });
});

const signed = (image: Tensor): Tensor => ({ data: image.data.map((x) => 2 * x - 1), shape: image.shape });
