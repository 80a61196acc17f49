/** @file The names of the networks that metrics look through. */

/** Their names: FID's Inception, CLIP, VGG19, and the bundled judge. */
export const METRIC_NETWORKS = ["inception", "vgg19", "clip-b16", "clip-b32", "judge"] as const;

/** The name of a network for metrics. */
export type MetricNetworkName = (typeof METRIC_NETWORKS)[number];
