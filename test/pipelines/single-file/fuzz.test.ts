/** @file Spoiled single files and tokenizer.json: each opens or is refused by a CheckpointError with file, expected and found. */
import { truncateSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { CheckpointError } from "#kernel-lib/core/errors.js";
import { createRng, type Rng } from "#kernel-lib/core/random.js";
import { sizeOf } from "#kernel-lib/core/tensor.js";
import { openSingleFile } from "#kernel-lib/pipelines/single-file/open-single-file.js";
import { loadTokenizer } from "#kernel-lib/text/tokenizer.js";
import { safetensorsHeader } from "#kernel-lib/weights/safetensors.js";
import { clipVocabulary, MERGES, put, putJson, scratchFolder } from "../../fixtures/checkpoint-folder.js";
import { type Generation, singleFileTensors, writeDiffusers } from "../../fixtures/single-file.js";

const scratch = scratchFolder();
afterAll(scratch.remove);

/** 2,000 with VEDUTA_ALL=1 (`npm run test:all`). */
const FILES = process.env.VEDUTA_ALL ? 2000 : 500;
type Entry = [name: string, shape: readonly number[]];
const pick = <T>(rng: Rng, list: readonly T[]): T => list[rng.below(list.length)];
const DIMENSIONS = [0, 1, 2, 3, 4, 8, 31, 64, 65, 128, 1024, 65537];

const SPOIL: readonly ((rng: Rng, entries: Entry[], at: number) => void)[] = [
  () => {}, // as it is
  (_rng, entries, at) => entries.splice(at, 1),
  (rng, entries, at) => entries.splice(at, 1 + rng.below(entries.length - at)),
  (rng, entries, at) => (entries[at][0] = entries[at][0].replace(/\d/, String(rng.below(30)))),
  (rng, entries, at) => (entries[at][0] = entries[at][0].slice(0, rng.below(entries[at][0].length))),
  (rng, entries, at) => (entries[at][1] = entries[at][1].map((d, k) => (k === rng.below(4) ? pick(rng, DIMENSIONS) : d))),
  (rng, entries, at) =>
    (entries[at][1] = pick(rng, [[], [1], [...entries[at][1], 1, 1], entries[at][1].slice(1), [...entries[at][1]].reverse()])),
  (rng, entries, at) => (entries[at][0] = entries[pick(rng, [...entries.keys()])][0]),
];

/** The places that say how large the networks are: to spoil them is worth more. */
const TELLING =
  /input_blocks\.\d\.0\.|attn2\.to_k|proj_in\.weight|out\.2|conv_in|conv_out|post_quant|conv2\.weight|token_embedding|position|mlp\.(fc1|c_fc)/;

function outcome(title: string, open: () => void): "opened" | "refused" {
  try {
    open();
    return "opened";
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw new Error(`${title}: not a CheckpointError`, { cause: error });
    if (!error.file || !error.expected || !error.found) throw new Error(`${title}: says too little: ${error.message}`);
    return "refused";
  }
}

test(`${FILES} spoiled single files open or are refused; both are common`, () => {
  const rng = createRng(19);
  const originals = ([1, 2] as const).map((generation: Generation) => {
    const tensors = singleFileTensors(generation, writeDiffusers(join(scratch.path, `folder-${generation}`), generation));
    return Object.entries(tensors).map(([name, { shape }]): Entry => [name, shape]);
  });
  const counts = { opened: 0, refused: 0 };
  for (let k = 0; k < FILES; k++) {
    const entries = pick(rng, originals).map(([name, shape]): Entry => [name, shape]);
    for (let times = rng.below(3); times >= 0; times--) {
      const telling = [...entries.keys()].filter((at) => TELLING.test(entries[at][0]));
      const places = rng.below(2) && telling.length > 0 ? telling : [...entries.keys()];
      if (places.length > 0) pick(rng, SPOIL)(rng, entries, pick(rng, places));
    }
    const shapes = new Map(entries);
    const header = safetensorsHeader([...shapes].map(([name, shape]) => ({ name, dtype: "F16", shape })));
    const file = put(join(scratch.path, "spoiled.safetensors"), header);
    truncateSync(file, header.length + [...shapes.values()].reduce((sum, shape) => sum + 2 * sizeOf(shape), 0)); // zeros, which take no room
    const part = pick(rng, ["unet", "vae", "text_encoder"] as const);
    counts[outcome(`file ${k}, ${part}`, () => openSingleFile(file, "epsilon").part(part))]++;
  }
  expect(counts.opened + counts.refused).toBe(FILES);
  expect(Math.min(counts.opened, counts.refused)).toBeGreaterThan(FILES / 5);
}, 600_000);

const VALUES = [null, true, "", "BPE", "x", [], {}, [[]], [1, "2"], ["a", "b"], { content: 3 }, -1, 0, 0.5, 3, 2 ** 53, 1e300];

/** Another value, another key, or none, at one place. */
function spoilPlace(rng: Rng, value: unknown): unknown {
  if (typeof value !== "object" || value === null || rng.below(6) === 0) return pick(rng, VALUES);
  const keys = Object.keys(value);
  if (keys.length === 0) return pick(rng, VALUES);
  const key = pick(rng, keys);
  const copy = (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>;
  const kind = rng.below(8);
  if (kind === 0) delete copy[key];
  else if (kind === 1) copy[`${key}x`] = copy[key];
  else copy[key] = spoilPlace(rng, copy[key]);
  return copy;
}

test(`${FILES} spoiled tokenizer.json open, with ids in range, or are refused; both are common`, () => {
  const rng = createRng(13);
  const folder = join(scratch.path, "tokenizer");
  const added = (content: string, id: number) => ({ id, content, special: true, normalized: false, single_word: false });
  const size = Object.keys(clipVocabulary()).length;
  const whole = {
    added_tokens: [added("<|endoftext|>", size - 1), added("<my-hill>", size)],
    model: { type: "BPE", end_of_word_suffix: "</w>", vocab: clipVocabulary(), merges: MERGES.map((merge) => merge.split(" ")) },
  };
  const counts = { opened: 0, refused: 0 };
  for (let k = 0; k < FILES; k++) {
    putJson(join(folder, "tokenizer.json"), spoilPlace(rng, whole));
    counts[
      outcome(`tokenizer ${k}`, () => {
        const { encode, vocabSize, contextLength } = loadTokenizer(folder);
        const { ids } = encode("a mountain <my-hill> in (low) 🏔️");
        expect(ids.length).toBe(contextLength);
        for (const id of ids) expect(Number.isSafeInteger(id) && id >= 0 && id < vocabSize, `tokenizer ${k}: ${id}`).toBe(true);
      })
    ]++;
  }
  expect(counts.opened + counts.refused).toBe(FILES);
  expect(Math.min(counts.opened, counts.refused)).toBeGreaterThan(FILES / 5);
}, 600_000);
