/** @file `veduta models convert`: checkpoints of other layouts become folders that Veduta opens. */
import type { Command } from "commander";
import type { ConvertDeps, ConvertFridoFlags } from "./models-convert-action.js";

/** Adds the command to the group `veduta models`. */
export function convertCommand(models: Command, deps: ConvertDeps): void {
  const group = models
    .command("convert")
    .summary("turn a checkpoint of another layout into a folder")
    .description("Turn a checkpoint of another layout into a folder that --model opens. Nothing in the checkpoint is run.");
  group
    .command("frido")
    .summary("the checkpoints of Frido's authors")
    .description(
      "Turn a checkpoint of Frido's authors, a .ckpt of PyTorch Lightning with the YAML of its training, into a folder. The averaged weights (EMA) are taken, as the authors' sampling does.",
    )
    .argument("<ckpt>", "the checkpoint, such as model.ckpt")
    .argument("<yaml>", "the configuration of its training, with its parts model and data")
    .requiredOption("--out <dir>", "the folder")
    .option(
      "--classes <file>",
      "names of the classes, one per line in the order of their numbers; without it they are called by their numbers",
    )
    .option("--vocabulary <file>", "vocab.txt of bert-base-uncased, for models that read text")
    .option("--force", "replace a checkpoint that is already in the folder")
    .action(async (ckpt: string, yaml: string, flags: ConvertFridoFlags) =>
      (await import("./models-convert-action.js")).convertFridoAction(ckpt, yaml, flags, deps),
    );
}
