/** @file `veduta run`: executes a notebook without a browser and without Python. */
import { type Command, InvalidArgumentError } from "commander";
import { CONNECTION_FILE } from "../ipynb/runner/connection-file.js";
import { parameterValue } from "../ipynb/runner/parameters.js";
import type { RunDeps, RunFlags } from "./run-action.js";
import { number } from "./values.js";

/** What the command is. */
export function runCommand(command: Command, deps: RunDeps): void {
  command
    .description(
      "Execute a notebook's code cells in order and write their outputs into the notebook, or into --out. If a cell fails, the outputs so far are kept.",
    )
    .argument("<notebook.ipynb>", "the notebook; it runs in the folder it is in")
    .option("--out <file>", "the executed notebook; default: the notebook itself")
    .option(
      "--timeout <seconds>",
      "maximum time of a cell; default no limit. A cell that takes longer is interrupted and ends the run",
      number(0),
    )
    .option("--allow-errors", "continue after a cell that fails; otherwise only after one tagged raises-exception")
    .option(
      "--set <name=value>",
      "set a parameter, which a cell tagged parameters declares, or cell.name=value where several cells declare it; the value is JSON or else text; may be repeated",
      setting,
    )
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

/** A variable, after the name of its cell or alone. */
const NAME = /^(?:.+\.)?[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;

/** Parses name=value or cell.name=value and adds it to the earlier ones. */
function setting(word: string, earlier: ReadonlyMap<string, unknown> = new Map()): ReadonlyMap<string, unknown> {
  const at = word.indexOf("=");
  const name = word.slice(0, Math.max(0, at)).trim();
  if (!NAME.test(name)) throw new InvalidArgumentError("Want name=value, such as seed=7, or cell.name=value.");
  return new Map([...earlier, [name, parameterValue(word.slice(at + 1))]]);
}

/** Splits a command into words; quotes protect spaces. */
function kernelWords(command: string): readonly string[] {
  const words = [...command.matchAll(/"([^"]*)"|'([^']*)'|[^\s"']+/g)].map(([word, double, single]) => double ?? single ?? word);
  if (!words.some((word) => word.includes(CONNECTION_FILE)))
    throw new InvalidArgumentError(`Want a command with ${CONNECTION_FILE} in it.`);
  return words;
}
