/** @file What a joint method yields after each step, and what it returns. */
import type { Tensor } from "../../core/tensor.js";
import type { MethodStep, Run } from "../method.js";
import type { ResolvedOptions } from "./options.js";
import type { Window } from "./windows.js";

/** One window in one step: its place, and the numbers of the method's series; a number that the step lacks is absent. */
export interface WindowRecord extends Window {
  /** LPIPS of its predicted image to the anchor's, before the descent; 0 for the anchor; absent in a method without one */
  readonly loss?: number;
  /** L2 norm of the loss's gradient, before the weight; 0 for the anchor */
  readonly gradientNorm?: number;
  readonly [series: string]: number | undefined;
}

/** A control in one step. */
export interface ControlRecord {
  readonly scale: number;
  readonly used: boolean;
}

/** One finished denoising step. Records stay usable after the run has ended, also after an error. */
export interface StepRecord extends MethodStep {
  /** the panorama's latent after the step, [1,c,H,W] */
  readonly latent: Tensor;
  /** what the sampler carries to the next step, [1,c,H,W] each; absent for a sampler that carries nothing */
  readonly history?: readonly Tensor[];
  /** further tensors that the method's next step needs, by name */
  readonly state?: Readonly<Record<string, Tensor>>;
  /** the fused x0 that the step predicted, [1,c,H,W] */
  readonly foreseen: Tensor;
  /** weight of the step's descent; 0 in a step without one */
  readonly weight: number;
  /** index of the anchor's window; −1 in a method without one */
  readonly anchor: number;
  /** further numbers of the step, by series name */
  readonly series?: Readonly<Record<string, number>>;
  readonly windows: readonly WindowRecord[];
  /** of each control its scale, and whether it counted in this step; absent in a run without any */
  readonly control?: readonly ControlRecord[];
  /** messages for the user, such as a prompt that was cut; only in the first record */
  readonly notices?: readonly string[];
  /**
   * Decodes `foreseen`, each time it is called: [1,3,8H,8W] in [0,1].
   * @throws ClosedError after the model was closed
   */
  preview(): Promise<Tensor>;
}

/** The result of a finished run. */
export interface JointResult {
  /** after the last step, [1,c,H,W] */
  readonly latent: Tensor;
  /** [1,3,8H,8W] in [0,1] */
  readonly panorama: Tensor;
  readonly notices: readonly string[];
}

/** The step records of a joint method, and its result. */
export type JointSteps = AsyncGenerator<StepRecord, JointResult, void>;

/** A run of a joint method: an async generator of its steps, with the options in use. */
export type JointRun<Options extends ResolvedOptions = ResolvedOptions> = Run<StepRecord, JointResult, Options>;
