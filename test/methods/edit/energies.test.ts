/** Energies of pictures, over a checkpoint of random numbers and over the bundled one. */
import { classEnergy, createRng, type Energy, type Model, openModel, randn, type Tensor, textEnergy, zeroShotClassifier } from "veduta";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CheckpointError, ClosedError, ShapeError } from "#kernel-lib/core/errors.js";
import { rows, zeros } from "#kernel-lib/core/tensor.js";
import { drawing, SEEDS, writeCrop } from "#models/tiny-landscapes/train/drawings.js";
import { gradientError } from "../../fixtures/central-differences.js";
import { tinyCheckpoint } from "../../fixtures/tiny-checkpoint.js";

const checkpoint = tinyCheckpoint();
let model: Model;
beforeAll(async () => {
  model = await openModel(checkpoint.path, { device: "cpu", threads: 1 });
});
afterAll(async () => {
  await model.close();
  checkpoint.remove();
});

/** Inside [-1,1]. */
const pictures = (seed: number, count: number): Tensor => {
  const { data, shape } = randn(createRng(seed), [count, 3, 16, 16]);
  return { data: data.map((x) => Math.max(-0.9, Math.min(0.9, 0.4 * x))), shape };
};
const PROMPTS = { hills: "hills", sea: "a calm sea", city: "city at night" };
const energies = (): Readonly<Record<string, Energy>> => ({
  "of a prompt": textEnergy(model, "hills at noon"),
  "of a class": classEnergy(model, "sea"),
  "of a zero-shot class": classEnergy(zeroShotClassifier(model, PROMPTS), "sea"),
});

describe.each(Object.keys({ "of a prompt": 0, "of a class": 0, "of a zero-shot class": 0 }))("the energy %s", (name) => {
  test("is each picture's own: the same alone and among others, in any batch", async () => {
    const [energy, images] = [energies()[name], pictures(2, 3)];
    const all = await energy(images);
    expect([all.energy.shape, all.gradient.shape]).toEqual([[3], [3, 3, 16, 16]]);
    for (let k = 0; k < 3; k++) {
      const one = await energy(rows(images, k, k + 1));
      expect(all.energy.data[k]).toBeCloseTo(one.energy.data[0], 5);
      for (const [at, g] of one.gradient.data.entries()) expect(all.gradient.data[k * 768 + at]).toBeCloseTo(g, 5);
    }
  });

  test("counts what lies outside [-1,1] as the range's end, without a gradient there", async () => {
    const images = pictures(4, 1);
    const wild = { ...images, data: images.data.map((x, k) => (k % 5 ? x : 1.5)) };
    const tame = { ...images, data: images.data.map((x, k) => (k % 5 ? x : 1)) };
    const [a, b] = [await energies()[name](wild), await energies()[name](tame)];
    expect(a.energy.data[0]).toBeCloseTo(b.energy.data[0], 6);
    for (let k = 0; k < 768; k += 5) expect(Math.abs(a.gradient.data[k])).toBe(0);
  });
});

describe("over the bundled model", () => {
  const AT = { noon: "a landscape at noon", night: "a landscape at night", dawn: "a landscape at dawn" };
  test.each<[string, (bundled: Model) => Energy]>([
    ["a prompt", (bundled) => textEnergy(bundled, "mountains at night")],
    ["a time of day", (bundled) => classEnergy(bundled, "night")],
    ["a terrain", (bundled) => classEnergy(bundled, "sea")],
    ["a zero-shot class", (bundled) => classEnergy(zeroShotClassifier(bundled, AT), "night")],
  ])("the energy of %s has the gradient that central differences have, in 12 directions", async (_, energyOf) => {
    const bundled = await openModel("tiny-landscapes", { device: "cpu", threads: 1 });
    const side = 128;
    const data = new Float32Array(3 * side * side);
    writeCrop(data, 0, drawing(SEEDS.fresh, 0), 0, 0, side, false); // hills at sunset
    // A decoded picture has no two equal pixels side by side, where a maximum has no derivative; and a step stays inside [-1,1].
    const rng = createRng(1);
    const at = { data: data.map((x) => 0.8 * x + 0.1 * (2 * rng.uniform() - 1)), shape: [1, 3, side, side] };
    const error = await gradientError(energyOf(bundled), at, { directions: 12, reach: 2e-3, seed: 3 });
    await bundled.close();
    expect(error).toBeLessThan(2e-3); // float32 rounding and the kinks of ReLUs leave about 1e-3 at any reach
  });
});

test("a prompt's energy is 1 − cosine of the vectors", async () => {
  const images = pictures(5, 2);
  const { energy } = await textEnergy(model, "city")(images);
  const [seen, read] = [await model.embedImages(images), await model.embedPrompts("city")];
  for (let k = 0; k < 2; k++) {
    const cosine = rows(seen, k, k + 1).data.reduce((sum, x, e) => sum + x * read.data[e], 0);
    expect(energy.data[k]).toBeCloseTo(1 - cosine, 5);
  }
});

test("the probabilities of all classes of a group sum to 1", async () => {
  const images = pictures(6, 2);
  for (const [classifier, labels] of [
    [model, ["day", "night"]],
    [model, ["hills", "sea", "city"]],
    [zeroShotClassifier(model, PROMPTS), Object.keys(PROMPTS)],
  ] as const) {
    const sums = [0, 0];
    for (const label of labels) {
      const { energy } = await classEnergy(classifier, label)(images);
      for (const k of [0, 1]) sums[k] += Math.exp(-energy.data[k]);
    }
    for (const sum of sums) expect(sum).toBeCloseTo(1, 5);
  }
});

test("a prompt's vector is that of the text encoder's state, which stays usable beside it", async () => {
  const before = await model.encodeText("the sea at night");
  await model.embedPrompts("the sea at night");
  expect((await model.encodeText("the sea at night")).data).toEqual(before.data);
});

test("vectors have length 1; a prompt's does not depend on those beside it", async () => {
  const [images, prompts] = [await model.embedImages(pictures(7, 3)), await model.embedPrompts(["hills", "the sea at night", ""])];
  for (const vectors of [images, prompts])
    for (let k = 0; k < 3; k++) expect(Math.hypot(...rows(vectors, k, k + 1).data)).toBeCloseTo(1, 5);
  const alone = await model.embedPrompts("the sea at night");
  for (const [e, x] of alone.data.entries()) expect(rows(prompts, 1, 2).data[e]).toBeCloseTo(x, 6);
});

describe("bad input", () => {
  test("is refused by name", async () => {
    const one = pictures(8, 1);
    await expect(model.embedImages(zeros([1, 4, 16, 16]))).rejects.toThrow(ShapeError);
    await expect(model.embedImages(zeros([1, 3, 2, 16]))).rejects.toThrow("embedImages: got images of 2×16 px, want at least 4 a side");
    await expect(model.textEnergyGradient(one, zeros([1, 5]))).rejects.toThrow(ShapeError);
    await expect(model.choiceEnergyGradient(one, zeros([2, 6]), 2)).rejects.toThrow("wanted 2, want the number of a text, from 0 to 1");
    await expect(classEnergy(model, "noon")(one)).rejects.toThrow(
      'classEnergyGradient: label "noon", want one of day, night, hills, sea, city',
    );
    await expect(classEnergy(zeroShotClassifier(model, PROMPTS), "noon")(one)).rejects.toThrow("want one of hills, sea, city");
    expect(() => zeroShotClassifier(model, { sea: "sea" })).toThrow("zeroShotClassifier: got 1 labels, want at least two");
  });

  test("a checkpoint without dual/ or classes opens, and the call that needs them says so", async () => {
    const lacking = tinyCheckpoint({ without: ["dual", "classes"] });
    const other = await openModel(lacking.path, { device: "cpu", threads: 1 });
    await expect(other.embedPrompts("sea")).rejects.toThrow(/the checkpoint's dual folder.*pull or train one/);
    await expect(other.embedImages(pictures(1, 1))).rejects.toThrow(CheckpointError);
    await expect(classEnergy(other, "sea")(pictures(1, 1))).rejects.toThrow(/a perceptual network with classes.*zeroShotClassifier/);
    await other.close();
    await expect(other.embedPrompts("sea")).rejects.toThrow(ClosedError);
    lacking.remove();
  });
});
