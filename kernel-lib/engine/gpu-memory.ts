/** @file Free memory of an NVIDIA GPU. ONNX Runtime does not tell it, so its driver's own program is asked. */
import { spawnSync } from "node:child_process";
import { bytesInWords } from "../core/words.js";

/**
 * Free memory of the GPU that CUDA takes, bytes: the first of CUDA_VISIBLE_DEVICES, else number 0. Where there are several, nvidia-smi counts
 * them by their slots and CUDA by their speed, unless CUDA_DEVICE_ORDER=PCI_BUS_ID. Undefined where nvidia-smi is not there or says nothing.
 */
export function freeGpuBytes(): number | undefined {
  const [first] = (process.env.CUDA_VISIBLE_DEVICES || "0").split(",");
  const words = [`--id=${first}`, "--query-gpu=memory.free", "--format=csv,noheader,nounits"];
  const { stdout } = spawnSync("nvidia-smi", words, { encoding: "utf8", timeout: 5000 });
  const mebibytes = Number.parseInt(stdout ?? "", 10);
  return Number.isNaN(mebibytes) ? undefined : mebibytes * 2 ** 20;
}

/** What the one who did not choose the GPU should know: batches follow the memory that was free, and others may want it too. */
export const sharedGpu = (free: number): string =>
  `cuda: ${bytesInWords(free)} of its memory were free when the model was opened, and batches follow that; where others use the GPU too, limit them by VEDUTA_BATCH or --batch, or take VEDUTA_DEVICE=cpu`;
