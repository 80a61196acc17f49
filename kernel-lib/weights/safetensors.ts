/** @file The safetensors format: 8 bytes with the header's length, a JSON header, the numbers (huggingface.co/docs/safetensors). */
import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { CheckpointError } from "../core/errors.js";
import { decodeText, readFully, systemReason, withFile } from "../core/files.js";
import { brief, isObject, parseJson } from "../core/json.js";
import { sizeOf, type Tensor } from "../core/tensor.js";
import { replaceFileSync } from "../core/write-whole.js";
import { DTYPE_BYTES, type Dtype, isDtype, toHalf, widen } from "./dtype.js";

/** Where a tensor's numbers lie: what an ONNX initializer needs to point at them in place. */
export interface TensorRef {
  /** The file itself, links resolved. */
  readonly file: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Bytes from the file's start. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
}

/** A safetensors file whose header has been read and checked; the numbers have not been read. */
export interface SafetensorsFile {
  readonly file: string;
  readonly tensors: ReadonlyMap<string, TensorRef>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The reference implementation's own bound. */
const MAX_HEADER = 100_000_000;

/**
 * Reads and checks a file's header. Empty tensors are legal; so is an empty file of tensors.
 * @throws CheckpointError (file, expected, found) where the header lies: its length, JSON, dtypes, shapes, offsets, holes or overlaps
 */
export function openSafetensors(file: string): SafetensorsFile {
  return withFile(file, ({ fd, size, path }) => {
    if (size < 8) throw new CheckpointError(file, { expected: "a safetensors file (8 bytes and a header)", found: `${size} bytes` });
    const prefix = new Uint8Array(8);
    readFully(fd, file, prefix, 0);
    const headerLength = new DataView(prefix.buffer).getBigUint64(0, true);
    const most = Math.min(size - 8, MAX_HEADER);
    if (headerLength > BigInt(most))
      throw new CheckpointError(file, { expected: `a header of at most ${most} bytes`, found: `a header of ${headerLength} bytes` });
    const header = new Uint8Array(Number(headerLength));
    readFully(fd, file, header, 8);
    const text = decodeText(file, header);
    if (!text.startsWith("{"))
      throw new CheckpointError(file, { expected: "a header that begins with {", found: brief(text.slice(0, 20)) });
    const { __metadata__: metadata, ...entries } = parseJson(file, text);
    const start = 8 + header.length;
    const tensors = new Map(Object.entries(entries).map(([name, entry]) => [name, tensorRef(file, path, name, entry, start, size)]));
    checkCover(file, [...tensors], start, size);
    return { file: path, tensors, metadata: stringsOf(file, metadata) };
  });
}

function tensorRef(file: string, path: string, name: string, entry: unknown, start: number, size: number): TensorRef {
  const who = `tensor ${brief(name)}`;
  const refuse = (expected: string, found: unknown): never => {
    throw new CheckpointError(file, { expected: `${who}: ${expected}`, found: brief(found) });
  };
  if (!isObject(entry)) return refuse("{ dtype, shape, data_offsets }", entry);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (!isDtype(dtype)) return refuse(`dtype of ${Object.keys(DTYPE_BYTES).join(", ")}`, dtype);
  if (!isWhole(shape)) return refuse("shape of whole numbers >= 0", shape);
  if (!isWhole(offsets) || offsets.length !== 2) return refuse("data_offsets of two whole numbers", offsets);
  const [from, to] = offsets;
  if (from > to || to > size - start) return refuse(`data_offsets in order and within ${size - start} bytes`, offsets);
  const length = sizeOf(shape) * DTYPE_BYTES[dtype];
  if (to - from !== length) return refuse(`${length} bytes for ${dtype} [${brief(shape).slice(1, -1)}]`, `${to - from} bytes`);
  return { file: path, dtype, shape, offset: start + from, length };
}

const isWhole = (value: unknown): value is number[] => Array.isArray(value) && value.every((d) => Number.isSafeInteger(d) && d >= 0);

// The format allows no overlap and no hole: the tensors, in order of offset, cover the numbers exactly.
function checkCover(file: string, tensors: [string, TensorRef][], start: number, size: number): void {
  let at = start;
  for (const [name, { offset, length }] of tensors.sort(([, a], [, b]) => a.offset - b.offset || a.length - b.length)) {
    if (offset !== at)
      throw new CheckpointError(file, {
        expected: `tensor ${brief(name)} to begin at byte ${at - start} of the numbers`,
        found: `byte ${offset - start} (${offset < at ? "an overlap" : "a hole"})`,
      });
    at += length;
  }
  if (at !== size) throw new CheckpointError(file, { expected: `${at} bytes in all, as the header says`, found: `${size} bytes` });
}

function stringsOf(file: string, metadata: unknown): Record<string, string> {
  if (metadata === undefined || metadata === null) return {};
  if (!isObject(metadata)) throw new CheckpointError(file, { expected: "__metadata__ of strings", found: brief(metadata) });
  return Object.fromEntries(
    Object.entries(metadata).map(([key, value]) => {
      if (typeof value !== "string")
        throw new CheckpointError(file, { expected: `__metadata__ ${brief(key)}: a string`, found: brief(value) });
      return [key, value];
    }),
  );
}

/** One tensor's numbers, widened to float32. */
export const readTensor = (ref: TensorRef): Tensor => withFile(ref.file, ({ fd }) => readRef(fd, ref));

function readRef(fd: number, ref: TensorRef): Tensor {
  // Float32 is read straight into its place.
  if (ref.dtype === "F32") {
    const data = new Float32Array(ref.length / 4);
    readFully(fd, ref.file, new Uint8Array(data.buffer), ref.offset);
    return { data, shape: ref.shape };
  }
  const bytes = new Uint8Array(ref.length);
  readFully(fd, ref.file, bytes, ref.offset);
  return { data: widen(bytes, ref.dtype), shape: ref.shape };
}

/**
 * Every tensor of a safetensors file by name, widened to float32 (F64 and I64 round to nearest). Empty tensors and NaN are legal.
 * @throws CheckpointError as {@link openSafetensors}
 */
export function readSafetensors(file: string): Record<string, Tensor> {
  const { tensors } = openSafetensors(file);
  return withFile(file, ({ fd }) => Object.fromEntries([...tensors].map(([name, ref]) => [name, readRef(fd, ref)])));
}

/** Options of `writeSafetensors`. */
export interface WriteSafetensorsOptions {
  /** Number format of every tensor; "F32" unless told. */
  readonly dtype?: "F32" | "F16";
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A tensor as a header names it. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
}

/** Bytes of a tensor's numbers. */
export const entryBytes = ({ dtype, shape }: TensorEntry): number => sizeOf(shape) * DTYPE_BYTES[dtype];

/** The bytes that go before the numbers of these tensors, which follow in this order without gaps. Padded to 8 bytes. */
export function safetensorsHeader(entries: readonly TensorEntry[], metadata?: Readonly<Record<string, string>>): Uint8Array {
  let at = 0;
  const header: [string, unknown][] = entries.map((entry) => {
    const from = at;
    at += entryBytes(entry);
    return [entry.name, { dtype: entry.dtype, shape: entry.shape, data_offsets: [from, at] }];
  });
  if (metadata) header.unshift(["__metadata__", metadata]);
  const text = Buffer.from(JSON.stringify(Object.fromEntries(header)));
  const padding = Buffer.alloc((8 - (text.length % 8)) % 8, " ");
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(text.length + padding.length));
  return Buffer.concat([prefix, text, padding]);
}

/**
 * Writes tensors to a safetensors file, whole or not at all: beside it first, then renamed. The header is padded to 8 bytes.
 * @throws CheckpointError where the file cannot be written
 */
export function writeSafetensors(file: string, tensors: Readonly<Record<string, Tensor>>, options: WriteSafetensorsOptions = {}): void {
  const dtype = options.dtype ?? "F32";
  const entries = Object.entries(tensors);
  if (Object.hasOwn(tensors, "__metadata__"))
    throw new CheckpointError(file, { expected: "a tensor name other than __metadata__", found: "__metadata__" });
  const header = safetensorsHeader(
    entries.map(([name, { shape }]) => ({ name, dtype, shape })),
    options.metadata,
  );

  const write = (beside: string): void => {
    const fd = openSync(beside, "w");
    try {
      writeFully(fd, header);
      for (const [, { data }] of entries) writeFully(fd, dtype === "F16" ? toHalf(data) : data);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  };
  try {
    replaceFileSync(file, write);
  } catch (error) {
    throw new CheckpointError(file, { expected: "a place that can be written", found: systemReason(error) });
  }
}

function writeFully(fd: number, array: Uint8Array | Uint16Array | Float32Array): void {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, Math.min(bytes.length - done, 2 ** 30));
}
