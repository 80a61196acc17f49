/**
 * Writes what torch.save writes, byte by byte after torch/serialization.py: the zip since torch 1.6, and the five pickles with storages behind
 * them before it. Pickles of any value, so that tests can also write what no tensor needs.
 */
import { crc32 } from "node:zlib";

/** A value to pickle: opcodes, or what they are made from. */
export type Pickled =
  | null
  | boolean
  | number
  | string
  | bigint
  | { float: number }
  | { list: readonly Pickled[] }
  | { tuple: readonly Pickled[] }
  | { dict: readonly (readonly [Pickled, Pickled])[] }
  | { global: string }
  | { call: string; with: readonly Pickled[]; state?: Pickled }
  | { persistent: Pickled }
  | { raw: readonly number[] };

const bytes = (...values: number[]) => Buffer.from(values);
const u32 = (value: number) => {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value >>> 0);
  return buffer;
};

function body(value: Pickled): Buffer {
  if (value === null) return bytes(78);
  if (typeof value === "boolean") return bytes(value ? 136 : 137);
  if (typeof value === "bigint") {
    const digits: number[] = [];
    for (let rest = value; rest > 0n; rest >>= 8n) digits.push(Number(rest & 255n));
    return bytes(138, digits.length + 1, ...digits, 0);
  }
  if (typeof value === "number")
    return value >= 0 && value < 256
      ? bytes(75, value)
      : value >= 0 && value < 65536
        ? bytes(77, value & 255, value >> 8)
        : Buffer.concat([bytes(74), u32(value)]);
  if (typeof value === "string") return Buffer.concat([bytes(88), u32(Buffer.byteLength(value)), Buffer.from(value)]);
  if ("float" in value) {
    const buffer = Buffer.alloc(9, "G");
    buffer.writeDoubleBE(value.float, 1);
    return buffer;
  }
  if ("raw" in value) return bytes(...value.raw);
  if ("list" in value) return Buffer.concat([bytes(93, 40), ...value.list.map(body), bytes(101)]);
  if ("tuple" in value) return Buffer.concat([bytes(40), ...value.tuple.map(body), bytes(116)]);
  if ("dict" in value) return Buffer.concat([bytes(125, 40), ...value.dict.flat().map((item) => body(item as Pickled)), bytes(117)]);
  if ("global" in value) return Buffer.from(`c${value.global.replace(" ", "\n")}\n`);
  if ("persistent" in value) return Buffer.concat([body(value.persistent), bytes(81)]);
  const made = Buffer.concat([body({ global: value.call }), body({ tuple: value.with }), bytes(82)]);
  return value.state === undefined ? made : Buffer.concat([made, body(value.state), bytes(98)]);
}
export const pickle = (value: Pickled): Buffer => Buffer.concat([bytes(128, 2), body(value), bytes(46)]);

export interface WrittenTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | Uint16Array | Float64Array;
  /** tensors of one key share a storage; default each its own */
  readonly key?: string;
  /** numbers into the storage */
  readonly offset?: number;
  readonly stride?: readonly number[];
  readonly rebuild?: "_rebuild_tensor" | "_rebuild_tensor_v2" | "_rebuild_parameter";
}

const TYPES = { Float32Array: "FloatStorage", Uint16Array: "HalfStorage", Float64Array: "DoubleStorage" } as const;
const contiguous = (shape: readonly number[]) => shape.map((_, k) => shape.slice(k + 1).reduce((a, b) => a * b, 1));

/** An OrderedDict of tensors, with the versions that torch keeps as its state. */
export function stateDict(tensors: readonly WrittenTensor[]): Pickled {
  return {
    call: "collections OrderedDict",
    with: [{ list: tensors.map((tensor, k) => ({ list: [tensor.name, tensorValue(tensor, k)] })) }],
    state: { dict: [["_metadata", { call: "collections OrderedDict", with: [] }]] },
  };
}

export function tensorValue(tensor: WrittenTensor, k: number): Pickled {
  const { shape, data, key = String(k), offset = 0, stride = contiguous(shape), rebuild = "_rebuild_tensor_v2" } = tensor;
  const type = TYPES[data.constructor.name as keyof typeof TYPES];
  const storage = {
    persistent: {
      tuple: ["storage", { global: `torch ${type}` }, key, "cpu", data.length, ...(rebuild === "_rebuild_tensor" ? [null] : [])],
    },
  };
  const place = [storage, offset, { tuple: [...shape] }, { tuple: [...stride] }];
  const hooks: Pickled = { call: "collections OrderedDict", with: [] };
  if (rebuild === "_rebuild_tensor") return { call: "torch._utils _rebuild_tensor", with: place };
  const made: Pickled = { call: "torch._utils _rebuild_tensor_v2", with: [...place, false, hooks] };
  return rebuild === "_rebuild_parameter" ? { call: "torch._utils _rebuild_parameter", with: [made, true, hooks] } : made;
}

const storagesOf = (tensors: readonly WrittenTensor[]) =>
  new Map(
    tensors.map(({ key, data }, k): [string, Buffer] => [key ?? String(k), Buffer.from(data.buffer, data.byteOffset, data.byteLength)]),
  );

/**
 * What a trainer of PyTorch Lightning saves: the tensors as `state_dict`, and beside them its callbacks, optimizer and schedules. The optimizer keeps
 * `kept` under the keys after those of `tensors`.
 */
export function trainingCheckpoint(tensors: readonly WrittenTensor[], kept: readonly WrittenTensor[] = []): Pickled {
  const dtype: Pickled = {
    call: "numpy dtype",
    with: ["f8", 0, 1],
    state: { tuple: [3, "<", null, null, null, -1, -1, 0] },
  };
  const rate: Pickled = {
    call: "numpy.core.multiarray scalar",
    with: [dtype, { call: "_codecs encode", with: ["\u0000\u00f0?", "latin1"] }],
  };
  const state = kept.map((tensor, k): readonly [Pickled, Pickled] => [
    k,
    {
      dict: [
        ["step", 70_000],
        ["exp_avg", tensorValue(tensor, tensors.length + k)],
      ],
    },
  ]);
  const group: Pickled = {
    dict: [
      ["lr", { float: 1e-6 }],
      ["betas", { tuple: [{ float: 0.9 }, { float: 0.999 }] }],
      ["amsgrad", false],
      ["params", { list: [0, 1, 2] }],
    ],
  };
  return {
    dict: [
      ["epoch", 12],
      ["global_step", 70_001],
      ["pytorch-lightning_version", "1.0.8"],
      [
        "callbacks",
        { dict: [[{ global: "pytorch_lightning.callbacks.model_checkpoint ModelCheckpoint" }, { dict: [["monitor", "val/loss"]] }]] },
      ],
      [
        "optimizer_states",
        {
          list: [
            {
              dict: [
                ["state", { dict: state }],
                ["param_groups", { list: [group] }],
              ],
            },
          ],
        },
      ],
      ["lr_schedulers", { list: [{ dict: [["_last_lr", { list: [rate] }]] }] }],
      ["state_dict", stateDict(tensors)],
    ],
  };
}

/** The format before torch 1.6, of any value. */
export function legacyFile(tensors: readonly WrittenTensor[], value: Pickled = stateDict(tensors)): Buffer {
  const storages = storagesOf(tensors);
  const counts = new Map(tensors.map(({ key, data }, k) => [key ?? String(k), data.length]));
  const count = (key: string) => {
    const buffer = Buffer.alloc(8);
    buffer.writeBigInt64LE(BigInt(counts.get(key) ?? 0));
    return buffer;
  };
  const system: Pickled = {
    dict: [
      ["protocol_version", 1001],
      ["little_endian", true],
      [
        "type_sizes",
        {
          dict: [
            ["short", 2],
            ["int", 4],
            ["long", 4],
          ],
        },
      ],
    ],
  };
  return Buffer.concat([
    pickle(0x1950a86a20f9469cfc6cn),
    pickle(1001),
    pickle(system),
    pickle(value),
    pickle({ list: [...storages.keys()] }),
    ...[...storages].flatMap(([key, data]) => [count(key), data]),
  ]);
}

export interface ZipOptions {
  /** "zip64": sizes and places in the 64 bit fields, as for files beyond 4 GiB */
  readonly fields?: "zip32" | "zip64";
  readonly method?: number;
  readonly value?: Pickled;
  readonly extra?: Readonly<Record<string, Buffer>>;
}

/** The zip since torch 1.6: stored entries, numbers at multiples of 64 bytes. */
export function zipFile(
  tensors: readonly WrittenTensor[],
  { fields = "zip32", method = 0, value = stateDict(tensors), extra = {} }: ZipOptions = {},
): Buffer {
  const entries: [string, Buffer][] = [
    ["archive/data.pkl", pickle(value)],
    ["archive/byteorder", Buffer.from("little")],
    ...[...storagesOf(tensors)].map(([key, data]): [string, Buffer] => [`archive/data/${key}`, data]),
    ["archive/version", Buffer.from("3\n")],
    ...Object.entries(extra),
  ];
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  const add = (...buffers: Buffer[]) => {
    for (const buffer of buffers) at += buffer.length;
    parts.push(...buffers);
  };
  const wide = (...values: number[]) => {
    const buffer = Buffer.alloc(8 * values.length);
    for (const [k, value] of values.entries()) buffer.writeBigUInt64LE(BigInt(value), 8 * k);
    return buffer;
  };
  for (const [name, data] of entries) {
    const header = at;
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(method, 8);
    local.writeUInt32LE(crc32(data), 14);
    local.writeUInt32LE(data.length, 18);
    local.writeUInt32LE(data.length, 22);
    local.writeUInt16LE(name.length, 26);
    const padding = (64 - ((at + 30 + name.length + 4) % 64)) % 64;
    local.writeUInt16LE(4 + padding, 28);
    add(local, Buffer.from(name), Buffer.from([0x46, 0x42, padding, 0]), Buffer.alloc(padding, "Z"), data);
    const zip64 = fields === "zip64" ? Buffer.concat([bytes(1, 0, 24, 0), wide(data.length, data.length, header)]) : Buffer.alloc(0);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(method, 10);
    central.writeUInt32LE(crc32(data), 16);
    central.writeUInt32LE(zip64.length ? 0xffffffff : data.length, 20);
    central.writeUInt32LE(zip64.length ? 0xffffffff : data.length, 24);
    central.writeUInt16LE(name.length, 28);
    central.writeUInt16LE(zip64.length, 30);
    central.writeUInt32LE(zip64.length ? 0xffffffff : header, 42);
    directory.push(central, Buffer.from(name), zip64);
  }
  const start = at;
  add(...directory);
  const length = at - start;
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(fields === "zip64" ? 0xffffffff : length, 12);
  end.writeUInt32LE(fields === "zip64" ? 0xffffffff : start, 16);
  if (fields === "zip64") {
    const end64At = at;
    const end64 = Buffer.alloc(24);
    end64.writeUInt32LE(0x06064b50, 0);
    end64.writeBigUInt64LE(44n, 4);
    add(end64, wide(entries.length, entries.length, length, start));
    const locator = Buffer.alloc(20);
    locator.writeUInt32LE(0x07064b50, 0);
    locator.writeBigUInt64LE(BigInt(end64At), 8);
    locator.writeUInt32LE(1, 16);
    add(locator);
  }
  add(end);
  return Buffer.concat(parts);
}
