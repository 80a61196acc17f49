/** @file `veduta models fabricate`: a checkpoint of a published architecture, filled with random numbers. */
import { Argument, type Command, Option } from "commander";
import { ARCHITECTURES, type Architecture } from "../pipelines/fabricate/architectures.js";
import type { FabricateDeps, FabricateFlags } from "./models-fabricate-action.js";
import { wholeNumber } from "./values.js";

/**
 * Adds the command to the group `veduta models`.
 * @param architectures by the names that the command takes
 */
export function fabricateCommand(
  models: Command,
  deps: FabricateDeps,
  architectures: Readonly<Record<string, Architecture>> = ARCHITECTURES,
): void {
  models
    .command("fabricate")
    .summary("write a full-size checkpoint of random numbers")
    .description(
      "Write a diffusers folder of a published architecture, filled with random numbers: time and memory are those of the trained model, its pictures show nothing.",
    )
    .addArgument(new Argument("<architecture>", "whose sizes").choices(Object.keys(architectures)))
    .requiredOption("--out <dir>", "the folder")
    .addOption(new Option("--precision <name>", "of the numbers in the files").choices(["fp32", "fp16"]).default("fp32"))
    .option("--seed <n>", "names the numbers", wholeNumber(0), 0)
    .option("--force", "replace a checkpoint that the folder holds already")
    .action(async (name: string, flags: FabricateFlags) =>
      (await import("./models-fabricate-action.js")).fabricateModel(name, architectures[name], flags, deps),
    );
}
