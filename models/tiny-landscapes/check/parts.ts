/** @file The parts of `npm run models:check`, by name: each measures and gives the lines of its table. */
import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodePng } from "../../../kernel-lib/core/image.js";
import { rows } from "../../../kernel-lib/core/tensor.js";
import type { Model } from "../../../kernel-lib/pipelines/model.js";
import { openModel } from "../../../kernel-lib/pipelines/open-model.js";
import { type SceneRows, sceneLines } from "../../tiny-scenes/check/scenes.js";
import { RECORD } from "../train/folder.js";
import { dualLines } from "./dual.js";
import { editLines } from "./edits.js";
import type { Judge } from "./judge.js";
import { judgeFid, judgeKid, scaledSets } from "./judge-distances.js";
import { agrees, type Pair, pairs, spreadKept, terrainShare } from "./panoramas.js";
import { vLosses } from "./progress.js";
import { meanPsnr, meanSquaredGradient, strongestShare } from "./sharpness.js";
import { skylinePanoramas } from "./skyline-panoramas.js";
import { bootstrapInterval, commonestShare, mean } from "./statistics.js";
import { steered } from "./steering.js";
import type { Line } from "./table.js";
import { line, percent } from "./table.js";
import { freshCrops, judgeAccuracy, judgedWindows, sideBySide, TIMED, UNTIMED } from "./windows.js";

export interface Checked {
  readonly model: Model;
  readonly judge: Judge;
  readonly folder: string;
  /** of tiny-scenes */
  readonly scenesFolder: string;
  /** of the part scenes; default all */
  readonly sceneRows?: readonly SceneRows[];
  readonly pictures: string;
  /** of the skyline's ControlNet */
  readonly controlScale: number;
  readonly counts: Readonly<Record<"windows" | "distance" | "panoramas" | "edits" | "skylines" | "scenes" | "scenesDistance", number>>;
}
type CheckPart = (checked: Checked) => Promise<Line[]>;

const higher = (floor: number, aim: number) => ({ floor, aim, better: "higher" }) as const;
const lower = (floor: number, aim: number) => ({ floor, aim, better: "lower" }) as const;
const SEEDS = { timed: 5_000, untimed: 6_000, gradient: 8_000, strongest: 8_100, distance: 10_000 } as const;
const RECONSTRUCTED = 60;
const SHOWN = 8;

/** Rows that each part was trained on, as the trainer recorded them. */
const training: CheckPart = async ({ folder }) => {
  const file = join(folder, RECORD);
  if (!existsSync(file)) return [];
  const record = JSON.parse(readFileSync(file, "utf8")) as Readonly<Record<string, { readonly rows: number; readonly hours: number }>>;
  return Object.entries(record).map(([name, { rows, hours }]) =>
    line({ what: `${name}: thousand rows seen, in ${hours.toFixed(2)} hours`, value: rows / 1000, show: (x) => x.toFixed(0) }),
  );
};

const accuracy: CheckPart = async ({ judge }) => {
  const { time, terrain, size } = await judgeAccuracy(judge, 400);
  return [
    line({ what: "the judge, on 400 fresh drawings: time", value: time, bounds: higher(0.97, 0.97), show: percent }),
    line({ what: "the judge, on 400 fresh drawings: terrain", value: terrain, bounds: higher(0.97, 0.97), show: percent }),
    line({ what: "root mean square of its features there", value: size, show: (x) => x.toFixed(2) }),
  ];
};

const reconstruction: CheckPart = async ({ model, pictures }) => {
  const { images } = freshCrops(RECONSTRUCTED);
  const decoded = await model.decode(await model.encode(images));
  await writeFile(join(pictures, "reconstruction.png"), await encodePng(sideBySide([rows(images, 0, SHOWN), rows(decoded, 0, SHOWN)])));
  const what = `${RECONSTRUCTED} fresh drawings reconstructed:`;
  const squared = meanSquaredGradient(decoded) / meanSquaredGradient(images);
  return [
    line({ what: `${what} mean PSNR`, value: meanPsnr(images, decoded), bounds: higher(33, 35), show: (x) => `${x.toFixed(2)} dB` }),
    line({ what: `${what} squared gradient, of drawings'`, value: squared, bounds: higher(0.6, 0.75) }),
    line({
      what: `${what} strongest 5 %, of drawings'`,
      value: strongestShare(decoded) / strongestShare(images),
      bounds: higher(0.8, 0.9),
    }),
  ];
};

const loss: CheckPart = async ({ model }) => {
  const losses = await vLosses(model);
  const quarters = [0, 1, 2, 3].map((k) => mean(losses.slice(60 * k, 60 * (k + 1))).toFixed(3));
  return [
    line({
      what: "v-loss of 240 fixed fresh windows",
      value: mean(losses),
      interval: bootstrapInterval(losses, mean),
      bounds: lower(0.15, 0.135),
    }),
    { what: "its quarters, from clean to noise", measured: quarters.join(" "), floor: "", aim: "", reached: "" },
  ];
};

const windows: CheckPart = async ({ model, judge, pictures, counts: { windows: count } }) => {
  const timed = await judgedWindows(model, judge, TIMED, { count, seed: SEEDS.timed });
  await writeFile(join(pictures, "windows.png"), await encodePng(sideBySide(timed.pictures.map((each) => rows(each, 0, 5)))));
  const untimed = await judgedWindows(model, judge, UNTIMED, { count, seed: SEEDS.untimed });
  await writeFile(join(pictures, "windows-untimed.png"), await encodePng(sideBySide(untimed.pictures.map((each) => rows(each, 0, 5)))));
  const right = (what: "time" | "terrain", bounds: ReturnType<typeof higher>) => {
    const hits = timed.verdicts.map(({ kind, asked }) => Number(kind[what] === asked[what]));
    const title = `${count} windows, terrain and time in the prompt: ${what} right`;
    return line({ what: title, value: mean(hits), interval: bootstrapInterval(hits, mean), bounds, show: percent });
  };
  const times = untimed.verdicts.map(({ kind }) => kind.time);
  return [
    right("time", higher(0.92, 0.975)),
    right("terrain", higher(0.85, 0.985)),
    line({
      what: `${count} windows, no time in the prompt: the commonest time's share`,
      value: commonestShare(times),
      interval: bootstrapInterval(times, commonestShare),
      bounds: lower(0.4, 0.3),
      show: percent,
    }),
  ];
};

/** Drawings of the prompts' kinds cannot be had one for one; 600 fresh drawings of all kinds stand for them, and windows of all prompts. */
const sharpness: CheckPart = async ({ model, judge }) => {
  const { images } = freshCrops(600);
  const painted = async (guidanceScale: number, seed: number) =>
    (await judgedWindows(model, judge, TIMED, { count: 120, seed, guidanceScale })).pictures;
  const over = async (guidanceScale: number, seed: number, measure: typeof strongestShare) =>
    mean((await painted(guidanceScale, seed)).map(measure)) / measure(images);
  return [
    line({
      what: "120 windows, guidance 3: squared gradient, of drawings'",
      value: await over(3, SEEDS.gradient, meanSquaredGradient),
      bounds: higher(0.55, 0.7),
    }),
    line({
      what: "120 windows, guidance 4: strongest 5 %, of drawings'",
      value: await over(4, SEEDS.strongest, strongestShare),
      bounds: higher(0.7, 0.85),
    }),
  ];
};

/** The distance of painted windows to drawings, beside that of drawings to other drawings. Prompts name terrain and time, as drawings have both. */
const distance: CheckPart = async ({ model, judge, counts: { distance: count } }) => {
  const look = async (offset: number) => (await judge.look(freshCrops(count, offset).images)).map(({ features }) => features);
  const [drawn, others] = [await look(0), await look(1)];
  const painted = (await judgedWindows(model, judge, TIMED, { count, seed: SEEDS.distance, guidanceScale: 3 })).verdicts.map(
    ({ features }) => features,
  );
  const [a, b, c] = scaledSets([drawn, others, painted]);
  const named = (name: string, of: typeof judgeKid) => [
    line({ what: `judge-${name}: ${count} drawings to ${count} others`, value: of(a, b) }),
    line({ what: `judge-${name}: ${count} drawings to ${count} windows, guidance 3`, value: of(a, c) }),
  ];
  return [...named("KID", judgeKid), ...named("FID", judgeFid)];
};

const panoramas: CheckPart = async ({ model, judge, pictures, counts }) => {
  const seeds = Array.from({ length: counts.panoramas }, (_, seed) => seed);
  const all = await pairs(model, judge, seeds, pictures);
  const n = all.length;
  const fall = (some: readonly Pair[]) => 1 - mean(some.map((pair) => pair.sync.intra)) / mean(some.map((pair) => pair.multi.intra));
  const [sync, multi] = [all.filter((pair) => agrees(pair.sync)).length, all.filter((pair) => agrees(pair.multi)).length];
  const lost = all.map((pair) => terrainShare(pair, pair.multi) - terrainShare(pair, pair.sync));
  const [low, high] = bootstrapInterval(lost, mean);
  const points = (x: number) => `${(100 * x).toFixed(1)} points`;
  return [
    line({
      what: `${n} seeds, 128×768: SyncDiffusion lowers Intra-LPIPS (of the bundled network) by`,
      value: fall(all),
      interval: bootstrapInterval(all, fall),
      bounds: higher(0.25, 0.5),
      show: percent,
    }),
    line({
      what: `panoramas whose six windows agree on the time (MultiDiffusion: ${multi})`,
      value: sync,
      bounds: higher((18 / 24) * n, (22 / 24) * n),
      show: (x) => `${x} of ${n}`,
    }),
    {
      what: "terrain agreement lost against MultiDiffusion",
      measured: `${points(mean(lost))} [${points(low)}, ${points(high)}]`,
      floor: "none that the interval shows",
      aim: "none that the interval shows",
      reached: low <= 0 ? "aim" : "missed",
    },
    line({
      what: "spread inside windows, of independent windows': SyncDiffusion",
      value: spreadKept(all, "sync"),
      interval: bootstrapInterval(all, (some) => spreadKept(some, "sync")),
      bounds: higher(0.5, 0.8),
    }),
    line({ what: "spread inside windows, of independent windows': MultiDiffusion", value: spreadKept(all, "multi") }),
  ];
};

const edit: CheckPart = ({ model, judge, pictures, counts: { edits: count } }) => editLines({ model, judge, pictures, count });

const steer: CheckPart = ({ model, judge, pictures }) => steered({ model, judge, pictures });

const dual: CheckPart = ({ model }) => dualLines(model);

const skyline: CheckPart = async ({ model: { threads }, judge, folder, pictures, controlScale: scale, counts: { skylines: count } }) => {
  const controlled = await openModel(folder, { device: "cpu", threads, control: "skyline" });
  try {
    return await skylinePanoramas({ model: controlled, judge, pictures, count, scale });
  } finally {
    await controlled.close();
  }
};

const scenes: CheckPart = ({ model: { threads }, judge, scenesFolder: folder, sceneRows: rows, pictures, counts }) =>
  sceneLines({ folder, judge, pictures, threads, count: counts.scenes, distance: counts.scenesDistance, rows });

export const PARTS = {
  training,
  judge: accuracy,
  dual,
  reconstruction,
  loss,
  windows,
  sharpness,
  distance,
  panoramas,
  edit,
  steer,
  skyline,
  scenes,
} satisfies Record<string, CheckPart>;
export type PartName = keyof typeof PARTS;
