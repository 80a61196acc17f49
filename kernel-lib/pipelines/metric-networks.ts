/** @file The networks that metrics look through, each opened by its name. What opens them is loaded with the first. */
import type { MetricAbilities, MetricNetwork, MetricNetworkOptions } from "./metric-network-kinds.js";
import { METRIC_NETWORKS, type MetricNetworkName } from "./metric-network-names.js";

export type { MetricAbilities, MetricNetwork, MetricNetworkName, MetricNetworkOptions };
export { METRIC_NETWORKS };

/**
 * Opens a network for metrics.
 * @throws CheckpointError where it has not been pulled, or its weights do not fit; RangeError for a name that is none
 */
export async function openMetricNetwork(name: MetricNetworkName, options: MetricNetworkOptions = {}): Promise<MetricNetwork> {
  return (await import("./metric-network-kinds.js")).openMetricNetworkKind(name, options);
}
