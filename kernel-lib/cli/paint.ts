/** @file `veduta paint`: paints a prompt into a run's folder. Its flags come from the methods' option tables. */
import type { Command } from "commander";
import { allMethods, DEFAULT_METHODS } from "../methods/methods.js";
import type { CliDeps } from "./command.js";
import type { PaintFlags } from "./paint-action.js";
import { addControlNetOption, addRunOptions, OPENED_WITH } from "./run-options.js";
import { listOfNames } from "./values.js";

/** What the command is. */
export function paintCommand(command: Command, deps: CliDeps): void {
  const methods = allMethods();
  command
    .description(
      "Paint a panorama from a prompt, step by step, and write the run: panorama.png, report.html to look at, run.json to repeat it.",
    )
    .argument("[prompt]", "what to paint, in quotes; not needed with --from or --resume")
    .option("--from <run>", "repeat the run of this folder; flags and a prompt change what they name")
    .option(
      "--without <what>",
      `with --from: leave out what that run's model was opened with, some of ${OPENED_WITH.join(", ")}`,
      listOfNames(OPENED_WITH),
    )
    .option("--resume <run>", "go on with a run that was stopped or killed, in its folder");
  addRunOptions(command, methods, DEFAULT_METHODS.panorama.name, "panorama.png");
  addControlNetOption(command);
  command
    .addHelpText(
      "after",
      '\nExamples:\n  veduta paint "mountains" --loop --seed 7\n  veduta paint "a misty forest at dawn" --method multi --width 1024 --out forest\n  veduta paint --method regions --region "mountains at night=0,0,0.5,1" --region "sea at noon=0.5,0,0.5,1" --feather 32\n  veduta paint "mountains" --control-net ./sd-controlnet-canny --control edges.png,scale=0.8,end=0.75\n  veduta paint "a hut, badhands" --model dreamshaper.safetensors --lora snow.safetensors:0.8 --embedding badhands.pt\n  veduta paint --from forest --weight 80 --out forest-80\n  veduta paint --resume forest\n',
    )
    .action(async (prompt: string | undefined, flags: PaintFlags) => {
      const given = new Set(Object.keys(flags).filter((key) => command.getOptionValueSource(key) === "cli"));
      return (await import("./paint-action.js")).paint(prompt, flags, deps, given);
    });
}
