/** @file What a metric is. */
import type { Tensor } from "../core/tensor.js";

/** A number that says how good a panorama is. One file each, one line in metrics.ts. `Needs` are the capabilities that it takes of a model. */
export interface Metric<Needs> {
  /** in records and tables: lower case, with hyphens */
  readonly name: string;
  readonly title: string;
  /** paper and official code */
  readonly source: string;
  /** which values are better */
  readonly better: "lower" | "higher";
  /** the functions of a model that it calls */
  readonly needs: readonly (keyof Needs & string)[];
  /** "wrap": it looks at the cut of a closed panorama, and `measure` leaves it out for others */
  readonly edge?: "wrap";
  /** @param panorama [1,3,H,W] in [0,1], as a run returns it */
  measure(panorama: Tensor, model: Needs): Promise<number>;
}
