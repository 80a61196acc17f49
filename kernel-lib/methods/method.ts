/** @file What a method is: a row of the table of methods. The command line, run records, reports and documentation read only this. */
import type { Tensor } from "../core/tensor.js";
import type { CallKind, JointModel } from "../diffusion/joint-model.js";
import type { OptionTable } from "./option-table.js";

/** A number that each step, or each window of a step, has in the records. */
export interface Series {
  readonly name: string;
  readonly per: "step" | "window";
  /** title of its plot */
  readonly title: string;
  /** label of its axis */
  readonly unit: string;
}

/** What a method makes: a panorama out of windows, an edited picture out of a picture, or a picture out of a pyramid of codes. */
export type Family = "panorama" | "edit" | "pyramid";

/** What the step records of all methods have. */
export interface MethodStep {
  /** from 0 */
  readonly index: number;
  /** training timestep, 0..999 */
  readonly timestep: number;
  /** after the step, [1,c,h,w] */
  readonly latent: Tensor;
  /** Decodes the image that the step predicts: [1,3,H,W] in [0,1]. */
  preview(): Promise<Tensor>;
}

/** Windows per network call, by the kind of call. */
export type Batch = Readonly<Partial<Record<CallKind, number>>>;

/** The state of a run after a step, from which it goes on bit for bit. */
export interface ResumeState {
  /** of the last step that was finished */
  readonly index: number;
  /** after it: [1,c,h,w] of a panorama, [N,c,h,w] of an edit */
  readonly latent: Tensor;
  /** the source's path after it, of an edit that follows one */
  readonly source?: Tensor;
  /** what the sampler carries after it, each of the latent's shape */
  readonly history?: readonly Tensor[];
  /** further tensors of the method */
  readonly state?: Readonly<Record<string, Tensor>>;
}

/** A run of a method: an async generator of its steps, with what is known before the first step. */
export interface Run<Step extends MethodStep = MethodStep, Result = unknown, Options = object> extends AsyncGenerator<Step, Result, void> {
  readonly method: MethodInfo;
  /** with all defaults filled in and the seed drawn */
  readonly options: Options;
  /** the same for every call of the run: chosen once, when the run was made */
  readonly batch: Batch;
  /** how many steps it takes */
  readonly stepCount: number;
}

/** What is known of a method without running it. */
export interface MethodInfo {
  /** its name on the command line and in run.json */
  readonly name: string;
  /** its display name: "SyncDiffusion" */
  readonly title: string;
  /** what it does, in one clause */
  readonly summary: string;
  /** the paper, or the file of the official code */
  readonly source: string;
  readonly family: Family;
  /** the options that every method of its family reads */
  readonly sharedOptions: OptionTable;
  /** the options that only it reads */
  readonly options: OptionTable;
  /** how a joint method lays its windows: as `stride` says, or side by side, so that it takes none; absent: "grid" */
  readonly placement?: "grid" | "side by side";
  readonly needs: readonly CallKind[];
  readonly series: readonly Series[];
}

/** A method. @typeParam Options what `run` takes  @typeParam Ran what it returns  @typeParam Needs what it needs of a model */
export interface Method<Options = never, Ran extends Run = Run, Needs = JointModel> extends MethodInfo {
  /** Starts a run. @throws at once for a wrong option: RangeError, ShapeError, TypeError */
  run(model: Needs, options: Options): Ran;
}
