/** @file What a joint method yields after each step, and what it returns. */
import type { Tensor } from "../../core/tensor.js";
import type { MethodStep, Run } from "../method.js";
import type { ResolvedOptions } from "./options.js";
import type { Window } from "./windows.js";

/** One window in one step: its place, and the numbers that the method's series name, absent where the step has none. */
export interface WindowRecord extends Window {
  /** of a method that compares windows with an anchor: distance of its predicted image to the anchor's, before the descent; 0 for the anchor */
  readonly loss?: number;
  /** L2 norm of the distance's gradient, before the weight; 0 for the anchor */
  readonly gradientNorm?: number;
  readonly [series: string]: number | undefined;
}

/** One finished denoising step. Records stay usable after the run has stopped, whatever stopped it. */
export interface StepRecord extends MethodStep {
  /** the panorama's latent after the step, [1,c,H,W] */
  readonly latent: Tensor;
  /** the average of the windows' x0 as the step predicted it, [1,c,H,W] */
  readonly foreseen: Tensor;
  /** of the step's descent; 0 in a step without one */
  readonly weight: number;
  /** index of the anchor's window; −1 in a method without one */
  readonly anchor: number;
  /** further numbers of the step, which the method's series name */
  readonly series?: Readonly<Record<string, number>>;
  readonly windows: readonly WindowRecord[];
  /** what the user should know, such as a prompt that was cut; in the first record */
  readonly notices?: readonly string[];
  /**
   * The foreseen panorama, [1,3,8H,8W] in [0,1]: decodes `foreseen`, each time it is called.
   * @throws ClosedError once the model is closed
   */
  preview(): Promise<Tensor>;
}

export interface JointResult {
  /** the last step's, [1,c,H,W] */
  readonly latent: Tensor;
  /** [1,3,8H,8W] in [0,1] */
  readonly panorama: Tensor;
  readonly notices: readonly string[];
}

export type JointSteps = AsyncGenerator<StepRecord, JointResult, void>;

/** A run of a joint method: steps on demand, and what is known before the first step. */
export type JointRun<Options extends ResolvedOptions = ResolvedOptions> = Run<StepRecord, JointResult, Options>;
