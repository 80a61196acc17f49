/** The trainings of tiny-noon and tiny-night. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openModel, type UnconditionalModel } from "veduta";
import { afterAll, describe, expect, test } from "vitest";
import { createRng, randn } from "#kernel-lib/core/random.js";
import { sizeOf, type Tensor } from "#kernel-lib/core/tensor.js";
import { createSchedule } from "#kernel-lib/diffusion/schedule.js";
import { Graph } from "#kernel-lib/graph/graph.js";
import { inputParameters } from "#kernel-lib/nets/parameters.js";
import { drawing, SEEDS } from "#models/tiny-landscapes/train/drawings.js";
import { FOLDER } from "#models/tiny-landscapes/train/folder.js";
import { LATENT_HEIGHT, LATENT_WIDTH } from "#models/tiny-landscapes/train/latents.js";
import { COUNT, noisyWindows } from "#models/tiny-landscapes/train/velocity.js";
import { unetArchitecture } from "#models/tiny-times/train/configs.js";
import { MODEL_TIMES, saveModel } from "#models/tiny-times/train/folder.js";
import { timeTraining } from "#models/tiny-times/train/time-training.js";
import { trainingProgram } from "#models/train/program.js";
import { QUEUE } from "#models/train/queue.js";
import { TRAININGS } from "#models/train/trainings.js";

const folder = mkdtempSync(join(tmpdir(), "veduta-times-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The parameters with which a training begins. */
function initialWeights(time: (typeof MODEL_TIMES)[number]): Record<string, Tensor> {
  const training = timeTraining(time)();
  const rng = createRng(training.seed);
  const graph = new Graph();
  const own = inputParameters(graph, "");
  training.loss(graph, own);
  return Object.fromEntries([...own.all].map(([key, { shape }]) => [key, { data: training.initial(key, shape, rng), shape }]));
}

test("each has a name of its own in the queue and in the table, other seeds and other drawings", () => {
  for (const time of MODEL_TIMES) {
    expect(TRAININGS[time]().name).toBe(time);
    expect(QUEUE.filter(({ name }) => name === time)).toEqual([{ name: time, training: time, steps: 2_600, rate: "falling" }]);
    expect(drawing(SEEDS[time], 3, time).time).toBe(time);
  }
  const [noon, night] = MODEL_TIMES.map((time) => TRAININGS[time]());
  expect(noon.seed).not.toBe(night.seed);
  expect(SEEDS.noon).not.toBe(SEEDS.night);
});

test("the trained parameters number 2.6 million, and their gradients' graph is built", () => {
  const { shapes } = trainingProgram(timeTraining("noon")().loss, undefined);
  const count = [...shapes.values()].reduce((sum, shape) => sum + sizeOf(shape), 0);
  expect(count).toBe(2_612_788);
});

describe("a batch", () => {
  const row = 4 * LATENT_HEIGHT * LATENT_WIDTH;
  // the number of a latent's drawing in its first place, its column in the others
  const latents = Float32Array.from({ length: 3 * row }, (_, k) => 100 * Math.floor(k / row) + (k % LATENT_WIDTH));
  const schedule = createSchedule({
    betaStart: 0.00085,
    betaEnd: 0.012,
    betaSchedule: "scaled_linear",
    trainTimesteps: 1000,
    stepsOffset: 1,
    setAlphaToOne: false,
    prediction: "v_prediction",
  });

  test("holds whole windows of 16 neighbouring columns, one timestep in each 32nd of the levels, and weights of at most 1", () => {
    const told: number[] = [];
    const { clean, alpha, sigma, weight, noise } = noisyWindows(createRng(1), latents, schedule, unetArchitecture(), (_, drawing) =>
      told.push(drawing),
    ) as Record<string, Tensor>;
    expect(clean.shape).toEqual([COUNT, 4, 16, 16]);
    expect(noise.shape).toEqual(clean.shape);
    for (let n = 0; n < COUNT; n++) {
      const window = clean.data.subarray(n * 1024, (n + 1) * 1024);
      expect(window.every((x, k) => x === window[0] + (k % 16))).toBe(true);
      expect(Math.floor(window[0] / 100)).toBe(told[n]);
      expect(alpha.data[n] ** 2 + sigma.data[n] ** 2).toBeCloseTo(1, 5);
      expect(alpha.data[n]).toBeLessThan(schedule.level(Math.floor((n * 1000) / COUNT)).alpha + 1e-6);
      expect(alpha.data[n]).toBeGreaterThan(schedule.level(Math.min(999, Math.ceil(((n + 1) * 1000) / COUNT))).alpha - 1e-6);
      expect(weight.data[n]).toBeCloseTo(Math.min(1, 5 * sigma.data[n] ** 2), 5);
    }
  });
});

test("what it saves opens as a model over the shipped autoencoder's latents", async () => {
  saveModel(folder, initialWeights("noon"));
  const model = await openModel<UnconditionalModel>(folder, { device: "cpu", threads: 1 });
  expect(model.config).toMatchObject({ latentChannels: 4, scaleFactor: 8, window: 16, windowMultiple: 4 });
  expect(model.config.schedule.prediction).toBe("v_prediction");
  const latent = randn(createRng(2), [1, 4, 16, 16]);
  expect((await model.predictNoise(latent, { timestep: 900 })).shape).toEqual(latent.shape);
  const text = await openModel(FOLDER, { device: "cpu", threads: 1 });
  expect(await model.decode(latent)).toEqual(await text.decode(latent));
  await Promise.all([model.close(), text.close()]);
});
