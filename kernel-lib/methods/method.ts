/** @file What a method is: a row of the table of methods. The command line, run records, reports and documentation read nothing else of it. */
import type { Tensor } from "../core/tensor.js";
import type { JointModel } from "../diffusion/joint-model.js";
import type { OptionTable } from "./option-table.js";

/** Network calls that a method makes besides encoding its prompts and decoding its result. */
export type Need = "noise" | "gradient";

/** Numbers that each step or each window of a step has, by the name that the records give them. */
export interface Series {
  readonly name: string;
  readonly per: "step" | "window";
  /** of a plot of it */
  readonly title: string;
  /** of its axis */
  readonly unit: string;
}

/** What every method's record of a step has. */
export interface MethodStep {
  /** from 0 */
  readonly index: number;
  /** training timestep, 0..999 */
  readonly timestep: number;
  /** after the step, [1,c,h,w] */
  readonly latent: Tensor;
  /** The picture as the step predicts it, [1,3,H,W] in [0,1]. */
  preview(): Promise<Tensor>;
}

/** Windows per network call, by the kind of call. */
export type Batch = Readonly<Partial<Record<Need, number>>>;

/** A run of a method: steps on demand, and what is known before the first step. */
export interface Run<Step extends MethodStep = MethodStep, Result = unknown, Options = object> extends AsyncGenerator<Step, Result, void> {
  readonly method: Method;
  /** with defaults and seed in place */
  readonly options: Options;
  /** of every call of the run: decided once, when the run was made */
  readonly batch: Batch;
}

/** @typeParam Options what `run` takes  @typeParam Ran what it gives */
export interface Method<Options = never, Ran extends Run = Run> {
  /** what the command line and run.json call it */
  readonly name: string;
  /** what people call it: "SyncDiffusion" */
  readonly title: string;
  /** what it does, in one clause */
  readonly summary: string;
  /** the paper, or the file of the official code */
  readonly source: string;
  /** the options that every method of its family reads */
  readonly sharedOptions: OptionTable;
  /** the options that it reads besides them */
  readonly options: OptionTable;
  readonly needs: readonly Need[];
  readonly series: readonly Series[];
  /** @throws at once where an option is wrong: RangeError, ShapeError, TypeError */
  run(model: JointModel, options: Options): Ran;
}
