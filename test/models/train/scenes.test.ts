/** The trainings of tiny-scenes: what they are fed with, and what they write. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openPyramidModel, pyramidDiffusion } from "veduta";
import { afterAll, describe, expect, test } from "vitest";
import type { SceneCondition, SceneKind } from "#kernel-lib/conditions/scene.js";
import { sceneTokenizer } from "#kernel-lib/conditions/scene-tokenizer.js";
import type { JsonObject } from "#kernel-lib/core/json.js";
import { createRng } from "#kernel-lib/core/random.js";
import { sizeOf, type Tensor } from "#kernel-lib/core/tensor.js";
import { openSession } from "#kernel-lib/engine/session.js";
import { Graph } from "#kernel-lib/graph/graph.js";
import { onnxBytes } from "#kernel-lib/graph/onnx.js";
import { stageSample } from "#kernel-lib/methods/pyramid/stage-sample.js";
import { inputParameters } from "#kernel-lib/nets/parameters.js";
import { SEEDS } from "#models/tiny-landscapes/train/drawings.js";
import { relationsAmong } from "#models/tiny-landscapes/world/relations.js";
import { THINGS } from "#models/tiny-landscapes/world/things.js";
import { boxesFound, things } from "#models/tiny-scenes/check/finder.js";
import { cellsOf } from "#models/tiny-scenes/train/cells.js";
import { CONDITION_JSON, firstStageArchitecture, SCENE_TOKENS_JSON, TOKENS } from "#models/tiny-scenes/train/configs.js";
import { deadCodes } from "#models/tiny-scenes/train/dead-codes.js";
import { type DrawnScene, drawnScene } from "#models/tiny-scenes/train/drawn-scenes.js";
import { ROW, sceneNumbers, sceneOf } from "#models/tiny-scenes/train/encoded-scenes.js";
import { SCENE_PARTS, saveFirstStage, saveScenes } from "#models/tiny-scenes/train/folder.js";
import { COUNT, levels, sceneBatch } from "#models/tiny-scenes/train/scene-batch.js";
import { CONDITIONS } from "#models/tiny-scenes/train/scene-conditions.js";
import { NOISE_MIX, stageInputs } from "#models/tiny-scenes/train/scenes.js";
import { trainingProgram } from "#models/train/program.js";
import { QUEUE } from "#models/train/queue.js";
import type { Training } from "#models/train/training.js";
import { TRAININGS } from "#models/train/trainings.js";

const folder = mkdtempSync(join(tmpdir(), "veduta-scenes-"));
afterAll(() => rmSync(folder, { recursive: true }));

const tokenizer = sceneTokenizer("scene_tokens.json", SCENE_TOKENS_JSON as unknown as JsonObject);
const drawn = Array.from({ length: 40 }, (_, k) => drawnScene(createRng(77_000 + k)));
const scenes: readonly DrawnScene[] = drawn.map(({ scene }) => scene);

/** The parameters with which a training begins. */
function initialWeights(training: Training): Record<string, Tensor> {
  const rng = createRng(training.seed);
  const graph = new Graph();
  const own = inputParameters(graph, "");
  training.loss(graph, own);
  return Object.fromEntries([...own.all].map(([key, { shape }]) => [key, { data: training.initial(key, shape, rng), shape }]));
}

test("each part has its place in the queue between the times of day and the long U-Net, with seeds and drawings of its own", () => {
  const names = QUEUE.map(({ name }) => name);
  const places = SCENE_PARTS.map((part) => names.indexOf(part));
  expect(places).toEqual([...places].sort((a, b) => a - b));
  expect(places[0]).toBeGreaterThan(names.indexOf("night"));
  expect(places[3]).toBeLessThan(names.indexOf("diffusion-2"));
  const seeds = Object.keys(TRAININGS).map((name) => TRAININGS[name]().seed);
  for (const part of SCENE_PARTS) expect(seeds.filter((seed) => seed === TRAININGS[part]().seed)).toHaveLength(1);
  expect(new Set(Object.values(SEEDS)).size).toBe(Object.values(SEEDS).length);
});

test("parameters: 1.2 million of the codes, 6.1 of the pyramid, 5.4 of the baseline, 0.2 of the finder; all have gradients", () => {
  const counts = SCENE_PARTS.map((part) =>
    [...trainingProgram(TRAININGS[part]().loss, undefined).shapes.values()].reduce((sum, shape) => sum + sizeOf(shape), 0),
  );
  expect(counts).toEqual([199_636, 1_241_383, 6_066_200, 5_426_840]);
});

describe("conditions", () => {
  const all = scenes.map((scene, k) => ({ scene, objects: scene.objects, rng: createRng(k) }));

  test("every kind of condition of a drawing fits the tokens, of which the token transformer knows as many", () => {
    expect(tokenizer.vocabulary).toBe(CONDITION_JSON.vocab_size);
    expect(tokenizer.length).toBe(TOKENS);
    for (const { scene, rng } of all)
      for (const [kind, make] of Object.entries(CONDITIONS) as [SceneKind, (typeof CONDITIONS)[SceneKind]][]) {
        const condition: SceneCondition = make(rng, scene);
        const { ids } = tokenizer.tokens(condition);
        expect(ids[0]).toBe(1 + ["layout", "labels", "graph", "prompt"].indexOf(kind));
      }
  });

  test("labels are the classes that are seen, a layout's boxes are things of the drawing, and a graph's relations hold", () => {
    for (const { scene, objects, rng } of all) {
      expect(CONDITIONS.labels(rng, scene).labels).toEqual(THINGS.filter((name) => objects.some(({ what }) => what === name)));
      const { layout } = CONDITIONS.layout(rng, scene);
      expect(layout.length).toBeGreaterThan(0);
      for (const { what, box } of layout) expect(objects).toContainEqual(expect.objectContaining({ what, box }));
      const held = relationsAmong(objects).map(([s, predicate, o]) => `${objects[s].what} ${predicate} ${objects[o].what}`);
      const { graph } = CONDITIONS.graph(rng, scene);
      expect(graph.relations.length + graph.objects.length).toBeGreaterThan(0);
      for (const [s, predicate, o] of graph.relations) expect(held).toContain(`${graph.objects[s]} ${predicate} ${graph.objects[o]}`);
    }
  });

  test("at least half of the layouts name everything, and some do not", () => {
    const rng = createRng(3);
    const shares = all.flatMap(({ scene }) =>
      Array.from({ length: 10 }, () => CONDITIONS.layout(rng, scene).layout.length / scene.objects.length),
    );
    const whole = shares.filter((share) => share === 1).length / shares.length;
    expect(whole).toBeGreaterThan(0.45);
    expect(whole).toBeLessThan(0.75);
  });
});

describe("a batch", () => {
  // each row's maps are its number, so that it is seen which row was drawn
  const rowsOf = (count: number, size: number) => Float32Array.from({ length: count * size }, (_, k) => Math.floor(k / size));
  const count = 4000;
  const shared = {
    coarse: rowsOf(count, ROW.coarse),
    fine: rowsOf(count, ROW.fine),
    scenes: sceneTable(count / 2),
  };

  test("keeps what scenes show, and mirrors the boxes of odd rows", () => {
    for (let k = 0; k < scenes.length; k++) {
      const { time, terrain, weather, objects } = scenes[k];
      expect(sceneOf(shared.scenes, 2 * k)).toMatchObject({ time, terrain, weather });
      const [straight, mirrored] = [sceneOf(shared.scenes, 2 * k).objects, sceneOf(shared.scenes, 2 * k + 1).objects];
      expect(straight.map(({ what }) => what)).toEqual(objects.map(({ what }) => what));
      for (const [
        j,
        {
          box: [x, y, width, height],
        },
      ] of objects.entries()) {
        for (const [i, value] of [x, y, width, height].entries()) expect(straight[j].box[i]).toBeCloseTo(value, 6);
        expect(mirrored[j].box[0]).toBeCloseTo(1 - x - width, 6);
      }
    }
  });

  test("has rows of each kind in equal shares, one in ten without a condition, and never a row that is held out", () => {
    const kinds = [0, 0, 0, 0, 0];
    let without = 0;
    for (let seed = 0; seed < 40; seed++) {
      const { ids, keep, coarse, fine } = sceneBatch(createRng(seed), shared, "trained") as Record<string, { data: Float32Array }>;
      for (let n = 0; n < COUNT; n++) {
        const row = ids.data.subarray(n * TOKENS, (n + 1) * TOKENS);
        kinds[row[0]] += 1 / (40 * COUNT);
        if (row.every((id, k) => k === 0 || id === 0)) without += 1 / (40 * COUNT);
        expect([...keep.data.subarray(n * TOKENS, (n + 1) * TOKENS)]).toEqual([...row].map((id) => Number(id !== 0)));
        expect(coarse.data[n * ROW.coarse]).toBe(fine.data[n * ROW.fine]);
        expect(coarse.data[n * ROW.coarse]).toBeLessThan(count - 2000);
      }
    }
    expect(without).toBeCloseTo(0.1, 1);
    // what is left out has the prompt's token
    for (const kind of [1, 2, 3]) expect(Math.abs(kinds[kind] - 0.225)).toBeLessThan(0.03);
    expect(Math.abs(kinds[4] - 0.325)).toBeLessThan(0.03);
    const { coarse } = sceneBatch(createRng(1), shared, "held out") as Record<string, Tensor>;
    expect(Math.min(...coarse.data)).toBeGreaterThanOrEqual(count - 2000);
  });

  test("has one timestep in each 32nd of the levels, and weights of at most 1", () => {
    const { alpha, sigma, weight } = levels(createRng(5), { blockOutChannels: [48], flipSinToCos: true, freqShift: 0 });
    for (const [k, a] of [...alpha.data].entries()) expect(a ** 2 + sigma.data[k] ** 2).toBeCloseTo(1, 5);
    expect(new Set([...alpha.data].map((a) => a.toFixed(6))).size).toBe(COUNT);
    expect(Math.max(...weight.data)).toBeLessThanOrEqual(1);
  });

  test("gives the stages what teacher forcing wants: stageSample of the same noise, the coarse stage's at its own resolution", async () => {
    const graph = new Graph();
    for (const [stage, value] of stageInputs(graph).entries()) graph.output(`stage${stage}`, value.noisy);
    const rng = createRng(9);
    const batch = sceneBatch(rng, shared, "trained") as Record<string, Tensor>;
    const level = [
      levels(rng, { blockOutChannels: [48], flipSinToCos: true, freqShift: 0 }),
      levels(rng, { blockOutChannels: [48], flipSinToCos: true, freqShift: 0 }),
    ];
    const { coarse, fine, coarseNoise, fineNoise } = batch;
    const session = await openSession(onnxBytes(graph), { device: "cpu", threads: 1 });
    const feeds = Object.fromEntries(
      level.flatMap(({ alpha, sigma }, stage) => [
        [`alpha${stage}`, alpha],
        [`sigma${stage}`, sigma],
      ]),
    );
    const found = await session.run({ coarse, fine, coarseNoise, fineNoise, ...feeds });
    await session.release();
    const [z, w] = [joined(coarse, fine), joined(coarseNoise, fineNoise)];
    for (const stage of [0, 1]) {
      const at = Array.from({ length: COUNT }, (_, n) => ({ t: 0, alpha: level[stage].alpha.data[n], sigma: level[stage].sigma.data[n] }));
      const want = stageSample(z, w, { stage, stageChannels: [4, 4], levels: at, mix: NOISE_MIX }); // [N,8,16,16]
      const got = found[`stage${stage}`];
      for (let k = 0; k < got.data.length; k++) expect(got.data[k]).toBeCloseTo(stage === 0 ? upperLeftOf(want, k) : want.data[k], 2);
    }
  });

  function sceneTable(n: number): Float32Array {
    const size = sceneNumbers(scenes[0]).length;
    const table = new Float32Array(n * size);
    for (let k = 0; k < n; k++) table.set(sceneNumbers(scenes[k % scenes.length]), k * size);
    return table;
  }
});

/** [N,4,8,8] and [N,4,16,16] -> [N,8,16,16], coarse pixels four times. */
function joined(coarse: Tensor, fine: Tensor): Tensor {
  const data = new Float32Array(COUNT * 8 * 256);
  for (let n = 0; n < COUNT; n++)
    for (let c = 0; c < 4; c++)
      for (let k = 0; k < 256; k++) {
        data[(n * 8 + c) * 256 + k] = coarse.data[((n * 4 + c) * 8 + (k >> 5)) * 8 + ((k % 16) >> 1)];
        data[(n * 8 + 4 + c) * 256 + k] = fine.data[(n * 4 + c) * 256 + k];
      }
  return { data, shape: [COUNT, 8, 16, 16] };
}

/** Element k of [N,4,8,8] in the coarse channels of [N,8,16,16]. */
function upperLeftOf({ data }: Tensor, k: number): number {
  const [n, c, y, x] = [Math.floor(k / 256), Math.floor(k / 64) % 4, Math.floor(k / 8) % 8, k % 8];
  return data[((n * 8 + c) * 16 + 2 * y) * 16 + 2 * x];
}

test("the right cells give the finder's grouping more than 95 % of the boxes of drawings", () => {
  const hits = drawn.flatMap(({ landscape, scene }) => {
    const { classes, edges } = cellsOf(landscape, { left: 0, top: 0, width: 128, height: 128, mirrored: false });
    const scores = new Float32Array((1 + THINGS.length) * classes.length);
    for (const [cell, name] of classes.entries()) scores[name * classes.length + cell] = 1;
    return boxesFound(scene.objects, things(scores, edges));
  });
  expect(hits.filter(Boolean).length / hits.length).toBeGreaterThan(0.95);
});

test("codes that nothing uses, and only they, are replaced by features of drawings", async () => {
  const config = firstStageArchitecture();
  const weights = initialWeights(TRAININGS["scenes-codes"]());
  const far = 1000;
  // the first code of each book is near to every feature, the others are near to none
  for (const s of [0, 1]) weights[`ms_quantize.${s}.embedding.weight`].data.fill(0, 0, 4).fill(far, 4);
  const reviser = await deadCodes(config);
  const replaced = await reviser.revise(weights, createRng(1));
  const again = await reviser.revise(weights, createRng(1));
  await reviser.close();
  expect(again).toEqual(replaced);
  for (const [s, size] of config.codes.entries()) {
    const own = replaced.filter(({ key }) => key === `ms_quantize.${s}.embedding.weight`);
    expect(own.map(({ from }) => from)).toEqual(Array.from({ length: size - 1 }, (_, code) => 4 * (code + 1)));
    for (const { values } of own) for (const value of values) expect(Math.abs(value)).toBeLessThan(far / 2);
    expect(new Set(own.map(({ values }) => values.join())).size).toBeGreaterThan(size / 2);
  }
});

test("what the trainings save opens as a model of Frido's kind and paints from each kind of condition", async () => {
  saveFirstStage(folder, initialWeights(TRAININGS["scenes-codes"]()), [1.5, 2]);
  saveScenes(folder, initialWeights(TRAININGS.scenes()));
  const model = await openPyramidModel(folder, { device: "cpu" });
  expect(model.config).toMatchObject({ stageChannels: [4, 4], coarseAt: "own", window: 16, scaleFactor: 8 });
  const [scene] = scenes;
  for (const make of Object.values(CONDITIONS)) {
    const run = pyramidDiffusion(model, { ...make(createRng(1), scene), seed: 1, steps: 2 });
    let next = await run.next();
    while (!next.done) next = await run.next();
    expect(next.value.image.shape).toEqual([1, 3, 128, 128]);
  }
  await model.close();
});
