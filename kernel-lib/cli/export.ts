/** @file `veduta export`: a notebook as one page that needs nothing else. */
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import type { Command } from "commander";
import { exportPage } from "../kernel/export/export-page.js";
import { readNotebook } from "../kernel/runner/notebook-file.js";
import { expectWritable, writeWhole } from "../kernel/runner/whole-file.js";
import { dataUrl } from "../notebook/html.js";
import { type CliDeps, UsageError } from "./paint.js";

/** Adds the command to the program. */
export function exportCommand(program: Command, deps: Pick<CliDeps, "stdout">): void {
  program
    .command("export")
    .summary("one page of an executed notebook")
    .description("Make one self-contained page of a notebook: its text, code and outputs; its figures live there as in the notebook.")
    .argument("<notebook.ipynb>", "as it is; `veduta run` executes it first")
    .option("--out <page.html>", "the page; default beside the notebook, under its name")
    .action(async (file: string, flags: { readonly out?: string }) => {
      const title = basename(file, extname(file));
      const out = flags.out ?? join(dirname(file), `${title}.html`);
      await expectWritable(out).catch((error: Error) => {
        throw new UsageError(`--out ${error.message}`, { cause: error });
      });
      const notebook = await readNotebook(file);
      await writeWhole(out, exportPage(notebook, { title, image: (address) => embedded(dirname(file), address) }));
      deps.stdout.write(`${out}\n`);
    });
}

const TYPES: Readonly<Record<string, string>> = {
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".webp": "image/webp",
  ".gif": "image/gif",
  ".svg": "image/svg+xml",
};

/** A picture beside the notebook as a data: URL; any other address stays. */
function embedded(folder: string, address: string): string {
  const type = TYPES[extname(address).toLowerCase()];
  if (!type || /^[a-z][a-z0-9+.-]*:/i.test(address)) return address;
  const file = join(folder, decodeURI(address));
  return existsSync(file) ? dataUrl(type, readFileSync(file)) : address;
}
