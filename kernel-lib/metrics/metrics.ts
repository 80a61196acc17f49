/** @file The metrics, one line each. */
import type { Tensor } from "../core/tensor.js";
import { intraLpipsMetric } from "./intra-lpips.js";
import type { Metric } from "./metric.js";
import { windowSpreadMetric } from "./window-spread.js";

/** A metric, whatever it needs. */
export type AnyMetric = Metric<Readonly<Record<string, unknown>>>;

const anyOf = <Needs>(metric: Metric<Needs>): AnyMetric => metric as unknown as AnyMetric; // `measure` gives it a model that has what it needs

const table: AnyMetric[] = [anyOf(intraLpipsMetric), anyOf(windowSpreadMetric)];

/** All metrics, those that were registered among them. */
export const metrics = (): readonly AnyMetric[] => table;

/**
 * Adds a metric, for `measure`.
 * @throws RangeError where the name is taken
 */
export function registerMetric<Needs>(metric: Metric<Needs>): void {
  if (table.some(({ name }) => name === metric.name))
    throw new RangeError(`registerMetric: the name ${metric.name} is taken; choose another`);
  table.push(anyOf(metric));
}

/**
 * Every metric of a panorama that the model has the functions for.
 * @param panorama [1,3,H,W] in [0,1], as a run returns it
 * @returns the values by the metrics' names
 */
export async function measure(panorama: Tensor, model: object): Promise<Readonly<Record<string, number>>> {
  const has = (name: string) => typeof (model as Readonly<Record<string, unknown>>)[name] === "function";
  const values: Record<string, number> = {};
  for (const { name, needs, measure } of table)
    if (needs.every(has)) values[name] = await measure(panorama, model as Readonly<Record<string, unknown>>);
  return values;
}
