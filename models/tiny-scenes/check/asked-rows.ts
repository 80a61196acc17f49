/** @file Rows about whether pictures show what they were asked for, by each kind of condition. */
import { mkdtempSync, rmSync } from "node:fs";
import { cp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodePng } from "../../../kernel-lib/core/image.js";
import { createRng } from "../../../kernel-lib/core/random.js";
import { rows, type Tensor } from "../../../kernel-lib/core/tensor.js";
import { openPyramidModel, type SceneModel } from "../../../kernel-lib/methods/pyramid/open-pyramid-model.js";
import { openSafetensors, readSafetensors, writeSafetensors } from "../../../kernel-lib/weights/safetensors.js";
import type { Judge } from "../../tiny-landscapes/check/judge.js";
import { mean } from "../../tiny-landscapes/check/statistics.js";
import { type Line, line } from "../../tiny-landscapes/check/table.js";
import { sideBySide, TIMED } from "../../tiny-landscapes/check/windows.js";
import { SEEDS } from "../../tiny-landscapes/train/drawings.js";
import { relationOf } from "../../tiny-landscapes/world/relations.js";
import { type PlacedThing, THINGS } from "../../tiny-landscapes/world/things.js";
import type { DrawnScene } from "../train/drawn-scenes.js";
import { CONDITIONS } from "../train/scene-conditions.js";
import { boxesFound, type Finder, type FoundThing } from "./finder.js";
import { freshScenes } from "./fresh-scenes.js";
import { GUIDANCE, paintScenes, STEPS } from "./paint-scenes.js";
import { higher, share } from "./rows.js";

/** What the rows are measured with. */
export interface ScenesChecked {
  readonly model: SceneModel;
  readonly folder: string;
  readonly finder: Finder;
  readonly judge: Judge;
  /** where pictures are written */
  readonly pictures: string;
  /** conditions of each kind */
  readonly count: number;
}

const SEED = { layout: 40_000, labels: 41_000, graph: 42_000, prompt: 43_000 } as const;
const SHOWN = 8;
const settings = `guidance ${GUIDANCE}, ${STEPS} steps a stage`;

/** Drawings whose things are asked for. */
export const askedScenes = (count: number): readonly DrawnScene[] => freshScenes(count, SEEDS.fresh + 20).scenes;

async function show(pictures: string, name: string, images: Tensor): Promise<void> {
  await writeFile(join(pictures, `scenes-${name}.png`), await encodePng(sideBySide([rows(images, 0, Math.min(SHOWN, images.shape[0]))])));
}

/** The share of asked boxes that are found, by picture. */
async function layoutHits(model: SceneModel, finder: Finder, scenes: readonly DrawnScene[]): Promise<{ hits: number[][]; images: Tensor }> {
  const layouts = scenes.map(({ objects }) => ({ layout: objects.map(({ what, box }) => ({ what, box })) }));
  const { images } = await paintScenes(model, layouts, { seed: SEED.layout });
  const seen = await finder.look(images);
  return { hits: scenes.map(({ objects }, k) => boxesFound(objects, seen[k]).map(Number)), images };
}

/** Layouts: boxes found, and how many are lost where nothing gates the fine stage's norms. */
export async function layoutRows({ model, folder, finder, pictures, count }: ScenesChecked): Promise<Line[]> {
  const scenes = askedScenes(count);
  const { hits, images } = await layoutHits(model, finder, scenes);
  await show(pictures, "layouts", images);
  const without = await openUngated(folder, model.threads);
  const ungated = await layoutHits(without.model, finder, scenes);
  await without.close();
  await show(pictures, "layouts-ungated", ungated.images);
  const lost = mean(hits.flat()) - mean(ungated.hits.flat());
  return [
    share(`${count} layouts: boxes found (${settings})`, hits, higher(0.45, 0.65)),
    share(`${count} layouts: boxes found with gates off at the fine stage`, ungated.hits),
    line({
      what: "boxes lost with gates off",
      value: 100 * lost,
      bounds: { floor: 10, aim: 10, better: "higher" },
      show: (x) => `${x.toFixed(1)} points`,
    }),
  ];
}

/** The model with gates of 0 everywhere: its norms are n(x). */
async function openUngated(folder: string, threads: number): Promise<{ model: SceneModel; close(): Promise<void> }> {
  const copy = mkdtempSync(join(tmpdir(), "veduta-ungated-"));
  await cp(folder, copy, { recursive: true });
  const file = join(copy, "unet/model.safetensors");
  const weights = readSafetensors(file);
  for (const [key, { data }] of Object.entries(weights)) if (/mlp_(gamma|beta)\./.test(key)) data.fill(0);
  writeSafetensors(file, weights, { metadata: openSafetensors(file).metadata });
  const model = await openPyramidModel(copy, { device: "cpu", threads });
  return {
    model,
    async close() {
      await model.close();
      rmSync(copy, { recursive: true });
    },
  };
}

/** Labels: which classes the finder sees. */
export async function labelRows({ model, finder, pictures, count }: ScenesChecked): Promise<Line[]> {
  const scenes = askedScenes(count);
  const asked = scenes.map((scene) => CONDITIONS.labels(createRng(0), scene).labels);
  const { images } = await paintScenes(
    model,
    asked.map((labels) => ({ labels })),
    { seed: SEED.labels },
  );
  await show(pictures, "labels", images);
  const seen = (await finder.look(images)).map((found) => new Set<string>(found.map(({ what }) => what)));
  return [
    share(
      `${count} sets of labels: asked classes that are seen`,
      asked.map((labels, k) => labels.map((what) => Number(seen[k].has(what)))),
      higher(0.7, 0.85),
    ),
    share(
      `${count} sets of labels: other classes that are not seen`,
      asked.map((labels, k) => THINGS.filter((what) => !labels.includes(what)).map((what) => Number(!seen[k].has(what)))),
      higher(0.8, 0.9),
    ),
  ];
}

/** Scene graphs: relations that hold for some pair, among those whose classes are both seen. */
export async function graphRows({ model, finder, pictures, count }: ScenesChecked): Promise<Line[]> {
  const rng = createRng(SEED.graph);
  const asked = askedScenes(count).map((scene) => CONDITIONS.graph(rng, scene));
  const { images } = await paintScenes(model, asked, { seed: SEED.graph });
  await show(pictures, "graphs", images);
  const seen = await finder.look(images);
  const holds = asked.map(({ graph: { objects, relations } }, k) =>
    relations.flatMap(([subject, predicate, object]) => {
      const of = (what: string) => seen[k].filter((found) => found.what === what);
      const pairs = of(objects[subject]).flatMap((a) =>
        of(objects[object])
          .filter((b) => b !== a)
          .map((b) => [a, b] as const),
      );
      return pairs.length > 0 ? [Number(pairs.some(([a, b]) => relationOf(a, b, isNearer(a, b)) === predicate))] : [];
    }),
  );
  const total = asked.reduce((sum, { graph }) => sum + graph.relations.length, 0);
  return [
    share(
      `${count} scene graphs: relations that hold, of ${holds.flat().length} with both classes seen (${total} asked)`,
      holds,
      higher(0.7, 0.85),
    ),
  ];
}

const footOf = ({ box: [, y, , height] }: PlacedThing): number => y + height;
const isNearer = (a: FoundThing, b: FoundThing): boolean => footOf(a) > footOf(b);

/** Prompts that name terrain and time: what the judge sees. */
export async function promptRows({ model, judge, pictures, count }: ScenesChecked): Promise<Line[]> {
  const asked = Array.from({ length: count }, (_, k) => TIMED[k % TIMED.length]);
  const { images } = await paintScenes(
    model,
    asked.map(({ prompt }) => ({ prompt })),
    { seed: SEED.prompt },
  );
  await show(pictures, "prompts", images);
  const seen = await judge.look(images);
  const right = (name: "time" | "terrain") => seen.map(({ kind }, k) => Number(kind[name] === asked[k][name]));
  return [
    share(`${count} prompts: time right`, right("time"), higher(0.8, 0.92)),
    share(`${count} prompts: terrain right`, right("terrain"), higher(0.6, 0.85)),
  ];
}
