/** Exports: standard ONNX that other runtimes open by path, with the product's own numbers, and weights that are the checkpoint's own files. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema } from "onnx-buf";
import * as node from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Model } from "#kernel-lib/pipelines/model.js";
import { expectRoom } from "#kernel-lib/pipelines/new-folder.js";
import { openModel } from "#kernel-lib/pipelines/open-model.js";
import { type ExportOptions, exportModel } from "#kernel-lib/pipelines/serving/export-model.js";
import { weightNames } from "#kernel-lib/pipelines/serving/weight-links.js";
import { loadTokenizer } from "#kernel-lib/text/tokenizer.js";
import { tinyCheckpoint } from "../../fixtures/tiny-checkpoint.js";
import { type ExportedCall, exportedCalls, weightsBeside, worstOfLargest } from "./exported.js";

const OPTIONS: ExportOptions = {
  what: ["text", "noise", "gradient", "decode", "decode_wrap", "encode", "distance"],
  batch: 3,
  sizes: [{ width: 48 }],
  ...{ precision: "float32", timestepEmbedding: "computed", layout: "triton", weights: "linked", existing: "refuse" },
};

const tiny = tinyCheckpoint();
const root = mkdtempSync(join(tmpdir(), "veduta-export-"));
let model: Model;
let calls: Readonly<Record<string, ExportedCall>>;
const exported = join(root, "exported");
let count = 0;
const fresh = () => join(root, `out-${count++}`);
const onnxOf = (out: string, name: string) => join(out, name, "1/model.onnx/model.onnx");
const filesOf = (folder: string): readonly (readonly [string, number, number])[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => [file, statSync(file).mtimeMs, statSync(file).size] as const);

const source = filesOf(tiny.path);
beforeAll(async () => {
  model = await openModel(tiny.path, { device: "cpu", threads: 1 });
  calls = await exportedCalls(model);
  await exportModel(tiny.path, exported, OPTIONS);
});
afterAll(async () => {
  await model?.close();
  tiny.remove();
  rmSync(root, { recursive: true, force: true });
});

/** What plain ONNX Runtime makes of a call, opened by its path and without any option. */
async function plain(file: string, { feeds }: ExportedCall): Promise<Readonly<Record<string, Float32Array>>> {
  const session = await node.InferenceSession.create(file);
  const tensors = Object.entries(feeds).map(
    ([name, { data, shape }]) => [name, new node.Tensor(data instanceof Int32Array ? "int32" : "float32", data, shape)] as const,
  );
  const out = await session.run(Object.fromEntries(tensors));
  await session.release();
  return Object.fromEntries(Object.entries(out).map(([name, { data }]) => [name, data as Float32Array]));
}

const numbersOf = ({ wanted }: ExportedCall) => Object.fromEntries(Object.entries(wanted).map(([name, { data }]) => [name, data]));

describe("an export in plain ONNX Runtime", () => {
  test("has the numbers of the product, bit for bit, for every function", async () => {
    for (const [name, call] of Object.entries(calls)) expect(await plain(onnxOf(exported, name), call), name).toEqual(numbersOf(call));
  });

  test("gives them in the flat layout, with copies, and with gradient checkpointing, after the folder was moved", async () => {
    const out = fresh();
    await exportModel(tiny.path, out, { ...OPTIONS, what: ["gradient"], layout: "flat", weights: "copied", keeps: "ends" });
    const moved = fresh();
    renameSync(out, moved);
    const got = await plain(join(moved, "gradient/1/model.onnx"), calls.gradient);
    for (const [name, want] of Object.entries(numbersOf(calls.gradient))) expect(worstOfLargest(got[name], want), name).toBeLessThan(1e-5);
    expect(readdirSync(join(moved, "gradient"))).toEqual(["1"]);
  });

  test("takes the timestep's embedding where it is fed", async () => {
    const out = fresh();
    await exportModel(tiny.path, out, { ...OPTIONS, what: ["noise"], timestepEmbedding: "fed" });
    const { inputNames } = await node.InferenceSession.create(onnxOf(out, "noise"));
    expect(inputNames).toEqual(
      ["latent", "timestepEmbedding", "alpha", "sigma", "text", "guidance"].filter((name) => inputNames.includes(name)),
    );
    expect(inputNames).not.toContain("timestep");
    expect(readFileSync(join(out, "noise/config.pbtxt"), "utf8")).toContain(
      'name: "timestepEmbedding" data_type: TYPE_FP32 dims: [ 1, 8 ]',
    );
  });
});

describe("an export in onnxruntime-web (wasm)", () => {
  test("has the loss within 1e-5 and the gradient within 1e-3 of its largest number, and every other output too", async () => {
    const web = await import("onnxruntime-web");
    web.env.wasm.numThreads = 1;
    for (const [name, { feeds, wanted }] of Object.entries(calls)) {
      const folder = join(exported, name, "1/model.onnx");
      const options = { executionProviders: ["wasm"], externalData: weightsBeside(folder) };
      const session = await web.InferenceSession.create(readFileSync(join(folder, "model.onnx")), options);
      const tensors = Object.entries(feeds).map(
        ([input, { data, shape }]) => [input, new web.Tensor(data instanceof Int32Array ? "int32" : "float32", data, shape)] as const,
      );
      const out = await session.run(Object.fromEntries(tensors));
      for (const [output, { data }] of Object.entries(wanted))
        expect(worstOfLargest(out[output].data as Float32Array, data), `${name}: ${output}`).toBeLessThan(
          output === "gradient" ? 1e-3 : 1e-5,
        );
      await session.release();
    }
  });
});

describe("the files of an export", () => {
  test("are ONNX's own operators alone, at IR 10 and opset 21, and weights in files beside the model", () => {
    for (const name of readdirSync(exported).filter((each) => existsSync(onnxOf(exported, each)))) {
      const { irVersion, opsetImport, graph } = fromBinary(ModelProtoSchema, readFileSync(onnxOf(exported, name)));
      expect([irVersion, opsetImport.map(({ domain, version }) => [domain, version])], name).toEqual([10n, [["", 21n]]]);
      const places = graph?.initializer.flatMap(({ externalData }) => externalData.filter(({ key }) => key === "location")) ?? [];
      const beside = readdirSync(join(exported, name, "1/model.onnx"));
      expect(places.length, name).toBeGreaterThan(0);
      for (const { value } of places) expect(beside).toContain(value);
    }
  });

  test("link the checkpoint's weights, which stay as they were", () => {
    const weights = statSync(join(tiny.path, "unet/diffusion_pytorch_model.safetensors"));
    expect(statSync(join(exported, "noise/1/model.onnx/unet.safetensors")).ino).toBe(weights.ino);
    expect(readdirSync(join(exported, "gradient/1/model.onnx")).sort()).toEqual([
      ...["model.onnx", "perceptual-2.safetensors", "perceptual.safetensors", "unet.safetensors", "vae.safetensors"],
    ]);
    expect(filesOf(tiny.path)).toEqual(source);
  });

  test("are copies with --copy, one for each model, whose only name is its own", async () => {
    const out = fresh();
    const { weights } = await exportModel(tiny.path, out, { ...OPTIONS, what: ["noise", "decode", "encode"], weights: "copied" });
    const copies = ["noise/1/model.onnx/unet", "decode/1/model.onnx/vae", "encode/1/model.onnx/vae"];
    expect([weights, ...copies.map((name) => statSync(join(out, `${name}.safetensors`)).nlink)]).toEqual(["copied", 1, 1, 1]);
  });

  test("name no path of the machine that wrote them", () => {
    for (const name of ["gradient", "text"]) expect(readFileSync(onnxOf(exported, name)).includes(tiny.path), name).toBe(false);
  });

  test("say what the model is: shapes, config, digest, and the tokenizer as a folder that makes the same tokens", () => {
    const said = JSON.parse(readFileSync(join(exported, "veduta.json"), "utf8"));
    expect(said).toMatchObject({ format: 1, config: { ...model.config }, digest: model.digest, context: 16, batch: 3 });
    expect(said.functions.noise.inputs[0]).toEqual({ name: "latent", datatype: "FP32", shape: [3, 4, 8, 8] });
    const [own, written] = [join(tiny.path, "tokenizer"), join(exported, "tokenizer")].map((folder) => loadTokenizer(folder));
    for (const prompt of ["a night over hills", "Ünknown wörds, 42!", ""]) expect(written.encode(prompt)).toEqual(own.encode(prompt));
    const config = readFileSync(join(exported, "noise/config.pbtxt"), "utf8");
    expect(config).toMatch(/^name: "noise"\nbackend: "onnxruntime"\n#/);
    expect(config).toContain('max_batch_size: 0\ninput [\n  { name: "latent" data_type: TYPE_FP32 dims: [ 3, 4, 8, 8 ] },');
    const [, quoted] = /"veduta\.config" value: \{ string_value: (".*") \} \}/.exec(config) ?? [];
    expect(JSON.parse(JSON.parse(quoted))).toEqual(said.config);
  });

  test("two of one name get a number, one that several parts share keeps its own name, and a digest gets an ending", () => {
    const owners: Record<string, string> = { "/a/x.safetensors": "unet", "/b/x.safetensors": "unet" };
    const names = weightNames(
      ["/a/x.safetensors", "/b/x.safetensors", "/c/all.ckpt", "/blobs/0123abc", "/d/model.onnx"],
      (file) => owners[file],
    );
    expect([...names.values()]).toEqual(["unet.safetensors", "unet-2.safetensors", "all.ckpt", "0123abc.safetensors", "model-2.onnx"]);
  });
});

describe("bad input", () => {
  const refusal = (path: string, out: string, more: Partial<ExportOptions>) =>
    exportModel(path, out, { ...OPTIONS, ...more }).then(
      () => "no error",
      (error: Error) => error.message,
    );

  test("a folder that holds something, an export without --force, and a checkpoint of another kind are refused", async () => {
    const taken = fresh();
    mkdirSync(taken);
    writeFileSync(join(taken, "notes.txt"), "");
    expect(await refusal(tiny.path, taken, {})).toMatch(/expected a new or empty folder, found notes\.txt; give another one$/);
    expect(await refusal(tiny.path, exported, {})).toMatch(/found an export; give another one, or replace it \(--force\)$/);
    expect(await refusal("tiny-noon", fresh(), {})).toMatch(/tiny-noon: expected a checkpoint of Stable Diffusion 1 and 2, found one of /);
    const replaced = fresh();
    await exportModel(tiny.path, replaced, { ...OPTIONS, what: ["noise", "decode"] });
    await exportModel(tiny.path, replaced, { ...OPTIONS, what: ["decode"], existing: "replace" });
    expect(readdirSync(replaced).sort()).toEqual(["decode", "decode_48x16", "tokenizer", "veduta.json"]);
  });

  test("sizes that the autoencoder cannot take, and none where some are needed", async () => {
    expect(await refusal(tiny.path, fresh(), { sizes: [{ width: 47 }] })).toBe("--width 47: want a multiple of 2 px, such as 46 or 48");
    expect(await refusal(tiny.path, fresh(), { what: ["decode_wrap"], sizes: [] })).toMatch(/^decode_wrap: got no size, want .*--width/);
  });

  test("a checkpoint without perceptual/ says what to pull", async () => {
    const bare = tinyCheckpoint();
    rmSync(join(bare.path, "perceptual"), { recursive: true });
    expect(await refusal(bare.path, fresh(), { what: ["gradient"] })).toMatch(/perceptual.*veduta models pull lpips-vgg/);
    bare.remove();
  });

  test("no room for copies: bytes wanted, bytes free, and how to do without", () => {
    const full = () => expectRoom("/disk", 5.2e9, 1e6, "leave out --copy, so that files of the same disk are linked");
    expect(full).toThrow(
      "/disk: expected 5.20 GB of free disk space, found 1.00 MB; free some, or give a folder on another disk, or leave out --copy",
    );
  });
});
