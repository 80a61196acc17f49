import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { copyTensors } from "#kernel-lib/weights/copy-tensors.js";
import { openSafetensors, readSafetensors, writeSafetensors } from "#kernel-lib/weights/safetensors.js";
import { put, safetensorsBytes, scratchFolder } from "../fixtures/checkpoint-folder.js";

const scratch = scratchFolder();
afterAll(scratch.remove);
let files = 0;
const fresh = () => join(scratch.path, `${files++}`, "model.safetensors");

const large = { data: Float32Array.from({ length: 2_300_000 }, (_, k) => k / 7), shape: [2, 1_150_000] }; // two pieces and a part
const small = { data: Float32Array.of(1, Number.NaN, -0), shape: [3] };
const source = put(fresh(), "");
writeSafetensors(source, { large, small, empty: { data: new Float32Array(0), shape: [0] } });

describe("tensors that are copied", () => {
  test("keep names, shapes and numbers, a piece at a time", async () => {
    const pieces: number[] = [];
    const file = fresh();
    await copyTensors(file, openSafetensors(source).tensors, (bytes) => pieces.push(bytes));
    expect(readSafetensors(file)).toEqual(readSafetensors(source));
    expect(pieces).toEqual([4 * 2 ** 20, 4 * 2 ** 20, 4 * 2_300_000 - 8 * 2 ** 20, 12]);
  });

  test("keep their format and may have other names", async () => {
    const bytes = safetensorsBytes({ a: { dtype: "BF16", shape: [2], data_offsets: [0, 4] } }, Uint8Array.of(1, 2, 3, 4));
    const { tensors } = openSafetensors(put(fresh(), bytes));
    const file = fresh();
    await copyTensors(file, new Map([...tensors].map(([name, ref]) => [`x.${name}`, ref])));
    const copy = openSafetensors(file).tensors.get("x.a");
    expect(copy).toMatchObject({ dtype: "BF16", shape: [2], length: 4 });
  });

  test("from a file that has shrunk are refused", async () => {
    const file = put(fresh(), "");
    writeSafetensors(file, { small });
    const { tensors } = openSafetensors(file);
    put(file, "short");
    await expect(copyTensors(fresh(), tensors)).rejects.toThrow("expected 12 bytes of small, found 0 (the file has shrunk)");
  });

  test("never go over a file that is there", async () => {
    const file = put(fresh(), "mine");
    await expect(copyTensors(file, openSafetensors(source).tensors)).rejects.toThrow(/EEXIST/);
    expect(existsSync(file)).toBe(true);
  });
});
