/** @file `veduta export`: a notebook as one page that needs nothing else. */
import type { Command } from "commander";
import type { CliDeps } from "./command.js";
import type { ExportFlags } from "./export-action.js";

/** Adds the command to the program. */
export function exportCommand(program: Command, deps: Pick<CliDeps, "stdout">): void {
  program
    .command("export")
    .summary("one page of an executed notebook")
    .description("Make one self-contained page of a notebook: its text, code and outputs; its figures live there as in the notebook.")
    .argument("<notebook.ipynb>", "as it is; `veduta run` executes it first")
    .option("--out <page.html>", "the page; default beside the notebook, under its name")
    .action(async (file: string, flags: ExportFlags) => (await import("./export-action.js")).exportNotebook(file, flags, deps));
}
