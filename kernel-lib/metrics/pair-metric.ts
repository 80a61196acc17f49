/** @file What a metric of pairs is: an edited picture beside its source. */
import type { Tensor } from "../core/tensor.js";

/** Numbers that say what an edit kept of its source. One file each, one line in pair-metrics.ts. `Needs` are the capabilities that it takes of a model. */
export interface PairMetric<Needs> {
  /** in records and tables: lower case, with hyphens */
  readonly name: string;
  readonly title: string;
  /** paper and official code */
  readonly source: string;
  /** which values are closer to the source */
  readonly better: "lower" | "higher";
  /** the functions of a model that it calls */
  readonly needs: readonly (keyof Needs & string)[];
  /** @param source [1|N,3,H,W] in [0,1]  @param edited [N,3,H,W] in [0,1]  @returns N numbers, one an edited picture */
  measure(source: Tensor, edited: Tensor, model: Needs): Promise<readonly number[]>;
}
