/** @file The package's entry `veduta/metrics`: metrics of pictures. */
export type { Tensor } from "./core/tensor.js";
export type { Distance } from "./metrics/intra-lpips.js";
export { intraLpips } from "./metrics/intra-lpips.js";
