/** @file Finding a part's weight file in its folder, whole or in shards, and checking its keys and shapes against a network's. */
import { join } from "node:path";
import { CheckpointError } from "../core/errors.js";
import { fileExists, listFolder } from "../core/files.js";
import { brief, isObject, readJson } from "../core/json.js";
import { openSafetensors, type TensorRef } from "./safetensors.js";

/** A part's weights: by key, where each lies. */
export interface Weights {
  /** The safetensors file (links resolved), or the index of its shards. */
  readonly file: string;
  readonly weights: ReadonlyMap<string, TensorRef>;
}

/** Which weights of a folder count: the plain ones, else the first of diffusers' variants that is there. */
const VARIANTS = ["", ".fp16", ".bf16", ".non_ema"] as const;

/**
 * The weights in a folder. Of `names` (without extension) the first that exists counts; plain before a variant, whole before sharded.
 * @throws CheckpointError saying what lies there instead
 */
export function openWeights(folder: string, names: readonly string[]): Weights {
  for (const variant of VARIANTS)
    for (const name of names) {
      const whole = join(folder, `${name}${variant}.safetensors`);
      if (fileExists(whole)) {
        const { file, tensors } = openSafetensors(whole);
        return { file, weights: tensors };
      }
      const index = indexNames(name, variant)
        .map((each) => join(folder, each))
        .find(fileExists);
      if (index !== undefined) return openShards(folder, index);
    }
  const others = listFolder(folder)
    .filter((name) => /\.(bin|pt|pth|ckpt|safetensors|msgpack|h5|onnx)$/.test(name))
    .sort();
  throw new CheckpointError(folder, {
    expected: names.map((name) => `${name}.safetensors`).join(" or "),
    found: others.length > 0 ? others.slice(0, 5).join(", ") : "no weights",
    fix: adviceFor(names, others),
  });
}

/** transformers and diffusers put a variant's name into the index's at different places. */
const indexNames = (name: string, variant: string): string[] =>
  variant === ""
    ? [`${name}.safetensors.index.json`]
    : [`${name}.safetensors.index${variant}.json`, `${name}.safetensors${variant}.index.json`, `${name}${variant}.safetensors.index.json`];

function adviceFor(names: readonly string[], others: readonly string[]): string | undefined {
  if (others.length === 0) return undefined;
  const ours = others.filter((other) => other.endsWith(".safetensors") && names.some((name) => other.startsWith(name)));
  const [name] = names;
  if (ours.some((other) => /-\d{5}-of-\d{5}\./.test(other)))
    return `download ${name}.safetensors.index.json, which says where each tensor lies`;
  if (ours.length > 0) return `download ${name}.safetensors, or give this variant that name`;
  return "save the checkpoint again with safe_serialization=True, or download its safetensors files";
}

// diffusers' index: { weight_map: { key: file } }, each file beside the index.
function openShards(folder: string, index: string): Weights {
  const { weight_map: map } = readJson(index);
  if (!isObject(map) || Object.keys(map).length === 0)
    throw new CheckpointError(index, { expected: "a weight_map of keys to files", found: brief(map) });
  const shards = new Map<string, ReadonlyMap<string, TensorRef>>();
  const weights = new Map<string, TensorRef>();
  for (const [key, shard] of Object.entries(map)) {
    if (typeof shard !== "string" || !/^[^/\\\0]+\.safetensors$/.test(shard))
      throw new CheckpointError(index, {
        expected: `weight_map ${brief(key)}: the name of a safetensors file beside it`,
        found: brief(shard),
      });
    const tensors = shards.get(shard) ?? openSafetensors(join(folder, shard)).tensors;
    shards.set(shard, tensors);
    const ref = tensors.get(key);
    if (!ref)
      throw new CheckpointError(join(folder, shard), { expected: `tensor ${brief(key)}, as ${index} says`, found: "no such tensor" });
    weights.set(key, ref);
  }
  return { file: index, weights };
}

/**
 * Compares a network's table of keys and shapes with a part's weights. Keys beyond the table are ignored
 * (`text_model.embeddings.position_ids` in published text encoders).
 * @throws CheckpointError naming the first key that is missing or of another shape
 */
export function expectKeys(part: Weights, expected: ReadonlyMap<string, readonly number[]>): void {
  for (const [key, shape] of expected) {
    const ref = part.weights.get(key);
    const want = `${key} [${shape.join(", ")}]`;
    if (!ref) throw new CheckpointError(part.file, { expected: want, found: `no such key among ${part.weights.size}` });
    if (ref.shape.length !== shape.length || ref.shape.some((d, k) => d !== shape[k]))
      throw new CheckpointError(part.file, { expected: want, found: `${key} ${brief(ref.shape)}` });
  }
}
