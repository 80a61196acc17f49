/** @file Spoiled LoRAs and textual inversions: each opens or is refused by a CheckpointError with file, expected and found. */
import { truncateSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { CheckpointError } from "#kernel-lib/core/errors.js";
import { createRng, type Rng } from "#kernel-lib/core/random.js";
import { sizeOf } from "#kernel-lib/core/tensor.js";
import { withAdapters } from "#kernel-lib/pipelines/adapters/with-adapters.js";
import { openCheckpoint } from "#kernel-lib/pipelines/stable-diffusion-parts.js";
import { openSafetensors, readSafetensors, safetensorsHeader } from "#kernel-lib/weights/safetensors.js";
import { put, scratchFolder } from "../../fixtures/checkpoint-folder.js";
import { dotted, kohya, layersOf, randomMatrices } from "../../fixtures/lora.js";
import { writeTinyCheckpoint } from "../../fixtures/tiny-checkpoint.js";

const scratch = scratchFolder();
afterAll(scratch.remove);

/** 2,000 with VEDUTA_ALL=1 (`npm run test:all`). */
const FILES = process.env.VEDUTA_ALL ? 2000 : 500;
type Entry = [name: string, shape: readonly number[]];
const pick = <T>(rng: Rng, list: readonly T[]): T => list[rng.below(list.length)];
const DIMENSIONS = [0, 1, 2, 3, 8, 9, 64, 768, 65537];
const ENDINGS = [
  ".alpha",
  ".lora_up.weight",
  ".lora_A.weight",
  ".lora_mid.weight",
  ".dora_scale",
  ".hada_w1_a",
  ".lokr_w1",
  ".diff",
  ".bias",
  "",
];

const SPOIL: readonly ((rng: Rng, entries: Entry[], at: number) => void)[] = [
  () => {}, // as it is
  (_rng, entries, at) => entries.splice(at, 1),
  (rng, entries, at) => entries.splice(at, 1 + rng.below(entries.length - at)),
  (rng, entries, at) => (entries[at][0] = entries[at][0].replace(/\d/, String(rng.below(12)))),
  (rng, entries, at) => (entries[at][0] = entries[at][0].slice(0, rng.below(entries[at][0].length))),
  (rng, entries, at) => (entries[at][0] = entries[at][0].replace(/\.[^.]+(\.weight)?$/, pick(rng, ENDINGS))),
  (rng, entries, at) => (entries[at][1] = entries[at][1].map((d, k) => (k === rng.below(4) ? pick(rng, DIMENSIONS) : d))),
  (rng, entries, at) =>
    (entries[at][1] = pick(rng, [[], [1], [...entries[at][1], 1, 1], entries[at][1].slice(1), [...entries[at][1]].reverse()])),
];

test(`${FILES} spoiled LoRAs and textual inversions open or are refused; both are common`, () => {
  const rng = createRng(20);
  const folder = writeTinyCheckpoint(join(scratch.path, "tiny"));
  const layersWith = (tucker: boolean) =>
    (["unet/diffusion_pytorch_model", "text_encoder/model"] as const).flatMap((name, k) =>
      layersOf(readSafetensors(join(folder, `${name}.safetensors`)))
        .filter((_, n) => n % 5 === 0)
        .map((layer) => randomMatrices(rng, k === 0 ? "unet" : "text_encoder", layer, { alpha: 1, tucker })),
    );
  const entriesOf = (tensors: Readonly<Record<string, { readonly shape: readonly number[] }>>) =>
    Object.entries(tensors).map(([name, { shape }]): Entry => [name, shape]);
  const plain = layersWith(false);
  const loras = [kohya(layersWith(true)), dotted(plain, "peft"), dotted(plain, "lora.down")].map(entriesOf);
  const embeddings: Entry[][] = [[["emb_params", [3, 8]]], [["<cat-toy>", [1, 8]]], [["<toy>", [8]]]];
  const counts = { opened: 0, refused: 0 };
  for (let k = 0; k < FILES; k++) {
    const kind = rng.below(4) === 0 ? "embedding" : "lora";
    const entries = pick(rng, kind === "lora" ? loras : embeddings).map(([name, shape]): Entry => [name, shape]);
    for (let times = rng.below(3); times > 0; times--) if (entries.length > 0) pick(rng, SPOIL)(rng, entries, rng.below(entries.length));
    const shapes = new Map(entries);
    const metadata: Record<string, string> =
      rng.below(8) === 0 ? { lora_adapter_metadata: pick(rng, ["{", "[]", '{"unet.lora_alpha":"x"}', '{"unet.lora_alpha":2}']) } : {};
    const header = safetensorsHeader(
      [...shapes].map(([name, shape]) => ({ name, dtype: "F16", shape })),
      metadata,
    );
    const file = put(join(scratch.path, "spoiled.safetensors"), header);
    truncateSync(file, header.length + [...shapes.values()].reduce((sum, shape) => sum + 2 * sizeOf(shape), 0)); // zeros, which take no room
    try {
      openSafetensors(file);
      const parts = withAdapters(openCheckpoint(folder), kind === "lora" ? [file] : [], kind === "embedding" ? [file] : []);
      parts.part(kind === "lora" ? "unet" : "tokenizer");
      counts.opened++;
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw new Error(`file ${k}, ${kind}: not a CheckpointError`, { cause: error });
      if (!error.file || !error.expected || !error.found) throw new Error(`file ${k}: says too little: ${error.message}`);
      counts.refused++;
    }
  }
  expect(counts.opened + counts.refused).toBe(FILES);
  expect(Math.min(counts.opened, counts.refused)).toBeGreaterThan(FILES / 5);
}, 600_000);
