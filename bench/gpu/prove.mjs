/**
 * @file One device in one precision: the official code's numbers, its rates, its steps. In a process of its own: what CUDA does with float32 is
 * settled when a process first uses it. Argument: a JSON of ProveOptions. Exit code 1 where a number is off.
 */
import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { printTable, verdict } from "../table.mjs";
import { measureParity } from "./parity.mjs";
import { measureCrossing, measureRates } from "./rates.mjs";
import { measureSteps } from "./steps.mjs";
import { usedBefore } from "./watch.mjs";

/**
 * @typedef {object} ProveOptions
 * @property {import("veduta").Device} device
 * @property {import("veduta").Precision} precision
 * @property {string} path the checkpoint whose steps are timed
 * @property {boolean} quick
 * @property {readonly (number | "all")[]} [batches] windows per call; default 1, 4, 8, 12 and all, with quick 1 and 4
 */

/** @param {ProveOptions} options @returns {boolean} whether all its numbers are right */
export const prove = (options) =>
  spawnSync(process.execPath, [fileURLToPath(import.meta.url), JSON.stringify(options)], { stdio: "inherit" }).status === 0;

/** @param {ProveOptions} options */
async function run({ device, precision, path, quick, batches = quick ? [1, 4] : [1, 4, 8, 12, "all"] }) {
  const where = { device, precision, threads: availableParallelism() };
  const before = usedBefore();
  console.log(`\nThe official code's numbers, ${precision}`);
  const parity = await measureParity(where);
  printTable(parity);

  console.log(`\nThe device, ${precision}`);
  const small = quick ? { side: 512, channels: 32, runs: 2 } : { side: 1024, channels: 320, runs: 2 };
  const rates = await measureRates(where, device === "cpu" ? small : { side: 4096, channels: 320, runs: 5 });
  printTable(rates.rows);

  console.log(`\nA synchronised step, ${precision}`);
  const crossing = await measureCrossing(where);
  printTable(await measureSteps(where, { path, batches, steps: quick ? 1 : 3, rates, crossing, before }));

  const missed = parity.filter((row) => verdict(row) === "MISSED");
  for (const { what } of missed) console.log(`OFF: ${what}, ${precision}`);
  return missed.length > 0 ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await run(JSON.parse(process.argv[2]));
