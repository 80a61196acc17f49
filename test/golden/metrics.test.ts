/**
 * Golden: metrics/golden_metrics.json, the official evaluation code's Intra-LPIPS over the VGG16 that is a formula; metrics/psnr_ssim_a.json, the
 * formulas of cycle-diffusion's evaluation/utils.py in numpy, on pictures of golden/cycle.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeImage, openModel } from "veduta";
import { l2, psnr, ssim } from "veduta/metrics";
import { expect, test } from "vitest";
import { intraLpips } from "#kernel-lib/metrics/intra-lpips.js";
import { GOLDEN, goldenVgg, has, hasGolden, readGolden, unless, unlessGolden } from "./golden.mjs";

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

const PAIRS = "metrics/psnr_ssim_a.json";

test.skipIf(!has(PAIRS))(`PSNR, SSIM and L2 of edited pictures equal the official formulas'${unless(PAIRS)}`, () => {
  const { values }: { values: Record<string, { psnr: number; ssim: number; l2: number }> } = JSON.parse(
    readFileSync(join(GOLDEN, PAIRS), "utf8"),
  );
  for (const [key, want] of Object.entries(values)) {
    const [run, name] = key.split("/");
    const pictures = readGolden(`cycle/${run}.safetensors`);
    const { data, shape } = pictures[name];
    const edited = { data: data.map((x) => Math.min(1, Math.max(0, (x + 1) / 2))), shape };
    for (const [measure, golden] of [
      [psnr, want.psnr],
      [ssim, want.ssim],
      [l2, want.l2],
    ] as const)
      expect(Math.abs(measure(pictures.image, edited)[0] - golden)).toBeLessThan(1e-6 * Math.abs(golden));
  }
});
