/** @file Rows about one picture at a time: its seconds, and what moving one box leaves. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SceneObject } from "../../../kernel-lib/conditions/scene.js";
import { encodePng } from "../../../kernel-lib/core/image.js";
import { createRng, type Rng } from "../../../kernel-lib/core/random.js";
import { rows, type Tensor } from "../../../kernel-lib/core/tensor.js";
import { openModel } from "../../../kernel-lib/pipelines/open-model.js";
import { bootstrapInterval, mean } from "../../tiny-landscapes/check/statistics.js";
import { type Line, line } from "../../tiny-landscapes/check/table.js";
import { SIDE, sideBySide } from "../../tiny-landscapes/check/windows.js";
import { FOLDER } from "../../tiny-landscapes/train/folder.js";
import { askedScenes, type ScenesChecked } from "./asked-rows.js";
import { GUIDANCE, paintScenes, STEPS } from "./paint-scenes.js";
import { lower } from "./rows.js";

const SEED = 45_000;
const TIMED_PICTURES = 5;
const SHOWN = 8;

/** Median wall seconds of one picture, after one that opens the sessions. */
export async function secondsRows({ model }: ScenesChecked): Promise<Line[]> {
  const [{ objects }] = askedScenes(1);
  const layout = objects.map(({ what, box }) => ({ what, box }));
  const seconds: number[] = [];
  for (let k = 0; k <= TIMED_PICTURES; k++) {
    const began = performance.now();
    await paintScenes(model, [{ layout }], { seed: SEED + k });
    if (k > 0) seconds.push((performance.now() - began) / 1000);
  }
  return [
    line({
      what: `a picture, ${STEPS} steps a stage, guidance ${GUIDANCE}, ${model.threads} threads: median of ${TIMED_PICTURES}`,
      value: seconds.sort((a, b) => a - b)[Math.floor(TIMED_PICTURES / 2)],
      bounds: lower(5, 3),
      show: (x) => `${x.toFixed(2)} s`,
    }),
  ];
}

/**
 * One box of a layout moves, and the fine stage alone is sampled again over the finished coarse one; or both stages are. LPIPS to the picture
 * before, with both places of the box covered.
 */
export async function movedRows({ model, pictures, count }: ScenesChecked): Promise<Line[]> {
  const rng = createRng(SEED);
  const cases = askedScenes(Math.ceil(count / 3)).flatMap(({ objects }) => movedCase(rng, objects) ?? []);
  const before = await paintScenes(
    model,
    cases.map(({ layout }) => ({ layout })),
    { seed: SEED },
  );
  const moved = cases.map((each) => ({ layout: each.moved }));
  const fine = await paintScenes(model, moved, { seed: SEED + 500, from: { stage: 1, latent: before.latent } });
  const whole = await paintScenes(model, moved, { seed: SEED + 500 });
  await writeFile(
    join(pictures, "scenes-moved.png"),
    await encodePng(sideBySide([before, fine, whole].map(({ images }) => rows(images, 0, Math.min(SHOWN, cases.length))))),
  );
  const distances = await openModel(FOLDER, { device: "cpu", threads: model.threads });
  const covered = ({ images }: { readonly images: Tensor }) =>
    cover(
      images,
      cases.map(({ boxes }) => boxes),
    );
  const [fromFine, fromWhole] = [
    (await distances.perceptualDistance(covered(before), covered(fine))).data,
    (await distances.perceptualDistance(covered(before), covered(whole))).data,
  ];
  await distances.close();
  const pairs = cases.map((_, k) => [fromFine[k], fromWhole[k]] as const);
  const ratio = (some: readonly (readonly [number, number])[]) => mean(some.map(([a]) => a)) / mean(some.map(([, b]) => b));
  return [
    line({
      what: `${cases.length} layouts, one box moved: LPIPS outside it, fine stage alone over both stages sampled again`,
      value: ratio(pairs),
      interval: bootstrapInterval(pairs, ratio),
      bounds: lower(0.7, 0.5),
    }),
  ];
}

interface MovedCase {
  readonly layout: readonly SceneObject[];
  readonly moved: readonly SceneObject[];
  /** before and after */
  readonly boxes: readonly SceneObject["box"][];
}

/** What can be moved: things that stand or float alone. */
const MOVABLE: readonly string[] = ["sun", "moon", "cactus", "boat", "floe", "tree", "cloud"];
const MOST_AREA = 0.15;

/** A layout with one small thing at another place across; nothing where it has none. */
function movedCase(rng: Rng, objects: readonly SceneObject[]): MovedCase | undefined {
  const layout = objects.map(({ what, box }) => ({ what, box }));
  const able = [...layout.keys()].filter((k) => MOVABLE.includes(layout[k].what) && layout[k].box[2] * layout[k].box[3] < MOST_AREA);
  if (able.length === 0) return undefined;
  const chosen = able[rng.below(able.length)];
  const { what, box } = layout[chosen];
  const [x, y, width, height] = box;
  const there: SceneObject["box"] = [(x + 0.3 + 0.4 * rng.uniform()) % (1 - width), y, width, height];
  return { layout, moved: layout.map((each, k) => (k === chosen ? { what, box: there } : each)), boxes: [box, there] };
}

/** Grey over boxes of each picture. [N,3,128,128] in [-1,1] */
function cover({ data, shape }: Tensor, boxes: readonly (readonly SceneObject["box"][])[]): Tensor {
  const out = data.slice();
  for (const [n, each] of boxes.entries())
    for (const [left, top, width, height] of each) {
      const edges = [left * SIDE, (left + width) * SIDE, top * SIDE, (top + height) * SIDE];
      const [x0, x1, y0, y1] = edges.map((edge, k) => (k % 2 ? Math.ceil(edge) : Math.floor(edge)));
      for (let c = 0; c < 3; c++)
        for (let y = y0; y < Math.min(SIDE, y1); y++)
          out.fill(0, ((n * 3 + c) * SIDE + y) * SIDE + x0, ((n * 3 + c) * SIDE + y) * SIDE + Math.min(SIDE, x1));
    }
  return { data: out, shape };
}
