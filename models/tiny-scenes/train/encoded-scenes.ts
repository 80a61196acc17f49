/** @file The scenes that U-Nets learn, encoded once and kept in the state folder, a file per thousand, so that a stopped run goes on. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { createRng } from "../../../kernel-lib/core/random.js";
import type { Tensor } from "../../../kernel-lib/core/tensor.js";
import { openSession } from "../../../kernel-lib/engine/session.js";
import { Graph } from "../../../kernel-lib/graph/graph.js";
import { onnxBytes } from "../../../kernel-lib/graph/onnx.js";
import { msVqganEncode } from "../../../kernel-lib/nets/ms-vqgan.js";
import type { MsVqganConfig } from "../../../kernel-lib/nets/ms-vqgan-config.js";
import { checkpointParameters, type Part } from "../../../kernel-lib/nets/parameters.js";
import { readSafetensors, writeSafetensors } from "../../../kernel-lib/weights/safetensors.js";
import { SEEDS, writeCrop } from "../../tiny-landscapes/train/drawings.js";
import { STATE_FOLDER } from "../../tiny-landscapes/train/folder.js";
import { TERRAINS, TIMES, WEATHERS } from "../../tiny-landscapes/world/captions.js";
import type { LabelledLandscape } from "../../tiny-landscapes/world/landscape.js";
import { type PaintedThing, THINGS } from "../../tiny-landscapes/world/things.js";
import { sharedFloats } from "../../train/layout.js";
import type { SharedData } from "../../train/training.js";
import { SIDE } from "./cells.js";
import { MOST_OBJECTS } from "./configs.js";
import { type DrawnScene, drawnScene } from "./drawn-scenes.js";
import { firstStagePart, SCENES_CANDIDATE, saveFirstStage } from "./folder.js";

/** Scenes, besides their mirror images. */
const SCENES = 15_000;
const CHUNK = 1000;
/** Pictures of a network call. */
const COUNT = 20;
/** Numbers of one encoded picture: [4,8,8] and [4,16,16]. */
export const ROW = { coarse: 4 * 8 * 8, fine: 4 * 16 * 16 } as const;
/** Numbers of a thing, and of a scene: its kind, then its things. */
const THING = 5;
const SCENE = 3 + THING * MOST_OBJECTS;

/**
 * `coarse` and `fine`: features of scenes and of their mirror images in turn, scaled to unit standard deviation, rows [4,8,8] and [4,16,16].
 * `scenes`: what each shows, for `sceneOf`. In shared memory. What was encoded by the same autoencoder before is read. The factors are written
 * into the candidate's autoencoder.
 */
export async function encodedScenes(): Promise<SharedData> {
  const part = firstStagePart();
  const weights = readSafetensors(part.file);
  const folder = join(STATE_FOLDER, `scenes-latents-${digest(weights)}`);
  mkdirSync(folder, { recursive: true });
  const [coarse, fine, scenes] = [2 * SCENES * ROW.coarse, 2 * SCENES * ROW.fine, SCENES * SCENE].map(sharedFloats);
  for (let from = 0; from < SCENES; from += CHUNK) {
    const file = join(folder, `${from}.safetensors`);
    if (!existsSync(file)) {
      await encodeChunk(file, part, from);
      console.log(`encoded ${from + CHUNK} of ${SCENES} scenes`);
    }
    const chunk = readSafetensors(file);
    coarse.set(chunk.coarse.data, 2 * from * ROW.coarse);
    fine.set(chunk.fine.data, 2 * from * ROW.fine);
    scenes.set(chunk.scenes.data, from * SCENE);
  }
  const factors = [coarse, fine].map((features) => {
    const factor = 1 / Math.sqrt(features.reduce((sum, x) => sum + x * x, 0) / features.length);
    for (let k = 0; k < features.length; k++) features[k] *= factor;
    return factor;
  });
  saveFirstStage(SCENES_CANDIDATE, weights, factors);
  return { coarse, fine, scenes };
}

/** Of the numbers, in whatever precision they are stored. */
function digest(weights: Readonly<Record<string, Tensor>>): string {
  const hash = createHash("sha256");
  for (const key of Object.keys(weights).sort()) hash.update(key).update(weights[key].data);
  return hash.digest("hex").slice(0, 12);
}

async function encodeChunk(file: string, { config, ...weights }: Part<MsVqganConfig>, from: number): Promise<void> {
  const drawn = Array.from({ length: CHUNK }, (_, k) => drawnScene(createRng(SEEDS.scenes * 1_000_000 + from + k)));
  const graph = new Graph();
  const image = graph.input("image", [COUNT, 3, SIDE, SIDE]);
  const [first, second] = msVqganEncode(config, checkpointParameters(graph, weights), image).scales;
  graph.output("coarse", first.features);
  graph.output("fine", second.features);
  const session = await openSession(onnxBytes(graph), { device: "cpu", threads: availableParallelism() });
  const [coarse, fine] = [ROW.coarse, ROW.fine].map((row) => new Float32Array(2 * CHUNK * row));
  for (let at = 0; at < 2 * CHUNK; at += COUNT) {
    const results = await session.run({
      image: pictures(
        drawn.map(({ landscape }) => landscape),
        at,
      ),
    });
    coarse.set(results.coarse.data, at * ROW.coarse);
    fine.set(results.fine.data, at * ROW.fine);
  }
  await session.release();
  const scenes = Float32Array.from(drawn.flatMap(({ scene }) => sceneNumbers(scene)));
  const tensors = {
    coarse: { data: coarse, shape: [2 * CHUNK, 4, 8, 8] },
    fine: { data: fine, shape: [2 * CHUNK, 4, 16, 16] },
    scenes: { data: scenes, shape: [CHUNK, SCENE] },
  };
  writeSafetensors(file, tensors);
}

/** Drawings and their mirror images in turn, from picture `at` on: [20,3,128,128] in [-1,1]. */
function pictures(landscapes: readonly LabelledLandscape[], at: number): Tensor {
  const size = 3 * SIDE * SIDE;
  const data = new Float32Array(COUNT * size);
  for (let k = 0; k < COUNT; k++) writeCrop(data, k * size, landscapes[(at + k) >> 1], 0, 0, SIDE, (at + k) % 2 === 1);
  return { data, shape: [COUNT, 3, SIDE, SIDE] };
}

/** Places in TIMES, TERRAINS and WEATHERS; of each thing its place in THINGS and its box; −1 where there is none. */
export function sceneNumbers({ time, terrain, weather, objects }: DrawnScene): number[] {
  const numbers = [TIMES.indexOf(time), TERRAINS.indexOf(terrain), WEATHERS.indexOf(weather)];
  for (const { what, box } of objects) numbers.push(THINGS.indexOf(what), ...box);
  while (numbers.length < SCENE) numbers.push(-1);
  return numbers;
}

/** What a row of `coarse` and `fine` shows; things in the order in which they were painted. */
export function sceneOf(scenes: Float32Array, row: number): Omit<DrawnScene, "objects"> & { readonly objects: readonly PaintedThing[] } {
  const at = scenes.subarray((row >> 1) * SCENE, ((row >> 1) + 1) * SCENE);
  const objects: PaintedThing[] = [];
  for (let k = 3; k < SCENE && at[k] >= 0; k += THING) {
    const [x, y, width, height] = at.subarray(k + 1, k + THING);
    objects.push({ what: THINGS[at[k]], box: [row % 2 ? Math.max(0, 1 - x - width) : x, y, width, height], id: objects.length });
  }
  return { time: TIMES[at[0]], terrain: TERRAINS[at[1]], weather: WEATHERS[at[2]], objects };
}
