/** @file Notebooks, a folder for them, and the command line as a process of its own. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type CodeCell, joined, type Notebook, type Output, type TextCell } from "#kernel-lib/ipynb/nbformat.js";
import { parseNotebook } from "#kernel-lib/ipynb/notebook-file.js";

const CLI = fileURLToPath(new URL("../../dist/kernel-lib/cli.js", import.meta.url));

let ids = 0;
export const code = (source: string, { tags, outputs = [] }: { tags?: string[]; outputs?: Output[] } = {}): CodeCell => ({
  cell_type: "code",
  id: `cell-${ids++}`,
  metadata: tags ? { tags } : {},
  source,
  outputs,
  execution_count: null,
});
export const markdown = (source: string, extra: Partial<TextCell> = {}): TextCell => ({
  cell_type: "markdown",
  id: `cell-${ids++}`,
  metadata: {},
  source,
  ...extra,
});
export const notebook = (...cells: (string | CodeCell | TextCell)[]): Notebook => ({
  nbformat: 4,
  nbformat_minor: 5,
  metadata: {},
  cells: cells.map((cell) => (typeof cell === "string" ? code(cell) : cell)),
});

/** What a code cell printed, and the text of what it showed. */
export const printed = ({ cells }: Notebook, cell: number): string => {
  const shown = (cells[cell] as CodeCell).outputs.map((output) => {
    if (output.output_type === "stream") return joined(output.text);
    if (output.output_type === "error") return `${output.ename}: ${output.evalue}`;
    return joined(output.data["text/plain"] as string[]);
  });
  return shown.join("");
};
export const errorsOf = ({ cells }: Notebook, cell: number) =>
  (cells[cell] as CodeCell).outputs.flatMap((output) => (output.output_type === "error" ? [output] : []));

/** A folder for a file's notebooks, to be removed at the end. */
export function folder(parent = tmpdir()) {
  const dir = mkdtempSync(join(parent, "veduta-runner-"));
  let count = 0;
  return {
    dir,
    write(content: Notebook): string {
      const file = join(dir, `notebook-${count++}.ipynb`);
      writeFileSync(file, JSON.stringify(content));
      return file;
    },
    read: (file: string): Notebook => parseNotebook(file, readFileSync(file)),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The command line in a process of its own. @param during called with the process at each text that it writes to standard error */
export function veduta(words: readonly string[], during?: (told: string, child: ChildProcess) => void): Promise<Ended> {
  const child = spawn(process.execPath, [CLI, ...words], { stdio: ["ignore", "pipe", "pipe"] });
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
    during?.(err, child);
  });
  return new Promise((resolve) => child.once("close", (exit) => resolve({ code: exit, out, err })));
}

/** Whether a process of this number runs; one that has ended and waits for its parent to notice does not. */
export function isAlive(pid: number): boolean {
  const { stdout } = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" });
  return !/^\s*(Z|$)/.test(stdout);
}
