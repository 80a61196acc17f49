/** @file The pickle of a state dict: tensors by name, each a place in a storage. Source: torch/_utils.py and torch/serialization.py. */
import { CheckpointError } from "../core/errors.js";
import { brief } from "../core/json.js";
import type { Dtype } from "./dtype.js";
import { isMade, kindOf, type PickleGlobal, type PickleValue, unpickle } from "./pickle.js";

/** Numbers that tensors lie in. */
export interface Storage {
  readonly dtype: Dtype;
  readonly key: string;
  /** numbers in it */
  readonly count: number;
}
/** A tensor by its place in a storage. */
export interface StoredTensor {
  readonly storage: Storage;
  /** numbers before the first */
  readonly offset: number;
  readonly shape: readonly number[];
  readonly stride: readonly number[];
}

/** What the pickle of a state dict says. */
export interface StateDict {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** by key */
  readonly storages: ReadonlyMap<string, Storage>;
  /** the byte after the pickle */
  readonly end: number;
}

const STORAGES: Readonly<Record<string, Dtype>> = {
  FloatStorage: "F32",
  HalfStorage: "F16",
  BFloat16Storage: "BF16",
  DoubleStorage: "F64",
  LongStorage: "I64",
  IntStorage: "I32",
  ShortStorage: "I16",
  CharStorage: "I8",
  ByteStorage: "U8",
  BoolStorage: "BOOL",
};

/**
 * Names of plain data that the checkpoints of a training hold beside the tensors: classes of callbacks, which only key a dict, and numbers of numpy in
 * the states of schedulers. Nothing is made of them.
 */
const PLAIN_DATA: readonly PickleGlobal[] = [
  { name: "pytorch_lightning.callbacks.model_checkpoint ModelCheckpoint" },
  { name: "pytorch_lightning.callbacks.early_stopping EarlyStopping" },
  ...[
    ["numpy dtype", "a dtype of numpy"],
    ["numpy.core.multiarray scalar", "a number of numpy"],
    ["_codecs encode", "bytes"],
    ["__builtin__ set", "a set"],
  ].map(([name, unread]): PickleGlobal => ({ name, call: () => ({ made: {}, unread }) })),
];

/**
 * Reads the pickle of a dict of tensors.
 * @param within the key of an outer dict whose entry it is; then the outer one may hold plain data besides
 * @param otherwise "whole": a dict without that key is the dict of tensors itself
 * @throws CheckpointError naming what is neither a tensor nor, with `within`, plain data
 */
export function stateDict(
  file: string,
  bytes: Uint8Array,
  start: number,
  { within, otherwise = "refuse" }: { readonly within?: string; readonly otherwise?: "refuse" | "whole" } = {},
): StateDict {
  const storages = new Map<string, Storage>();
  const refuse = (expected: string, found: PickleValue | undefined): never => {
    throw new CheckpointError(file, { expected, found: kindOf(found) });
  };
  const dtypes = new Map<PickleValue, Dtype>();
  const globals = new Map<string, PickleGlobal>();
  for (const [name, dtype] of Object.entries(STORAGES)) {
    const global = { name: `torch ${name}` };
    globals.set(global.name, global);
    dtypes.set(global, dtype);
  }
  for (const [name, call] of Object.entries({
    "collections OrderedDict": ([items = []]: readonly PickleValue[]) =>
      new Map(
        Array.isArray(items) ? items.map((pair) => (Array.isArray(pair) ? pairOf(pair) : refuse("a pair", pair))) : refuse("pairs", items),
      ),
    "torch._utils _rebuild_tensor": (args: readonly PickleValue[]) => ({ made: tensorOf(args) }), // before torch 0.4: VGG16's file of 2017
    "torch._utils _rebuild_tensor_v2": (args: readonly PickleValue[]) => ({ made: tensorOf(args) }),
    "torch._utils _rebuild_parameter": ([tensor]: readonly PickleValue[]) => tensor ?? refuse("a tensor", tensor),
  }))
    globals.set(name, { name, call });
  if (within !== undefined) for (const global of PLAIN_DATA) globals.set(global.name, global);

  const pairOf = (pair: readonly PickleValue[]): [PickleValue, PickleValue] =>
    pair.length === 2 ? [pair[0], pair[1]] : refuse("a pair", [...pair]);
  const tensorOf = ([storage, offset, shape, stride]: readonly PickleValue[]): StoredTensor => {
    if (!isMade(storage) || !isStorage(storage.made)) return refuse("a tensor's storage", storage);
    if (!isCount(offset)) return refuse("a tensor's offset in its storage", offset);
    if (!isShape(shape)) return refuse("a tensor's shape", shape);
    if (!isShape(stride)) return refuse("a tensor's strides", stride);
    return { storage: storage.made, offset, shape, stride };
  };
  const persistent = (id: PickleValue): PickleValue => {
    const [kind, type, key, , count, view] = Array.isArray(id) ? id : [];
    const dtype = dtypes.get(type);
    if (kind !== "storage" || !dtype || typeof key !== "string" || !isCount(count)) return refuse("a storage of numbers", kind);
    if (view !== null && view !== undefined) return refuse("a storage of its own", "a view of another");
    const known = storages.get(key);
    if (known && (known.dtype !== dtype || known.count !== count)) return refuse(`storage ${key} as before`, "another");
    const storage = known ?? { dtype, key, count };
    storages.set(key, storage);
    return { made: storage };
  };

  const { value, end } = unpickle(file, bytes, start, { globals, persistent });
  if (!(value instanceof Map)) return refuse("a state dict: tensors by name", value);
  const dict = within === undefined || (otherwise === "whole" && !value.has(within)) ? value : value.get(within);
  if (!(dict instanceof Map))
    return refuse(`${brief(within)}: tensors by name`, dict ?? `a dict of ${[...value.keys()].slice(0, 8).map(kindOf).join(", ")}`);
  const tensors = new Map<string, StoredTensor>();
  for (const [name, tensor] of dict) {
    if (typeof name !== "string") return refuse("names of tensors", name);
    if (!isMade(tensor) || tensor.unread || isStorage(tensor.made)) return refuse(`${brief(name)}: a tensor`, tensor);
    const stored = tensor.made as StoredTensor;
    // checked here, since tensors that are not read may lie as they like
    if (!isContiguous(stored)) return refuse(`numbers of [${stored.shape}] one after the other`, brief(stored.stride));
    tensors.set(name, stored);
  }
  return { tensors, storages, end };
}

const isStorage = (made: object): made is Storage => "count" in made;
const isCount = (value: PickleValue | undefined): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isShape = (value: PickleValue | undefined): value is number[] => Array.isArray(value) && value.length <= 8 && value.every(isCount);

function isContiguous({ shape, stride }: StoredTensor): boolean {
  let step = 1;
  if (stride.length !== shape.length) return false;
  if (shape.includes(0)) return true;
  for (let k = shape.length - 1; k >= 0; k--) {
    if (shape[k] !== 1 && stride[k] !== step) return false;
    step *= shape[k];
  }
  return true;
}
