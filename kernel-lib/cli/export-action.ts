/** @file The action of `veduta export`. */
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { exportPage } from "../ipynb/export/export-page.js";
import { readNotebook } from "../ipynb/notebook-file.js";
import { expectWritable, saveText } from "../ipynb/save-text.js";
import { dataUrl } from "../pages/html.js";
import { type CliDeps, UsageError } from "./command.js";

/** The flags of `veduta export`. */
export interface ExportFlags {
  readonly out?: string;
}

/** Writes the page. @throws UsageError if it cannot be written */
export async function exportNotebook(file: string, flags: ExportFlags, deps: Pick<CliDeps, "stdout">): Promise<void> {
  const title = basename(file, extname(file));
  const out = flags.out ?? join(dirname(file), `${title}.html`);
  await expectWritable(out).catch((error: Error) => {
    throw new UsageError(`--out ${error.message}`, { cause: error });
  });
  const notebook = await readNotebook(file);
  await saveText(out, exportPage(notebook, { title, image: (address) => embedded(dirname(file), address) }));
  deps.stdout.write(`${out}\n`);
}

const TYPES: Readonly<Record<string, string>> = {
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".webp": "image/webp",
  ".gif": "image/gif",
  ".svg": "image/svg+xml",
};

/** Converts the address of an image beside the notebook to a data: URL; other addresses are kept. */
function embedded(folder: string, address: string): string {
  const type = TYPES[extname(address).toLowerCase()];
  if (!type || /^[a-z][a-z0-9+.-]*:/i.test(address)) return address;
  const file = join(folder, decodeURI(address));
  return existsSync(file) ? dataUrl(type, readFileSync(file)) : address;
}
