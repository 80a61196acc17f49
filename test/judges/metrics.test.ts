/**
 * Metrics beside Python's libraries on 50 pairs of random pictures, with the same random weights on both sides. The libraries and their versions are in
 * requirements.txt, what they compute in metrics.py. clean-fid's own network, a TorchScript file, cannot be had where there is no network: its
 * resizing and its distances are run around pytorch-fid's Inception.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decodeImage, encodePng, openModel } from "veduta";
import { dualScore, psnr, ssim } from "veduta/metrics";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRng, type Rng } from "#kernel-lib/core/random.js";
import type { Tensor } from "#kernel-lib/core/tensor.js";
import { openMetricNetwork } from "#kernel-lib/pipelines/metric-networks.js";
import { measureByName } from "#kernel-lib/runs/measure/measure-by-name.js";
import { scratchFolder } from "../fixtures/checkpoint-folder.js";
import { judge, missing, worstRelative } from "./judges.js";
import { report } from "./run-python.js";

const PICTURES = 50;
const scratch = scratchFolder();
const at = (...names: string[]) => join(scratch.path, ...names);
afterAll(scratch.remove);
const CPU = { device: "cpu", threads: 2 } as const;

/** A square picture: a slope, some rectangles, noise; [1,3,S,S] in [0,1]. */
function randomPicture(rng: Rng): Tensor {
  const side = 64 + rng.below(65);
  const plane = side * side;
  const data = new Float32Array(3 * plane);
  const slopes = Array.from({ length: 9 }, () => rng.uniform());
  for (const k of data.keys()) {
    const [c, y, x] = [Math.floor(k / plane), Math.floor((k % plane) / side) / side, (k % side) / side];
    data[k] = (slopes[c] + slopes[3 + c] * x + slopes[6 + c] * y) / 3;
  }
  for (let box = 0; box < 6; box++) {
    const [top, left, size] = [rng.below(side), rng.below(side), 4 + rng.below(side / 2)];
    for (let c = 0; c < 3; c++) {
      const colour = rng.uniform();
      for (let y = top; y < Math.min(side, top + size); y++)
        data.fill(colour, c * plane + y * side + left, c * plane + y * side + Math.min(side, left + size));
    }
  }
  return { data: data.map((x) => x + 0.03 * rng.normal()).map(clamp), shape: [1, 3, side, side] };
}
const clamp = (x: number) => Math.min(1, Math.max(0, x));

/** The same darker or lighter, with more noise. */
function edited({ data, shape }: Tensor, rng: Rng): Tensor {
  const [gain, noise] = [0.6 + 0.6 * rng.uniform(), 0.2 * rng.uniform()];
  return { data: data.map((x) => clamp(gain * x + noise * rng.normal())), shape };
}

const WORDS = "misty mountains in the morning, a cat! skyline at night; 3 boats on café's lake".split(" ");

interface Values extends Readonly<Record<string, readonly number[]>> {}
let values: Values;
let pairs: { readonly a: Tensor; readonly b: Tensor; readonly prompt: string }[];

describe.skipIf(missing)(`on ${PICTURES} random pictures${missing}`, () => {
  beforeAll(async () => {
    const prompts: Record<string, string> = {};
    for (const folder of ["a", "b"]) mkdirSync(at("pictures", folder), { recursive: true });
    for (let k = 0; k < PICTURES; k++) {
      const [rng, name] = [createRng(k), `${String(k).padStart(3, "0")}.png`];
      const picture = randomPicture(rng);
      writeFileSync(at("pictures", "a", name), await encodePng(picture));
      writeFileSync(at("pictures", "b", name), await encodePng(edited(picture, rng)));
      prompts[name] = Array.from({ length: 1 + rng.below(12) }, () => WORDS[rng.below(WORDS.length)]).join(" ");
    }
    writeFileSync(at("pictures", "prompts.json"), JSON.stringify(prompts));
    await judge("metrics.py", [at("pictures"), at("out")]);
    const { names, ...rest } = JSON.parse(readFileSync(at("out", "values.json"), "utf8")) as Values & { names: readonly string[] };
    values = rest;
    pairs = await Promise.all(
      names.map(async (name) => ({
        a: await decodeImage(at("pictures", "a", name)),
        b: await decodeImage(at("pictures", "b", name)),
        prompt: prompts[name],
      })),
    );
    expect(pairs).toHaveLength(PICTURES);
  }, 1_500_000);

  test.each(["alex", "vgg", "squeeze"] as const)("LPIPS over %s is lpips's", async (net) => {
    const perceptual = { net, backbone: at("out", `${net}.pth`), linear: at("out", `${net}-linear.pth`) };
    const model = await openModel(undefined, { ...CPU, perceptual });
    const signed = ({ data, shape }: Tensor) => ({ data: data.map((x) => 2 * x - 1), shape });
    const got: number[] = [];
    for (const { a, b } of pairs) got.push((await model.perceptualDistance(signed(a), signed(b))).data[0]);
    await model.close();
    const difference = worstRelative(got, values[`lpips-${net}`]);
    report(`LPIPS over ${net}, lpips`, difference);
    expect(difference).toBeLessThan(1e-4);
  });

  test.each([
    ["skimage", "scikit-image"],
    ["torchmetrics", "torchmetrics"],
  ])("SSIM and PSNR are those of %s", (key, title) => {
    for (const [name, metric] of Object.entries({ ssim, psnr })) {
      const difference = worstRelative(
        pairs.map(({ a, b }) => metric(a, b)[0]),
        values[`${key}-${name}`],
      );
      report(`${name}, ${title}`, difference);
      expect(difference, name).toBeLessThan(1e-4);
    }
  });

  test("FID and KID of folders, as `veduta measure` gives them, are those of clean-fid and torchmetrics", {
    timeout: 900_000,
  }, async () => {
    const { folders } = await measureByName([at("pictures", "a")], {
      ...CPU,
      against: at("pictures", "b"),
      networks: ["inception"],
      weights: at("out", "inception.pth"),
      metrics: ["fid", "kid"],
    });
    const { fid, kid } = folders[0].columns;
    expect([fid.value.count, kid.value.count]).toEqual([PICTURES, PICTURES]);
    for (const [name, value, limit] of [
      ["fid", fid.value.mean, 1e-3],
      ["kid", kid.value.mean, 1e-4],
    ] as const)
      for (const key of ["cleanfid", "torchmetrics"]) {
        const difference = worstRelative([value], [values[`${key}-${name}`] as unknown as number]);
        report(`${name}, ${key}`, difference);
        expect(difference, `${name} of ${key}`).toBeLessThan(limit);
      }
  });

  test("CLIP scores are those of torchmetrics with transformers' CLIP, to 1e-3 of 100", async () => {
    const network = await openMetricNetwork("clip-b16", { ...CPU, weights: at("out", "clip") });
    const { embedImages, embedPrompts } = network as Required<typeof network>;
    const got: number[] = [];
    for (const { a, prompt } of pairs) got.push(100 * Math.max(0, (await dualScore({ embedImages, embedPrompts }, a, prompt))[0]));
    await network.close();
    const apart = (key: string) => got.reduce((worst, x, k) => Math.max(worst, Math.abs(x - values[key][k])), 0);
    const [pillow, torchvision] = [apart("torchmetrics-clip-pillow"), apart("torchmetrics-clip-torchvision")];
    report("CLIP score, torchmetrics, resized by Pillow", pillow);
    report("CLIP score, torchmetrics, resized by torchvision", torchvision);
    expect(Math.max(...got) - Math.min(...got)).toBeGreaterThan(1);
    expect(pillow).toBeLessThan(1e-3);
  });
});
