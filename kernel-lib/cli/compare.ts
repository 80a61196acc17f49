/** @file `veduta compare`: one prompt by several methods from the same noise, measured, on one page. */
import { type Command, Option } from "commander";
import { allMethods } from "../methods/methods.js";
import type { CliDeps } from "./command.js";
import type { CompareFlags } from "./compare-action.js";
import { listOfVariants } from "./method-variants.js";
import { addControlNetOption, addMethodFlags, addModelOptions } from "./run-options.js";
import { listOfSeeds } from "./values.js";

/** What the command is. */
export function compareCommand(command: Command, deps: CliDeps): void {
  const methods = allMethods();
  const names = methods.map(({ name }) => name);
  command
    .description(
      "Paint a prompt by several methods from the same noise, measure each panorama, and write one page: a table with intervals, agreement against cost, and the panoramas under one another.",
    )
    .argument("<prompt>", "what to paint, in quotes")
    .addOption(
      new Option(
        "--methods <names>",
        `two or more of ${names.join(", ")}; the first is the baseline. NAME:flag=value is a method with other options, such as sync:sync-steps=5`,
      )
        .argParser(listOfVariants(methods))
        .default(listOfVariants(methods)("multi,sync"), "multi,sync"),
    )
    .option("--seeds <seeds>", "a number of seeds, counted from 1, or a list: 8, or 3,5,8, or 1..8", listOfSeeds, [1, 2, 3, 4]);
  addMethodFlags(command, methods, new Set(["--seed"]));
  addControlNetOption(addModelOptions(command));
  command
    .requiredOption("--out <dir>", "the folder of the page, the panoramas and the numbers")
    .option("--force", "replace a comparison that is already in the folder")
    .addHelpText(
      "after",
      '\nExamples:\n  veduta compare "mountains" --methods multi,sync,spot --seeds 8 --loop --out compared\n  veduta compare "mountains" --methods multi,sync,sync:sync-steps=5 --seeds 8 --out early\n',
    )
    .action(async (prompt: string, flags: CompareFlags) => (await import("./compare-action.js")).compare(prompt, flags, deps));
}
