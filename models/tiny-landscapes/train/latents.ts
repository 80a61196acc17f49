/** @file The drawings that the U-Net learns, encoded once and kept in the state folder, a file per thousand, so that a stopped run goes on. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openSession } from "../../../kernel-lib/engine/session.js";
import { Graph } from "../../../kernel-lib/graph/graph.js";
import { onnxBytes } from "../../../kernel-lib/graph/onnx.js";
import { checkpointParameters, type Part } from "../../../kernel-lib/nets/parameters.js";
import { type VaeConfig, vaeEncoder } from "../../../kernel-lib/nets/vae.js";
import { openCheckpoint } from "../../../kernel-lib/pipelines/stable-diffusion-parts.js";
import { readSafetensors, writeSafetensors } from "../../../kernel-lib/weights/safetensors.js";
import { sharedFloats } from "../../train/layout.js";
import type { SharedData } from "../../train/training.js";
import type { Kind } from "../world/captions.js";
import { TERRAINS, TIMES, WEATHERS } from "../world/captions.js";
import type { Landscape } from "../world/landscape.js";
import { DRAWING_HEIGHT, DRAWING_WIDTH, drawing, SEEDS } from "./drawings.js";
import { CANDIDATE, STATE_FOLDER, saveAutoencoder } from "./folder.js";

export const [LATENT_HEIGHT, LATENT_WIDTH] = [DRAWING_HEIGHT / 8, DRAWING_WIDTH / 8];
const DRAWINGS = 12_000;
const CHUNK = 1000;
/** Pictures of a network call. */
const COUNT = 10;
/** Of one encoded picture, [4,16,32]. */
const ROW = 4 * LATENT_HEIGHT * LATENT_WIDTH;

/** Which drawings are encoded, and by what. */
export interface Encoding {
  readonly vae: Part<VaeConfig>;
  /** a multiple of 1000 */
  readonly count: number;
  readonly draw: (k: number) => Landscape;
  /** begins the name of the folder of encoded drawings; the autoencoder's digest ends it */
  readonly folder: string;
}

/**
 * `latents`: means of drawings and of their mirror images in turn, rows [4,16,32], in shared memory. `kinds`: three numbers per drawing.
 * What was encoded by the same autoencoder before is read.
 */
export async function encodeDrawings({
  vae,
  count,
  draw,
  folder: prefix,
}: Encoding): Promise<{ latents: Float32Array; kinds: Float32Array }> {
  const digest = createHash("sha256").update(readFileSync(vae.file)).digest("hex").slice(0, 12);
  const folder = join(STATE_FOLDER, `${prefix}-${digest}`);
  mkdirSync(folder, { recursive: true });
  const latents = sharedFloats(2 * count * ROW);
  const kinds = sharedFloats(3 * count);
  for (let from = 0; from < count; from += CHUNK) {
    const part = join(folder, `${from}.safetensors`);
    if (!existsSync(part)) {
      const chunk = Array.from({ length: CHUNK }, (_, k) => draw(from + k));
      await encodeChunk(part, vae, chunk);
      console.log(`encoded ${from + CHUNK} of ${count} drawings`);
    }
    const { latent, kind } = readSafetensors(part);
    latents.set(latent.data, 2 * from * ROW);
    kinds.set(kind.data, 3 * from);
  }
  return { latents, kinds };
}

/**
 * The drawings of the text-conditioned U-Net, scaled to unit standard deviation. The measured scaling factor is written into the candidate's
 * autoencoder.
 */
export async function encodedDrawings(): Promise<SharedData> {
  const vae = openCheckpoint(CANDIDATE).part("vae");
  const { latents, kinds } = await encodeDrawings({
    vae,
    count: DRAWINGS,
    draw: (k) => drawing(SEEDS.diffusion, k),
    folder: "latents",
  });
  let square = 0;
  for (const z of latents) square += z * z;
  const scalingFactor = 1 / Math.sqrt(square / latents.length);
  for (let k = 0; k < latents.length; k++) latents[k] *= scalingFactor;
  saveAutoencoder(CANDIDATE, readSafetensors(vae.file), scalingFactor);
  return { latents, kinds };
}

/** What a row of `latents` shows. */
export function kindOf(kinds: Float32Array, index: number): Kind {
  const at = 3 * (index >> 1);
  return { time: TIMES[kinds[at]], terrain: TERRAINS[kinds[at + 1]], weather: WEATHERS[kinds[at + 2]] };
}

async function encodeChunk(part: string, { config, file, weights }: Part<VaeConfig>, data: readonly Landscape[]): Promise<void> {
  const graph = new Graph();
  const image = graph.input("image", [COUNT, 3, DRAWING_HEIGHT, DRAWING_WIDTH]);
  graph.output("mean", vaeEncoder(config, checkpointParameters(graph, { file, weights }), image).mean);
  const session = await openSession(onnxBytes(graph), { device: "cpu", threads: 2 });
  const latents = new Float32Array(2 * data.length * ROW);
  const size = 3 * DRAWING_HEIGHT * DRAWING_WIDTH;
  const input = new Float32Array(COUNT * size);
  for (let at = 0; at < 2 * data.length; at += COUNT) {
    for (let k = 0; k < COUNT; k++) writeWhole(input, k * size, data[(at + k) >> 1], (at + k) % 2 === 1);
    latents.set((await session.run({ image: { data: input, shape: image.shape } })).mean.data, at * ROW);
  }
  await session.release();
  const kinds = data.flatMap(({ time, terrain, weather }) => [TIMES.indexOf(time), TERRAINS.indexOf(terrain), WEATHERS.indexOf(weather)]);
  const tensors = {
    latent: { data: latents, shape: [2 * data.length, 4, LATENT_HEIGHT, LATENT_WIDTH] },
    kind: { data: Float32Array.from(kinds), shape: [data.length, 3] },
  };
  writeSafetensors(part, tensors, { dtype: "F16" });
}

/** A whole drawing as [3,H,W] in [-1,1]; writeCrop takes squares. */
function writeWhole(out: Float32Array, offset: number, { pixels, width }: Landscape, mirrored: boolean): void {
  const plane = DRAWING_HEIGHT * DRAWING_WIDTH;
  for (let k = 0; k < plane; k++) {
    const x = k % DRAWING_WIDTH;
    const from = 3 * (k - x + (mirrored ? width - 1 - x : x));
    for (let c = 0; c < 3; c++) out[offset + c * plane + k] = pixels[from + c] / 127.5 - 1;
  }
}
