/** @file A network's parameters where a single file keeps them: nothing is copied, each reference points into the file. */
import { CheckpointError } from "../../core/errors.js";
import type { Shape } from "../../core/tensor.js";
import type { TensorRef } from "../../weights/safetensors.js";
import type { Weights } from "../../weights/weights.js";
import type { NetworkKeys } from "../stable-diffusion-keys.js";
import type { OriginalKeys, OriginalPlace } from "./original-keys.js";

/** A single file: its tensors by their own names. */
export interface SingleFile {
  /** as it was asked for, for errors */
  readonly file: string;
  readonly tensors: ReadonlyMap<string, TensorRef>;
  /** of a safetensors header; empty for a .ckpt */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * The parameters of a network by the keys that it asks for.
 * @throws CheckpointError naming the file's own key where one is missing or of another shape
 */
export function mappedWeights({ file, tensors }: SingleFile, keys: NetworkKeys, original: OriginalKeys): Weights {
  const weights = new Map<string, TensorRef>();
  for (const [key, shape] of keys) {
    const place = original(key);
    const ref = tensors.get(place.name);
    const part = ref && partOf(ref, place, shape);
    if (!part)
      throw new CheckpointError(file, {
        expected: `${place.name} [${place.third === undefined ? shape : [3 * shape[0], ...shape.slice(1)]}]`,
        found: ref ? `[${ref.shape}]` : "no such key",
      });
    weights.set(key, part);
  }
  return { file, weights };
}

/** The part of a tensor that is this parameter: all of it or a third of its rows; a 1×1 convolution may be a linear layer. */
function partOf(ref: TensorRef, { third }: OriginalPlace, shape: Shape): TensorRef | undefined {
  const ones = ref.shape.length - shape.length;
  const squeezed = ones === 2 && ref.shape.slice(-2).every((d) => d === 1) ? ref.shape.slice(0, -2) : ref.shape;
  const whole = third === undefined ? shape : [3 * shape[0], ...shape.slice(1)];
  if (squeezed.length !== whole.length || squeezed.some((d, k) => d !== whole[k])) return undefined;
  if (third === undefined) return { ...ref, shape };
  const length = ref.length / 3;
  return { ...ref, shape, offset: ref.offset + third * length, length };
}
