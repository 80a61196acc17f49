/** @file Measures folders by networks that are opened by their names, and closed at the end. */
import { basename } from "node:path";
import {
  METRIC_NETWORKS,
  type MetricNetwork,
  type MetricNetworkName,
  type MetricNetworkOptions,
  openMetricNetwork,
} from "../../pipelines/metric-networks.js";
import { openModel } from "../../pipelines/open-model.js";
import type { PictureGroup } from "./found-pictures.js";
import { expectMetrics, type Measured, type MeasureFoldersOptions, measureFolders } from "./measure-folders.js";

/** Options of `measure`. */
export interface MeasureByNameOptions extends MetricNetworkOptions {
  /** names of columns; default all that the networks allow */
  readonly metrics?: readonly string[];
  /** a folder of reference pictures, for FID, KID and GIQA */
  readonly against?: string;
  /** side of the square crops in pixels; default the picture's height */
  readonly crop?: number;
  /** called after each picture */
  readonly progress?: (done: number, all: number) => void;
  readonly signal?: AbortSignal;
  /** the model whose perceptual network LPIPS looks through, a name or a folder; default the bundled one */
  readonly model?: string;
  /** networks by name; default the bundled judge */
  readonly networks?: readonly MetricNetworkName[];
}

/**
 * Measures folders of pictures or runs.
 * @param dirs the first is the baseline of the differences
 * @throws as `measureFolders`, `openModel` and `openMetricNetwork`
 */
export async function measureByName(dirs: readonly (string | PictureGroup)[], options: MeasureByNameOptions = {}): Promise<Measured> {
  const { metrics, against, crop, progress, signal } = options;
  return withNetworks(options, (source) => measureFolders({ ...source, dirs, metrics, against, crop, progress, signal }));
}

/**
 * Refuses a measurement that cannot be made, before there is a picture to measure.
 * @throws as `measureByName` for a metric, a network or a reference
 */
export const expectMeasurable = (options: MeasureByNameOptions): Promise<void> =>
  withNetworks(options, async (source) => expectMetrics({ ...source, metrics: options.metrics, against: options.against }));

/** Opens the networks that are named, and closes them after `use`. */
async function withNetworks<T>(
  { model: name, networks = ["judge"], weights, device, threads }: MeasureByNameOptions,
  use: (source: Pick<MeasureFoldersOptions, "networks" | "model">) => Promise<T>,
): Promise<T> {
  const where = { device, threads };
  const wrong = networks.find((network) => !METRIC_NETWORKS.includes(network));
  if (wrong !== undefined) throw new RangeError(`measure: network ${wrong}, want some of ${METRIC_NETWORKS.join(", ")}`);
  const opened: (MetricNetwork & { readonly name: string; readonly prefix: string })[] = [];
  const model = await openModel(name, where);
  try {
    for (const network of networks) {
      const random = network === "judge" ? undefined : weights;
      const one = await openMetricNetwork(network, { ...where, weights: random });
      opened.push({ ...one, name: `${network}-${one.digest.slice(0, 12)}`, prefix: prefixOf(network, random) });
    }
    return await use({ networks: opened, model: { title: `network of ${basename(model.path)}`, functions: model } });
  } finally {
    await Promise.all([model, ...opened].map((each) => each.close()));
  }
}

/** Before the names of a network's columns: nothing for the networks that the papers name, and never nothing for random weights. */
function prefixOf(network: MetricNetworkName, weights: string | undefined): string {
  if (weights === "random") return "random-";
  return network === "judge" ? "judge-" : network === "clip-b32" ? "b32-" : "";
}
