/** @file The kinds of checkpoint that can be opened, one line each. */
import { frido } from "./frido.js";
import type { Pipeline } from "./pipeline.js";
import { stableDiffusion } from "./stable-diffusion.js";
import { latentDiffusion, pixelDiffusion } from "./unconditional.js";

/** A pipeline, whatever its model and its parts. */
export type AnyPipeline = Pipeline<unknown, Readonly<Record<string, unknown>>>;

const anyOf = <M, Parts>(pipeline: Pipeline<M, Parts>): AnyPipeline => pipeline as AnyPipeline; // the table hands a pipeline its own parts alone

const table: AnyPipeline[] = [anyOf(stableDiffusion), anyOf(latentDiffusion), anyOf(pixelDiffusion), anyOf(frido)];

/** All kinds, those that were registered among them. */
export const pipelines = (): readonly AnyPipeline[] => table;

/**
 * Adds a kind of checkpoint, for `openModel`.
 * @throws RangeError where another kind has one of its classes
 */
export function registerPipeline<M, Parts>(pipeline: Pipeline<M, Parts>): void {
  for (const { name, classes } of table)
    for (const taken of classes.filter((each) => pipeline.classes.includes(each)))
      throw new RangeError(`registerPipeline: got the class ${taken} for ${pipeline.name}; ${name} has it`);
  table.push(anyOf(pipeline));
}
