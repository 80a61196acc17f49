/** @file `veduta table`: the table of a paper, from the panoramas to the numbers. */
import { type Command, Option } from "commander";
import { DEVICE_CHOICES } from "../engine/device.js";
import { allMethods } from "../methods/methods.js";
import type { CliDeps } from "./command.js";
import type { TableFlags } from "./table-action.js";
import { listOfNames, wholeNumber } from "./values.js";

/** What the group of commands is. */
export function tableCommand(command: Command, deps: CliDeps): void {
  const names = allMethods().map(({ name }) => name);
  const table = command.description("Compute the table of a paper.");
  table
    .command("paper")
    .summary("SyncDiffusion's table of coherence, fidelity and faithfulness")
    .description(
      "Paint the six prompts of the SyncDiffusion paper by each method from the same noise, measure the panoramas, and print the table beside what was published. A table that was stopped or killed goes on where it was. With the bundled model, which knows none of the paper's words, the prompts are its six terrains and the features are its judge's.",
    )
    .requiredOption("--out <dir>", "the folder of the panoramas and the table")
    .option("--panoramas <n>", "panoramas per prompt and method", wholeNumber(2), 500)
    .option("--methods <names>", `out of ${names.join(", ")}`, listOfNames(names), ["multi", "sync"])
    .option("--prompts <file>", "a file with a prompt per line, instead of the paper's")
    .option("--steps <n>", "denoising steps; default: the paper's 50", wholeNumber(1))
    .option("--model <path>", "a checkpoint's folder or name; default: the bundled one")
    .option("--weights <file>", '"random": networks of the metrics with random weights, whose numbers mean nothing')
    .addOption(new Option("--device <name>", "where the networks run").choices(DEVICE_CHOICES).default("auto"))
    .option("--threads <n>", "threads of the CPU; default all its cores", wholeNumber(1))
    .addHelpText(
      "after",
      "\nExamples:\n  veduta table paper --model sd2-base --panoramas 500 --out paper\n  veduta table paper --panoramas 4 --steps 10 --out small\n",
    )
    .action(async (flags: TableFlags) => (await import("./table-action.js")).tableAction(flags, deps));
}
