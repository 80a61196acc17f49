/** DESIGN section 9's table, line by line, through the public surface on a small random checkpoint; and what a repeated run gives. */
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CheckpointError,
  ClosedError,
  DeviceError,
  type JointModel,
  type Model,
  multiDiffusion,
  NumericError,
  openModel,
  openRun,
  runHead,
  type StepRecord,
  saveRun,
  syncDiffusion,
} from "veduta";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TINY, writeTinyCheckpoint } from "./fixtures/tiny-checkpoint.js";

let folder: string;
let checkpoint: string;
let model: Model;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "veduta-bad-input-"));
  checkpoint = writeTinyCheckpoint(join(folder, "checkpoint"));
  model = await openModel(checkpoint, { device: "cpu", threads: 2 });
});
afterAll(async () => {
  await model.close();
  rmSync(folder, { recursive: true, force: true });
});

const side = TINY.window * TINY.scale; // 16 px
const small = { prompt: "mountains", width: 3 * side, steps: 4, seed: 7 };

async function collect(run: ReturnType<typeof multiDiffusion>) {
  const records: StepRecord[] = [];
  let next = await run.next();
  for (; !next.done; next = await run.next()) records.push(next.value);
  return { records, result: next.value };
}

describe("sizes that do not tile: a RangeError that names the nearest that do", () => {
  test.each([
    ["width", { width: 3 * side + 2 }, /width 50.*(48|52)/s],
    ["height", { height: side + 2 }, /height 18.*16/s],
    ["stride", { stride: 5 }, /stride 5/],
    ["window", { window: 7 }, /window 7: want a multiple of 2.*window 6 or 8/s],
  ])("%s", (_, wrong, message) => {
    expect(() => multiDiffusion(model, { ...small, ...wrong })).toThrow(RangeError);
    expect(() => syncDiffusion(model, { ...small, ...wrong })).toThrow(message);
  });
});

describe("a checkpoint that does not fit: a CheckpointError with file, expected, found", () => {
  const spoiled = (name: string, spoil: (path: string) => void) => {
    const copy = join(folder, name);
    cpSync(checkpoint, copy, { recursive: true });
    spoil(copy);
    return copy;
  };
  const weights = "unet/diffusion_pytorch_model.safetensors";
  test.each([
    ["an unknown model", () => join(folder, "nowhere")],
    ["a missing file", () => spoiled("missing", (path) => rmSync(join(path, weights)))],
    ["a truncated file", () => spoiled("truncated", (path) => truncateSync(join(path, weights), 2000))],
    ["a wrong class", () => spoiled("class", (path) => writeFileSync(join(path, "model_index.json"), '{"_class_name":"OtherPipeline"}'))],
    ["wrong shapes", () => spoiled("shapes", (path) => cpSync(join(path, "vae/diffusion_pytorch_model.safetensors"), join(path, weights)))],
    ["a header that lies", () => spoiled("lies", (path) => writeFileSync(join(path, weights), Buffer.from("ffffffffffffff7f7b7d", "hex")))],
  ])("%s", async (_, make) => {
    const error = await openModel(make(), { device: "cpu" }).then(
      (opened) => opened.close().then(() => undefined),
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(CheckpointError);
    const { file, expected, found } = error as CheckpointError;
    for (const part of [file, expected, found]) expect(part).toMatch(/\S/);
  });
});

test("a prompt longer than the context is cut as CLIP does, and the first record says so", async () => {
  const { records } = await collect(multiDiffusion(model, { ...small, prompt: "mountains ".repeat(40), steps: 1 }));
  expect(records[0].notices?.[0]).toMatch(/^prompt: longer than the model's 16 tokens/);
});

/** The model, with one call spoiled from its nth time on. */
const after = (n: number, spoil: Partial<JointModel>): JointModel => {
  let calls = 0;
  return {
    ...model,
    ...spoil,
    predictNoise: async (...args) => (++calls > n && spoil.predictNoise ? spoil.predictNoise : model.predictNoise)(...args),
  };
};

test("NaN in a step: the run stops there, names step and window, and every earlier record stays", async () => {
  const broken = after(2, {
    predictNoise: async (...args) => {
      const noise = await model.predictNoise(...args);
      noise.data[noise.data.length - 1] = Number.NaN;
      return noise;
    },
  });
  const run = multiDiffusion(broken, { ...small, batch: 16 });
  const records: StepRecord[] = [];
  const error = await (async () => {
    for await (const record of run) records.push(record);
  })().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(NumericError);
  expect(String(error)).toMatch(/step 2.*window/s);
  expect(records.map(({ index }) => index)).toEqual([0, 1]);
  expect((await records[1].preview()).data.every(Number.isFinite)).toBe(true);
});

test("an interrupt stops within one network call; the records so far stay usable", async () => {
  const controller = new AbortController();
  let calls = 0;
  const counting: JointModel = {
    ...model,
    predictNoise: async (...args) => {
      calls++;
      return model.predictNoise(...args);
    },
  };
  const run = multiDiffusion(counting, { ...small, signal: controller.signal, batch: 1 });
  const first = (await run.next()).value as StepRecord;
  const before = calls;
  controller.abort();
  await expect(run.next()).rejects.toThrow(/abort/i);
  expect(calls - before).toBeLessThanOrEqual(1);
  expect((await first.preview()).shape).toEqual([1, 3, side, 3 * side]);
});

test("text from the user never runs as script in the report", async () => {
  const prompt = '<script>alert(1)</script><img src=x onerror="alert(2)">';
  const run = multiDiffusion(model, { ...small, prompt, steps: 1 });
  const { records, result } = await collect(run);
  const saved = await saveRun(join(folder, "run"), { ...runHead("multi", run, model), steps: records, result });
  const { info, dir } = await openRun(saved.dir);
  expect(info.options.prompt).toBe(prompt);
  const page = readFileSync(join(dir, "report.html"), "utf8");
  expect(page).not.toContain("<script>alert(1)");
  expect(page).not.toContain("<img src=x");
  expect(page).toContain("&lt;script&gt;alert(1)");
});

test("a device that is not there: which are, and how to get it", async () => {
  const error = await openModel(checkpoint, { device: "cuda" }).then(
    (opened) => opened.close().then(() => "there"),
    (reason: unknown) => reason,
  );
  if (error === "there") return; // this machine has one
  expect(error).toBeInstanceOf(DeviceError);
  expect(String(error)).toMatch(/there are: cpu/);
  expect(String(error)).toMatch(/node .*install\.js --onnxruntime-node-install/);
});

test("a closed model says that it is", async () => {
  const own = await openModel(checkpoint, { device: "cpu", threads: 1 });
  const { records } = await collect(multiDiffusion(own, { ...small, steps: 1 }));
  await own.close();
  await expect(records[0].preview()).rejects.toThrow(ClosedError);
});

describe("the same seed, device and options", () => {
  test.each([
    ["MultiDiffusion", multiDiffusion],
    ["SyncDiffusion", syncDiffusion],
  ] as const)("give a bit-identical panorama: %s", async (_, method) => {
    const options = { ...small, loop: true, width: 4 * side };
    const first = await collect(method(model, options));
    const again = await openModel(checkpoint, { device: "cpu", threads: 2 });
    const second = await collect(method(again, options));
    await again.close();
    expect(second.result.panorama.data).toEqual(first.result.panorama.data);
    expect(second.records.map(({ windows }) => windows)).toEqual(first.records.map(({ windows }) => windows));
    const other = await collect(method(model, { ...options, seed: 8 }));
    expect(other.result.panorama.data).not.toEqual(first.result.panorama.data);
  });
});
