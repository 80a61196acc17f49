/** @file Free memory of an NVIDIA GPU. ONNX Runtime does not tell it, so its driver's own program is asked. */
import { spawnSync } from "node:child_process";
import { bytesInWords } from "../core/words.js";

/** Memory of a GPU, bytes. */
export interface GpuMemory {
  readonly free: number;
  readonly total: number;
}

/**
 * Memory of the GPU that CUDA takes: the first of CUDA_VISIBLE_DEVICES, else number 0. Where there are several, nvidia-smi counts them by their slots
 * and CUDA by their speed, unless CUDA_DEVICE_ORDER=PCI_BUS_ID. Undefined where nvidia-smi is not there or says nothing.
 */
export function gpuMemory(): GpuMemory | undefined {
  const [first] = (process.env.CUDA_VISIBLE_DEVICES || "0").split(",");
  const words = [`--id=${first}`, "--query-gpu=memory.free,memory.total", "--format=csv,noheader,nounits"];
  const { stdout } = spawnSync("nvidia-smi", words, { encoding: "utf8", timeout: 5000 });
  const [free, total] = (stdout ?? "").split(",").map((text) => Number.parseInt(text, 10) * 2 ** 20);
  return free >= 0 && total > 0 ? { free, total } : undefined;
}

/** What the one who did not choose the GPU should know: batches follow the memory that was free, and others may want it too. */
export const sharedGpu = (free: number): string =>
  `cuda: ${bytesInWords(free)} of its memory were free when the model was opened, and batches follow that; where others use the GPU too, limit them by VEDUTA_BATCH or --batch, or take VEDUTA_DEVICE=cpu`;
