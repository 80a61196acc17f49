/** @file `veduta measure`: folders of pictures or runs, measured. */
import { type Command, Option } from "commander";
import { DEVICE_CHOICES } from "../engine/device.js";
import type { CliDeps } from "./command.js";
import type { MeasureFlags } from "./measure-action.js";
import { listOfNames, wholeNumber } from "./values.js";

/** Written here too, so that help needs no network's code; a test holds them equal. */
export const NETWORK_NAMES = ["inception", "vgg19", "clip-b16", "clip-b32", "judge"] as const;

/** What the command is. */
export function measureCommand(command: Command, deps: CliDeps): void {
  command
    .description(
      "Measure the pictures of each folder: means with their number and 95 % interval, and, from the second folder on, the difference to the first, picture by picture (runs are paired by prompt and seed, other pictures by name).",
    )
    .argument("<dirs...>", "folders of PNG, JPEG or WebP pictures, or of runs")
    .option("--metrics <names>", "only these, separated by commas", (words: string) => words.split(",").map((word) => word.trim()))
    .option("--against <dir>", "a folder of reference pictures, for FID, KID and GIQA")
    .option("--networks <names>", `out of ${NETWORK_NAMES.join(", ")}`, listOfNames(NETWORK_NAMES), ["judge"])
    .option("--weights <file>", 'weights of the networks instead of the pulled ones, or "random" to measure time and memory')
    .option("--crop <px>", "side of the square crops in pixels; default: the picture's height", wholeNumber(1))
    .option("--model <path>", "the model whose network LPIPS looks through; default: the bundled one")
    .addOption(new Option("--device <name>", "where the networks run").choices(DEVICE_CHOICES).default("auto"))
    .option("--threads <n>", "threads of the CPU; default all its cores", wholeNumber(1))
    .addOption(new Option("--format <name>", "what is printed").choices(["table", "csv", "json"]).default("table"))
    .option("--out <dir>", "also write a page with the pictures, measured.csv and measured.json into this folder")
    .addHelpText(
      "after",
      "\nExamples:\n  veduta measure runs/multi runs/sync\n  veduta measure painted --against drawn --metrics judge-fid,judge-kid --out measured\n",
    )
    .action(async (dirs: string[], flags: MeasureFlags) => (await import("./measure-action.js")).measureAction(dirs, flags, deps));
}
