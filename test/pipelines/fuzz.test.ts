import { copyFileSync, cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { CheckpointError } from "#kernel-lib/core/errors.js";
import { createRng, type Rng } from "#kernel-lib/core/random.js";
import { openCheckpoint } from "#kernel-lib/pipelines/stable-diffusion-parts.js";
import { loadTokenizer } from "#kernel-lib/text/tokenizer.js";
import { openSafetensors, readSafetensors } from "#kernel-lib/weights/safetensors.js";
import { put, safetensorsBytes, scratchFolder, writeFolder } from "../fixtures/checkpoint-folder.js";

const scratch = scratchFolder();
afterAll(scratch.remove);

/** What must come of a spoiled file: it opens (only the tensors' numbers changed), is refused, or either (an ignored key, say). */
type Outcome = "opens" | "refused" | "either";
interface Spoiled {
  readonly bytes: Uint8Array;
  readonly outcome: Outcome;
}
type Mutation = (rng: Rng, bytes: Uint8Array) => Spoiled;

const pick = <T>(rng: Rng, list: readonly T[]): T => list[rng.below(list.length)];
const noise = (rng: Rng, n: number) => Uint8Array.from({ length: n }, () => rng.below(256));
const splice = (bytes: Uint8Array, at: number, gone: number, added: Uint8Array) =>
  Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at + gone)]);

/** Numbers at the edges of every type on the way: float, int32, 2^53, float64, sizes of memory. */
const NUMBERS = [-1, -0, 0, 1, 3, 0.5, 1e-320, 127, 65537, 2 ** 31, 2 ** 32 + 1, 2 ** 53, 2 ** 63, 1e300, -1e300];
const VALUES = [null, true, false, "", "F32", "\u0000", "x".repeat(5000), [], {}, [[]], [1, "2"], { content: 3 }, ...NUMBERS];
const NESTED = [`${"[".repeat(20000)}${"]".repeat(20000)}`, `${'{"a":'.repeat(9000)}1${"}".repeat(9000)}`, "[".repeat(50000)];

// Every place in a JSON value, as the path to it.
const places = (value: unknown, path: (string | number)[] = []): (string | number)[][] =>
  typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([key, inner]) => [[...path, key], ...places(inner, [...path, key])])
    : [];

function changed(
  value: unknown,
  [key, ...rest]: (string | number)[],
  change: (holder: Record<string, unknown>, key: string) => void,
): unknown {
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string, unknown>;
  if (rest.length === 0) change(copy, String(key));
  else copy[key] = changed(copy[key], rest, change);
  return copy;
}

/** Spoils a JSON text at one place: another number, another type, no key, a key twice, deep nesting. */
function spoilJson(rng: Rng, text: string): string {
  const json: unknown = JSON.parse(text);
  const path = pick(rng, places(json));
  const kind = rng.below(6);
  if (kind === 0) return JSON.stringify(changed(json, path, (holder, key) => delete holder[key]));
  if (kind === 1)
    return JSON.stringify(changed(json, path, (holder, key) => (holder[`${key}${pick(rng, ["", "_", "\u0000"])}x`] = holder[key])));
  if (kind === 2) {
    // A placeholder stands for what JSON.stringify cannot write: nesting beyond its own stack, and numbers beyond float64.
    const marked = JSON.stringify(changed(json, path, (holder, key) => (holder[key] = "@@")));
    return marked.replace('"@@"', () => pick(rng, [...NESTED, "1e999", "-1e999", "9".repeat(400), "01", "NaN", "[1,]"]));
  }
  if (kind === 3) return text.replace("{", () => `{${JSON.stringify(String(path[0]))}: ${JSON.stringify(pick(rng, VALUES))},`);
  return JSON.stringify(changed(json, path, (holder, key) => (holder[key] = pick(rng, kind === 4 ? VALUES : NUMBERS))));
}

const flip = (rng: Rng, bytes: Uint8Array, from: number, to: number): Uint8Array => {
  const copy = Uint8Array.from(bytes);
  for (let k = rng.below(3); k >= 0; k--) copy[from + rng.below(to - from)] ^= 1 << rng.below(8);
  return copy;
};

const BYTE_MUTATIONS: readonly Mutation[] = [
  (rng, bytes) => ({ bytes: flip(rng, bytes, 0, bytes.length), outcome: "either" }),
  (rng, bytes) => ({ bytes: bytes.subarray(0, rng.below(bytes.length)), outcome: "either" }),
  (rng, bytes) => ({ bytes: splice(bytes, rng.below(bytes.length + 1), 0, noise(rng, 1 + rng.below(20))), outcome: "either" }),
  (rng, bytes) => ({ bytes: splice(bytes, rng.below(bytes.length), 1 + rng.below(20), new Uint8Array()), outcome: "either" }),
];
const jsonMutations: readonly Mutation[] = [
  ...BYTE_MUTATIONS,
  ...Array<Mutation>(6).fill((rng, bytes) => ({ bytes: Buffer.from(spoilJson(rng, Buffer.from(bytes).toString())), outcome: "either" })),
];

const headerLength = (bytes: Uint8Array) => Number(Buffer.from(bytes).readBigUInt64LE(0));
const withHeader = (bytes: Uint8Array, header: string) => safetensorsBytes(header, bytes.subarray(8 + headerLength(bytes)));
const headerOf = (bytes: Uint8Array) => Buffer.from(bytes.subarray(8, 8 + headerLength(bytes))).toString();
const safetensorsMutations: readonly Mutation[] = [
  // The format has no slack: every missing and every added byte shows.
  (rng, bytes) => ({ bytes: bytes.subarray(0, rng.below(bytes.length)), outcome: "refused" }),
  (rng, bytes) => ({ bytes: splice(bytes, rng.below(bytes.length + 1), 0, noise(rng, 1 + rng.below(20))), outcome: "refused" }),
  (rng, bytes) => ({ bytes: splice(bytes, rng.below(bytes.length), 1 + rng.below(20), new Uint8Array()), outcome: "refused" }),
  (rng, bytes) => ({ bytes: flip(rng, bytes, 0, 8), outcome: "refused" }),
  (rng, bytes) => ({ bytes: splice(bytes, 0, 8, noise(rng, 8)), outcome: "refused" }),
  (rng, bytes) => ({ bytes: flip(rng, bytes, 8, 8 + headerLength(bytes)), outcome: "either" }),
  (rng, bytes) => ({ bytes: flip(rng, bytes, 8 + headerLength(bytes), bytes.length), outcome: "opens" }),
  (rng, bytes) => {
    const size = bytes.length - 8 - headerLength(bytes);
    return { bytes: Buffer.concat([bytes.subarray(0, bytes.length - size), noise(rng, size)]), outcome: "opens" };
  },
  ...Array<Mutation>(6).fill((rng, bytes) => ({ bytes: withHeader(bytes, spoilJson(rng, headerOf(bytes))), outcome: "either" })),
];

/** Opens a spoiled file with everything that reads it. Anything but a CheckpointError that says all three fails the test. */
function attempt(title: string, spoiled: Spoiled, open: () => void): "opened" | "refused" {
  const memory = () => process.memoryUsage().arrayBuffers;
  const before = memory();
  let result: "opened" | "refused" = "opened";
  try {
    open();
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw new Error(`${title}: not a CheckpointError`, { cause: error });
    if (!error.file || !error.expected || !error.found) throw new Error(`${title}: says too little: ${error.message}`);
    if (error.message.length > 2000) throw new Error(`${title}: a message of ${error.message.length} characters`);
    result = "refused";
  }
  // Small files: what they make the reader allocate is small too, whatever they say.
  if (memory() - before > 4e6) throw new Error(`${title}: allocated ${memory() - before} bytes`);
  const wanted = { opens: "opened", refused: "refused", either: result }[spoiled.outcome];
  if (wanted !== result) throw new Error(`${title}: ${result}, though it had to be ${wanted}`);
  return result;
}

const sample = (): Uint8Array => {
  const data = Buffer.concat(
    [new Float32Array([1, 2, 3, 4, 5, 6]), new Uint16Array([0x3c00, 0]), new BigInt64Array([7n]), new Uint8Array([1, 2])].map((a) =>
      Buffer.from(a.buffer),
    ),
  );
  const header = {
    __metadata__: { format: "pt" },
    "conv.weight": { dtype: "F32", shape: [2, 3], data_offsets: [0, 24] },
    "conv.bias": { dtype: "BF16", shape: [2], data_offsets: [24, 28] },
    ids: { dtype: "I64", shape: [1, 1], data_offsets: [28, 36] },
    none: { dtype: "F32", shape: [0, 3], data_offsets: [36, 36] },
    mask: { dtype: "U8", shape: [2], data_offsets: [36, 38] },
  };
  return safetensorsBytes(header, data);
};

describe("2,000 spoiled files: each opens or is a CheckpointError with file, expected and found; quickly, and in little memory", () => {
  const rss = process.memoryUsage().rss;
  const counts = { opened: 0, refused: 0 };

  test("1,000 safetensors files", () => {
    const bytes = sample();
    const file = join(scratch.path, "x.safetensors");
    for (let seed = 0; seed < 1000; seed++) {
      const rng = createRng(seed);
      const spoiled = safetensorsMutations[seed % safetensorsMutations.length](rng, bytes);
      put(file, spoiled.bytes);
      counts[
        attempt(`safetensors, seed ${seed}`, spoiled, () => {
          const { tensors } = openSafetensors(file);
          const read = readSafetensors(file);
          for (const [name, { shape }] of tensors) expect(read[name].data.length).toBe(shape.reduce((a, b) => a * b, 1));
        })
      ]++;
    }
  });

  const folder = writeFolder(join(scratch.path, "folder"));
  const original = join(scratch.path, "original");
  cpSync(folder, original, { recursive: true });

  test("600 configs", () => {
    const parts = ["unet", "vae", "text_encoder", "perceptual"] as const;
    const files = [...parts.map((name) => join(name, "config.json")), join("scheduler", "scheduler_config.json"), "model_index.json"];
    for (let seed = 0; seed < 600; seed++) {
      const rng = createRng(10_000 + seed);
      const name = files[seed % files.length];
      const spoiled = pick(rng, jsonMutations)(rng, readFileSync(join(original, name)));
      put(join(folder, name), spoiled.bytes);
      counts[
        attempt(`${name}, seed ${seed}`, spoiled, () => {
          const checkpoint = openCheckpoint(folder);
          for (const part of parts) checkpoint.part(part);
          checkpoint.part("scheduler");
        })
      ]++;
      copyFileSync(join(original, name), join(folder, name));
    }
  });

  test("400 tokenizer files", () => {
    const files = ["vocab.json", "merges.txt", "special_tokens_map.json", "tokenizer_config.json"];
    const tokenizer = join(folder, "tokenizer");
    for (let seed = 0; seed < 400; seed++) {
      const rng = createRng(20_000 + seed);
      const name = files[seed % files.length];
      const from = join(original, "tokenizer", name);
      const spoiled = pick(rng, name === "merges.txt" ? BYTE_MUTATIONS : jsonMutations)(rng, readFileSync(from));
      put(join(tokenizer, name), spoiled.bytes);
      counts[
        attempt(`${name}, seed ${seed}`, spoiled, () => {
          const { encode, contextLength, vocabSize } = loadTokenizer(tokenizer);
          const { ids } = encode("A low mountain's cat, 山水! <|endoftext|>");
          expect(ids.length).toBe(contextLength);
          expect(ids.every((id) => Number.isInteger(id) && id >= 0 && id < vocabSize)).toBe(true);
        })
      ]++;
      copyFileSync(from, join(tokenizer, name));
    }
  });

  test("both outcomes are common, and the process has not grown by 300 MB", () => {
    expect(counts.opened + counts.refused).toBe(2000);
    expect(Math.min(counts.opened, counts.refused)).toBeGreaterThan(300);
    expect(process.memoryUsage().rss - rss).toBeLessThan(300e6);
  });
});
