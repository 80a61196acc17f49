/** @file Weights that are a formula instead of a file: golden/frido/README.md, "Weights". */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Tensor } from "#kernel-lib/core/tensor.js";
import { sizeOf } from "#kernel-lib/core/tensor.js";
import { golden } from "./golden.mjs";

interface Recipe {
  readonly sha256: string;
  readonly tensors: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly seed: number;
    readonly kind: "gain" | "bias" | "weight" | "codebook" | "mean" | "var";
    readonly bound: number;
  }[];
}

/** In [-1,1): murmur3's finaliser of k and the seed. */
function element(k: number, seed: number): number {
  let h = (k + Math.imul(seed, 0x9e3779b9)) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b) >>> 0;
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35) >>> 0;
  h = (h ^ (h >>> 16)) >>> 0;
  return 2 * ((h >>> 8) / 2 ** 24) - 1;
}

/** The weights of a network of weights.json by name, and whether they have the checksum of the official run. */
export function hashWeights(
  file: string,
  network: string,
): { readonly weights: ReadonlyMap<string, Tensor>; readonly asOfficial: boolean } {
  const { sha256, tensors }: Recipe = JSON.parse(readFileSync(golden(file), "utf8"))[network];
  const hash = createHash("sha256");
  const weights = new Map<string, Tensor>();
  for (const { name, shape, seed, kind, bound } of tensors) {
    const data = Float32Array.from(
      { length: sizeOf(shape) },
      (_, k) => (kind === "gain" || kind === "var" ? 1 : 0) + element(k, seed) * bound,
    );
    hash.update(new Uint8Array(data.buffer));
    weights.set(name, { data, shape });
  }
  return { weights, asOfficial: hash.digest("hex") === sha256 };
}
