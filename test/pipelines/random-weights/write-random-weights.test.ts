/** @file Writing the folder: whole or not at all, the same for the same seed. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { CheckpointError } from "#kernel-lib/core/errors.js";
import { expectRoom } from "#kernel-lib/pipelines/new-folder.js";
import { levelsOf, numberStream } from "#kernel-lib/pipelines/random-weights/numbers.js";
import { type RandomWeightsOptions, writeRandomWeights } from "#kernel-lib/pipelines/random-weights/write-random-weights.js";
import { toHalf } from "#kernel-lib/weights/dtype.js";
import { openSafetensors, readSafetensors } from "#kernel-lib/weights/safetensors.js";
import { tiny as tinyArchitecture } from "./shrunk.js";

const root = mkdtempSync(join(tmpdir(), "veduta-random-weights-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;
const fresh = (): string => join(root, `folder-${folders++}`);

const tiny = tinyArchitecture();
const UNET = "unet/diffusion_pytorch_model.safetensors";
const made = async (options?: RandomWeightsOptions): Promise<string> => (await writeRandomWeights(tiny, fresh(), options)).dir;
const bytes = (dir: string): Buffer => readFileSync(join(dir, UNET));

describe("random-weights", () => {
  test("writes the same bytes for the same seed, and others for another", async () => {
    const first = bytes(await made({ seed: 5 }));
    expect(bytes(await made({ seed: 5 })).equals(first)).toBe(true);
    expect(bytes(await made({ seed: 6 })).equals(first)).toBe(false);
  });

  test("in half precision holds the same numbers, rounded", async () => {
    const [full, half] = [await made(), await made({ precision: "fp16" })].map((dir) => join(dir, UNET));
    expect([...openSafetensors(half).tensors.values()].every(({ dtype }) => dtype === "F16")).toBe(true);
    const [a, b] = [readSafetensors(full), readSafetensors(half)];
    for (const [key, { data }] of Object.entries(a)) expect(toHalf(b[key].data), key).toEqual(toHalf(data));
  });

  test("reports every byte, in order, and what it wrote", async () => {
    const seen: number[] = [];
    const { bytes: total, parameters } = await writeRandomWeights(tiny, fresh(), { progress: (written) => seen.push(written) });
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen[seen.length - 1]).toBe(total);
    expect(total).toBe(4 * (parameters - 77) + 8 * 77); // the text encoder's position ids are whole numbers
  });

  test("refuses a folder that holds anything, and leaves it as it was", async () => {
    const dir = fresh();
    mkdirSync(dir);
    writeFileSync(join(dir, "notes.txt"), "mine");
    for (const existing of ["refuse", "replace"] as const)
      await expect(writeRandomWeights(tiny, dir, { existing })).rejects.toThrow(/new or empty folder, found notes\.txt/);
    const file = join(dir, "notes.txt");
    await expect(writeRandomWeights(tiny, file)).rejects.toThrow(/found a file/);
    expect(readdirSync(dir)).toEqual(["notes.txt"]);
  });

  test("replaces a checkpoint when told, and only then", async () => {
    const dir = await made({ seed: 1 });
    const first = bytes(dir);
    await expect(writeRandomWeights(tiny, dir, { seed: 2 })).rejects.toThrow(/found a checkpoint; give another one, or replace it/);
    expect(bytes(dir).equals(first)).toBe(true);
    await writeRandomWeights(tiny, dir, { seed: 2, existing: "replace" });
    expect(bytes(dir).equals(first)).toBe(false);
    expect(readdirSync(join(dir, "..")).filter((name) => name.includes("partial"))).toEqual([]);
  });

  test("writes into an empty folder that is there already", async () => {
    const dir = fresh();
    mkdirSync(dir);
    await writeRandomWeights(tiny, dir);
    expect(existsSync(join(dir, "model_index.json"))).toBe(true);
  });

  test("stopped halfway, leaves nothing", async () => {
    const dir = fresh();
    const stop = new AbortController();
    const progress = (written: number, total: number) => {
      expect(existsSync(dir)).toBe(false);
      if (written > total / 2) stop.abort();
    };
    await expect(writeRandomWeights(tiny, dir, { signal: stop.signal, progress })).rejects.toThrow(/abort/);
    expect([dir, `${dir}.partial`].filter((path) => existsSync(path))).toEqual([]);
  });

  test("does not write into what another run is writing", async () => {
    const dir = fresh();
    mkdirSync(`${dir}.partial`);
    await expect(writeRandomWeights(tiny, dir)).rejects.toThrow(CheckpointError);
    expect(readdirSync(`${dir}.partial`)).toEqual([]);
  });

  test("names the room it needs and the room there is", () => {
    expect(() => expectRoom("/data/sd2", 5.2e9, 3e9)).toThrow("/data/sd2: expected 5.20 GB of free disk space, found 3.00 GB");
    expect(() => expectRoom("/data/sd2", 5.2e9, 3e9, "take half")).toThrow("free some, or give a folder on another disk, or take half");
    expect(() => expectRoom("/data/sd2", 5.2e9, 5.2e9)).not.toThrow();
  });

  test("refuses options that are none", async () => {
    await expect(writeRandomWeights(tiny, fresh(), { seed: 1.5 })).rejects.toThrow(/seed 1.5: want a whole number/);
    await expect(writeRandomWeights(tiny, fresh(), { precision: "int8" as never })).rejects.toThrow(/precision int8: want fp32 or fp16/);
  });
});

describe("the numbers", () => {
  const N = 200_001;
  const drawn = (seed: number): Float32Array => {
    const out = new Float32Array(N);
    numberStream(seed)(out, levelsOf({ mean: 0.5, deviation: 2 }, "F32"));
    return out;
  };
  const mean = (x: Float32Array) => x.reduce((sum, v) => sum + v, 0) / x.length;

  test("have the mean and the deviation asked for, and stay within √3 deviations", () => {
    const x = drawn(1);
    expect(mean(x)).toBeCloseTo(0.5, 1);
    expect(Math.sqrt(mean(x.map((v) => (v - 0.5) ** 2)))).toBeCloseTo(2, 1);
    expect(Math.max(...levelsOf({ mean: 0.5, deviation: 2 }, "F32").map((v) => Math.abs(v - 0.5)))).toBeLessThanOrEqual(2 * Math.sqrt(3));
  });

  test("are independent of their neighbours and of another seed's", () => {
    const [x, y] = [drawn(1), drawn(2)];
    const correlation = (shift: number, other: Float32Array) =>
      mean(x.subarray(0, N - 8).map((v, k) => ((v - 0.5) * (other[k + shift] - 0.5)) / 4));
    for (const shift of [1, 2, 3, 7]) expect(Math.abs(correlation(shift, x)), `shift ${shift}`).toBeLessThan(0.015);
    expect(Math.abs(correlation(0, y))).toBeLessThan(0.015);
  });

  test("go on where the last call ended", () => {
    const levels = levelsOf({ mean: 0, deviation: 1 }, "F32");
    const [whole, parts] = [new Float32Array(10), new Float32Array(10)];
    numberStream(4)(whole, levels);
    const draw = numberStream(4);
    draw(parts.subarray(0, 4), levels);
    draw(parts.subarray(4), levels);
    expect(parts).toEqual(whole);
  });
});
