/** @file Rows that compare the pyramid with the one-scale baseline: how near their pictures are to drawings, and how soon. */
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SceneCondition } from "../../../kernel-lib/conditions/scene.js";
import { encodePng } from "../../../kernel-lib/core/image.js";
import { createRng } from "../../../kernel-lib/core/random.js";
import { rows, stack, type Tensor } from "../../../kernel-lib/core/tensor.js";
import type { SceneModel } from "../../../kernel-lib/methods/pyramid/open-pyramid-model.js";
import type { Judge } from "../../tiny-landscapes/check/judge.js";
import { judgeFid } from "../../tiny-landscapes/check/judge-distances.js";
import { type Line, line } from "../../tiny-landscapes/check/table.js";
import { sideBySide } from "../../tiny-landscapes/check/windows.js";
import { SEEDS } from "../../tiny-landscapes/train/drawings.js";
import { ONE_SCALE_FOLDER } from "../train/folder.js";
import { CONDITIONS } from "../train/scene-conditions.js";
import type { ScenesChecked } from "./asked-rows.js";
import { freshScenes } from "./fresh-scenes.js";
import { openOneScale } from "./one-scale.js";
import { paintScenes } from "./paint-scenes.js";
import { lower } from "./rows.js";

const SEED = 44_000;
/** Steps a stage of the pyramid, and of the baseline. */
const PYRAMID_STEPS = [10, 15, 25] as const;
const ONE_SCALE_STEPS = 50;
/** Resamples of an interval: a distance of 64 features takes long. */
const RESAMPLES = 200;
const SHOWN = 8;

interface Sampled {
  readonly features: readonly Float32Array[];
  /** of sampling and decoding, both by the same machine in the same call */
  readonly seconds: number;
}

/**
 * The Fréchet distance of the judge's features to those of drawings, with conditions of all four kinds of other drawings in turn. No row where the
 * baseline was not trained on this machine.
 */
export async function distanceRows({ model, judge, pictures }: ScenesChecked, count: number): Promise<Line[]> {
  if (!existsSync(join(ONE_SCALE_FOLDER, "unet"))) {
    console.error(`scenes: ${ONE_SCALE_FOLDER} is missing; rows that need the baseline are left out (npm run models:train -- scenes-one)`);
    return [];
  }
  const drawn = await features(judge, freshScenes(count, SEEDS.fresh + 30).images);
  const conditions = mixedConditions(count);
  const baseline = await openOneScale(ONE_SCALE_FOLDER, model);
  const sampled = async (name: string, paint: (conditions: readonly SceneCondition[]) => Promise<Tensor>): Promise<Sampled> => {
    await paint(conditions.slice(0, 1)); // sessions open in the first call
    const began = performance.now();
    const images = await paint(conditions);
    const seconds = (performance.now() - began) / 1000;
    await writeFile(join(pictures, `scenes-${name}.png`), await encodePng(sideBySide([rows(images, 0, Math.min(SHOWN, count))])));
    return { features: await features(judge, images), seconds };
  };
  const one = await sampled("one-scale", async (some) =>
    decoded(model, await baseline.sample(some, { steps: ONE_SCALE_STEPS, seed: SEED })),
  );
  await baseline.close();
  const pyramids: (Sampled & { readonly steps: number })[] = [];
  for (const steps of PYRAMID_STEPS)
    pyramids.push({
      steps,
      ...(await sampled(`pyramid-${steps}`, async (some) => (await paintScenes(model, some, { steps, seed: SEED })).images)),
    });
  return [...distanceLines(drawn, one, pyramids, count), fasterLine(drawn, one, pyramids)];
}

function distanceLines(
  drawn: readonly Float32Array[],
  one: Sampled,
  pyramids: readonly (Sampled & { steps: number })[],
  count: number,
): Line[] {
  const show = (x: number) => x.toFixed(2);
  const last = pyramids[pyramids.length - 1];
  const ratio = (a: readonly Float32Array[], b: readonly Float32Array[], c: readonly Float32Array[]) => judgeFid(a, c) / judgeFid(b, c);
  return [
    ...pyramids.map(({ steps, features }) =>
      line({
        what: `Fréchet distance of ${count} pictures to ${count} drawings: pyramid, ${steps} steps a stage`,
        value: judgeFid(features, drawn),
        show,
      }),
    ),
    line({ what: `the same: one scale, ${ONE_SCALE_STEPS} steps`, value: judgeFid(one.features, drawn), show }),
    line({
      what: `pyramid's distance, ${last.steps} steps a stage, over one scale's`,
      value: ratio(last.features, one.features, drawn),
      interval: resampled([last.features, one.features, drawn], ([a, b, c]) => ratio(a, b, c)),
      bounds: lower(1, 0.8),
    }),
  ];
}

/** Seconds of the fewest steps whose distance is at most the baseline's, over the baseline's seconds. */
function fasterLine(drawn: readonly Float32Array[], one: Sampled, pyramids: readonly (Sampled & { steps: number })[]): Line {
  const goal = judgeFid(one.features, drawn);
  const first = pyramids.find(({ features }) => judgeFid(features, drawn) <= goal);
  const what = "pyramid's seconds to one scale's distance, over one scale's seconds";
  if (!first)
    return { what, measured: `not reached in ${PYRAMID_STEPS.join(", ")} steps a stage`, floor: "0.700", aim: "0.500", reached: "missed" };
  return line({ what: `${what} (${first.steps} steps a stage)`, value: first.seconds / one.seconds, bounds: lower(0.7, 0.5) });
}

/** 95 % percentile interval; each set is resampled by itself. */
function resampled(
  sets: readonly (readonly Float32Array[])[],
  statistic: (sets: readonly (readonly Float32Array[])[]) => number,
): readonly [number, number] {
  const rng = createRng(1);
  const found = Array.from({ length: RESAMPLES }, () => statistic(sets.map((set) => set.map(() => set[rng.below(set.length)])))).sort(
    (a, b) => a - b,
  );
  return [found[Math.floor(0.025 * RESAMPLES)], found[Math.ceil(0.975 * RESAMPLES) - 1]];
}

/** Conditions of the four kinds in turn. */
function mixedConditions(count: number): SceneCondition[] {
  const rng = createRng(SEED);
  const kinds = Object.values(CONDITIONS);
  return freshScenes(count, SEEDS.fresh + 31).scenes.map((scene, k) => kinds[k % kinds.length](rng, scene));
}

const features = async (judge: Judge, images: Tensor): Promise<Float32Array[]> =>
  (await judge.look(images)).map((verdict) => verdict.features);

async function decoded(model: SceneModel, latent: Tensor): Promise<Tensor> {
  const parts: Tensor[] = [];
  for (let at = 0; at < latent.shape[0]; at += 20)
    parts.push((await model.decode(rows(latent, at, Math.min(at + 20, latent.shape[0])))).image);
  return stack(parts);
}
