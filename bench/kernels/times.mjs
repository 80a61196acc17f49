/** @file How long a reader waits for each kernel: its start and a small cell. Middle values; a busy machine makes them larger. */
import { startKernel } from "#kernel-lib/ipynb/runner/kernel-client.js";

const STARTS = 3;
const CELLS = 9;

/** @param {readonly number[]} values */
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

/** @param {import("./kernels.mjs").Kernel} kernel @param {string} cwd */
async function start({ command }, cwd) {
  const times = [];
  for (let i = 0; i < STARTS; i++) {
    const begun = performance.now();
    const client = await startKernel({ command, cwd });
    await client.request("execute_request", { code: "1 + 1" });
    times.push(performance.now() - begun);
    await client.stop();
  }
  return `${(median(times) / 1000).toFixed(1)} s`;
}

/** @param {import("./kernels.mjs").Kernel} kernel @param {string} cwd */
async function cell({ command }, cwd) {
  const client = await startKernel({ command, cwd });
  const times = [];
  for (let i = 0; i <= CELLS; i++) {
    const begun = performance.now();
    await client.request("execute_request", { code: `1 + ${i}` });
    if (i > 0) times.push(performance.now() - begun); // the first one loads
  }
  await client.stop();
  return `${Math.ceil(median(times))} ms`;
}

/** Rows of the table. */
export const TIMES = [
  { feature: "start, until the first cell is done", work: start },
  { feature: "a small cell", work: cell },
];
