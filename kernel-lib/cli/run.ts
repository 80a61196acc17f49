/** @file `veduta run`: executes a notebook without a browser, and without Python. */
import { type Command, InvalidArgumentError } from "commander";
import { CONNECTION_FILE } from "../ipynb/runner/connection-file.js";
import { parameterValue } from "../ipynb/runner/parameters.js";
import type { RunDeps, RunFlags } from "./run-action.js";
import { number } from "./values.js";

/** Adds the command to the program. */
export function runCommand(program: Command, deps: RunDeps): void {
  program
    .command("run")
    .summary("execute a notebook, without a browser")
    .description(
      "Execute a notebook's code cells in order and keep their outputs: in the notebook itself, or in --out. What has run is kept when a cell fails, too.",
    )
    .argument("<notebook.ipynb>", "the notebook; it runs in its own folder")
    .option("--out <file>", "where the executed notebook goes; default in place")
    .option(
      "--timeout <seconds>",
      "that one cell may take; default no limit. A cell that takes longer is interrupted, and ends the run",
      number(0),
    )
    .option("--allow-errors", "go on after a cell that fails; without it, only after one tagged raises-exception")
    .option("--set <name=value>", "replaces a parameter of the cell tagged parameters: JSON, else text; may be repeated", setting)
    .option(
      "--kernel <command>",
      `another kernel, such as "deno jupyter --kernel --conn ${CONNECTION_FILE}"; started in the notebook's folder; default Veduta's own`,
      kernelWords,
    )
    .addHelpText(
      "after",
      "\nExamples:\n  veduta run notebooks/01-a-first-panorama.ipynb\n  veduta run lesson.ipynb --out run.ipynb --set seed=7 --timeout 60\n",
    )
    .action(async (file: string, flags: RunFlags) => (await import("./run-action.js")).run(file, flags, deps));
}

const NAME = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;

/** name=value, added to the earlier ones. */
function setting(word: string, earlier: ReadonlyMap<string, unknown> = new Map()): ReadonlyMap<string, unknown> {
  const at = word.indexOf("=");
  const name = word.slice(0, Math.max(0, at)).trim();
  if (!NAME.test(name)) throw new InvalidArgumentError("Want name=value, such as seed=7.");
  return new Map([...earlier, [name, parameterValue(word.slice(at + 1))]]);
}

/** A command in words; quotes keep spaces. */
function kernelWords(command: string): readonly string[] {
  const words = [...command.matchAll(/"([^"]*)"|'([^']*)'|[^\s"']+/g)].map(([word, double, single]) => double ?? single ?? word);
  if (!words.some((word) => word.includes(CONNECTION_FILE)))
    throw new InvalidArgumentError(`Want a command with ${CONNECTION_FILE} in it.`);
  return words;
}
