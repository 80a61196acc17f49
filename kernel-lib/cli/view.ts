/** @file `veduta view`: a page with a viewer of one or several panoramas or runs. */
import { type Command, Option } from "commander";
import type { CliDeps } from "./command.js";
import { number } from "./values.js";
import type { ViewFlags } from "./view-action.js";

/** What the command is. */
export function viewCommand(command: Command, deps: Pick<CliDeps, "stdout" | "openPage">): void {
  command
    .description(
      "Make a self-contained page with a viewer of a panorama or a run's folder. Two or more are compared. Without any, open the page that shows what is dropped on it.",
    )
    .argument("[images|runs...]", "PNG, JPEG or WebP pictures, or runs' folders")
    .option("--out <page.html>", "the page; default: beside the first picture, with its name")
    .option("--open", "open the page in the browser")
    .option("--haov <degrees>", "horizontal angle that the image covers; default: from its GPano tags, or 360 for a 2:1 image", number(0))
    .option("--vaov <degrees>", "vertical angle; default: from the pixels", number(0))
    .addOption(new Option("--projection <name>", "of the image's pixels").choices(["equirectangular", "cylinder", "cube"]))
    .addHelpText("after", "\nExamples:\n  veduta view photo.jpg --open\n  veduta view sync-7 multi-7 --out compare.html\n")
    .action(async (paths: readonly string[], flags: ViewFlags) => (await import("./view-action.js")).view(paths, flags, deps));
}
