/** The gradient of a sampler's picture with respect to its code, and Langevin dynamics against closed forms. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CodeSampler, codeSampler, createRng, langevin, type Model, openModel, randn, rows, type Tensor } from "veduta";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TINY, writeTinyCheckpoint } from "../../fixtures/tiny-checkpoint.js";
import { finish } from "../joint/toy.js";

const folder = mkdtempSync(join(tmpdir(), "veduta-langevin-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("the gradient through the sampler", () => {
  let model: Model;
  beforeAll(async () => {
    model = await openModel(writeTinyCheckpoint(join(folder, "tiny")), { device: "cpu", threads: 2 });
  });
  afterAll(() => model.close());

  test.each([1, 3])("agrees with central differences in 12 directions over all noises, at guidance %d", async (guidanceScale) => {
    const text = await model.encodeText(["", "hills at night"]); // [2,16,8]
    const sampler = codeSampler(model, { text, guidanceScale, steps: 4 });
    const shape = [1, ...sampler.shape];
    const rng = createRng(3);
    const code = Array.from({ length: sampler.noises }, () => randn(rng, shape));
    const { image, pull } = await sampler.run(code);
    const target = randn(rng, image.shape);
    const energy = ({ data }: Tensor) => data.reduce((sum, x, k) => sum + 0.5 * (x - target.data[k]) ** 2, 0);
    const gradients = await pull({ data: image.data.map((x, k) => x - target.data[k]), shape: image.shape });
    expect(gradients.length).toBe(5);
    for (let direction = 0; direction < 12; direction++) {
      // a random half of the gradient, of length 1: along other directions the energy changes less than float32 resolves
      const half = gradients.map((g) => g.data.map((x) => (rng.uniform() < 0.5 ? x : 0)));
      const exact = Math.sqrt(half.reduce((sum, g) => g.reduce((part, x) => part + x * x, sum), 0));
      const at = async (h: number) => energy((await sampler.run(code.map((z, k) => moved(z, h / exact, { data: half[k], shape })))).image);
      const h = 0.02;
      const slope = (8 * ((await at(h)) - (await at(-h))) - ((await at(2 * h)) - (await at(-2 * h)))) / (12 * h); // of fourth order
      expect(Math.abs(slope / exact - 1)).toBeLessThan(1e-3);
    }
  });

  test("refuses a code of another shape, and an eta without noise", async () => {
    const text = await model.encodeText("hills"); // [1,16,8]
    const sampler = codeSampler(model, { text, steps: 2 });
    await expect(sampler.run([randn(createRng(1), [1, 4, 4, 4])])).rejects.toThrow(
      /codeSampler: noise 0: got \[1,4,4,4\], want \[N,4,8,8\]/,
    );
    expect(() => codeSampler(model, { text, eta: 0 })).toThrow(/eta 0, want a number above 0/);
    expect(TINY.window).toBe(8);
  });
});

/** G(z) = the sum of both noises over √2: standard normal under the prior. */
const sum: CodeSampler = {
  noises: 2,
  shape: [1, 2, 2],
  async run([a, b]) {
    const image = { data: a.data.map((x, k) => (x + b.data[k]) / Math.SQRT2), shape: a.shape };
    const half = (cotangent: Tensor) => ({ data: cotangent.data.map((x) => x / Math.SQRT2), shape: cotangent.shape });
    return { latent: image, image, pull: async (cotangent) => [half(cotangent), half(cotangent)] };
  },
};
/** E = ½‖x − m‖² */
const towards = (m: number) => async (image: Tensor) => ({
  energy: {
    data: Float32Array.from({ length: image.shape[0] }, (_, k) => rows(image, k, k + 1).data.reduce((s, x) => s + 0.5 * (x - m) ** 2, 0)),
    shape: [image.shape[0]],
  },
  gradient: { data: image.data.map((x) => x - m), shape: image.shape },
});

describe("langevin", () => {
  test("by the prior alone keeps codes at ‖z‖² = dim", async () => {
    const { steps } = await finish(langevin(sum, [], { steps: 300, batch: 1500, seed: 2, stepSize: 0.05 }));
    expect(steps.length).toBe(301);
    for (const { normPerDim } of [steps[0], steps[100], steps[300]]) expect(average(normPerDim.data)).toBeCloseTo(1, 1);
  });

  test("reaches the posterior of a Gaussian energy: mean w·m/(1+w), variance 1/(1+w)", async () => {
    const w = 4;
    const energies = [{ name: "target", weight: w, energy: towards(2) }];
    const { steps } = await finish(langevin(sum, energies, { steps: 400, batch: 400, seed: 5, stepSize: 0.02 }));
    const last = steps.slice(-100).flatMap(({ image }) => [...image.data]);
    const mean = average(last);
    expect(mean).toBeCloseTo((w * 2) / (1 + w), 1);
    expect(average(last.map((x) => (x - mean) ** 2))).toBeCloseTo(1 / (1 + w), 1);
  });

  test("records the parts of the energy, and returns each row's best code, the last one scored too", async () => {
    const energies = [{ name: "target", weight: 3, energy: towards(1) }];
    const { steps, result } = await finish(langevin(sum, energies, { steps: 20, batch: 3 }));
    for (const { energy, parts } of steps)
      for (let row = 0; row < 3; row++) expect(energy.data[row]).toBeCloseTo(parts.prior.data[row] + parts.target.data[row], 4);
    for (let row = 0; row < 3; row++) expect(result.energy.data[row]).toBe(Math.min(...steps.map(({ parts }) => parts.target.data[row])));
    expect((await sum.run(result.code)).image).toEqual(result.image);
  });

  test("names step and row of an energy that is not finite; the records so far stay", async () => {
    let calls = 0;
    const breaking = async (image: Tensor) => {
      const { energy, gradient } = await towards(1)(image);
      return { energy: { data: energy.data.map((x, row) => (++calls > 4 && row === 1 ? Number.NaN : x)), shape: energy.shape }, gradient };
    };
    const seen: number[] = [];
    const run = async () => {
      for await (const { index } of langevin(sum, [{ name: "shaky", weight: 1, energy: breaking }], { batch: 2 })) seen.push(index);
    };
    await expect(run()).rejects.toThrow(/langevin: step 2: NaN in shaky of row 1; the records so far stay usable/);
    expect(seen).toEqual([0, 1]);
  });

  test.each([[{ steps: 0 }], [{ stepSize: 0 }], [{ batch: 0 }]])("refuses %j", async (options) => {
    await expect(finish(langevin(sum, [], options))).rejects.toThrow(RangeError);
  });
});

const moved = (x: Tensor, h: number, along: Tensor): Tensor => ({ data: x.data.map((v, k) => v + h * along.data[k]), shape: x.shape });
const average = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0) / values.length;
