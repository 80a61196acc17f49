/** @file The most memory that is in use while something runs: an NVIDIA GPU's, by nvidia-smi, or this process's own. */
import { spawn, spawnSync } from "node:child_process";

const [GPU] = (process.env.CUDA_VISIBLE_DEVICES || "0").split(",");
const QUERY = [`--id=${GPU}`, "--query-gpu=memory.used", "--format=csv,noheader,nounits"];

/** What is in use on the GPU, MiB; 0 where nvidia-smi does not say. To be asked before this process uses it. */
export const usedBefore = () => Number.parseInt(spawnSync("nvidia-smi", QUERY, { encoding: "utf8" }).stdout ?? "", 10) || 0;

/** The GPU's name and memory, as its driver tells them; undefined where it does not. */
export function gpuName() {
  const { stdout } = spawnSync("nvidia-smi", [`--id=${GPU}`, "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"], {
    encoding: "utf8",
  });
  return stdout?.trim() || undefined;
}

/**
 * @param {import("veduta").Device} device
 * @param {number} before MiB that others use
 * @returns {{ stop(): number | undefined }} the most, MiB; undefined where nobody can tell
 */
export function watchMemory(device, before) {
  let most = 0;
  const see = (/** @type {number} */ mebibytes) => {
    most = Math.max(most, mebibytes);
  };
  if (device === "cpu") {
    const timer = setInterval(() => see(process.memoryUsage.rss() / 2 ** 20), 20);
    return {
      stop() {
        clearInterval(timer);
        return most;
      },
    };
  }
  if (device === "webgpu") return { stop: () => undefined };
  const smi = spawn("nvidia-smi", [...QUERY, "-lms", "100"], { stdio: ["ignore", "pipe", "ignore"] });
  smi.on("error", () => {}); // not there: nothing is seen
  smi.stdout.on("data", (text) => {
    for (const line of String(text).split("\n")) if (/^\d+/.test(line)) see(Number.parseInt(line, 10) - before);
  });
  return {
    stop() {
      smi.kill();
      return most || undefined;
    },
  };
}
