/** @file `veduta models random-weights`: a checkpoint of a published architecture with random weights. */
import { Argument, type Command, Option } from "commander";
import { ARCHITECTURES, type Architecture } from "../pipelines/random-weights/architectures.js";
import { LAYOUTS } from "../pipelines/random-weights/layouts.js";
import type { RandomWeightsDeps, RandomWeightsFlags } from "./models-random-weights-action.js";
import { wholeNumber } from "./values.js";

/**
 * Adds the command to the group `veduta models`.
 * @param architectures by the names that the command takes
 */
export function randomWeightsCommand(
  models: Command,
  deps: RandomWeightsDeps,
  architectures: Readonly<Record<string, Architecture>> = ARCHITECTURES,
): void {
  models
    .command("random-weights")
    .alias("fabricate") // its name in earlier versions
    .summary("write a full-size checkpoint with random weights")
    .description(
      "Write a checkpoint of a published architecture, with random weights. It needs the time and memory of the trained model, but its pictures are noise.",
    )
    .addArgument(new Argument("<architecture>", "whose sizes").choices(Object.keys(architectures)))
    .requiredOption("--out <dir>", "the folder")
    .addOption(
      new Option("--layout <name>", "diffusers: a folder of parts; single-file: model.safetensors and tokenizer/ in the folder")
        .choices(LAYOUTS)
        .default("diffusers"),
    )
    .addOption(new Option("--precision <name>", "data type of the weights").choices(["fp32", "fp16"]).default("fp32"))
    .option("--seed <n>", "seed of the random weights", wholeNumber(0), 0)
    .option("--force", "replace a checkpoint that is already in the folder")
    .action(async (name: string, flags: RandomWeightsFlags) =>
      (await import("./models-random-weights-action.js")).randomWeightsAction(name, architectures[name], flags, deps),
    );
}
