/** @file `veduta scene`: a picture from a layout, labels, a scene graph or a prompt. Its flags come from the methods' option tables. */
import type { Command } from "commander";
import { allMethods, DEFAULT_METHODS } from "../methods/methods.js";
import type { CliDeps } from "./command.js";
import { addRunOptions } from "./run-options.js";
import type { SceneFlags } from "./scene-flags.js";

/** What the command is. */
export function sceneCommand(command: Command, deps: CliDeps): void {
  command
    .description(
      "Make a picture from coarse to fine, and write the run: image.png, layout.png, codes.png, report.html to look at, run.json to repeat it. Give one of --layout, --labels, --graph and --prompt.",
    )
    .option(
      "--layout <file>",
      'what is where, as JSON: [{ "what": "boat", "box": [x, y, width, height] }, …], shares of the picture from its top left corner',
    )
    .option("--labels <list>", "what the picture shows, separated by commas")
    .option("--graph <file>", 'objects and relations, as JSON: { "objects": ["boat", "sun"], "relations": [[0, "below", 1]] }');
  addRunOptions(command, allMethods("pyramid"), DEFAULT_METHODS.pyramid.name, "image.png");
  command
    .addHelpText(
      "after",
      '\nExamples:\n  veduta scene --model DIR --layout boats.json --seed 7\n  veduta scene --model DIR --labels "boat,sun"\n  veduta scene --model DIR --prompt "mountains at noon" --steps 25 --sampler plms\n',
    )
    .action(async (flags: SceneFlags) => (await import("./scene-action.js")).scene(flags, deps));
}
