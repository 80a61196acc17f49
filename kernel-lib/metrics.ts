/** @file The package's entry `veduta/metrics`: numbers that say how good pictures are. */
export type { Tensor } from "./core/tensor.js";
export type { Distance } from "./metrics/intra-lpips.js";
export { intraLpips } from "./metrics/intra-lpips.js";
