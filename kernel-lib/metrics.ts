/** @file The package's entry `veduta/metrics`: numbers that say how good pictures are, and how to add one. */
export type { Tensor } from "./core/tensor.js";
export type { BatchOption, ComparableFeatures, DualEncoder, Features } from "./diffusion/capabilities.js";
export type { DirectionalOptions } from "./metrics/dual-score.js";
export { directionalScore, dualScore } from "./metrics/dual-score.js";
export type { Distance } from "./metrics/intra-lpips.js";
export { intraLpips } from "./metrics/intra-lpips.js";
export { l2 } from "./metrics/l2.js";
export type { Metric } from "./metrics/metric.js";
export type { AnyMetric } from "./metrics/metrics.js";
export { measure, metrics, registerMetric } from "./metrics/metrics.js";
export type { PairMetric } from "./metrics/pair-metric.js";
export type { AnyPairMetric } from "./metrics/pair-metrics.js";
export { measurePair, pairMetrics, registerPairMetric } from "./metrics/pair-metrics.js";
export { psnr } from "./metrics/psnr.js";
export { ssim } from "./metrics/ssim.js";
export { structure } from "./metrics/structure.js";
