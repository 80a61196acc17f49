/** @file One short name for all that a checkpoint's numbers depend on. */
import { createHash, type Hash } from "node:crypto";
import { join } from "node:path";
import { fileExists, readFully, withFile } from "../core/files.js";
import type { TensorRef } from "../weights/safetensors.js";
import { refsOf, type WeightUpdates } from "../weights/weight-updates.js";
import type { Weights } from "../weights/weights.js";
import type { OpenParts } from "./pipeline.js";

/** Up to here a weight file is read whole. */
const WHOLE = 64 * 2 ** 20;
const PIECE = 2 ** 16;
const PIECES = 256;

/**
 * A sha256, in hex, over a checkpoint's configs, tokenizer files and weights: where they lie does not count. Weight files of up to 64 MiB
 * are read whole (40 MB: about 0.1 s); of larger ones the size, the table of tensors and 256 pieces of 64 KiB spread evenly over the file.
 * @param networks the parts that have weights, in an order that stays
 * @param files others that the numbers depend on
 */
export function digestCheckpoint<Name extends string>(
  { path, has, part, settings }: OpenParts<Readonly<Record<Name, Weights>>>,
  networks: readonly Name[],
  files: readonly string[] = [],
): string {
  const hash = createHash("sha256");
  for (const name of [...FILES, ...tokenizerFiles(path), ...files, ...networks.map((network) => `${network}/config.json`)]) {
    const file = join(path, name);
    if (fileExists(file)) addFile(hash, name, file);
  }
  if (settings) hash.update(settings());
  for (const name of networks) if (has(name)) addWeights(hash, name, part(name));
  return hash.digest("hex");
}

/** The digest of a checkpoint with networks beside it; the checkpoint's own where there are none. */
export function digestBeside(digest: string, networks: readonly (Weights & { readonly config: object })[]): string {
  if (networks.length === 0) return digest;
  const hash = createHash("sha256").update(digest);
  for (const [k, network] of networks.entries()) {
    hash.update(JSON.stringify(network.config));
    addWeights(hash, `control ${k}`, network);
  }
  return hash.digest("hex");
}

const FILES = [
  "model_index.json",
  "scheduler/scheduler_config.json",
  ...["vocab.json", "merges.txt", "special_tokens_map.json", "tokenizer_config.json"].map((name) => `tokenizer/${name}`),
];

/** Those that not every folder has. */
const tokenizerFiles = (path: string): string[] => [
  ...(fileExists(join(path, "tokenizer/vocab.json")) ? [] : ["tokenizer/tokenizer.json"]),
  "tokenizer/added_tokens.json",
];

function addWeights(hash: Hash, part: string, { weights, updates }: Weights & { readonly updates?: WeightUpdates }): void {
  addTensors(hash, part, [...weights]);
  if (!updates) return;
  const list = [...updates].flatMap(([key, each]) => each.map((update) => [key, update] as const));
  hash.update(JSON.stringify(list.map(([key, update]) => [key, update.kind, update.kind === "rows" ? 1 : update.scale])));
  addTensors(
    hash,
    `${part} updates`,
    list.flatMap(([key, update]) => refsOf(update).map((ref) => [key, ref] as const)),
  );
}

/** Where tensors lie in their files, and the files. */
function addTensors(hash: Hash, part: string, tensors: readonly (readonly [key: string, ref: TensorRef])[]): void {
  const files = [...new Set(tensors.map(([, { file }]) => file))];
  hash.update(JSON.stringify(tensors.map(([key, { file, dtype, shape, offset }]) => [key, files.indexOf(file), dtype, shape, offset])));
  for (const [k, file] of files.entries()) addFile(hash, `${part} ${k}`, file);
}

function addFile(hash: Hash, name: string, path: string): void {
  withFile(path, ({ fd, size }) => {
    hash.update(`${name} ${size}\n`);
    const piece = (offset: number, length: number) => {
      const bytes = new Uint8Array(length);
      readFully(fd, path, bytes, offset);
      hash.update(bytes);
    };
    if (size <= WHOLE) for (let at = 0; at < size; at += 2 ** 22) piece(at, Math.min(2 ** 22, size - at));
    else for (let k = 0; k < PIECES; k++) piece(Math.floor((k * (size - PIECE)) / (PIECES - 1)), PIECE);
  });
}
