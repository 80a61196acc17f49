/** @file What an edit yields after each step, and what it returns. */
import type { Tensor } from "../../core/tensor.js";
import type { MethodStep, Run } from "../method.js";
import type { LatentCode } from "./latent-code.js";
import type { ResolvedEditOptions } from "./options.js";

/** Numbers of one picture in one step; a number that the step lacks is absent. */
export interface PictureNumbers {
  /** root of the mean squared difference of the edited latent and the source's at the same level */
  readonly distance?: number;
  /** standard deviation of the step's noise z_i */
  readonly noiseStd?: number;
}

/** One finished step. Records stay usable after the run has ended, also after an error. */
export interface EditStep extends MethodStep {
  /** the edited path after the step, [N,c,h,w]; in a step that only encodes, the source's path */
  readonly latent: Tensor;
  /** the x0 that the step predicted on the edited path, [N,c,h,w] */
  readonly foreseen: Tensor;
  /** the source's path after the step, [N,c,h,w]; absent in methods that do not follow the source */
  readonly source?: Tensor;
  /** the x0 that the step predicted on the source's path, [N,c,h,w] */
  readonly sourceForeseen?: Tensor;
  /** the recorded noise z_i, [N,c,h,w], where it is kept */
  readonly noise?: Tensor;
  /** the numbers of all pictures together, by series name */
  readonly series: Readonly<Record<string, number>>;
  /** the numbers of each picture, [N] */
  readonly pictures: readonly PictureNumbers[];
  /** messages for the user, such as a prompt that was cut; only in the first record */
  readonly notices?: readonly string[];
  /**
   * Decodes `foreseen`, each time it is called: [N,3,H,W] in [0,1].
   * @throws ClosedError after the model was closed
   */
  preview(): Promise<Tensor>;
  /** Decodes `sourceForeseen`; absent where that is. */
  sourcePreview?(): Promise<Tensor>;
}

/** The result of a finished edit. */
export interface EditResult {
  /** after the last step, [N,c,h,w] */
  readonly latent: Tensor;
  /** [N,3,H,W] in [0,1] */
  readonly image: Tensor;
  /** the source's start and noises; absent in methods without them, and where they were not kept */
  readonly code?: LatentCode;
  readonly notices: readonly string[];
}

/** The step records of an edit, and its result. */
export type EditSteps<Result extends EditResult = EditResult> = AsyncGenerator<EditStep, Result, void>;

/** A run of an edit: an async generator of its steps, with the options in use. */
export type EditRun<Options extends ResolvedEditOptions = ResolvedEditOptions, Result extends EditResult = EditResult> = Run<
  EditStep,
  Result,
  Options
>;
