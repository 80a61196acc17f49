import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { NotebookError } from "#kernel-lib/core/errors.js";
import { notebookText, parseNotebook, readNotebook, saveNotebook } from "#kernel-lib/ipynb/notebook-file.js";
import { expectWritable } from "#kernel-lib/ipynb/save-text.js";
import { code, folder, markdown, notebook } from "./fixtures.js";

const files = folder();
afterAll(files.remove);

const rich = {
  ...notebook(
    markdown("# Title\n", { attachments: { "a.png": { "image/png": "AAAA" } } }),
    code("1 + 1\n2", {
      outputs: [
        { output_type: "stream", name: "stdout", text: ["a\n", "b"] },
        {
          output_type: "execute_result",
          data: { "text/plain": ["2"], "application/json": { b: [1], a: null } },
          metadata: {},
          execution_count: 1,
        },
        { output_type: "display_data", data: { "text/html": ["<b>\n", "é</b>"] }, metadata: { x: 1 } },
        { output_type: "error", ename: "E", evalue: "v", traceback: ["t"] },
      ],
    }),
  ),
  metadata: { kernelspec: { name: "veduta", display_name: "Veduta" }, zebra: { y: 1, x: [true, null] } },
};

const bytes = (value: unknown) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
/** Reads; anything but a notebook must be a NotebookError that names the file. */
function read(value: unknown): "notebook" | string {
  try {
    parseNotebook("lesson.ipynb", value instanceof Uint8Array ? value : bytes(value));
    return "notebook";
  } catch (error) {
    expect(error).toBeInstanceOf(NotebookError);
    expect(String(error)).toContain("lesson.ipynb");
    return (error as Error).message;
  }
}

test("what the format does not name, ids, and sources as text or lines come back as they were", () => {
  const odd = {
    ...rich,
    extra: { deep: [1, { __proto__: null, k: "v" }] },
    cells: rich.cells.map((cell) => ({ ...cell, mine: [cell.id] })),
  };
  expect(JSON.parse(notebookText(parseNotebook("n", bytes(odd))))).toEqual(JSON.parse(JSON.stringify(odd)));
});

test("each fault is named by its place, what was expected and what was found", () => {
  expect(read({ ...rich, nbformat: 3 })).toBe(
    "lesson.ipynb: nbformat: expected 4, found 3; jupyter nbconvert --to notebook brings an older one up to it",
  );
  expect(read("{")).toMatch(/^lesson.ipynb: expected a notebook, which is JSON, found /);
  expect(read([])).toBe("lesson.ipynb: expected a notebook, a JSON object, found []");
  expect(read({ ...rich, cells: [rich.cells[0], { ...rich.cells[1], source: 7 }] })).toBe(
    "lesson.ipynb: cells[1].source: expected text or a list of lines, found 7",
  );
  expect(read({ ...rich, cells: [{ ...code("1"), outputs: [{ output_type: "stream", name: "out", text: "" }] }] })).toBe(
    'lesson.ipynb: cells[0].outputs[0].name: expected "stdout" or "stderr", found "out"',
  );
  expect(read(`${"[".repeat(100_000)}${"]".repeat(100_000)}`)).toContain("nested at most");
  expect(read(Uint8Array.of(0xff, 0xfe))).toContain("are not UTF-8");
});

test("whatever a file holds, it is read or refused by name", () => {
  fc.assert(fc.property(fc.uint8Array(), (noise) => void read(noise)));
  fc.assert(fc.property(fc.jsonValue(), (value) => void read(value ?? "null")));
});

test("a notebook with one value of it replaced by any other is read or refused by name; what is read can be written and read again", () => {
  const places = paths(rich);
  fc.assert(
    fc.property(fc.constantFrom(...places), fc.jsonValue(), (place, value) => {
      const changed = replaced(rich, place, value);
      if (read(JSON.stringify(changed)) !== "notebook") return;
      expect(read(notebookText(parseNotebook("n", bytes(changed))))).toBe("notebook");
    }),
    { numRuns: 500 },
  );
});

type Path = readonly (string | number)[];
const paths = (value: unknown): Path[] =>
  typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([key, below]): Path[] => [[key], ...paths(below).map((path) => [key, ...path])])
    : [];
const replaced = (value: unknown, [key, ...rest]: Path, by: unknown): unknown => {
  const copy = structuredClone(value) as Record<string, unknown>;
  copy[key] = rest.length === 0 ? by : replaced(copy[key], rest, by);
  return copy;
};

const jupyter = "/usr/bin/python3";
const hasJupyter = (() => {
  try {
    execFileSync(jupyter, ["-c", "import nbformat"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

test.skipIf(!hasJupyter)(
  `a notebook is written byte for byte as Jupyter writes it${hasJupyter ? "" : " (not run: no Python with nbformat; Debian's python3-nbformat has it)"}`,
  async () => {
    const [ours, theirs] = [join(files.dir, "ours.ipynb"), join(files.dir, "theirs.ipynb")];
    const lines = { ...rich, cells: rich.cells.map((cell) => ({ ...cell, source: ["# Title\n", "é"] })) };
    await saveNotebook(ours, parseNotebook("n", bytes(lines)));
    const script = "import nbformat,sys\nn=nbformat.read(sys.argv[1],4)\nnbformat.validate(n)\nnbformat.write(n,sys.argv[2])";
    execFileSync(jupyter, ["-c", script, ours, theirs]);
    expect(readFileSync(ours, "utf8")).toBe(readFileSync(theirs, "utf8"));
  },
);

test("a file is replaced whole: its mode stays, a link stays a link, and a failure leaves the old one", async () => {
  const file = files.write(notebook("1"));
  const link = `${file}.link`;
  symlinkSync(file, link);
  writeFileSync(file, readFileSync(file), { mode: 0o600 });
  const mode = statSync(file).mode;
  await saveNotebook(link, parseNotebook("n", bytes(rich)));
  expect(await readNotebook(file)).toEqual(JSON.parse(JSON.stringify(rich)));
  expect(statSync(file).mode).toBe(mode);
  const gone = join(files.dir, "none", "n.ipynb");
  await expect(saveNotebook(gone, parseNotebook("n", bytes(rich)))).rejects.toThrow(`${gone}: expected to be written, found no such file`);
  await expect(expectWritable(gone)).rejects.toThrow(/found no folder .*none; make it first/);
  await expect(expectWritable(files.dir)).rejects.toThrow("found a folder");
  expect(existsSync(join(files.dir, "none"))).toBe(false);
});

test("a type that is an object is refused by name, also one whose toString is no function", () => {
  const cell = { ...notebook("1").cells[0], cell_type: { toString: 1 } };
  expect(read({ ...notebook("1"), cells: [cell] })).toContain('cells[0].cell_type: expected "code", "markdown" or "raw"');
});
