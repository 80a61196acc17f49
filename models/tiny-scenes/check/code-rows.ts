/** @file Rows about the codes and the finder, which need no U-Net. */
import { writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { encodePng } from "../../../kernel-lib/core/image.js";
import { rows, stack, type Tensor } from "../../../kernel-lib/core/tensor.js";
import { openSession } from "../../../kernel-lib/engine/session.js";
import { Graph } from "../../../kernel-lib/graph/graph.js";
import { onnxBytes } from "../../../kernel-lib/graph/onnx.js";
import { mul } from "../../../kernel-lib/graph/ops/elementwise.js";
import { concat, slice } from "../../../kernel-lib/graph/ops/shape.js";
import { msVqganDecode, msVqganEncode } from "../../../kernel-lib/nets/ms-vqgan.js";
import { type MsVqganConfig, msVqganConfig } from "../../../kernel-lib/nets/ms-vqgan-config.js";
import { checkpointParameters, type Part } from "../../../kernel-lib/nets/parameters.js";
import { networkReader } from "../../../kernel-lib/pipelines/folder.js";
import type { Judge } from "../../tiny-landscapes/check/judge.js";
import { meanPsnr } from "../../tiny-landscapes/check/sharpness.js";
import { bootstrapInterval, mean } from "../../tiny-landscapes/check/statistics.js";
import { type Line, line, percent } from "../../tiny-landscapes/check/table.js";
import { freshCrops, SIDE, sideBySide } from "../../tiny-landscapes/check/windows.js";
import { THINGS } from "../../tiny-landscapes/world/things.js";
import { MEASURED, reconstruct } from "./codes.js";
import { finderOnDrawings } from "./finder.js";
import { higher, share } from "./rows.js";

/** Pictures of a network call. */
const COUNT = 20;
const SHOWN = 8;

export const firstStageOf = (folder: string): Part<MsVqganConfig> =>
  networkReader(msVqganConfig, ["model"]).read(join(folder, "first_stage"));

/** How well 200 fresh drawings come back, how much of the books they use, and what the coarse codes alone still show. */
export async function codeRows(folder: string, judge: Judge, pictures: string): Promise<Line[]> {
  const part = firstStageOf(folder);
  const { images, of } = freshCrops(MEASURED);
  const { images: decoded, used } = await reconstruct(part, images);
  const coarse = await coarseAlone(part, images);
  await writeFile(join(pictures, "scenes-codes.png"), await encodePng(sideBySide([images, decoded, coarse].map((x) => rows(x, 0, SHOWN)))));
  const what = `${MEASURED} fresh drawings`;
  const each = Array.from({ length: MEASURED }, (_, n) => meanPsnr(rows(images, n, n + 1), rows(decoded, n, n + 1)));
  const seen = await judge.look(coarse);
  const kept = (name: "time" | "terrain") => seen.map(({ kind }, k) => Number(kind[name] === of[k][name]));
  return [
    line({
      what: `${what} reconstructed: mean PSNR`,
      value: mean(each),
      interval: bootstrapInterval(each, mean),
      bounds: higher(23, 26),
      show: (x) => `${x.toFixed(2)} dB`,
    }),
    ...["coarse", "fine"].map((name, s) =>
      line({
        what: `${what}: ${name} codes used of ${part.config.codes[s]}`,
        value: used[s] / part.config.codes[s],
        bounds: higher(0.5, 0.8),
        show: percent,
      }),
    ),
    ...(["time", "terrain"] as const).map((name) => share(`${what}, coarse codes alone: ${name} kept`, kept(name), higher(0.7, 0.9))),
  ];
}

/** Pictures decoded from their coarse codes; the fine ones are those nearest to zero. [N,3,128,128] -> the same */
async function coarseAlone({ config, ...weights }: Part<MsVqganConfig>, images: Tensor): Promise<Tensor> {
  const graph = new Graph();
  const p = checkpointParameters(graph, weights);
  const { latent } = msVqganEncode(config, p, graph.input("image", [COUNT, 3, SIDE, SIDE]));
  const [E, C] = [config.codeChannels, latent.shape[1]];
  const alone = concat([slice(latent, 1, 0, E), mul(slice(latent, 1, E, C), 0)], 1);
  graph.output("decoded", msVqganDecode(config, p, alone).image);
  const session = await openSession(onnxBytes(graph), { device: "cpu", threads: availableParallelism() });
  const parts: Tensor[] = [];
  for (let at = 0; at < images.shape[0]; at += COUNT) {
    const part = rows(images, at, at + COUNT);
    parts.push((await session.run({ image: { data: part.data.slice(), shape: part.shape } })).decoded);
  }
  await session.release();
  return stack(parts);
}

/** How many of the things of fresh drawings the finder finds: what its answers about painted pictures are worth. */
export async function finderRows(count: number): Promise<Line[]> {
  const { boxes, present, absent } = await finderOnDrawings(count);
  const what = `the finder, on ${count} fresh drawings:`;
  const byScene = Array.from({ length: count }, (_, k) => boxes.filter(({ scene }) => scene === k).map(({ found }) => Number(found)));
  const byClass = THINGS.flatMap((name) => {
    const own = boxes.filter((each) => each.what === name).map(({ found }) => Number(found));
    return own.length > 0 ? [`${name} ${Math.round(100 * mean(own))} % of ${own.length}`] : [];
  });
  console.error(`${what} boxes found by class: ${byClass.join(", ")}`);
  return [
    share(`${what} boxes found`, byScene, higher(0.9, 0.9)),
    line({ what: `${what} classes that are there and are seen`, value: present, show: percent }),
    line({ what: `${what} classes that are not there and are not seen`, value: absent, show: percent }),
  ];
}
