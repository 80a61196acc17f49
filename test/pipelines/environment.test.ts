/** What the environment says of a model where options do not. */
import { afterEach, describe, expect, test } from "vitest";
import { sharedGpu } from "#kernel-lib/engine/gpu-memory.js";
import { modelEnvironment } from "#kernel-lib/pipelines/environment.js";
import { openModel } from "#kernel-lib/pipelines/open-model.js";
import { tinyCheckpoint } from "../fixtures/tiny-checkpoint.js";

const NAMES = ["VEDUTA_MODEL", "VEDUTA_DEVICE", "VEDUTA_THREADS", "VEDUTA_BATCH"] as const;
afterEach(() => {
  for (const name of NAMES) delete process.env[name];
});

describe("variables", () => {
  test("are read where they are set, and an empty one counts as absent", () => {
    const env = { VEDUTA_MODEL: "http://gpu:8000", VEDUTA_TOKEN: "t", VEDUTA_DEVICE: "cpu", VEDUTA_THREADS: "2", VEDUTA_BATCH: "4" };
    expect(modelEnvironment(env)).toEqual({ model: "http://gpu:8000", token: "t", device: "cpu", threads: 2, batch: 4 });
    expect(modelEnvironment({ VEDUTA_MODEL: "", VEDUTA_THREADS: "" })).toEqual({});
  });

  test.each([
    [{ VEDUTA_THREADS: "two" }, "VEDUTA_THREADS=two: want a whole number >= 1"],
    [{ VEDUTA_BATCH: "0" }, "VEDUTA_BATCH=0: want a whole number >= 1"],
    [{ VEDUTA_DEVICE: "gpu" }, "VEDUTA_DEVICE=gpu: want auto, cpu, cuda, webgpu"],
  ])("%o is refused with what it may be", (env, says) => {
    expect(() => modelEnvironment(env)).toThrow(new RangeError(says));
  });

  test("choose model, device, threads and rows per call of openModel, where options do not", async () => {
    const tiny = tinyCheckpoint();
    Object.assign(process.env, { VEDUTA_MODEL: tiny.path, VEDUTA_DEVICE: "cpu", VEDUTA_THREADS: "1", VEDUTA_BATCH: "3" });
    const model = await openModel();
    expect([model.path, model.device, model.threads, model.notices]).toEqual([tiny.path, "cpu", 1, []]);
    expect(model.batchSize("noise", { height: 8, width: 8 })).toBe(3);
    await model.close();
    const other = await openModel(tiny.path, { threads: 2, batch: 5 });
    expect([other.threads, other.batchSize("noise", { height: 8, width: 8 })]).toEqual([2, 5]);
    await other.close();
    await expect(openModel(tiny.path, { batch: 0 })).rejects.toThrow("batch 0: want a whole number >= 1");
    tiny.remove();
  });

  test("the notice of a GPU that nobody chose says what was free, and how to leave some to others", () => {
    expect(sharedGpu(12.5e9)).toMatch(
      /^cuda: 12\.5 GB of its memory were free when the model was opened, .*VEDUTA_BATCH or --batch, or take VEDUTA_DEVICE=cpu$/,
    );
  });
});
