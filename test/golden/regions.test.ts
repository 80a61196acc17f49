/**
 * Golden: runs/region.safetensors, the official region-based MultiDiffusion (region_based.py) on a small random checkpoint: three prompts, masks, two steps of
 * bootstrapping. Its backgrounds, their draw and its masks are given to ours; the latents follow at every step.
 */
import { openModel, regionDiffusion, rows, stack } from "veduta";
import { describe, expect, test } from "vitest";
import { followRun } from "./follow.mjs";
import { reference, relativeL2, unless } from "./golden.mjs";

/** README.md: sampling without synchronising differs by 2e-5 between float32 and float64; the limit of the MultiDiffusion runs. */
const LIMIT = 1e-4;
const why = unless("runs/region.json");

describe.skipIf(why)(`regions${why}`, () => {
  test("follow the official code at every step, and so does the picture", async () => {
    const golden = reference("region");
    const { masks, text_embeds: text, bootstrapping_backgrounds: latents, bg_index: chosen, final_image: image } = golden.tensors;
    const model = await openModel(golden.checkpoint, { device: "cpu" });
    const embeddings = (k: number) => stack([rows(text, k, k + 1), rows(text, 3 + k, 4 + k)]); // [2,77,32]: negative, then prompt
    const run = regionDiffusion(model, {
      ...golden.options,
      text: embeddings(0),
      regions: [1, 2].map((k) => ({ prompt: "", text: embeddings(k), mask: rows(masks, k, k + 1) })),
      bootstrapping: 2,
      backgrounds: { latents, chosen },
    });
    const { errors, result } = await followRun(run, golden);
    for (const [step, error] of errors.entries()) expect(error, `step ${step}`).toBeLessThan(LIMIT);
    expect(errors).toHaveLength(5);
    expect(relativeL2(result.panorama.data, image.data)).toBeLessThan(2e-5);
    await model.close();
  });
});
