/** What ControlNets add, measured and plotted. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRng, horizon, type Model, multiDiffusion, openModel, residualPlot, residualSizes } from "veduta";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { randn } from "#kernel-lib/core/random.js";
import { TINY, writeTinyCheckpoint, writeTinyControlNet } from "../../fixtures/tiny-checkpoint.js";
import { plotted } from "./plotted.js";

const folder = mkdtempSync(join(tmpdir(), "veduta-residuals-"));
let model: Model;
beforeAll(async () => {
  writeTinyCheckpoint(folder);
  writeTinyControlNet(join(folder, "control", "skyline"));
  model = await openModel(folder, { device: "cpu", threads: 1, control: "skyline" });
});
afterAll(async () => {
  await model.close();
  rmSync(folder, { recursive: true });
});

const WIDTH = 2 * TINY.window;
const image = horizon([0.3, 0.7], { width: TINY.scale * WIDTH, height: TINY.scale * TINY.window, edge: "wrap" });
const moment = {
  latent: randn(createRng(1), [1, TINY.channels, TINY.window, WIDTH]),
  timestep: 501,
  windows: [0, 4, 8].map((left) => ({ top: 0, left, height: TINY.window, width: TINY.window })),
};
const sizesOf = (scale: number, timestep = moment.timestep) =>
  residualSizes(model, { ...moment, timestep }, { prompt: "hills", control: { image, scale } });

describe("the sizes of residuals", () => {
  test("are those of the U-Net's skips and its middle block, and grow with the scale alone", async () => {
    const [one, two] = [await sizesOf(1), await sizesOf(2)];
    expect(one.skips).toHaveLength(5); // the first convolution, a block, a downsampler, a block; and the middle
    expect(two.skips).toEqual(one.skips);
    for (const [i, size] of one.residuals.balanced.entries()) expect(two.residuals.balanced[i] / size).toBeCloseTo(2, 4);
    expect((await sizesOf(0)).residuals.balanced).toEqual(one.skips.map(() => 0));
  });
  test("in guess mode they are 10^(−1 + i/L) of the balanced ones", async () => {
    const { residuals, skips } = await sizesOf(1);
    const L = skips.length - 1;
    for (const [i, size] of residuals.balanced.entries()) expect(residuals.guess[i] / size).toBeCloseTo(10 ** (i / L - 1), 4);
  });
  test("a step's latent and windows are a moment; a condition of another size is refused", async () => {
    const run = multiDiffusion(model, { prompt: "hills", width: TINY.scale * WIDTH, height: TINY.scale * TINY.window, steps: 2, seed: 1 });
    const steps = [];
    for await (const step of run) steps.push(step);
    const control = { image };
    const sizes = await residualSizes(model, { ...steps[1], latent: steps[0].latent }, { prompt: "hills", control });
    expect(sizes.timestep).toBe(steps[1].timestep);
    await expect(residualSizes(model, { ...moment, latent: randn(createRng(2), [1, 4, 8, 8]) }, { prompt: "", control })).rejects.toThrow(
      RangeError,
    );
  });
});

test("the plot has a bar for each, in both modes, as shares of what the decoder takes", async () => {
  const sizes = await sizesOf(1);
  const { data } = await plotted(residualPlot(sizes));
  expect(data.map(({ name }) => name)).toEqual(["balanced", "guess"]);
  for (const [k, mode] of (["balanced", "guess"] as const).entries())
    for (const [i, size] of sizes.residuals[mode].entries())
      expect((data[k].y[i] as number) / ((100 * size) / sizes.skips[i])).toBeCloseTo(1, 3);
});
