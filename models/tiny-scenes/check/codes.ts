/** @file What is measured of the MS-VQGAN: how well fresh drawings come back, and how much of each book is used. */
import { availableParallelism } from "node:os";
import { rows, stack, type Tensor } from "../../../kernel-lib/core/tensor.js";
import { openSession } from "../../../kernel-lib/engine/session.js";
import { Graph } from "../../../kernel-lib/graph/graph.js";
import { onnxBytes } from "../../../kernel-lib/graph/onnx.js";
import { cast } from "../../../kernel-lib/graph/ops/elementwise.js";
import { msVqganReconstruct } from "../../../kernel-lib/nets/ms-vqgan.js";
import type { MsVqganConfig } from "../../../kernel-lib/nets/ms-vqgan-config.js";
import { checkpointParameters, type Part } from "../../../kernel-lib/nets/parameters.js";
import { meanPsnr, meanSquaredGradient } from "../../tiny-landscapes/check/sharpness.js";
import { freshCrops, SIDE } from "../../tiny-landscapes/check/windows.js";
import { firstStagePart } from "../train/folder.js";

/** Pictures of a network call. */
const COUNT = 20;
/** Fresh drawings that are measured: 12,800 coarse codes and 51,200 fine ones. */
export const MEASURED = 200;

/** Pictures as they come back from their codes, and the codes. */
export interface Reconstructed {
  /** [N,3,128,128], about [-1,1] */
  readonly images: Tensor;
  /** of each scale, coarse first: how many of its codes were used */
  readonly used: readonly number[];
}

/** @param images [N,3,128,128] in [-1,1], N a multiple of 20 */
export async function reconstruct({ config, ...weights }: Part<MsVqganConfig>, images: Tensor): Promise<Reconstructed> {
  const graph = new Graph();
  const image = graph.input("image", [COUNT, 3, SIDE, SIDE]);
  const { image: decoded, encoding } = msVqganReconstruct(config, checkpointParameters(graph, weights), image);
  graph.output("decoded", decoded);
  for (const [s, { codes }] of encoding.scales.entries()) graph.output(`codes${s}`, cast(codes, "float32"));
  const session = await openSession(onnxBytes(graph), { device: "cpu", threads: availableParallelism() });
  const used = config.codes.map(() => new Set<number>());
  const parts: Tensor[] = [];
  for (let at = 0; at < images.shape[0]; at += COUNT) {
    const part = rows(images, at, at + COUNT);
    const results = await session.run({ image: { data: part.data.slice(), shape: part.shape } });
    parts.push(results.decoded);
    for (const [s, codes] of used.entries()) for (const code of results[`codes${s}`].data) codes.add(code);
  }
  await session.release();
  return { images: stack(parts), used: used.map(({ size }) => size) };
}

/** Of 200 fresh drawings: mean PSNR in dB, the squared gradient as a share of theirs, and the share of each book's codes that they use. */
export async function measureCodes(): Promise<Readonly<Record<string, number>>> {
  const part = firstStagePart();
  const { images } = freshCrops(MEASURED);
  const { images: decoded, used } = await reconstruct(part, images);
  const shares = used.map((count, s) => count / part.config.codes[s]);
  return {
    psnr: meanPsnr(images, decoded),
    squaredGradient: meanSquaredGradient(decoded) / meanSquaredGradient(images),
    coarseUsed: shares[0],
    fineUsed: shares[1],
  };
}
