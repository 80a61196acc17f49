import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { CheckpointError } from "#kernel-lib/core/errors.js";
import { createRng, type Rng } from "#kernel-lib/core/random.js";
import { perceptualFromFiles } from "#kernel-lib/pipelines/perceptual-part.js";
import { readTensor } from "#kernel-lib/weights/safetensors.js";
import { openTorch, type TorchOptions } from "#kernel-lib/weights/torch-file.js";
import { put, refusal, scratchFolder } from "../fixtures/checkpoint-folder.js";
import {
  legacyFile,
  type Pickled,
  pickle,
  stateDict,
  tensorValue,
  trainingCheckpoint,
  type WrittenTensor,
  type ZipOptions,
  zipFile,
} from "./torch-writer.js";

const scratch = scratchFolder();
afterAll(scratch.remove);
let files = 0;
const write = (bytes: Uint8Array): string => put(join(scratch.path, `${files++}.pth`), bytes);

const floats = (n: number, from = 0) => Float32Array.from({ length: n }, (_, k) => from + k / 8);
const TENSORS: readonly WrittenTensor[] = [
  { name: "features.0.weight", shape: [4, 3, 2, 2], data: floats(48) },
  { name: "features.0.bias", shape: [4], data: floats(4, 100), rebuild: "_rebuild_parameter" },
  { name: "half", shape: [2, 2], data: Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001) },
  { name: "double", shape: [3], data: Float64Array.of(1e-3, -2, 3) },
  { name: "scalar", shape: [], data: Float32Array.of(7) },
  { name: "empty", shape: [0, 3], data: new Float32Array(0) },
  { name: "shared.0", shape: [2, 3], data: floats(12, 50), key: "s" },
  { name: "shared.1", shape: [2, 3], data: floats(12, 50), key: "s", offset: 6 },
];
const EXPECTED = {
  "features.0.weight": { shape: [4, 3, 2, 2], data: floats(48) },
  "features.0.bias": { shape: [4], data: floats(4, 100) },
  half: { shape: [2, 2], data: Float32Array.of(1, -2, 65504, 2 ** -24) },
  double: { shape: [3], data: Float32Array.of(1e-3, -2, 3) },
  scalar: { shape: [], data: Float32Array.of(7) },
  empty: { shape: [0, 3], data: new Float32Array(0) },
  "shared.0": { shape: [2, 3], data: floats(6, 50) },
  "shared.1": { shape: [2, 3], data: floats(12, 50).slice(6) },
};
const readAll = (file: string, options?: TorchOptions) =>
  Object.fromEntries([...openTorch(file, options).tensors].map(([name, ref]) => [name, readTensor(ref)]));

const FORMATS: Readonly<Record<string, (tensors: readonly WrittenTensor[], options?: ZipOptions) => Buffer>> = {
  "the zip of torch 1.6": zipFile,
  "a zip with 64 bit places": (tensors, options) => zipFile(tensors, { ...options, fields: "zip64" }),
  "the format before torch 1.6": (tensors, options) => legacyFile(tensors, options?.value),
};

describe.each(Object.entries(FORMATS))("%s", (_, format) => {
  test("gives every tensor by name, where it lies, of every dtype", () => {
    expect(readAll(write(format(TENSORS)))).toEqual(EXPECTED);
  });

  test("takes what torch 0.3 wrote: _rebuild_tensor, no state", () => {
    const tensors = TENSORS.filter(({ name }) => name.startsWith("features")).map(
      (tensor): WrittenTensor => ({ ...tensor, rebuild: "_rebuild_tensor" }),
    );
    const value: Pickled = {
      call: "collections OrderedDict",
      with: [{ list: tensors.map((tensor, k) => ({ list: [tensor.name, tensorValue(tensor, k)] })) }],
    };
    expect(Object.keys(readAll(write(format(tensors, { value }))))).toEqual(["features.0.weight", "features.0.bias"]);
  });

  test("a dimension of one number may have any stride, as torch leaves it", () => {
    const tensor: WrittenTensor = { name: "a", shape: [1, 3, 1, 2], stride: [77, 2, 5, 1], data: floats(6) };
    expect(readAll(write(format([tensor])))).toEqual({ a: { shape: [1, 3, 1, 2], data: floats(6) } });
  });

  test("a plain dict is a state dict too", () => {
    const [tensor] = TENSORS;
    const value: Pickled = { dict: [[tensor.name, tensorValue(tensor, 0)]] };
    expect(readAll(write(format([tensor], { value })))).toEqual({ [tensor.name]: EXPECTED["features.0.weight"] });
  });

  test("of a training's checkpoint, gives the tensors of state_dict; the rest is not read, however it lies", () => {
    const moments: WrittenTensor = { name: "", shape: [3, 2], stride: [1, 3], data: floats(6), key: "m" };
    const value = trainingCheckpoint(TENSORS, [moments]);
    expect(readAll(write(format([...TENSORS, moments], { value })), { within: "state_dict" })).toEqual(EXPECTED);
  });

  test("a training's checkpoint is refused where the tensors themselves were asked for, and the other way round", () => {
    const whole = write(format(TENSORS, { value: trainingCheckpoint(TENSORS) }));
    expect(refusal(() => openTorch(whole)).message).toMatch(/found "pytorch_lightning\.callbacks\.model_checkpoint ModelCheckpoint"/);
    const message = /"state_dict": tensors by name, found "a dict of \\"features\.0\.weight\\"/;
    expect(refusal(() => openTorch(write(format(TENSORS)), { within: "state_dict" })).message).toMatch(message);
  });

  test.each<[string, Pickled, RegExp]>([
    [
      "a call of the shell beside the tensors",
      {
        dict: [
          ["state_dict", stateDict([])],
          ["hooks", { call: "posix system", with: ["x"] }],
        ],
      },
      /found "posix system", in its pickle/,
    ],
    [
      "a callback that is called",
      { dict: [["a", { call: "pytorch_lightning.callbacks.model_checkpoint ModelCheckpoint", with: [] }]] },
      /a name that may be called, found pytorch_lightning/,
    ],
    [
      "a configuration object",
      { dict: [["hparams", { call: "omegaconf.dictconfig DictConfig", with: [] }]] },
      /"omegaconf\.dictconfig DictConfig"/,
    ],
    [
      "a number of numpy among the tensors",
      { dict: [["state_dict", { dict: [["a", { call: "numpy.core.multiarray scalar", with: [] }]] }]] },
      /"a": a tensor, found a number of numpy/,
    ],
    [
      "a tensor over a number of numpy",
      {
        dict: [
          [
            "a",
            { call: "torch._utils _rebuild_tensor_v2", with: [{ call: "_codecs encode", with: [] }, 0, { tuple: [1] }, { tuple: [1] }] },
          ],
        ],
      },
      /a tensor's storage, found bytes/,
    ],
    ["state_dict a list", { dict: [["state_dict", { list: [] }]] }, /"state_dict": tensors by name, found a list/],
  ])("in a training's checkpoint %s is refused by name", (_name, value, answer) => {
    expect(refusal(() => openTorch(write(format([], { value })), { within: "state_dict" })).message).toMatch(answer);
  });

  test.each<[string, Pickled, RegExp]>([
    ["a call of the shell", { call: "posix system", with: ["echo"] }, /found "posix system", in its pickle/],
    ["a call of eval", { call: "builtins eval", with: ["1"] }, /"builtins eval"/],
    ["a class of torch", { call: "torch.nn.modules.linear Linear", with: [] }, /"torch\.nn\.modules\.linear Linear"/],
    ["a storage that is called", { call: "torch FloatStorage", with: [] }, /a name that may be called, found torch FloatStorage/],
    ["a name over STACK_GLOBAL", { raw: [88, 2, 0, 0, 0, 111, 115, 88, 6, 0, 0, 0, 115, 121, 115, 116, 101, 109, 147] }, /operation 0x93/],
    ["INST", { raw: [40, 105, 111, 115, 10, 115, 121, 115, 10] }, /operation 0x69/],
    ["NEWOBJ", { raw: [99, ...Buffer.from("collections\nOrderedDict\n"), 41, 129] }, /operation 0x81/],
    ["an extension", { raw: [130, 1] }, /operation 0x82/],
    ["state of something else", { raw: [93, 125, 98] }, /state of an OrderedDict alone, found state of a list/],
    ["a list", { list: [] }, /a state dict: tensors by name, found a list/],
    ["no tensor", { dict: [["a", 1]] }, /"a": a tensor, found 1/],
    [
      "a storage without a tensor",
      { dict: [["a", { persistent: { tuple: ["storage", { global: "torch FloatStorage" }, "0", "cpu", 4] } }]] },
      /"a": a tensor/,
    ],
    ["a name that is a number", { dict: [[3, null]] }, /names of tensors, found 3/],
    ["a persistent id of another kind", { persistent: { tuple: ["module", null, "0", "cpu", 4] } }, /a storage of numbers, found "module"/],
    ["a memo that was never put", { raw: [104, 7] }, /a memo that was put, found memo 7/],
    ["a stack that is empty", { raw: [48] }, /a value on the stack/],
    ["a value taken from below a mark", { raw: [78, 78, 40, 48] }, /a value on the stack/],
    ["protocol 4", { raw: [128, 4] }, /protocol 2 or 3, found protocol 4/],
  ])("%s is refused by name, and nothing of it is run", (_name, value, answer) => {
    expect(refusal(() => openTorch(write(format([], { value })))).message).toMatch(answer);
  });

  test.each<[string, Partial<WrittenTensor>, RegExp]>([
    ["beyond its storage", { offset: 1 }, /numbers 1 to 49 of a storage of 48/],
    ["larger than its storage", { shape: [4, 3, 2, 3], stride: [18, 6, 3, 1] }, /numbers 0 to 72 of a storage of 48/],
    [
      "of a size that no number holds",
      { shape: [2 ** 30, 2 ** 30, 2 ** 30], stride: [2 ** 60, 2 ** 30, 1].map((s) => Math.min(s, 2 ** 31 - 1)) },
      /one after the other/,
    ],
    ["transposed", { shape: [3, 4, 2, 2], stride: [4, 12, 2, 1] }, /numbers of \[3,4,2,2\] one after the other/],
    ["of nine dimensions", { shape: Array(9).fill(1), stride: Array(9).fill(1) }, /a tensor's shape/],
  ])("a tensor %s is refused", (_name, changes, answer) => {
    expect(refusal(() => openTorch(write(format([{ ...TENSORS[0], ...changes }])))).message).toMatch(answer);
  });
});

describe("files that are none", () => {
  const [tensor] = TENSORS;
  test.each<[string, () => Uint8Array, RegExp]>([
    ["nothing", () => new Uint8Array(0), /another kind of file/],
    ["a text", () => Buffer.from("version https://example.org/spec/v1\n"), /another kind of file/],
    ["a pickle that is no magic number", () => pickle(3), /a pickle of 3/],
    ["a zip without tensors", () => zipFile([], { value: { dict: [] } }).subarray(0, 40), /a zip with a central directory/],
    ["a zip that is packed", () => zipFile([tensor], { method: 8 }), /stored entries, found "archive\/data.pkl" packed/],
    [
      "a zip that lies about a size",
      () => {
        const bytes = zipFile([tensor]);
        const packed = bytes.indexOf(Buffer.from([0x50, 0x4b, 1, 2])) + 20; // of the directory's first entry
        bytes.writeUInt32LE(bytes.readUInt32LE(packed) - 1, packed);
        return bytes;
      },
      /stored entries, found "archive\/data.pkl" of \d+ bytes for \d+/,
    ],
    [
      "a zip with ten bytes cut out",
      () => Buffer.concat([zipFile([tensor]).subarray(0, 300), zipFile([tensor]).subarray(310)]),
      /header where it says/,
    ],
    ["big endian numbers", () => Buffer.from(zipFile([tensor]).toString("latin1").replace("little", "bigend"), "latin1"), /little endian/],
    ["a storage that is not there", () => zipFile([], { value: stateDict([tensor]) }), /archive\/data\/0, found no such entry/],
    ["a truncated storage", () => legacyFile([tensor]).subarray(0, -1), /bytes at byte/],
    [
      "a storage of another size",
      () => legacyFile([{ ...tensor, data: floats(47) }], stateDict([tensor])),
      /storage 0 of 48 numbers, found 47/,
    ],
  ])("%s", (_, bytes, answer) => {
    expect(refusal(() => openTorch(write(bytes()))).message).toMatch(answer);
  });
});

test("a backbone and linear weights can be given to LPIPS as .pth", () => {
  const [backbone] = TENSORS;
  const linear: WrittenTensor = { name: "lin0.model.1.weight", shape: [1, 4, 1, 1], data: floats(4) };
  const part = perceptualFromFiles({ net: "vgg", backbone: write(legacyFile([backbone])), linear: write(zipFile([linear])) });
  expect([...part.weights.keys()]).toEqual(["features.0.weight", "lin0.model.1.weight"]);
});

test.each<[string, (tensors: readonly WrittenTensor[]) => Pickled | undefined, TorchOptions]>([
  ["500 spoiled files", () => undefined, {}],
  ["500 spoiled checkpoints of a training", trainingCheckpoint, { within: "state_dict" }],
])("%s open or are refused, and never read beyond themselves", (_, valueFor, options) => {
  const rng = createRng(4);
  const small = TENSORS.slice(0, 3);
  const originals = Object.values(FORMATS).map((format) => format(small, { value: valueFor(small) }));
  let [opened, refused] = [0, 0];
  for (let k = 0; k < 500; k++) {
    const bytes = spoil(rng, originals[k % originals.length]);
    const file = write(bytes);
    try {
      for (const ref of openTorch(file, options).tensors.values()) {
        expect(ref.offset + ref.length).toBeLessThanOrEqual(bytes.length);
        readTensor(ref);
      }
      opened++;
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      refused++;
    }
  }
  expect(opened + refused).toBe(500);
  expect(Math.min(opened, refused)).toBeGreaterThan(50);
});

/** Bytes flipped, replaced by numbers at the edges of their types, cut, repeated or inserted. */
function spoil(rng: Rng, bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const at = rng.below(copy.length);
  const kind = rng.below(6);
  if (kind === 0) for (let k = rng.below(4); k >= 0; k--) copy[rng.below(copy.length)] ^= 1 << rng.below(8);
  if (kind === 1) copy.fill(rng.below(2) * 255, at, at + 1 + rng.below(8));
  if (kind === 2) return copy.subarray(0, at);
  if (kind === 3) return Buffer.concat([copy.subarray(0, at), copy.subarray(at + 1 + rng.below(40))]);
  if (kind === 4) return Buffer.concat([copy.subarray(0, at), copy.subarray(rng.below(at + 1), at), copy.subarray(at)]);
  if (kind === 5) copy[at] = [40, 46, 82, 98, 99, 116, 117, 133, 138, 255][rng.below(10)];
  return copy;
}
