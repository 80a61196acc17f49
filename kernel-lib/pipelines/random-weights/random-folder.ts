/**
 * @file A checkpoint of a published architecture, as a diffusers folder or a single file, filled with seeded random numbers: for measuring time
 * and memory at full size where no trained weights can be had. Its pictures show nothing.
 */
import { mkdir, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { JsonObject } from "../../core/json.js";
import { sizeOf } from "../../core/tensor.js";
import { writeAll } from "../../core/write-whole.js";
import { clipTextConfig } from "../../nets/clip-text.js";
import { vaeConfig } from "../../nets/vae.js";
import { tokenizerFiles } from "../../text/tokenizer-files.js";
import { entryBytes } from "../../weights/safetensors.js";
import { writeJson, writeNewFolder, writeText } from "../new-folder.js";
import type { Architecture } from "./architectures.js";
import { weightFiles } from "./keys.js";
import { type CheckpointLayout, type FilePlan, folderPlan, LAYOUTS, SINGLE_FILE, singleFilePlan } from "./layouts.js";
import { type Levels, levelsOf, numberStream } from "./numbers.js";
import { type RecipeOptions, spreadOf } from "./recipe.js";

/** Options of `random-weights`. */
export interface RandomWeightsOptions {
  /** default "diffusers"; "single-file": a folder of model.safetensors, with the latent-diffusion code's keys, and tokenizer/. Same numbers. */
  readonly layout?: CheckpointLayout;
  /** of the numbers in the files; default "fp32" */
  readonly precision?: "fp32" | "fp16";
  /** names the numbers; default 0. Both precisions of a seed hold the same ones, rounded. */
  readonly seed?: number;
  /** what to do with a checkpoint that the folder holds, or a run that was killed left; default "refuse". Any other files are never replaced. */
  readonly existing?: "refuse" | "replace";
  /** stops the writing, and leaves nothing */
  readonly signal?: AbortSignal;
  /** called after each piece, with bytes */
  readonly progress?: (written: number, total: number) => void;
}

/** What was written. */
export interface RandomWeights {
  readonly dir: string;
  /** of the weight files */
  readonly bytes: number;
  /** numbers in them, in a diffusers folder those of the perceptual network included */
  readonly parameters: number;
}

/** Numbers made and written at a time: 4 MiB of float32. */
const PIECE = 2 ** 20;

/** Writes the folder; see `writeRandomWeights`. */
export async function writeRandomFolder(architecture: Architecture, dir: string, options: RandomWeightsOptions): Promise<RandomWeights> {
  const { layout = "diffusers", precision = "fp32", seed = 0, existing = "refuse", signal, progress } = options;
  if (!["fp32", "fp16"].includes(precision)) throw new RangeError(`precision ${precision}: want fp32 or fp16`);
  if (!Number.isSafeInteger(seed) || seed < 0) throw new RangeError(`seed ${seed}: want a whole number >= 0`);
  if (!LAYOUTS.includes(layout)) throw new RangeError(`layout ${layout}: want ${LAYOUTS.join(" or ")}`);
  const files = weightFiles(architecture, precision === "fp32" ? "F32" : "F16");
  const single = layout === "single-file";
  const plans = single ? [singleFilePlan(files, architecture)] : folderPlan(files);
  const entries = plans.flatMap(({ tensors }) => tensors.map(({ entry }) => entry));
  const total = entries.reduce((sum, entry) => sum + entryBytes(entry), 0);
  const target = await writeNewFolder(
    dir,
    {
      existing,
      bytes: total,
      smaller: "take half precision (--precision fp16)",
      ...(single ? { isCheckpoint: (names) => names.includes(SINGLE_FILE) && names.every((name) => SINGLE_NAMES.includes(name)) } : {}),
    },
    async (partial) => {
      await writeTokenizer(partial, architecture);
      if (!single) await writeConfigs(partial, architecture, precision);
      const { scalingFactor } = vaeConfig("vae/config.json", architecture.vae);
      const draw = numberStream(seed);
      let written = 0;
      for (const plan of plans)
        await writeWeights(partial, plan, { scalingFactor, draw }, (bytes) => {
          signal?.throwIfAborted();
          written += bytes;
          progress?.(written, total);
        });
      return single ? undefined : architecture.modelIndex;
    },
  );
  return { dir: target, bytes: total, parameters: entries.reduce((sum, { shape }) => sum + sizeOf(shape), 0) };
}

async function writeConfigs(folder: string, architecture: Architecture, precision: "fp32" | "fp16"): Promise<void> {
  const { scheduler, unet, vae, textEncoder, perceptual } = architecture;
  const torchDtype = precision === "fp32" ? "float32" : "float16";
  const configs: Readonly<Record<string, JsonObject>> = {
    "scheduler/scheduler_config.json": scheduler,
    "unet/config.json": unet,
    "vae/config.json": vae,
    "text_encoder/config.json": { ...textEncoder, torch_dtype: torchDtype },
    "perceptual/config.json": perceptual,
  };
  for (const [path, config] of Object.entries(configs)) await writeJson(join(folder, path), config);
}

/** What the folder of a single file holds. */
const SINGLE_NAMES: readonly string[] = [SINGLE_FILE, "tokenizer"];

async function writeTokenizer(folder: string, { textEncoder, padToken }: Architecture): Promise<void> {
  const { maxPositionEmbeddings: contextLength, vocabSize } = clipTextConfig("text_encoder/config.json", textEncoder);
  for (const [name, text] of Object.entries(tokenizerFiles({ words: WORDS, contextLength, vocabSize, padToken })))
    await writeText(join(folder, "tokenizer", name), text);
}

/** Words of prompts that are one token each; any other is spelled out, byte by byte. */
const WORDS = (
  "a an and at by in of on over the under with photo painting panorama view landscape mountains mountain hills forest desert sea lake " +
  "river city sky clouds sunset dawn noon night morning evening winter summer snow mist light red green blue gold high detailed"
).split(" ");

interface Source extends RecipeOptions {
  readonly draw: (out: Levels, levels: Levels) => void;
}

/** One safetensors file, tensor by tensor, piece by piece; `wrote` is told of each. */
async function writeWeights(
  folder: string,
  { path: name, header, tensors }: FilePlan,
  { draw, ...recipe }: Source,
  wrote: (bytes: number) => void,
): Promise<void> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, "wx");
  try {
    await writeAll(file, header);
    const buffer = new ArrayBuffer(4 * PIECE);
    for (const { part, entry, offset } of tensors) {
      const { name, dtype, shape } = entry;
      if (dtype === "I64") {
        // the positions' own numbers
        const positions = BigInt64Array.from({ length: sizeOf(shape) }, (_, k) => BigInt(k));
        await writeAll(file, new Uint8Array(positions.buffer), offset);
        wrote(positions.byteLength);
        continue;
      }
      const levels = levelsOf(spreadOf(part, name, shape, recipe), dtype === "F16" ? "F16" : "F32");
      let at = offset;
      for (let left = sizeOf(shape); left > 0; left -= PIECE) {
        const n = Math.min(left, PIECE);
        const piece = levels instanceof Uint16Array ? new Uint16Array(buffer, 0, n) : new Float32Array(buffer, 0, n);
        draw(piece, levels);
        await writeAll(file, new Uint8Array(buffer, 0, piece.byteLength), at);
        at += piece.byteLength;
        wrote(piece.byteLength);
      }
    }
    await file.sync();
  } finally {
    await file.close();
  }
}
