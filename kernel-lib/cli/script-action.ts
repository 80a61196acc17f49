/** @file The action of `veduta script`. */
import { createRequire } from "node:module";
import { basename, dirname, extname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { readNotebook } from "../ipynb/notebook-file.js";
import { expectWritable, saveText } from "../ipynb/save-text.js";
import { notebookScript, type ScriptOptions } from "../ipynb/script/notebook-script.js";
import { isOwnName, ownFile } from "../kernel/own-package.js";
import { type CliDeps, UsageError } from "./command.js";

/** The flags of `veduta script`. */
export interface ScriptFlags {
  readonly out?: string;
}

const LANGUAGES: Readonly<Record<string, ScriptOptions["language"]>> = { ".mjs": "js", ".js": "js", ".ts": "ts", ".mts": "ts" };

/** Writes the script. @throws UsageError for a name with the wrong ending, or if the file cannot be written */
export async function script(file: string, flags: ScriptFlags, deps: Pick<CliDeps, "stdout">): Promise<void> {
  const out = flags.out ?? join(dirname(file), `${basename(file, extname(file))}.mjs`);
  const language = LANGUAGES[extname(out)];
  if (!language) throw new UsageError(`--out ${out}: want a name that ends in ${Object.keys(LANGUAGES).join(", ")}`);
  await expectWritable(out).catch((error: Error) => {
    throw new UsageError(`--out ${error.message}`, { cause: error });
  });
  const moduleOf = ownModules(out);
  await saveText(out, notebookScript(await readNotebook(file), { language, moduleOf }));
  deps.stdout.write(`${out}\n`);
}

/** Where a script finds this package: by its name, or where its folder has none, in the file that this command is part of. */
function ownModules(out: string): (name: string) => string {
  const { resolve: find } = createRequire(resolve(out));
  return (name) => {
    if (!isOwnName(name)) return name;
    try {
      find(name);
      return name;
    } catch {
      return pathToFileURL(ownFile(name)).href;
    }
  };
}
