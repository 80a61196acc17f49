/** @file Which device there is and what it computes in, asked in a process of its own: prints a JSON line. Argument: the device's name. */
import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { openDevice } from "./internals.mjs";

/**
 * @typedef {import("veduta").DeviceChoice} DeviceChoice
 * @typedef {object} Found
 * @property {import("veduta").Device} device
 * @property {readonly string[]} notices
 * @property {string} [noHalf] why it has no half precision
 */

/** @param {DeviceChoice} choice @returns {Found | { reason: string }} "auto" wants a GPU */
export function checkDevice(choice) {
  const { stdout, stderr } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), choice], { encoding: "utf8" });
  return stdout.startsWith("{") ? JSON.parse(stdout) : { reason: stderr };
}

/** @param {DeviceChoice} choice @returns {Promise<Found | { reason: string }>} */
async function check(choice) {
  const threads = availableParallelism();
  const { runtime, notices } = await openDevice(choice, { threads, precision: "float32" });
  const { device } = runtime.options;
  await runtime.close();
  if (choice === "auto" && device === "cpu") return { reason: notices.join("\n") };
  const half = await openDevice(device, { threads, precision: "float16" }).catch((/** @type {Error} */ error) => error);
  if (half instanceof Error) return { device, notices, noHalf: half.message };
  await half.runtime.close();
  return { device, notices };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const found = await check(/** @type {DeviceChoice} */ (process.argv[2])).catch((/** @type {Error} */ { message }) => ({
    reason: message,
  }));
  console.log(JSON.stringify(found));
}
