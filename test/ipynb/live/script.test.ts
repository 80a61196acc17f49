import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { runNotebook } from "#kernel-lib/ipynb/runner/run-notebook.js";
import { notebookScript } from "#kernel-lib/ipynb/script/notebook-script.js";
import { RUNTIMES } from "../../fixtures/runtimes.js";
import { code, folder, markdown, notebook, printed, veduta } from "../fixtures.js";
import { KERNELS } from "../kernels.js";

// below the package's own folder, where its name leads to it
const files = folder(fileURLToPath(new URL("../../../dist/", import.meta.url)));
afterAll(files.remove);

/** What stands in notebooks and not in modules: types, imports anywhere, names declared again, a value at the end. */
const lesson = notebook(
  markdown("# Noise"),
  'import { createRng, randn, type Tensor } from "veduta";\nconst noise: Tensor = randn(createRng(7), [1, 4]);\nnoise.shape',
  'import { lincomb, randn } from "veduta";\nfunction doubled(x: Tensor): Tensor { return lincomb(1, x, 1, x); }\nenum Kind { One = 1 }\n[...doubled(noise).data].map((x) => x.toFixed(6)).join(" ")',
  "const noise = 10; // another\nconst n: number = noise + Kind.One;\nn * 2;",
  "const n = 3;\nfor (const i of [1, 2]) console.log(n * i)",
  'import * as path from "node:path";\nconst { join: both, sep } = path;\nboth("a", "b") + noise',
  "`two\n  lines`.length",
);

/** Without the colours and quotes that kernels give to what a cell ends in. */
const plain = (text: string) =>
  stripVTControlCharacters(text)
    .replace(/^(['"])(.*)\1$/gm, "$2")
    .trim();

async function inKernel(command: readonly string[]): Promise<string> {
  const { failure, notebook: ran } = await runNotebook(files.write(lesson), { command });
  expect(failure).toBeUndefined();
  const codes = ran.cells.flatMap((cell, i) => (cell.cell_type === "code" ? [plain(printed(ran, i))] : []));
  return codes.join("\n");
}

describe("a notebook as a script", () => {
  let numbers = "";
  test.skipIf(KERNELS.own.missing)(`prints in our kernel what its scripts are to print${KERNELS.own.missing}`, async () => {
    numbers = await inKernel(KERNELS.own.command);
    expect(numbers.split("\n")).toHaveLength(7);
  });

  test.skipIf(KERNELS.deno.missing)(`prints the same numbers in Deno's kernel${KERNELS.deno.missing}`, async () => {
    expect(await inKernel(KERNELS.deno.command)).toBe(numbers);
  });

  for (const { name, missing, run } of RUNTIMES)
    test.skipIf(missing)(`prints the same numbers under ${name}${missing}`, async () => {
      const out = join(files.dir, `lesson-${name}${name === "node" ? ".mjs" : ".ts"}`);
      expect(await veduta(["script", files.write(lesson), "--out", out])).toEqual({ code: 0, out: `${out}\n`, err: "" });
      expect(plain(run(out, [], {}))).toBe(numbers);
      expect(readFileSync(out, "utf8").includes(": Tensor")).toBe(name !== "node");
    });

  test("its figures become files and one index page", async () => {
    const shows = 'import { table } from "veduta";\ntable([{ step: 1, loss: 0.5 }])';
    const out = join(files.dir, "figures.mjs");
    writeFileSync(out, notebookScript(notebook(code(shows))));
    const [node] = RUNTIMES;
    const told = node.run(out, [], { VEDUTA_OUT: join(files.dir, "figures") });
    expect(told).toContain(join(files.dir, "figures", "index.html"));
    expect(readFileSync(join(files.dir, "figures", "index.html"), "utf8")).toContain("0.5");
  });

  test("--out wants the name of a script", async () => {
    const wrong = await veduta(["script", files.write(notebook("1")), "--out", "x.py"]);
    expect([wrong.code, wrong.err]).toEqual([2, "error: --out x.py: want a name that ends in .mjs, .js, .ts, .mts\n"]);
  });
});
