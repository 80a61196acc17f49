/** @file `veduta lab`: opens a folder's notebooks in the installed Jupyter. */
import { readdirSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import { counted } from "../core/words.js";
import type { Programs } from "../kernel/lab.js";
import { type CliDeps, UsageError } from "./command.js";

/** What `veduta lab` needs. */
export interface LabDeps extends Pick<CliDeps, "stdout"> {
  /** default: the programs of this machine; tests replace them */
  readonly programs?: Programs;
}

/** What the command is. */
export function labCommand(command: Command, { stdout, programs }: LabDeps): void {
  command
    .description(
      "Open the notebooks of a folder in JupyterLab, Notebook 7 or the classic Notebook, with Veduta's kernel. An empty folder gets copies of the lessons first.",
    )
    .argument("[folder]", "where the notebooks are", ".")
    .argument("[words...]", "after --: arguments for the front end")
    .addHelpText("after", "\nExample:\n  veduta lab notebooks -- --no-browser --port 9000\n")
    .action(async (word: string, words: readonly string[]) => {
      const folder = resolve(word);
      if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw new UsageError(`${folder}: no such folder`);
      const { findFrontEnd, HOW_TO_GET_ONE, startLab } = await import("../kernel/lab.js");
      const found = findFrontEnd(programs);
      if (!found) throw new UsageError(HOW_TO_GET_ONE);
      if (readdirSync(folder).length === 0) {
        const { copyLessons } = await import("../kernel/lessons.js");
        stdout.write(`${counted(copyLessons(folder), "file")} of the lessons copied to ${folder}\n`);
      }
      stdout.write(`${found.program.join(" ")} ${found.version}, kernel "Veduta (TypeScript)", notebooks in ${folder}\n`);
      const code = await startLab(found.program, folder, { programs, words });
      if (code !== 0) throw new Error(`${found.program.join(" ")} ended with exit code ${code}`);
    });
}
