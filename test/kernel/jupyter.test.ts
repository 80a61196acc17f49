/** @file A real Jupyter runs a notebook with the kernel. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { installKernelspec } from "#kernel-lib/kernel/kernelspec.js";
import { findNbconvert } from "../../scripts/jupyter.mjs";

const nbconvert = findNbconvert();
const why = nbconvert ? "" : " (not run: no jupyter-nbconvert; Debian's package of that name has it)";
const dir = mkdtempSync(join(tmpdir(), "veduta-jupyter-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const code = (source: string, id: string, tags: string[] = []) => ({
  cell_type: "code",
  id,
  metadata: { tags },
  execution_count: null,
  outputs: [],
  source,
});

test.skipIf(!nbconvert)(`nbconvert --execute keeps 50,000 lines, values, displays and errors${why}`, { timeout: 120_000 }, () => {
  installKernelspec(join(dir, "jupyter"));
  const cells = [
    code("for (let i = 0; i < 50_000; i++) console.log(i);", "a"),
    code("const x: number = 6;\nawait Promise.resolve(x * 7)", "b"),
    code("throw new RangeError('as planned')", "c", ["raises-exception"]),
    code("x", "d"),
  ];
  const metadata = { kernelspec: { name: "veduta", display_name: "Veduta (TypeScript)", language: "typescript" } };
  writeFileSync(join(dir, "in.ipynb"), JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata, cells }));
  execFileSync(nbconvert!, ["--to", "notebook", "--execute", "in.ipynb", "--output", "out.ipynb"], {
    cwd: dir,
    env: { ...process.env, JUPYTER_PATH: join(dir, "jupyter"), JUPYTER_NO_CONFIG: "1" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  expect(existsSync(join(dir, "out.ipynb"))).toBe(true);
  const done = JSON.parse(readFileSync(join(dir, "out.ipynb"), "utf8"));
  const [lines, value, error, after] = done.cells.map((cell: { outputs: unknown[] }) => cell.outputs);
  expect(lines.map(({ text }: { text: string[] }) => [text].flat().join("")).join("")).toBe(
    Array.from({ length: 50_000 }, (_, i) => `${i}\n`).join(""),
  );
  expect(value).toMatchObject([{ output_type: "execute_result", execution_count: 2, data: { "text/plain": ["42"] } }]);
  expect(error).toMatchObject([{ output_type: "error", ename: "RangeError", evalue: "as planned" }]);
  expect(after).toMatchObject([{ data: { "text/plain": ["6"] } }]);
  expect(done.metadata.language_info).toMatchObject({ name: "typescript", file_extension: ".ts" });
});
