/** @file The kinds of checkpoint that can be opened, one line each. */
import { frido } from "./frido.js";
import type { OpenParts, Pipeline } from "./pipeline.js";
import { stableDiffusion } from "./stable-diffusion.js";
import { latentDiffusion, pixelDiffusion } from "./unconditional.js";

/** A pipeline, whatever its model and its parts. */
export type AnyPipeline = Pipeline<unknown, Readonly<Record<string, unknown>>>;

/** The parts of a checkpoint, whatever its pipeline. */
export type AnyParts = OpenParts<Readonly<Record<string, unknown>>>;
/** Hides the parts' types. */
export const anyParts = <Parts>(parts: OpenParts<Parts>): AnyParts => parts as AnyParts;

/** Hides a pipeline's types; whoever calls it hands it its own parts alone. */
export const anyOf = <M, Parts>(pipeline: Pipeline<M, Parts>): AnyPipeline => pipeline as AnyPipeline;

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
