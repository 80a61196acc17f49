/** Golden: metrics/golden_metrics.json, the official evaluation code's Intra-LPIPS over the VGG16 that is a formula. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeImage, openModel } from "veduta";
import { expect, test } from "vitest";
import { intraLpips } from "#kernel-lib/metrics/intra-lpips.js";
import { GOLDEN, goldenVgg, hasGolden, unlessGolden } from "./golden.mjs";

test.skipIf(!hasGolden).each([
  ["128 px", "c128", 128],
  ["512 px", "c512", 512],
])(`Intra-LPIPS of crops of %s equals the official evaluation's${unlessGolden}`, { timeout: 300_000 }, async (_, folder, crop) => {
  const linear = join(GOLDEN, "lpips/lpips_lin_vgg.safetensors");
  const model = await openModel(join(GOLDEN, "sd2-tiny"), { device: "cpu", perceptual: { net: "vgg", backbone: goldenVgg(), linear } });
  const { [`intra_lpips.${folder}`]: golden } = JSON.parse(readFileSync(join(GOLDEN, "metrics/golden_metrics.json"), "utf8"));
  for (const [k, name] of golden.order.entries()) {
    const panorama = await decodeImage(join(GOLDEN, `metrics/images_${folder}`, name));
    const distance = await intraLpips(panorama, model.perceptualDistance, crop);
    expect(Math.abs(distance / golden.per_image[k] - 1)).toBeLessThan(1e-6);
  }
  await model.close();
});
