/** @file `veduta export`: a notebook as one self-contained page. */
import type { Command } from "commander";
import type { CliDeps } from "./command.js";
import type { ExportFlags } from "./export-action.js";

/** What the command is. */
export function exportCommand(command: Command, deps: Pick<CliDeps, "stdout">): void {
  command
    .description("Make one self-contained page of a notebook, with its text, code, outputs and interactive figures.")
    .argument("<notebook.ipynb>", "the notebook with its outputs; `veduta run` executes one")
    .option("--out <page.html>", "the page; default: beside the notebook, with its name")
    .action(async (file: string, flags: ExportFlags) => (await import("./export-action.js")).exportNotebook(file, flags, deps));
}
