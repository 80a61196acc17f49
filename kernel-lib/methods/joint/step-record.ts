/** @file What a joint method yields after each step, and what it returns. */
import type { Tensor } from "../../core/tensor.js";
import type { ResolvedOptions } from "./options.js";
import type { Window } from "./windows.js";

/** One window in one step. */
export interface WindowRecord extends Window {
  /** distance of its foreseen image to the anchor's, before the descent; 0 for the anchor, absent where nothing was synchronised */
  readonly loss?: number;
  /** L2 norm of the distance's gradient, before the weight; 0 for the anchor, absent where nothing was synchronised */
  readonly gradientNorm?: number;
}

/** One finished denoising step. Records stay usable after the run has stopped, whatever stopped it. */
export interface StepRecord {
  /** from 0 */
  readonly index: number;
  /** training timestep, 0..999 */
  readonly timestep: number;
  /** the panorama's latent after the step, [1,c,H,W] */
  readonly latent: Tensor;
  /** the average of the windows' x0 as the step predicted it, [1,c,H,W] */
  readonly foreseen: Tensor;
  /** of the step's descent; 0 where nothing was synchronised */
  readonly weight: number;
  /** index of the anchor's window; −1 in a method without one */
  readonly anchor: number;
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

/** A run of a joint method: steps on demand, and the options it runs with, defaults and seed in place, known before the first step. */
export interface JointRun<Options extends ResolvedOptions = ResolvedOptions> extends JointSteps {
  readonly options: Options;
}
