/** @file A model on another machine: what the protocol costs, whether numbers stay the same, whether clients are treated alike, and a kernel's memory. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { zeros } from "#kernel-lib/core/tensor.js";
import { syncDiffusion } from "#kernel-lib/methods/joint/joint-methods.js";
import { openModel } from "#kernel-lib/pipelines/open-model.js";
import { openClient } from "#kernel-lib/pipelines/serving/server-client.js";
import { serveModel } from "#kernel-lib/serve/serve-model.js";
import { modelNote, withCheckpoint } from "./checkpoint.mjs";

const CLI = fileURLToPath(new URL("../dist/kernel-lib/cli.js", import.meta.url));
const SERVE = { host: "127.0.0.1", port: 0, tokens: [], maxWaiting: 256, version: "bench" };

/** @param {string} name @param {readonly number[]} shape @returns {import("#kernel-lib/pipelines/serving/wire.js").WireTensor} */
const tensor = (name, shape) => ({ name, datatype: "FP32", shape, data: zeros(shape).data });

/** A gradient's call of Stable Diffusion 2's size, 8 windows: 4.8 MB. The server answers zeros. */
async function wire() {
  const inputs = [
    ...[tensor("latent", [8, 4, 64, 64]), tensor("anchor", [1, 3, 512, 512]), tensor("text", [2, 77, 1024])],
    ...["timestep", "guidance", "alpha", "sigma"].map((name) => tensor(name, [1])),
  ];
  const answer = { loss: zeros([8]), gradient: zeros([8, 4, 64, 64]) };
  const found = {
    name: "gradient",
    inputs: inputs.map(({ name, shape }) => ({ name, shape, datatype: /** @type {const} */ ("FP32"), of: /** @type {const} */ ("call") })),
    outputs: Object.entries(answer).map(([name, { shape }]) => ({ name, shape, datatype: /** @type {const} */ ("FP32") })),
    program: () => {
      throw new Error("nothing is computed here");
    },
    size: () => ({}),
  };
  const server = await serveModel(
    Promise.resolve({
      ...{ device: "cpu", precision: "float32", threads: 1, notices: [], functions: new Map([["gradient", found]]) },
      parameters: () => ({}),
      run: async () => answer,
      close: async () => {},
    }),
    SERVE,
  );
  const client = await openClient(server.address);
  const call = () => client.infer("gradient", inputs);
  for (let k = 0; k < 5; k++) await call();
  const [calls, before, begun] = [40, process.cpuUsage(), performance.now()];
  for (let k = 0; k < calls; k++) await call();
  const { user, system } = process.cpuUsage(before);
  const wall = (performance.now() - begun) / calls;
  await client.close();
  await server.close();
  return { cpu: (user + system) / 1000 / calls, wall, megabytes: inputs.reduce((sum, { data }) => sum + data.byteLength, 0) / 1e6 };
}

/** 30 clients that decode a window 20 times each, all at once. @param {string} address */
async function crowd(address) {
  let errors = 0;
  const one = async () => {
    const client = await openClient(address);
    const begun = performance.now();
    for (let k = 0; k < 20; k++)
      await client.infer("decode", [tensor("latent", [1, 4, 16, 16])]).catch(() => {
        errors++;
      });
    await client.close();
    return performance.now() - begun;
  };
  const times = await Promise.all(Array.from({ length: 30 }, one));
  return { errors, ratio: Math.max(...times) / (times.reduce((sum, time) => sum + time) / times.length) };
}

/** Resident MiB of Veduta's kernel after SyncDiffusion, 768 px. @param {string} model address or path */
function kernelMemory(model) {
  const folder = mkdtempSync(join(tmpdir(), "veduta-bench-"));
  const file = join(folder, "run.ipynb");
  const source = `import { openModel, syncDiffusion } from "veduta";
const model = await openModel();
for await (const _ of syncDiffusion(model, { prompt: "hills", seed: 7, width: 768, steps: 2 }));
console.log(Math.round(process.memoryUsage.rss() / 2 ** 20));`;
  const cell = { cell_type: "code", execution_count: null, id: "run", metadata: {}, outputs: [], source };
  const kernelspec = { name: "veduta", display_name: "Veduta", language: "typescript" };
  writeFileSync(file, JSON.stringify({ cells: [cell], metadata: { kernelspec }, nbformat: 4, nbformat_minor: 5 }));
  const env = { ...process.env, VEDUTA_MODEL: model, VEDUTA_DEVICE: "cpu" };
  const { status, stderr } = spawnSync(process.execPath, [CLI, "run", file], { env, encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  const [{ outputs }] = JSON.parse(readFileSync(file, "utf8")).cells;
  rmSync(folder, { recursive: true });
  return Number([outputs[0].text].flat().join("").trim());
}

/** @returns {Promise<import("./table.mjs").Row[]>} */
export const measureServing = () =>
  withCheckpoint(async ({ path, weights }) => {
    const { cpu, wall, megabytes } = await wire();
    const words = ["serve", "--model", path, "--port", "0", "--device", "cpu", "--threads", "1"];
    const server = spawn(process.execPath, [CLI, ...words], { stdio: ["ignore", "pipe", "ignore"] });
    try {
      const [said] = await once(server.stdout, "data");
      const address = String(said).trim();
      const options = { prompt: "hills", seed: 7, width: 384, steps: 2, batch: 4 };
      /** @param {string} model */
      const latents = async (model) => {
        const opened = await openModel(model, model === path ? { device: "cpu", threads: 1 } : {});
        let last;
        for await (const { latent } of syncDiffusion(opened, options)) last = latent;
        await opened.close();
        return last?.data ?? new Float32Array();
      };
      const [here, there] = [await latents(path), await latents(address)];
      const { errors, ratio } = await crowd(address);
      const [remote, local] = [kernelMemory(address), kernelMemory(path)];
      const size = `${megabytes.toFixed(1)} MB, ${wall.toFixed(0)} ms of wall time`;
      return [
        { what: "a call's protocol, both ends", value: cpu, unit: "ms of CPU", bound: 20, note: size },
        {
          what: "largest difference of a latent, here and there",
          value: largest(here, there),
          unit: "",
          bound: 0,
          note: modelNote(weights),
        },
        { what: "30 clients × 20 calls: errors", value: errors, unit: "", bound: 0 },
        { what: "the slowest client's time, of the mean", value: ratio, unit: "", bound: 1.3 },
        {
          what: "a kernel after SyncDiffusion on the server",
          value: remote,
          unit: "MiB",
          bound: 260,
          note: `${local} MiB with the model in it`,
        },
      ];
    } finally {
      server.kill();
      await once(server, "exit");
    }
  });

/** @param {Float32Array} a @param {Float32Array} b */
const largest = (a, b) => a.reduce((most, x, k) => Math.max(most, Math.abs(x - b[k])), 0);
