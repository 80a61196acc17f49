/** @file Opens a LoRA: what it adds to the weights of a checkpoint's U-Net and text encoder. Nothing is copied: matrices stay in their file. */
import { CheckpointError } from "../../core/errors.js";
import { brief } from "../../core/json.js";
import { once } from "../../core/once.js";
import { type Shape, sizeOf } from "../../core/tensor.js";
import { isReadable } from "../../nets/parameters.js";
import { openTensors } from "../../weights/open-tensors.js";
import { readTensor, type TensorRef } from "../../weights/safetensors.js";
import type { LowRankUpdate, WeightUpdates } from "../../weights/weight-updates.js";
import type { NetworkKeys } from "../stable-diffusion-keys.js";
import { expectSha256, fileOf, sha256Of, splitWord } from "./adapter-file.js";
import { factorOf } from "./lora-alpha.js";
import { type LoraNetwork, type LoraPlace, type LoraRole, loraPlace } from "./lora-keys.js";
import { expectLora, SUPPORTED } from "./lora-kinds.js";

/** A LoRA with its scale: `file`, or `file:scale` as on the command line. */
export type LoraChoice =
  | string
  | { readonly file: string; readonly scale?: number /** which the file must have */; readonly sha256?: string };

/** A LoRA that a model was opened with. */
export interface LoraUse {
  /** as it was given */
  readonly file: string;
  readonly scale: number;
  /** of the file, in hex; computed when first asked for */
  readonly sha256: string;
}

/** What a LoRA may change. */
export interface LoraTarget {
  /** the network's keys with their shapes, read when the LoRA has one of this network */
  keys(network: LoraNetwork): NetworkKeys;
  /** other spellings of a layer of the U-Net, such as latent diffusion's own */
  otherName?(key: string): string;
}

/** What one file adds. */
export interface OpenLora {
  readonly use: LoraUse;
  readonly updates: Readonly<Partial<Record<LoraNetwork, WeightUpdates>>>;
}

/** File and scale of a choice; the scale is 1 unless it is given. @throws RangeError for a scale that is no number */
export function loraChoice(choice: LoraChoice): { readonly file: string; readonly scale: number; readonly sha256?: string } {
  const { file, rest } = typeof choice === "string" ? splitWord(choice) : { ...choice, rest: undefined };
  const scale = typeof choice === "string" ? (rest === undefined || rest.trim() === "" ? 1 : Number(rest)) : (choice.scale ?? 1);
  if (!Number.isFinite(scale)) throw new RangeError(`lora ${file}: scale ${rest ?? scale}, want a number, such as ${file}:0.8`);
  return { file, scale, ...(typeof choice === "object" && choice.sha256 !== undefined && { sha256: choice.sha256 }) };
}

/**
 * Opens a LoRA.
 * @throws CheckpointError (file, expected, found) for a file of another kind, a key that belongs to no layer, a layer that lacks a matrix, and matrices
 * that do not fit their layer
 */
export function openLora(choice: LoraChoice, target: LoraTarget): OpenLora {
  const { file: word, scale, sha256 } = loraChoice(choice);
  const file = fileOf(word, SUPPORTED);
  expectSha256(file, sha256);
  const { tensors, metadata } = openTensors(file);
  expectLora(file, [...tensors.keys()]);
  if (tensors.size === 0) throw new CheckpointError(file, { expected: SUPPORTED, found: "no tensors" });
  const factor = factorOf(file, metadata, [...tensors.keys()]);
  const updates: Record<LoraNetwork, Map<string, LowRankUpdate[]>> = { unet: new Map(), text_encoder: new Map() };
  for (const layer of layersOf(file, tensors, target)) {
    const { network, key, up, down, core, rank } = fitted(file, layer);
    const alpha = layer.alpha ? numberOf(file, layer.alpha) / rank : factor(network, key.replace(/\.weight$/, ""), rank);
    updates[network].set(key, [{ kind: "low rank", up, down, ...(core && { core }), scale: scale * alpha }]);
  }
  const hash = once(() => sha256 ?? sha256Of(file));
  const used = (["unet", "text_encoder"] as const).filter((network) => updates[network].size > 0);
  return {
    use: {
      file: word,
      scale,
      get sha256() {
        return hash();
      },
    },
    updates: Object.fromEntries(used.map((network) => [network, updates[network]])),
  };
}

/** A tensor with its name in the file. */
interface Named {
  readonly name: string;
  readonly ref: TensorRef;
}
/** What a file has of one layer. */
interface LoraLayer extends Partial<Record<LoraRole, Named>> {
  readonly network: LoraNetwork;
  /** of the layer's weight */
  readonly key: string;
  readonly shape: Shape;
}

/** The file's tensors by the layers that they belong to. */
function layersOf(file: string, tensors: ReadonlyMap<string, TensorRef>, target: LoraTarget): readonly LoraLayer[] {
  const names = { unet: once(() => namesOf(target, "unet")), text_encoder: once(() => namesOf(target, "text_encoder")) };
  const layers = new Map<string, { -readonly [Name in keyof LoraLayer]: LoraLayer[Name] }>();
  for (const [name, ref] of tensors) {
    const place = loraPlace(name);
    if (!place) throw unknown(file, name, "a key of a LoRA (lora_down, lora_up, alpha, lora_A, lora_B, lora.down, lora.up)");
    const key = names[place.network]().get(nameOf(place));
    if (key === undefined) throw unknown(file, name, `a layer of the checkpoint's ${WORDS[place.network]}`);
    const id = `${place.network} ${key}`;
    const layer = layers.get(id) ?? { network: place.network, key, shape: target.keys(place.network).get(key) as Shape };
    const before = layer[place.role];
    if (before)
      throw new CheckpointError(file, {
        expected: `one ${place.role} matrix of ${key}`,
        found: `${brief(before.name)} and ${brief(name)}`,
      });
    layer[place.role] = { name, ref };
    layers.set(id, layer);
  }
  return [...layers.values()];
}

const WORDS: Readonly<Record<LoraNetwork, string>> = { unet: "U-Net", text_encoder: "text encoder" };
const nameOf = ({ spelling, layer }: Pick<LoraPlace, "spelling" | "layer">): string => `${spelling} ${layer}`;

/** The layers of a network that have a matrix, by both spellings. */
function namesOf(target: LoraTarget, network: LoraNetwork): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const [key, shape] of target.keys(network)) {
    if (!key.endsWith(".weight") || shape.length < 2 || key.includes("embeddings.")) continue;
    const layer = key.slice(0, -".weight".length);
    const other = network === "unet" ? target.otherName?.(key).replace(/\.weight$/, "") : undefined;
    names.set(nameOf({ spelling: "dots", layer }), key);
    for (const each of [layer, ...(other === undefined ? [] : [other])])
      names.set(nameOf({ spelling: "underscores", layer: each.replaceAll(".", "_") }), key);
  }
  return names;
}

const unknown = (file: string, name: string, expected: string): CheckpointError =>
  new CheckpointError(file, { expected, found: brief(name), fix: "give the checkpoint that the LoRA was trained for" });

interface FittedLayer extends Pick<LoraLayer, "network" | "key">, Pick<LowRankUpdate, "up" | "down" | "core"> {
  readonly rank: number;
}

/** The matrices of a layer, in the shapes that an update has. @throws CheckpointError where they do not fit each other or the weight */
function fitted(file: string, { network, key, shape, up, down, core }: LoraLayer): FittedLayer {
  const missing = (["up", "down"] as const).find((role) => !{ up, down }[role]);
  if (!up || !down) throw new CheckpointError(file, { expected: `the ${missing} matrix of ${key}`, found: "no such key" });
  const [out, inner, ...kernel] = shape;
  const rank = up.ref.shape[1] ?? 0;
  const rows = expectShape(file, up, [out, Math.max(1, rank)], `${key} is [${shape}]`);
  const columns = core ? [rank, inner] : [rank, inner, ...(sizeOf(kernel) === 1 ? [] : kernel)];
  const A = expectShape(file, down, columns, `${key} is [${shape}]`);
  const G = core && expectShape(file, core, [rank, rank, ...kernel], `${key} is [${shape}]`);
  if (G && kernel.length === 0)
    throw new CheckpointError(file, { expected: `no lora_mid of ${key}, a linear layer`, found: brief(core.name) });
  return { network, key, rank, up: rows, down: { ...A, shape: [rank, sizeOf(columns.slice(1))] }, ...(G && { core: G }) };
}

/** A tensor of a shape, to which axes of 1 may be appended. */
function expectShape(file: string, { name, ref }: Named, want: readonly number[], why: string): TensorRef {
  const [own, more] = [ref.shape.slice(0, want.length), ref.shape.slice(want.length)];
  const fits = own.length === want.length && own.every((d, k) => d === want[k]) && more.every((d) => d === 1);
  if (fits && isReadable(ref.dtype)) return { ...ref, shape: want };
  throw new CheckpointError(file, {
    expected: `${brief(name)} [${want}] in F32, F16 or BF16, since ${why}`,
    found: `[${ref.shape}], ${ref.dtype}`,
    fix: "give the checkpoint that the LoRA was trained for",
  });
}

/** The number of a tensor of one element. */
function numberOf(file: string, { name, ref }: Named): number {
  const [value] = sizeOf(ref.shape) === 1 ? readTensor(ref).data : [];
  if (value !== undefined && Number.isFinite(value)) return value;
  throw new CheckpointError(file, {
    expected: `${brief(name)}: one number`,
    found: value === undefined ? `[${ref.shape}]` : String(value),
  });
}
