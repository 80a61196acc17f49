/** @file `veduta sweep`: the runs of a plan, into one folder. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { DEVICE_CHOICES } from "../engine/device.js";
import { PRECISIONS } from "../graph/half.js";
import type { CliDeps } from "./command.js";
import type { SweepFlags } from "./sweep-action.js";
import { wholeNumber } from "./values.js";

/** Adds the command to the program. */
export function sweepCommand(program: Command, deps: CliDeps): void {
  program
    .command("sweep")
    .summary("many runs from one plan, into one folder")
    .description(
      "Paint the runs of a plan that are not in the folder yet: every combination of the plan's lists. Stopped or killed, the same command goes on where it was.",
    )
    .argument("<plan>", 'JSON: { "format": 1, "fixed": { … }, "grid": { "seed": { "from": 0, "count": 10 }, … } }')
    .requiredOption("--out <dir>", "the sweep's folder")
    .option("--workers <n>", "child processes; default one for each core as far as memory goes, one on a GPU", wholeNumber(1))
    .option("--threads <n>", "of each; default the cores, shared among them", wholeNumber(1))
    .option("--retry-failed", "try failed runs again")
    .option("--attempts <n>", "of a run that fails", wholeNumber(1), 3)
    .addOption(
      new Option("--keep <parts>", "what each run keeps beside its picture and steps: report, foreseen")
        .argParser(keptParts)
        .default([], "nothing"),
    )
    .option("--model <path>", "a checkpoint's folder, single file or name; default the plan's, else the bundled one")
    .addOption(new Option("--device <name>", "where the networks run; default the plan's, else auto").choices(DEVICE_CHOICES))
    .addOption(new Option("--precision <name>", "of the U-Net; default float16 on cuda, float32 on cpu and webgpu").choices(PRECISIONS))
    .option("--batch <n>", "windows per network call; default from the memory that is free", wholeNumber(1))
    .action(async (plan: string, flags: SweepFlags) => (await import("./sweep-action.js")).sweepAction(plan, flags, deps));
}

const PARTS = ["report", "foreseen"] as const;

function keptParts(words: string): readonly (typeof PARTS)[number][] {
  const parts = words
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "panorama" && word !== "steps"); // always kept
  const wrong = parts.find((word) => !(PARTS as readonly string[]).includes(word));
  if (wrong !== undefined) throw new InvalidArgumentError(`Want some of ${PARTS.join(", ")}, separated by commas.`);
  return parts as (typeof PARTS)[number][];
}
