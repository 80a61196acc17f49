/** @file `veduta script`: a notebook as a plain script for node, deno and bun. */
import type { Command } from "commander";
import type { CliDeps } from "./command.js";
import type { ScriptFlags } from "./script-action.js";

/** What the command is. */
export function scriptCommand(command: Command, deps: Pick<CliDeps, "stdout">): void {
  command
    .description("Write a notebook's code cells as one module for node, deno and bun. Last values are printed; figures become files.")
    .argument("<notebook.ipynb>", "the notebook")
    .option("--out <file.mjs|file.ts>", "the script; .ts keeps the types, for deno and bun; default: beside the notebook, as .mjs")
    .action(async (file: string, flags: ScriptFlags) => (await import("./script-action.js")).script(file, flags, deps));
}
