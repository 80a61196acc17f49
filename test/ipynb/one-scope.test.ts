/** @file A notebook means the same in our kernel, as a script, and in Deno's kernel: generated notebooks print the same in all three. */
import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { pathToFileURL } from "node:url";
import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runNotebook } from "#kernel-lib/ipynb/runner/run-notebook.js";
import { notebookScript } from "#kernel-lib/ipynb/script/notebook-script.js";
import { type Client, printed as printedBy, startKernel } from "../kernel/client.js";
import { folder, notebook, printed } from "./fixtures.js";
import { choices, type Freedom, notebookOf } from "./generated.js";
import { KERNELS } from "./kernels.js";

const files = folder();
let kernel: Client;
let scripts: { readonly child: ChildProcess; readonly lines: Interface };

/** One process that imports each script that it is told of, and answers with what the script printed. */
const RUNNER = `
import { createInterface } from "node:readline";
let told = [];
console.log = (...words) => void told.push(words.join(" "));
for await (const url of createInterface({ input: process.stdin })) {
  told = [];
  try { await import(url); } catch (error) { told.push(String(error)); }
  process.stdout.write(JSON.stringify(told.join("\\n")) + "\\n");
}`;

beforeAll(async () => {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", RUNNER], { stdio: ["pipe", "pipe", "inherit"] });
  scripts = { child, lines: createInterface({ input: child.stdout }) };
  kernel = await startKernel("veduta");
});
afterAll(async () => {
  scripts.child.kill();
  await kernel.close();
  files.remove();
});

let count = 0;

async function inKernel(cells: readonly string[]): Promise<string> {
  const texts: string[] = [];
  for (const cell of cells) {
    const answer = await kernel.execute(cell);
    texts.push(plain(printedBy(answer)));
    if (answer.reply.status !== "ok") texts.push(`${answer.reply.ename}: ${answer.reply.evalue}`);
  }
  return texts.join("\n");
}

async function asScript(cells: readonly string[]): Promise<string> {
  const file = join(files.dir, `script-${count++}.mjs`);
  writeFileSync(file, notebookScript(notebook(...cells)));
  const line = new Promise<string>((resolve) => scripts.lines.once("line", resolve));
  scripts.child.stdin?.write(`${pathToFileURL(file).href}\n`);
  return plain(JSON.parse(await line));
}

/** Without colours and spaces at the ends of lines. */
const plain = (text: string) => stripVTControlCharacters(text).replace(/ +$/gm, "").trim();

test("generated notebooks print the same in the kernel and as scripts", async () => {
  await fc.assert(
    fc.asyncProperty(choices, fc.constantFrom<Freedom>("any way", "as before"), async (cells, freedom) => {
      const codes = notebookOf(cells, `k${count}_`, freedom);
      expect(await inKernel(codes), codes.join("\n// ---\n")).toBe(await asScript(codes));
    }),
    { numRuns: 15, endOnFailure: true },
  );
}, 240_000); // cells are compiled one by one, which takes long on a busy machine

// V8 lets a later cell declare a name again only by the word that declared it before
test.skipIf(KERNELS.deno.missing)(`they print the same in Deno's kernel${KERNELS.deno.missing}`, async () => {
  const notebooks = fc.sample(choices, 12).map((cells, k) => notebookOf(cells, `d${k}_`, "as before"));
  const codes = notebooks.flat();
  const { notebook: ran } = await runNotebook(files.write(notebook(...codes)), { command: KERNELS.deno.command });
  let at = 0;
  for (const cells of notebooks) {
    const inDeno = cells.map(() => plain(printed(ran, at++))).join("\n");
    expect(inDeno, cells.join("\n// ---\n")).toBe(await asScript(cells));
  }
});
