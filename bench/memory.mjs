/** @file Peak memory of sampling, and that it stays where the panorama grows. Each width in a process of its own. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { syncDiffusion } from "#kernel-lib/methods/joint/syncdiffusion.js";
import { openModel } from "#kernel-lib/pipelines/open-model.js";
import { modelNote, withCheckpoint } from "./checkpoint.mjs";
import { THREADS } from "./race.mjs";

const NARROW = 768;
const WIDE = 6144;
/** What a step holds a window: latent, gradient, noise, x0 and their parts, copies of them on their way to the worker and back. */
const COPIES = 24;
const STEPS = 2;

/** @returns {Promise<import("./table.mjs").Row[]>} */
export const measureMemory = () =>
  withCheckpoint(async ({ path, weights }) => {
    const [narrow, wide] = [NARROW, WIDE].map((width) => sampleApart(path, width));
    const allowed = narrow.peak * 1.03 + ((wide.latents - narrow.latents) * COPIES) / 2 ** 20; // 3 %: two runs of one width differ by that
    return [
      {
        what: `peak memory of sampling, ${NARROW} px`,
        value: narrow.peak,
        unit: "MiB",
        note: `${modelNote(weights)}, ${STEPS} synchronised steps`,
      },
      {
        what: `peak memory of sampling, ${WIDE} px`,
        value: wide.peak,
        unit: "MiB",
        bound: Math.round(allowed),
        note: "the same and 3 %, and the windows' latents",
      },
    ];
  });

/** @param {string} path @param {number} width @returns {{ peak: number, latents: number }} MiB, bytes */
function sampleApart(path, width) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), path, String(width)], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`sampling ${width} px ended with exit code ${status}:\n${stderr}`);
  return JSON.parse(stdout);
}

/** The first steps of a run, without the decoding of its panorama. @param {string} path @param {number} width */
async function sample(path, width) {
  const model = await openModel(path, { device: "cpu", threads: THREADS });
  const run = syncDiffusion(model, { prompt: "mountains", width, loop: true, seed: 7, weight: 0.001, batch: 8 });
  for (let k = 0; k < STEPS; k++) await run.next();
  const { windows } = run.options;
  const { latentChannels, window } = model.config;
  const latents = windows.length * latentChannels * window ** 2 * 4;
  console.log(JSON.stringify({ peak: peakMiB(), latents }));
  await model.close();
}

/** Of this process, so far. */
export function peakMiB() {
  if (process.platform === "linux") return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1024;
  return process.resourceUsage().maxRSS / 1024;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await sample(process.argv[2], Number(process.argv[3]));
