/** @file The metrics, one line each. */
import type { Tensor } from "../core/tensor.js";
import { discontinuityMetric } from "./discontinuity.js";
import { intraLpipsMetric } from "./intra-lpips.js";
import type { Metric } from "./metric.js";
import { seamSobelMetric } from "./seam-sobel.js";
import { seamSsimMetric } from "./seam-ssim.js";
import { windowSpreadMetric } from "./window-spread.js";

/** A metric, whatever it needs. */
export type AnyMetric = Metric<Readonly<Record<string, unknown>>>;

const anyOf = <Needs>(metric: Metric<Needs>): AnyMetric => metric as unknown as AnyMetric; // `measure` gives it a model that has what it needs

const table: AnyMetric[] = [
  anyOf(intraLpipsMetric),
  anyOf(windowSpreadMetric),
  anyOf(discontinuityMetric),
  anyOf(seamSobelMetric),
  anyOf(seamSsimMetric),
];

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

/** What `measure` is told of a panorama. */
export interface MeasureOptions {
  /** "wrap": the right edge continues at the left edge; default "cut" */
  readonly edge?: "cut" | "wrap";
}

/**
 * Every metric of a panorama that the model has the functions for, and that its edge allows.
 * @param panorama [1,3,H,W] in [0,1], as a run returns it
 * @returns the values by the metrics' names
 */
export async function measure(
  panorama: Tensor,
  model: object,
  { edge: ofPanorama = "cut" }: MeasureOptions = {},
): Promise<Readonly<Record<string, number>>> {
  const has = (name: string) => typeof (model as Readonly<Record<string, unknown>>)[name] === "function";
  const values: Record<string, number> = {};
  for (const { name, needs, edge = "cut", measure } of table)
    if (needs.every(has) && (edge === "cut" || edge === ofPanorama))
      values[name] = await measure(panorama, model as Readonly<Record<string, unknown>>);
  return values;
}
