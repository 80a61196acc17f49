/**
 * Golden: metrics/golden_metrics.json, the official evaluation code's Intra-LPIPS over the VGG16 that is a formula; metrics/psnr_ssim_a.json, the
 * formulas of cycle-diffusion's evaluation/utils.py in numpy, on pictures of golden/cycle.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeImage, openModel } from "veduta";
import { l2, psnr, ssim } from "veduta/metrics";
import { expect, test } from "vitest";
import { rows } from "#kernel-lib/core/tensor.js";
import { discontinuity, seamGradient } from "#kernel-lib/metrics/discontinuity.js";
import { frechetDistance } from "#kernel-lib/metrics/frechet-distance.js";
import { giqa } from "#kernel-lib/metrics/giqa.js";
import { intraLpips } from "#kernel-lib/metrics/intra-lpips.js";
import { kernelDistance } from "#kernel-lib/metrics/kernel-distance.js";
import { GOLDEN, goldenVgg, has, hasGolden, readGolden, relativeL2, unless, unlessGolden } from "./golden.mjs";

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

const SETS = "metrics/golden_metrics.safetensors";

test.skipIf(!has(SETS))(`FID and KID of features equal clean-fid's, GIQA the official code's${unless(SETS)}`, () => {
  const features = readGolden(SETS);
  const values = JSON.parse(readFileSync(join(GOLDEN, "metrics/golden_metrics.json"), "utf8"));
  const relative = (got: number, want: number) => Math.abs(got / want - 1);
  for (const set of ["full", "rank_deficient"]) {
    const [a, b] = [features[`${set}.feats1`], features[`${set}.feats2`]];
    expect(relative(frechetDistance(a, b), values[`fid.${set}`])).toBeLessThan(1e-3);
    const n = Math.min(a.shape[0], b.shape[0]);
    const kid = kernelDistance(rows(a, 0, n), rows(b, 0, n), { subsets: 1 });
    expect(relative(kid, values[`kid_all_samples_one_subset_equal_n.${set}`])).toBeLessThan(1e-4);
  }
  for (const k of [1, 8]) {
    const scores = giqa(rows(features["full.feats2"], 0, 20), features["full.feats1"], k);
    expect(relativeL2(Float32Array.from(scores), features[`giqa_K${k}.scores`].data)).toBeLessThan(1e-5);
    expect(relative(scores.reduce((a, b) => a + b) / 20, values[`giqa_K${k}_mean`])).toBeLessThan(1e-4);
  }
});

const SEAMS = "features/discontinuity.safetensors";

test.skipIf(!has(SEAMS))(`the discontinuity score equals the official code's${unless(SEAMS)}`, () => {
  const seams = readGolden(SEAMS);
  const info = JSON.parse(readFileSync(join(GOLDEN, "features/discontinuity.json"), "utf8"));
  for (const k of [0, 1, 2]) {
    const {
      data,
      shape: [height, width],
    } = seams[`image${k}`];
    const panorama = {
      data: Float32Array.from(data, (_, at) => data[(at % (height * width)) * 3 + Math.floor(at / (height * width))] / 255),
      shape: [1, 3, height, width],
    };
    expect(relativeL2(Float32Array.from(seamGradient(panorama)), seams[`seam${k}`].data)).toBeLessThan(1e-5);
    expect(Math.abs(discontinuity(panorama) / info[`image${k}`].DS - 1)).toBeLessThan(1e-5);
  }
});
