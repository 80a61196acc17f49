/** @file Exports of a checkpoint of Stable Diffusion's size: time, bytes, and whether plain ONNX Runtime opens weights of more than 2 GB by their path. */
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { exportModel } from "#kernel-lib/pipelines/serving/export-model.js";

/** @param {string} folder the checkpoint @returns {Promise<import("../table.mjs").Row[]>} */
export async function measureExports(folder) {
  const parent = mkdtempSync(join(dirname(folder), "veduta-exports-")); // beside it: links need the same disk
  const out = join(parent, "exported");
  try {
    const before = process.cpuUsage();
    const { models, weights, weightBytes } = await exportModel(folder, out, {
      ...{ what: ["gradient"], batch: 1, sizes: [], precision: "float32", timestepEmbedding: "computed" },
      ...{ layout: "triton", weights: "linked", existing: "refuse" },
    });
    const { user, system } = process.cpuUsage(before);
    const [{ nodes, bytes }] = models;
    const own = filesIn(out).filter(({ nlink }) => nlink === 1);
    const mebibytes = (/** @type {number} */ count) => count / 1e6;
    const { InferenceSession } = await import("onnxruntime-node");
    const begun = performance.now();
    const session = await InferenceSession.create(join(out, "gradient/1/model.onnx/model.onnx"), { graphOptimizationLevel: "disabled" });
    const seconds = (performance.now() - begun) / 1000;
    await session.release();
    return [
      { what: "exporting the gradient", value: (user + system) / 1e6, unit: "s of CPU", bound: 2, note: `${nodes} nodes` },
      {
        what: "its model.onnx",
        value: mebibytes(bytes),
        unit: "MB",
        bound: 2,
        note: `${mebibytes(weightBytes).toFixed(0)} MB of weights, ${weights}`,
      },
      { what: "all that an export adds to the disk", value: mebibytes(own.reduce((sum, { size }) => sum + size, 0)), unit: "MB", bound: 3 },
      { what: "opened by its path in plain ONNX Runtime", value: seconds, unit: "s", note: "without optimization" },
    ];
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
}

/** @param {string} folder */
const filesIn = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => statSync(join(entry.parentPath, entry.name)));
