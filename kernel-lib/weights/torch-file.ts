/**
 * @file What torch.save wrote: tensors by name, found where they lie. Since torch 1.6 a zip of stored entries (data.pkl, data/KEY, byteorder);
 * before it five pickles (magic number, protocol, system, the tensors, keys of their storages), then each storage as its count and its
 * numbers. Nothing in the file is run. Source: torch/serialization.py and torch/_utils.py.
 */
import { CheckpointError } from "../core/errors.js";
import { readFully, withFile } from "../core/files.js";
import { brief } from "../core/json.js";
import { sizeOf } from "../core/tensor.js";
import { DTYPE_BYTES } from "./dtype.js";
import { kindOf, type PickleRules, unpickle } from "./pickle.js";
import type { TensorRef } from "./safetensors.js";
import { type Storage, type StoredTensor, stateDict } from "./state-dict.js";
import { type StoredEntry, zipEntries } from "./stored-zip.js";

/** Tensors of a .pth, by name, in place. */
export interface TorchFile {
  /** The file itself, links resolved. */
  readonly file: string;
  readonly tensors: ReadonlyMap<string, TensorRef>;
}

interface Opened {
  readonly fd: number;
  readonly size: number;
  /** links resolved */
  readonly path: string;
  /** as it was asked for, for errors */
  readonly file: string;
  readonly within?: string;
  readonly otherwise?: "refuse" | "whole";
}
/** More than any state dict's pickle: those of Stable Diffusion have some hundred kB. */
const MAX_PICKLE = 16 * 2 ** 20;
const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;
/** Options of `openTorch`. */
export interface TorchOptions {
  /**
   * The key of the dict whose entry holds the tensors, such as `state_dict` in the checkpoints of PyTorch Lightning; its other entries may be plain
   * data and are not read. Absent: the file is the tensors by name.
   */
  readonly within?: string;
  /** where the dict has no such key; default "refuse". "whole": the dict itself is the tensors by name */
  readonly otherwise?: "refuse" | "whole";
}

/**
 * Reads which tensors a .pth or .ckpt holds and where; their numbers are not read.
 * @throws CheckpointError (file, expected, found) where it is not torch.save's, names anything but tensors (and, with `within`, plain data), or lies
 * about what it holds
 */
export function openTorch(file: string, { within, otherwise }: TorchOptions = {}): TorchFile {
  return withFile(file, ({ fd, size, path }) => {
    const opened = { fd, size, path, file, within, otherwise };
    const zipped = bytesAt(opened, 0, Math.min(4, size)).toString("latin1") === "PK\x03\x04";
    return { file: path, tensors: zipped ? readZip(opened) : readLegacy(opened) };
  });
}

function bytesAt({ fd, file }: Opened, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  readFully(fd, file, bytes, position);
  return bytes;
}

function readZip(opened: Opened): Map<string, TensorRef> {
  const { file } = opened;
  const entries = zipEntries(opened);
  const pickleName = [...entries.keys()].find((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickleName === undefined)
    throw new CheckpointError(file, { expected: "NAME/data.pkl, as torch.save writes", found: "no such entry" });
  const prefix = pickleName.slice(0, -"data.pkl".length);
  const order = entries.get(`${prefix}byteorder`);
  const word = order && bytesAt(opened, order.offset, Math.min(order.length, 10)).toString("latin1");
  if (word !== undefined && word !== "little") throw new CheckpointError(file, { expected: "little endian numbers", found: brief(word) });
  const { offset, length } = entries.get(pickleName) as StoredEntry;
  if (length > MAX_PICKLE) throw new CheckpointError(file, { expected: `a pickle of at most ${MAX_PICKLE} bytes`, found: `${length}` });
  const { tensors } = stateDict(file, bytesAt(opened, offset, length), 0, opened);
  return place(opened, tensors, ({ key }) => {
    const entry = entries.get(`${prefix}data/${key}`);
    if (!entry) throw new CheckpointError(file, { expected: `${prefix}data/${key}`, found: "no such entry" });
    return entry;
  });
}

function readLegacy(opened: Opened): Map<string, TensorRef> {
  const { file, size } = opened;
  const head = bytesAt(opened, 0, Math.min(size, MAX_PICKLE));
  const plain: PickleRules = { globals: new Map() };
  const expected = "a .pth that torch.save wrote (a zip, or the format before torch 1.6)";
  if (head[0] !== 0x80) throw new CheckpointError(file, { expected, found: "another kind of file" });
  const magic = unpickle(file, head, 0, plain);
  if (magic.value !== MAGIC) throw new CheckpointError(file, { expected, found: `a pickle of ${kindOf(magic.value)}` });
  const protocol = unpickle(file, head, magic.end, plain);
  if (protocol.value !== PROTOCOL) throw new CheckpointError(file, { expected: `version ${PROTOCOL}`, found: kindOf(protocol.value) });
  const system = unpickle(file, head, protocol.end, plain);
  if (!(system.value instanceof Map) || system.value.get("little_endian") !== true)
    throw new CheckpointError(file, { expected: "little endian numbers", found: "others" });
  const { tensors, storages, end } = stateDict(file, head, system.end, opened);
  const { value: keys, end: start } = unpickle(file, head, end, plain);
  if (!Array.isArray(keys)) throw new CheckpointError(file, { expected: "a list of storages", found: kindOf(keys) });

  const places = new Map<Storage, StoredEntry>();
  let at = start;
  for (const key of keys) {
    const storage = typeof key === "string" ? storages.get(key) : undefined;
    if (!storage || places.has(storage)) throw new CheckpointError(file, { expected: "each storage once", found: kindOf(key) });
    if (at + 8 > size) throw new CheckpointError(file, { expected: `storage ${key} at byte ${at}`, found: `a file of ${size} bytes` });
    const count = bytesAt(opened, at, 8).readBigInt64LE(0);
    if (count !== BigInt(storage.count))
      throw new CheckpointError(file, { expected: `storage ${key} of ${storage.count} numbers`, found: String(count) });
    const length = storage.count * DTYPE_BYTES[storage.dtype];
    places.set(storage, { offset: at + 8, length });
    at += 8 + length;
  }
  return place(opened, tensors, (storage) => {
    const entry = places.get(storage);
    if (!entry) throw new CheckpointError(file, { expected: `storage ${storage.key}`, found: "no such storage" });
    return entry;
  });
}

/** Each tensor where it lies in the file. */
function place({ file, path, size }: Opened, tensors: ReadonlyMap<string, StoredTensor>, find: (storage: Storage) => StoredEntry) {
  const placed = new Map<string, TensorRef>();
  for (const [name, { storage, offset, shape }] of tensors) {
    const entry = find(storage);
    const width = DTYPE_BYTES[storage.dtype];
    const count = sizeOf(shape);
    if (!(offset + count <= storage.count) || storage.count * width > entry.length || entry.offset + entry.length > size)
      throw new CheckpointError(file, {
        expected: `${brief(name)}: numbers ${offset} to ${offset + count} of a storage of ${storage.count}`,
        found: `${entry.length} bytes at byte ${entry.offset} of ${size}`,
      });
    placed.set(name, { file: path, dtype: storage.dtype, shape, offset: entry.offset + offset * width, length: count * width });
  }
  return placed;
}
