/**
 * @file A diffusers folder of a published architecture, filled with seeded random numbers: for measuring time and memory at full size
 * where no trained weights can be had. Its pictures show nothing.
 */
import { existsSync, rmSync, statSync } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm, statfs, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { CheckpointError } from "../../core/errors.js";
import { listFolder } from "../../core/files.js";
import type { JsonObject } from "../../core/json.js";
import { sizeOf } from "../../core/tensor.js";
import { bytesInWords } from "../../core/words.js";
import { clipTextConfig } from "../../nets/clip-text.js";
import { vaeConfig } from "../../nets/vae.js";
import { tokenizerFiles } from "../../text/tokenizer-files.js";
import { entryBytes, safetensorsHeader, type TensorEntry } from "../../weights/safetensors.js";
import type { Architecture } from "./architectures.js";
import { weightFiles } from "./keys.js";
import { type Levels, levelsOf, numberStream } from "./numbers.js";
import { type RecipeOptions, spreadOf } from "./recipe.js";

/** Options of `random-weights`. */
export interface RandomWeightsOptions {
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
  /** numbers in them, those of the perceptual network included */
  readonly parameters: number;
}

/** Numbers made and written at a time: 4 MiB of float32. */
const PIECE = 2 ** 20;

/**
 * Writes the folder: beside `dir` first, under the name `dir` + ".partial", then renamed. Never more than a few MB are in memory.
 * @throws CheckpointError where `dir` holds something, or its disk has too little room; nothing was written then
 * @throws RangeError for an option that is none
 */
export async function writeRandomWeights(
  architecture: Architecture,
  dir: string,
  options: RandomWeightsOptions = {},
): Promise<RandomWeights> {
  const { precision = "fp32", seed = 0, existing = "refuse", signal, progress } = options;
  if (!["fp32", "fp16"].includes(precision)) throw new RangeError(`precision ${precision}: want fp32 or fp16`);
  if (!Number.isSafeInteger(seed) || seed < 0) throw new RangeError(`seed ${seed}: want a whole number >= 0`);
  const files = weightFiles(architecture, precision === "fp32" ? "F32" : "F16");
  const entries = [...files.values()].flat();
  const total = entries.reduce((sum, entry) => sum + entryBytes(entry), 0);
  const target = resolve(dir);
  expectFree(target, existing);
  expectRoom(target, total, await freeBytes(target));

  const partial = `${target}.partial`;
  await mkdir(dirname(target), { recursive: true });
  if (existing === "replace") await rm(partial, { recursive: true, force: true });
  await mkdir(partial).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
    const found = "one that another run is writing, or left when it was killed";
    throw new CheckpointError(partial, { expected: "no such folder yet", found, fix: "remove it (--force does)" });
  });
  try {
    await writeConfigs(partial, architecture, precision);
    const { scalingFactor } = vaeConfig("vae/config.json", architecture.vae);
    const draw = numberStream(seed);
    let written = 0;
    for (const [path, tensors] of files)
      await writeWeights(join(partial, path), tensors, { part: path.split("/")[0], scalingFactor, draw }, (bytes) => {
        signal?.throwIfAborted();
        written += bytes;
        progress?.(written, total);
      });
    // last: without it no reader takes the folder for a checkpoint
    await writeText(join(partial, "model_index.json"), `${JSON.stringify(architecture.modelIndex, null, 2)}\n`);
    await rm(join(target, "model_index.json"), { force: true }); // first: half removed, it is no checkpoint either
    await rm(target, { recursive: true, force: true });
    await rename(partial, target);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw error;
  }
  return { dir: target, bytes: total, parameters: entries.reduce((sum, { shape }) => sum + sizeOf(shape), 0) };
}

/** @throws CheckpointError where the folder is not to be written */
function expectFree(target: string, existing: "refuse" | "replace"): void {
  const holds = listFolder(target);
  const isCheckpoint = holds.includes("model_index.json");
  const isFile = statSync(target, { throwIfNoEntry: false })?.isDirectory() === false;
  if (!isFile && (holds.length === 0 || (isCheckpoint && existing === "replace"))) return;
  throw new CheckpointError(target, {
    expected: "a new or empty folder",
    found: isFile ? "a file" : isCheckpoint ? "a checkpoint" : holds.sort().slice(0, 5).join(", "),
    fix: isCheckpoint ? "give another one, or replace it (--force)" : "give another one",
  });
}

/** Bytes that the disk of a folder, which need not be there yet, has left. */
async function freeBytes(folder: string): Promise<number> {
  let there = folder;
  while (!existsSync(there)) there = dirname(there);
  const { bavail, bsize } = await statfs(there);
  return bavail * bsize;
}

/** @throws CheckpointError where `needed` bytes are more than the `free` ones */
/** Checks the room on the disk. @throws CheckpointError where there is too little */
export function expectRoom(folder: string, needed: number, free: number): void {
  if (needed > free)
    throw new CheckpointError(folder, {
      expected: `${bytesInWords(needed)} of free disk space`,
      found: bytesInWords(free),
      fix: "free some, give a folder on another disk, or take half precision (--precision fp16)",
    });
}

async function writeConfigs(folder: string, architecture: Architecture, precision: "fp32" | "fp16"): Promise<void> {
  const { scheduler, unet, vae, textEncoder, perceptual, padToken } = architecture;
  const torchDtype = precision === "fp32" ? "float32" : "float16";
  const configs: Readonly<Record<string, JsonObject>> = {
    "scheduler/scheduler_config.json": scheduler,
    "unet/config.json": unet,
    "vae/config.json": vae,
    "text_encoder/config.json": { ...textEncoder, torch_dtype: torchDtype },
    "perceptual/config.json": perceptual,
  };
  for (const [path, config] of Object.entries(configs)) await writeText(join(folder, path), `${JSON.stringify(config, null, 2)}\n`);
  const { maxPositionEmbeddings: contextLength, vocabSize } = clipTextConfig("text_encoder/config.json", textEncoder);
  for (const [name, text] of Object.entries(tokenizerFiles({ words: WORDS, contextLength, vocabSize, padToken })))
    await writeText(join(folder, "tokenizer", name), text);
}

/** Words of prompts that are one token each; any other is spelled out, byte by byte. */
const WORDS = (
  "a an and at by in of on over the under with photo painting panorama view landscape mountains mountain hills forest desert sea lake " +
  "river city sky clouds sunset dawn noon night morning evening winter summer snow mist light red green blue gold high detailed"
).split(" ");

async function writeText(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

interface Source extends RecipeOptions {
  readonly part: string;
  readonly draw: (out: Levels, levels: Levels) => void;
}

/** One safetensors file, tensor by tensor, piece by piece; `wrote` is told of each. */
async function writeWeights(
  path: string,
  tensors: readonly TensorEntry[],
  { part, draw, ...recipe }: Source,
  wrote: (bytes: number) => void,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, "wx");
  try {
    await writeAll(file, safetensorsHeader(tensors, { format: "pt" }));
    const buffer = new ArrayBuffer(4 * PIECE);
    for (const entry of tensors) {
      const { name, dtype, shape } = entry;
      if (dtype === "I64") {
        // the positions' own numbers
        const positions = BigInt64Array.from({ length: sizeOf(shape) }, (_, k) => BigInt(k));
        await writeAll(file, new Uint8Array(positions.buffer));
        wrote(positions.byteLength);
        continue;
      }
      const levels = levelsOf(spreadOf(part, name, shape, recipe), dtype === "F16" ? "F16" : "F32");
      for (let left = sizeOf(shape); left > 0; left -= PIECE) {
        const n = Math.min(left, PIECE);
        const piece = levels instanceof Uint16Array ? new Uint16Array(buffer, 0, n) : new Float32Array(buffer, 0, n);
        draw(piece, levels);
        await writeAll(file, new Uint8Array(buffer, 0, piece.byteLength));
        wrote(piece.byteLength);
      }
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) done += (await file.write(bytes, done)).bytesWritten;
}
