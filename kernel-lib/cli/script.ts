/** @file `veduta script`: a notebook as a plain script for node, deno and bun. */
import { basename, dirname, extname, join } from "node:path";
import type { Command } from "commander";
import { readNotebook } from "../kernel/runner/notebook-file.js";
import { expectWritable, writeWhole } from "../kernel/runner/whole-file.js";
import { notebookScript, type ScriptOptions } from "../kernel/script/notebook-script.js";
import { type CliDeps, UsageError } from "./paint.js";

const LANGUAGES: Readonly<Record<string, ScriptOptions["language"]>> = { ".mjs": "js", ".js": "js", ".ts": "ts", ".mts": "ts" };

/** Adds the command to the program. */
export function scriptCommand(program: Command, deps: Pick<CliDeps, "stdout">): void {
  program
    .command("script")
    .summary("a notebook as a plain script")
    .description("Write a notebook's code cells as one module for node, deno and bun. Last values are printed; figures become files.")
    .argument("<notebook.ipynb>", "the notebook")
    .option("--out <file.mjs|file.ts>", "the script; .ts keeps the types, for deno and bun. Default beside the notebook, as .mjs")
    .action(async (file: string, flags: { readonly out?: string }) => {
      const out = flags.out ?? join(dirname(file), `${basename(file, extname(file))}.mjs`);
      const language = LANGUAGES[extname(out)];
      if (!language) throw new UsageError(`--out ${out}: want a name that ends in ${Object.keys(LANGUAGES).join(", ")}`);
      await expectWritable(out).catch((error: Error) => {
        throw new UsageError(`--out ${error.message}`, { cause: error });
      });
      await writeWhole(out, notebookScript(await readNotebook(file), { language }));
      deps.stdout.write(`${out}\n`);
    });
}
