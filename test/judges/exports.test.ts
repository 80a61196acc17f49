/** Exports of `veduta models export` before Python's onnx and onnxruntime of today: the checker passes every graph, and the numbers are the product's. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Model } from "#kernel-lib/pipelines/model.js";
import { openModel } from "#kernel-lib/pipelines/open-model.js";
import { exportModel } from "#kernel-lib/pipelines/serving/export-model.js";
import { scratchFolder } from "../fixtures/checkpoint-folder.js";
import { pythonEnv } from "../fixtures/python-env.js";
import { writeTinyCheckpoint } from "../fixtures/tiny-checkpoint.js";
import { exportedCalls } from "../pipelines/serving/exported.js";
import { writeCalls } from "./call-files.js";
import { report, runPython } from "./run-python.js";

const PACKAGES = ["onnx==1.23.2", "onnxruntime==1.32.0", "numpy==2.4.6"];
const env = pythonEnv("onnx", PACKAGES);

interface Said {
  readonly versions: Readonly<Record<string, string>>;
  readonly differences: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

describe.skipIf(env.missing)(`exports in Python's onnx and onnxruntime${env.missing}`, () => {
  const scratch = scratchFolder();
  const [checkpoint, linked, copied, calls] = ["tiny", "linked", "copied", "calls"].map((name) => join(scratch.path, name));
  let model: Model;
  beforeAll(async () => {
    writeTinyCheckpoint(checkpoint);
    model = await openModel(checkpoint, { device: "cpu", threads: 1 });
    writeCalls(calls, await exportedCalls(model));
    for (const weights of ["linked", "copied"] as const)
      await exportModel(checkpoint, weights === "linked" ? linked : copied, {
        ...{ what: ["text", "noise", "gradient", "decode", "decode_wrap", "encode", "distance"], batch: 3, sizes: [{ width: 48 }] },
        ...{ precision: "float32", timestepEmbedding: "computed", layout: "triton", weights, existing: "refuse" },
      });
  });
  afterAll(async () => {
    await model?.close();
    scratch.remove();
  });

  test("the checker passes every graph by its path, and each output is within 1e-5 of the product's, the gradient within 1e-3", async () => {
    const { versions, differences }: Said = JSON.parse(await runPython(env.bin, "exports.py", [linked, copied, calls]));
    for (const [name, outputs] of Object.entries(differences))
      for (const [output, difference] of Object.entries(outputs)) {
        report(`onnxruntime ${versions.onnxruntime}, ${name}: ${output}`, difference);
        expect(difference, `${name}: ${output}`).toBeLessThan(output === "gradient" ? 1e-3 : 1e-5);
      }
    expect(Object.keys(differences).length).toBe(7);
  });
});
