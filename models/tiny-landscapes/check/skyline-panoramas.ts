/** @file Panoramas that follow a skyline: how far the painted one is from the asked one, and what following it costs. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { lineThrough } from "../../../kernel-lib/conditions/horizon.js";
import { encodePng } from "../../../kernel-lib/core/image.js";
import { createRng } from "../../../kernel-lib/core/random.js";
import type { Tensor } from "../../../kernel-lib/core/tensor.js";
import { multiDiffusion } from "../../../kernel-lib/methods/joint/multidiffusion.js";
import { syncDiffusion } from "../../../kernel-lib/methods/joint/syncdiffusion.js";
import { intraLpips } from "../../../kernel-lib/metrics/intra-lpips.js";
import type { Model } from "../../../kernel-lib/pipelines/model.js";
import { type Finder, openFinder } from "../../tiny-scenes/check/finder.js";
import { CELLS } from "../../tiny-scenes/train/cells.js";
import { CELL, CELL_CLASSES } from "../../tiny-scenes/train/finder-net.js";
import { SEEDS } from "../train/drawings.js";
import { drawLabelled } from "../world/landscape.js";
import { isInTheSky, skylineRows } from "../world/skyline.js";
import { THINGS } from "../world/things.js";
import type { Judge } from "./judge.js";
import { last, windowsOf } from "./panoramas.js";
import { bootstrapInterval, mean } from "./statistics.js";
import { decimal, type Line, line, percent } from "./table.js";
import { AT, SIDE, TIMED } from "./windows.js";

const WIDTH = 3 * SIDE;
const STEPS = 12;
/** The first drawing of the seed whose skyline is asked for; no other measure sees these. */
const FROM = 510_000;
/** What is painted along each skyline. */
const ASKED = TIMED.filter(({ prompt }) =>
  [`mountains ${AT.dawn}`, `desert ${AT.sunset}`, `city ${AT.night}`, `forest ${AT.noon}`].includes(prompt),
);

/** What one panorama shows. */
interface Shown {
  /** mean over the columns of cells, in pixels, between the asked skyline and the painted one */
  readonly away: number;
  readonly intra: number;
  readonly seconds: number;
  /** shares of the windows that show the time and the terrain of the prompt */
  readonly time: number;
  readonly terrain: number;
}

const WAYS = ["sync, controlled", "sync, alone", "multi, controlled"] as const;
type Way = (typeof WAYS)[number];

export interface SkylineCheck {
  /** opened with the ControlNet `skyline` */
  readonly model: Model;
  readonly judge: Judge;
  readonly pictures: string;
  /** panoramas: every prompt along count / 4 skylines, of drawings of its terrain */
  readonly count: number;
  /** of the control */
  readonly scale: number;
}

/** The rows of the table. A panorama that was painted with these weights before is read, so that a check that was stopped goes on. */
export async function skylinePanoramas({ model, judge, pictures, count, scale }: SkylineCheck): Promise<Line[]> {
  const folder = join(pictures, "skyline");
  mkdirSync(folder, { recursive: true });
  const finder = await openFinder(model.threads);
  const error: number[] = [];
  const shown: Record<Way, Shown[]> = { "sync, controlled": [], "sync, alone": [], "multi, controlled": [] };
  try {
    for (let k = 0; k < Math.ceil(count / ASKED.length); k++)
      for (const [n, asked] of ASKED.entries()) {
        const drawing = drawLabelled(createRng(SEEDS.fresh * 1_000_000 + FROM + ASKED.length * k + n), {
          width: WIDTH,
          terrain: asked.terrain,
        });
        const rows = skylineRows(drawing);
        error.push(distance(await paintedSkyline(finder, unitOf(drawing.pixels)), rows));
        for (const way of WAYS) {
          const name = `${k}-${n}-${way.replace(", ", "-")}`;
          const file = join(folder, `${model.digest.slice(0, 12)}-${name}-${scale}.json`);
          if (!existsSync(file)) {
            const begun = performance.now();
            const panorama = await painted(model, way, rows, { prompt: asked.prompt, seed: 100 * k + n, scale });
            const seconds = (performance.now() - begun) / 1000;
            await writeFile(join(folder, `${name}.png`), await encodePng(panorama));
            const seen = await judge.look(windowsOf(panorama));
            const result: Shown = {
              away: distance(await paintedSkyline(finder, panorama), rows),
              intra: await intraLpips(panorama, (a, b) => model.perceptualDistance(a, b)),
              seconds,
              time: mean(seen.map(({ kind }) => Number(kind.time === asked.time))),
              terrain: mean(seen.map(({ kind }) => Number(kind.terrain === asked.terrain))),
            };
            console.error(`skyline ${k}, ${asked.prompt}, ${way}: ${result.away.toFixed(1)} px away (${seconds.toFixed(0)} s)`);
            await writeFile(`${file}.new`, JSON.stringify(result));
            await rename(`${file}.new`, file);
          }
          shown[way].push(JSON.parse(readFileSync(file, "utf8")));
        }
      }
  } finally {
    await finder.close();
  }
  return linesOf(shown, error);
}

/** A panorama along rows, which are a skyline. */
function painted(
  model: Model,
  way: Way,
  rows: Float32Array,
  { scale, ...asked }: { readonly prompt: string; readonly seed: number; readonly scale: number },
) {
  const options = { ...asked, width: WIDTH, steps: STEPS };
  const control = { image: lineThrough(rows, { width: WIDTH, height: SIDE }), scale };
  if (way === "sync, alone") return last(syncDiffusion(model, options));
  return last((way === "sync, controlled" ? syncDiffusion : multiDiffusion)(model, { ...options, control }));
}

function linesOf(shown: Readonly<Record<Way, readonly Shown[]>>, error: readonly number[]): Line[] {
  const { "sync, controlled": sync, "sync, alone": alone, "multi, controlled": multi } = shown;
  const n = sync.length;
  const px = (x: number) => `${x.toFixed(1)} px`;
  const points = (x: number) => `${(100 * x).toFixed(1)} points`;
  const both = sync.map((each, k) => ({ sync: each, alone: alone[k], multi: multi[k] }));
  type Both = (typeof both)[number];
  const ratio = (of: (each: Both) => readonly [number, number]) => (all: readonly Both[]) =>
    mean(all.map((each) => of(each)[0])) / mean(all.map((each) => of(each)[1]));
  const paired = (what: string, of: (each: Both) => readonly [number, number], bounds: { floor: number; aim: number }) =>
    line({
      what,
      value: ratio(of)(both),
      interval: bootstrapInterval(both, ratio(of)),
      bounds: { ...bounds, better: "lower" },
      show: decimal,
    });
  const awayOf = (name: string, all: readonly Shown[]) =>
    line({
      what: `${n} panoramas, asked skyline to painted one: ${name}`,
      value: mean(all.map(({ away }) => away)),
      interval: bootstrapInterval(all, (some) => mean(some.map(({ away }) => away))),
      show: px,
    });
  const lost = (what: "time" | "terrain") => {
    const each = both.map((pair) => pair.alone[what] - pair.sync[what]);
    return line({
      what: `${what}: points lost to SyncDiffusion without control (${percent(mean(alone.map((one) => one[what])))} there)`,
      value: mean(each),
      interval: bootstrapInterval(each, mean),
      bounds: { floor: 0.06, aim: 0.02, better: "lower" },
      show: points,
    });
  };
  const fall = (some: readonly Both[]) => 1 - mean(some.map((pair) => pair.sync.intra)) / mean(some.map((pair) => pair.multi.intra));
  return [
    line({ what: `${error.length} drawings, their skyline to what the finder sees of it`, value: mean(error), show: px }),
    awayOf("SyncDiffusion, controlled", sync),
    awayOf("SyncDiffusion without control", alone),
    awayOf("MultiDiffusion, controlled", multi),
    paired("distance with control, of that without", (pair) => [pair.sync.away, pair.alone.away], { floor: 0.5, aim: 0.25 }),
    paired("distance of SyncDiffusion, of MultiDiffusion's, both controlled", (pair) => [pair.sync.away, pair.multi.away], {
      floor: 1.1,
      aim: 1,
    }),
    lost("time"),
    lost("terrain"),
    line({
      what: "with control, SyncDiffusion lowers Intra-LPIPS (of the bundled network) by",
      value: fall(both),
      interval: bootstrapInterval(both, fall),
      bounds: { floor: 0.15, aim: 0.4, better: "higher" },
      show: percent,
    }),
    paired("seconds with control, of those without", (pair) => [pair.sync.seconds, pair.alone.seconds], { floor: 1.6, aim: 1.45 }),
  ];
}

/** Mean over the columns of cells, in pixels. @param painted [W/4] @param asked [W], rows from above */
function distance(painted: readonly number[], asked: Float32Array): number {
  return mean(painted.map((row, column) => Math.abs(row - mean([...asked.subarray(column * CELL, (column + 1) * CELL)]))));
}

/** The row, in pixels from above, at which the finder sees the sky end, in each column of cells: [W/4]. @param panorama [1,3,128,W] in [0,1] */
async function paintedSkyline(finder: Finder, panorama: Tensor): Promise<number[]> {
  return (await finder.scores(windowsOf(panorama))).flatMap(skyEnds);
}

const SKY = [true, ...THINGS.map(isInTheSky)];

/** Of one picture: the expected number of sky's cells above the first other one, in pixels, per column. @param scores [16,32·32] */
export function skyEnds(scores: Float32Array): number[] {
  const plane = CELLS * CELLS;
  return Array.from({ length: CELLS }, (_, column) => {
    let [rows, above] = [0, 1];
    for (let row = 0; row < CELLS; row++) {
      const of = Array.from({ length: CELL_CLASSES }, (_, name) => Math.exp(scores[name * plane + row * CELLS + column]));
      above *= of.reduce((sum, x, name) => sum + (SKY[name] ? x : 0), 0) / of.reduce((sum, x) => sum + x, 0);
      rows += above;
    }
    return rows * CELL;
  });
}

/** Pixels [H,W,3] of bytes as a picture [1,3,H,W] in [0,1]. */
function unitOf(pixels: Uint8Array): Tensor {
  const plane = pixels.length / 3;
  const data = new Float32Array(pixels.length);
  for (let k = 0; k < plane; k++) for (let c = 0; c < 3; c++) data[c * plane + k] = pixels[3 * k + c] / 255;
  return { data, shape: [1, 3, SIDE, plane / SIDE] };
}
