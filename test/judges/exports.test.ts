/** Exports of `veduta models export` before Python's onnx and onnxruntime of today: the checker passes every graph, and the numbers are the product's. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Model } from "#kernel-lib/pipelines/model.js";
import { openModel } from "#kernel-lib/pipelines/open-model.js";
import { exportModel } from "#kernel-lib/pipelines/serving/export-model.js";
import { scratchFolder } from "../fixtures/checkpoint-folder.js";
import { pythonEnv } from "../fixtures/python-env.js";
import { writeTinyCheckpoint } from "../fixtures/tiny-checkpoint.js";
import { exportedCalls, type Fed } from "../pipelines/serving/exported.js";
import { report, runPython } from "./run-python.js";

const PACKAGES = ["onnx==1.23.2", "onnxruntime==1.32.0", "numpy==2.4.6"];
const env = pythonEnv("onnx", PACKAGES);

interface Said {
  readonly versions: Readonly<Record<string, string>>;
  readonly differences: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** Writes feeds and wanted outputs as raw numbers with a list of them. */
function writeCalls(folder: string, calls: Awaited<ReturnType<typeof exportedCalls>>): void {
  mkdirSync(folder);
  let count = 0;
  const put = (tensors: Readonly<Record<string, Fed>>) =>
    Object.fromEntries(
      Object.entries(tensors).map(([name, { data, shape }]) => {
        const file = `${count++}.bin`;
        writeFileSync(join(folder, file), data);
        return [name, { file, shape, datatype: data instanceof Int32Array ? "INT32" : "FP32" }];
      }),
    );
  const list = Object.entries(calls).map(([name, { feeds, wanted }]) => [name, { feeds: put(feeds), wanted: put(wanted) }]);
  writeFileSync(join(folder, "calls.json"), JSON.stringify(Object.fromEntries(list)));
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
