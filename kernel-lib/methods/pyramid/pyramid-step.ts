/** @file What a run over a pyramid yields after each step, and what it returns. */
import type { Tensor } from "../../core/tensor.js";
import type { ScaleCodes } from "../../diffusion/pyramid-model.js";
import type { MethodStep, Run } from "../method.js";
import type { ResolvedPyramidOptions } from "./options.js";

/** One finished step. Records stay usable after the run has ended, also after an error. */
export interface PyramidStep extends MethodStep {
  /** from 0, the coarsest */
  readonly stage: number;
  readonly stages: number;
  /** within the stage, from 0 */
  readonly index: number;
  /** within the run, from 0 */
  readonly place: number;
  /** after the step, [N,C,h,w], scaled as sampled: the stages that are done, this stage's channels, the noise that finer ones begin with */
  readonly latent: Tensor;
  /** the x0 that the step predicted, [N,C,h,w]; the channels of finer stages are 0 */
  readonly foreseen: Tensor;
  /** channels of the stages that are done */
  readonly finished: number;
  /** numbers of the step, by series name */
  readonly series: Readonly<Record<string, number>>;
  /** messages for the user; only in the first record */
  readonly notices?: readonly string[];
  /**
   * Decodes `foreseen`, each time it is called: [N,3,H,W] in [0,1].
   * @throws ClosedError after the model was closed
   */
  preview(): Promise<Tensor>;
}

/** The result of a finished run. */
export interface PyramidResult {
  /** after the last step, [N,C,h,w], scaled as sampled */
  readonly latent: Tensor;
  /** [N,3,H,W] in [0,1] */
  readonly image: Tensor;
  /** the codes of the picture at the finest resolution, by scale: coarse, then mid where there are three, then fine */
  readonly codes: Readonly<Record<string, ScaleCodes>>;
  readonly notices: readonly string[];
}

/** The step records of a run over a pyramid, and its result. */
export type PyramidSteps = AsyncGenerator<PyramidStep, PyramidResult, void>;

/** A run over a pyramid: an async generator of its steps, with the options in use. */
export type PyramidRun = Run<PyramidStep, PyramidResult, ResolvedPyramidOptions>;

/** A scale's name among `count` scales: "coarse", "mid" (mid1, mid2 … where there are more than three), "fine". */
export const scaleName = (scale: number, count: number): string =>
  scale === 0 ? "coarse" : scale === count - 1 ? "fine" : count === 3 ? "mid" : `mid${scale}`;
