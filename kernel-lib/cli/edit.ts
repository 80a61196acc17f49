/** @file `veduta edit`: edits a picture by prompts into a run's folder. Its flags come from the methods' option tables. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { allMethods, DEFAULT_METHODS } from "../methods/methods.js";
import type { CliDeps } from "./command.js";
import { type EditFlags, SCORES } from "./edit-flags.js";
import { addRunOptions } from "./run-options.js";
import { number, wholeNumber } from "./values.js";

/** What the command is. */
export function editCommand(command: Command, deps: CliDeps): void {
  const methods = allMethods("edit");
  command
    .description(
      "Edit a picture, step by step, and write the run: edited.png, report.html to look at, source.png, run.json to repeat it. --source says what the picture shows now.",
    )
    .argument("<image>", "the picture: PNG, JPEG or WebP")
    .argument("<prompt>", "what it shall show, in quotes");
  addRunOptions(command, methods, DEFAULT_METHODS.edit.name, "edited.png and source.png");
  command
    .option("--fit", "crop the picture's edges to a size that the model takes")
    .option("--grid", "edit with every combination of --scales and --skips, --trials times, and rank the results; --method cycle alone")
    .addOption(new Option("--scales <list>", "with --grid: guidance scales").argParser(listOf(number(0))).default([1, 2, 3, 5], "1,2,3,5"))
    .addOption(new Option("--skips <list>", "with --grid: numbers of first steps to leave out").argParser(listOf(wholeNumber(0))))
    .option("--trials <n>", "with --grid: draws of the noise for each combination", wholeNumber(1), 1)
    .addOption(
      new Option(
        "--score <name>",
        "with --grid: how results are ranked; directional: how the picture's change fits the prompts' change; prompt: how the picture fits the prompt; structure: how much of the source stays",
      )
        .choices(SCORES)
        .default("directional"),
    )
    .addHelpText(
      "after",
      '\nExamples:\n  veduta edit hills.png "hills at night" --source "hills at noon"\n  veduta edit pano.png "mountains at night" --source "mountains at noon" --loop\n  veduta edit hills.png "hills at night" --source "hills at noon" --grid --scales 1,3,5\n',
    )
    .action(async (image: string, prompt: string, flags: EditFlags) => (await import("./edit-action.js")).edit(image, prompt, flags, deps));
}

/** Parses numbers that are separated by commas. */
const listOf =
  (one: (word: string) => number) =>
  (words: string): readonly number[] => {
    const values = words.split(",").map((word) => one(word));
    if (values.length === 0) throw new InvalidArgumentError("Want at least one number.");
    return values;
  };
