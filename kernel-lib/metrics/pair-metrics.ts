/** @file The metrics of pairs, one line each. */
import type { Tensor } from "../core/tensor.js";
import { l2Metric } from "./l2.js";
import type { PairMetric } from "./pair-metric.js";
import { psnrMetric } from "./psnr.js";
import { ssimMetric } from "./ssim.js";
import { structureMetric } from "./structure.js";

/** A metric of pairs, whatever it needs. */
export type AnyPairMetric = PairMetric<Readonly<Record<string, unknown>>>;

const anyOf = <Needs>(metric: PairMetric<Needs>): AnyPairMetric => metric as unknown as AnyPairMetric; // `measurePair` gives it a model that has what it needs

const table: AnyPairMetric[] = [anyOf(psnrMetric), anyOf(ssimMetric), anyOf(l2Metric), anyOf(structureMetric)];

/** All metrics of pairs, those that were registered among them. */
export const pairMetrics = (): readonly AnyPairMetric[] => table;

/**
 * Adds a metric of pairs, for `measurePair`.
 * @throws RangeError where the name is taken
 */
export function registerPairMetric<Needs>(metric: PairMetric<Needs>): void {
  if (table.some(({ name }) => name === metric.name))
    throw new RangeError(`registerPairMetric: the name ${metric.name} is taken; choose another`);
  table.push(anyOf(metric));
}

/**
 * Every metric of edited pictures and their sources that the model has the functions for; without a model, those that need none.
 * @param source [1|N,3,H,W] in [0,1]: one for all, or one each  @param edited [N,3,H,W] in [0,1]
 * @returns by the metrics' names N numbers, one an edited picture
 */
export async function measurePair(
  source: Tensor,
  edited: Tensor,
  model: object = {},
): Promise<Readonly<Record<string, readonly number[]>>> {
  const has = (name: string) => typeof (model as Readonly<Record<string, unknown>>)[name] === "function";
  const values: Record<string, readonly number[]> = {};
  for (const { name, needs, measure } of table)
    if (needs.every(has)) values[name] = await measure(source, edited, model as Readonly<Record<string, unknown>>);
  return values;
}
