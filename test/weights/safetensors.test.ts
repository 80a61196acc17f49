import { closeSync, ftruncateSync, mkdirSync, openSync, readdirSync, readFileSync, realpathSync, symlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { tensor } from "#kernel-lib/core/tensor.js";
import { toHalf, widen } from "#kernel-lib/weights/dtype.js";
import { openSafetensors, readSafetensors, readTensor, writeSafetensors } from "#kernel-lib/weights/safetensors.js";
import { put, refusal, safetensorsBytes, scratchFolder } from "../fixtures/checkpoint-folder.js";

const scratch = scratchFolder();
afterAll(scratch.remove);
let count = 0;
const fresh = () => join(scratch.path, `${count++}.safetensors`);

// Every dtype: name, its bytes, and the float32 numbers that these bytes mean.
const bytesOf = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const KINDS: Record<string, [bytes: Uint8Array, means: number[]]> = {
  F64: [bytesOf(new Float64Array([1 / 3, -2])), [Math.fround(1 / 3), -2]],
  F32: [bytesOf(new Float32Array([0.1, Number.NaN])), [Math.fround(0.1), Number.NaN]],
  F16: [bytesOf(new Uint16Array([0x3c00, 0xc100])), [1, -2.5]],
  BF16: [bytesOf(new Uint16Array([0x3f80, 0xc020])), [1, -2.5]],
  I64: [bytesOf(new BigInt64Array([-5n, 2n ** 40n])), [-5, 2 ** 40]],
  I32: [bytesOf(new Int32Array([-5, 70000])), [-5, 70000]],
  I16: [bytesOf(new Int16Array([-5, 300])), [-5, 300]],
  I8: [bytesOf(new Int8Array([-5, 100])), [-5, 100]],
  U8: [bytesOf(new Uint8Array([5, 250])), [5, 250]],
  BOOL: [bytesOf(new Uint8Array([0, 1])), [0, 1]],
};

describe("reading", () => {
  test.each(Object.entries(KINDS))("%s widens to float32", (dtype, [bytes, means]) => {
    const header = { x: { dtype, shape: [2], data_offsets: [0, bytes.length] } };
    const file = put(fresh(), safetensorsBytes(header, bytes));
    expect([...readSafetensors(file).x.data]).toEqual(means);
    const ref = openSafetensors(file).tensors.get("x");
    expect(ref).toMatchObject({ dtype, shape: [2], length: bytes.length, offset: 8 + JSON.stringify(header).length });
    expect(ref && [...readTensor(ref).data]).toEqual(means);
  });

  test("tensors at odd offsets, empty tensors, scalars and metadata are read", () => {
    const header = {
      b: { dtype: "F32", shape: [], data_offsets: [1, 5] },
      a: { dtype: "U8", shape: [1], data_offsets: [0, 1] },
      none: { dtype: "F32", shape: [0, 7], data_offsets: [5, 5] },
      __metadata__: { format: "pt" },
    };
    const file = put(fresh(), safetensorsBytes(header, Buffer.concat([Buffer.from([9]), bytesOf(new Float32Array([2.5]))])));
    const { a, b, none } = readSafetensors(file);
    expect([a.data[0], b.data[0], b.shape, none.data.length, none.shape]).toEqual([9, 2.5, [], 0, [0, 7]]);
    expect(openSafetensors(file).metadata).toEqual({ format: "pt" });
  });

  test("a file without tensors opens", () => {
    expect(openSafetensors(put(fresh(), safetensorsBytes("{}", new Uint8Array()))).tensors.size).toBe(0);
  });

  test("a link into a hub cache is resolved to the file itself", () => {
    const blob = put(join(scratch.path, "blobs", "1234abcd"), safetensorsBytes("{}", new Uint8Array()));
    const link = join(scratch.path, "linked.safetensors");
    symlinkSync(join("blobs", "1234abcd"), link);
    expect(openSafetensors(link).file).toBe(realpathSync(blob));
  });

  test("every float16 has its closed form", () => {
    const all = Uint16Array.from({ length: 65536 }, (_, bits) => bits);
    const got = widen(bytesOf(all), "F16");
    for (const bits of all) {
      const [s, e, m] = [bits >> 15, (bits >> 10) & 31, bits & 1023];
      const magnitude =
        e === 0 ? (m / 1024) * 2 ** -14 : e < 31 ? (1 + m / 1024) * 2 ** (e - 15) : m === 0 ? Number.POSITIVE_INFINITY : Number.NaN;
      expect(got[bits]).toBe(s ? -magnitude : magnitude);
    }
  });

  test("every bfloat16 is the upper half of a float32", () => {
    const all = Uint16Array.from({ length: 65536 }, (_, bits) => bits);
    const got = new Uint32Array(widen(bytesOf(all), "BF16").buffer);
    expect(got.every((bits, k) => bits === k * 65536)).toBe(true);
  });
});

describe("a header that lies is refused", () => {
  const x = { dtype: "F32", shape: [2], data_offsets: [0, 8] };
  const eight = new Uint8Array(8);
  const deep = `{"x":${"[".repeat(5000)}${"]".repeat(5000)}}`;
  const LIES: Record<string, [bytes: Uint8Array, expected: RegExp, found: RegExp]> = {
    "a file of three bytes": [new Uint8Array(3), /safetensors/, /3 bytes/],
    "a header longer than the file": [safetensorsBytes({ x }, eight, 10_000n), /header of at most/, /10000/],
    "a header of 2^63 bytes": [safetensorsBytes({ x }, eight, 2n ** 63n), /header of at most/, /9223372036854775808/],
    "a header cut short": [safetensorsBytes({ x }, eight, 20n), /JSON/, /./],
    "no JSON": [safetensorsBytes("{nonsense}", eight), /JSON/, /./],
    "blanks before the header": [safetensorsBytes(` ${JSON.stringify({ x })}`, eight), /begins with \{/, / \{/],
    "an array": [safetensorsBytes("[1]", eight), /begins with \{/, /\[1\]/],
    "bytes that are not UTF-8": [safetensorsBytes("{}", eight).fill(0xff, 8, 9), /UTF-8/, /./],
    "deep nesting": [safetensorsBytes(deep, eight), /nested/, /deeper/],
    "a tensor named twice": [safetensorsBytes(`{"x":${JSON.stringify(x)},"\\u0078":${JSON.stringify(x)}}`, eight), /once/, /"x" twice/],
    "a tensor that is a number": [safetensorsBytes({ x: 1 }, eight), /"x"/, /1/],
    "an unknown dtype": [safetensorsBytes({ x: { ...x, dtype: "F8" } }, eight), /dtype of F64, F32/, /F8/],
    "a dtype of Object's own": [safetensorsBytes({ x: { ...x, dtype: "toString" } }, eight), /dtype/, /toString/],
    "a negative dimension": [safetensorsBytes({ x: { ...x, shape: [-2] } }, eight), /whole numbers/, /-2/],
    "half a dimension": [safetensorsBytes({ x: { ...x, shape: [0.5] } }, eight), /whole numbers/, /0.5/],
    "a dimension beyond counting": [safetensorsBytes({ x: { ...x, shape: [1e300] } }, eight), /whole numbers/, /1e\+300/],
    "a shape that overflows": [safetensorsBytes({ x: { ...x, shape: [2 ** 50, 2 ** 50] } }, eight), /bytes for F32/, /8 bytes/],
    "no shape": [safetensorsBytes({ x: { dtype: "F32", data_offsets: [0, 8] } }, eight), /shape/, /nothing/],
    "a shape that needs other bytes": [safetensorsBytes({ x: { ...x, shape: [3] } }, eight), /12 bytes/, /8 bytes/],
    "offsets beyond the file": [safetensorsBytes({ x: { ...x, shape: [3], data_offsets: [0, 12] } }, eight), /within 8 bytes/, /12/],
    "offsets in the wrong order": [safetensorsBytes({ x: { ...x, data_offsets: [8, 0] } }, eight), /in order/, /8/],
    "three offsets": [safetensorsBytes({ x: { ...x, data_offsets: [0, 8, 8] } }, eight), /two/, /0,8,8/],
    "an overlap": [safetensorsBytes({ x, y: { ...x, shape: [1], data_offsets: [4, 8] } }, eight), /begin at byte 8/, /overlap/],
    "a hole": [safetensorsBytes({ x: { ...x, shape: [1], data_offsets: [4, 8] } }, eight), /begin at byte 0/, /hole/],
    "bytes beyond the last tensor": [safetensorsBytes({ x }, new Uint8Array(9)), /bytes in all/, /bytes/],
    "metadata of numbers": [safetensorsBytes({ __metadata__: { a: 1 }, x }, eight), /__metadata__/, /1/],
  };
  test.each(Object.entries(LIES))("%s", (_name, [bytes, expected, found]) => {
    const file = put(fresh(), bytes);
    const error = refusal(() => openSafetensors(file));
    expect(error.file).toBe(file);
    expect(error.expected).toMatch(expected);
    expect(error.found).toMatch(found);
    expect(refusal(() => readSafetensors(file)).message).toBe(error.message);
  });

  test("a header beyond 100 MB is refused without reading it", () => {
    const file = fresh();
    const fd = openSync(file, "w");
    ftruncateSync(fd, 300_000_000);
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(200_000_000n);
    writeSync(fd, length, 0, 8, 0);
    closeSync(fd);
    const before = process.memoryUsage().arrayBuffers;
    expect(refusal(() => openSafetensors(file)).expected).toBe("a header of at most 100000000 bytes");
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e6);
  });

  test("a missing file and a folder are refused by name", () => {
    expect(refusal(() => openSafetensors(join(scratch.path, "nowhere"))).found).toBe("no such file");
    mkdirSync(join(scratch.path, "folder"));
    expect(refusal(() => openSafetensors(join(scratch.path, "folder"))).found).toBe("not a regular file");
  });

  test("a file that has shrunk since it was opened is refused", () => {
    const file = put(fresh(), safetensorsBytes({ x }, eight));
    const ref = openSafetensors(file).tensors.get("x");
    put(file, new Uint8Array(20));
    expect(refusal(() => ref && readTensor(ref)).found).toMatch(/shrunk/);
  });

  test.skipIf(process.platform !== "linux")("no file stays open after a refusal (counted in /proc, so on Linux)", () => {
    const file = put(fresh(), safetensorsBytes({ x: 1 }, eight));
    const open = () => readdirSync("/proc/self/fd").length;
    refusal(() => openSafetensors(file));
    const before = open();
    for (let k = 0; k < 20; k++) refusal(() => readSafetensors(file));
    expect(open()).toBe(before);
  });
});

describe("writing", () => {
  const anyTensor = fc.array(fc.nat(4), { maxLength: 4 }).chain((shape) => {
    const n = shape.reduce((a, b) => a * b, 1);
    return fc.float32Array({ minLength: n, maxLength: n }).map((data) => tensor(Float32Array.from(data), shape));
  });
  const anyTensors = fc.dictionary(
    fc.string({ unit: "binary" }).filter((name) => name !== "__metadata__"),
    anyTensor,
    { noNullPrototype: true },
  );

  test("what is written is read again, bit for bit", () => {
    fc.assert(
      fc.property(anyTensors, fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true }), (tensors, metadata) => {
        const file = fresh();
        writeSafetensors(file, tensors, { metadata });
        expect(openSafetensors(file).metadata).toEqual(metadata);
        const read = readSafetensors(file);
        expect(Object.keys(read).sort()).toEqual(Object.keys(tensors).sort());
        for (const [name, { data, shape }] of Object.entries(tensors)) {
          expect(read[name].shape).toEqual(shape);
          expect(Buffer.compare(bytesOf(read[name].data), bytesOf(data))).toBe(0);
        }
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  test("float16 is the nearest, and an even one where two are as near", () => {
    const near = (x: number) => {
      // Spacing of the float16 numbers around x; division by a power of two is exact.
      const step = 2 ** Math.max(Math.floor(Math.log2(Math.abs(x))) - 10, -24);
      const q = x / step;
      const low = Math.floor(q);
      const rest = q - low;
      const rounded = rest > 0.5 || (rest === 0.5 && low % 2 !== 0) ? low + 1 : low;
      return Math.abs(rounded * step) >= 65520 ? Math.sign(x) * Number.POSITIVE_INFINITY : rounded * step;
    };
    const half = (x: number) => widen(bytesOf(toHalf(Float32Array.of(x))), "F16")[0];
    const cases = fc.oneof(
      fc.float({ min: -70000, max: 70000, noNaN: true }),
      fc.float({ min: Math.fround(-1e-4), max: Math.fround(1e-4), noNaN: true }),
    );
    const agrees = (x: number) => half(x) === near(x);
    fc.assert(
      fc.property(
        cases.filter((x) => x !== 0),
        agrees,
      ),
      { numRuns: 2000, seed: 2 },
    );
    expect([0, -0, 65504, 65519, 65520, 2048.9999, 2049, 2051, 2 ** -25, -Infinity].map(half)).toEqual([
      0,
      -0,
      65504,
      65504,
      Infinity,
      2048,
      2048,
      2052,
      0,
      -Infinity,
    ]);
    expect(half(Number.NaN)).toBeNaN();
  });

  test("every float16 survives widening and narrowing", () => {
    const all = Uint16Array.from({ length: 65536 }, (_, bits) => bits).filter((bits) => (bits & 0x7fff) <= 0x7c00);
    expect(toHalf(widen(bytesOf(all), "F16"))).toEqual(all);
  });

  test("float16 is asked for by dtype, and takes half the bytes", () => {
    const file = fresh();
    writeSafetensors(file, { x: tensor([1, -2.5, 0.1], [3]) }, { dtype: "F16" });
    expect(openSafetensors(file).tensors.get("x")).toMatchObject({ dtype: "F16", length: 6 });
    expect([...readSafetensors(file).x.data]).toEqual([1, -2.5, 0.0999755859375]);
  });

  test("the header is padded so that the numbers begin at a multiple of 8", () => {
    for (const name of ["a", "ab", "abc", "abcd"]) {
      const file = fresh();
      writeSafetensors(file, { [name]: tensor([1], [1]) });
      expect(openSafetensors(file).tensors.get(name)?.offset).toSatisfy((offset: number) => offset % 8 === 0);
    }
  });

  test("a file that cannot be written leaves the old one and nothing beside it", () => {
    const folder = join(scratch.path, "whole");
    mkdirSync(folder);
    const file = join(folder, "x.safetensors");
    writeSafetensors(file, { x: tensor([1], [1]) });
    const before = readFileSync(file);
    expect(refusal(() => writeSafetensors(file, { __metadata__: tensor([1], [1]) })).expected).toMatch(/__metadata__/);
    expect(refusal(() => writeSafetensors(join(folder, "no", "x"), {})).found).toBe("no such file");
    mkdirSync(join(folder, "taken", "inside"), { recursive: true });
    expect(refusal(() => writeSafetensors(join(folder, "taken"), {})).expected).toMatch(/written/);
    expect(readdirSync(folder).sort()).toEqual(["taken", "x.safetensors"]);
    expect(readFileSync(file)).toEqual(before);
  });
});
