/** The executed notebook as a page: by nbconvert, and by our own export. */
import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import sanitizeHtml from "sanitize-html";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CodeCell, joined, type Notebook } from "#kernel-lib/ipynb/nbformat.js";
import { launch, missing } from "../../browser/browser.js";
import { GITHUB } from "../../fixtures/github-rules.js";
import { executed, SCHEMES, WORK } from "./executed.js";
import { closeClean, expectLive, hostPage, keepShot } from "./host-page.js";

const nbconvert = spawnSync("jupyter-nbconvert", ["--version"]).status === 0;
const CLI = new URL("../../../dist/kernel-lib/cli.js", import.meta.url).pathname;
const EXPORTS = [
  {
    name: "nbconvert's",
    missing: nbconvert ? "" : " (not run: no jupyter-nbconvert; Debian's package jupyter-nbconvert has it)",
    command: (file: string, page: string) => ["jupyter-nbconvert", "--to", "html", file, "--output", page],
  },
  { name: "our own", missing: "", command: (file: string, page: string) => [process.execPath, CLI, "export", file, "--out", page] },
];

describe.skipIf(missing !== "")(`a notebook's page${missing}`, () => {
  let browser: Browser;
  let file: string;
  beforeAll(async () => {
    [browser, file] = await Promise.all([launch(), executed()]);
  });
  afterAll(() => browser?.close());

  for (const { name, missing: without, command } of EXPORTS)
    test.skipIf(without !== "")(`${name} shows every figure live from its file, ${SCHEMES.join(" and ")}${without}`, async () => {
      const page = join(WORK, `${name.replace(/\W+/g, "-")}.html`);
      const [program, ...words] = command(file, page);
      const { status, stderr } = spawnSync(program, words, { encoding: "utf8" });
      expect(status, stderr).toBe(0);
      for (const colorScheme of SCHEMES) {
        const host = await hostPage(browser, { colorScheme });
        await host.page.goto(pathToFileURL(page).href);
        await expectLive(host.page);
        await keepShot(host.page, `${name.replace(/\W+/g, "-")}-${colorScheme}`);
        await closeClean(host);
      }
    });
});

describe("the executed notebook", () => {
  let notebook: Notebook;
  let bytes: number;
  beforeAll(async () => {
    const file = await executed();
    bytes = statSync(file).size;
    notebook = JSON.parse(readFileSync(file, "utf8"));
  });

  test("stays below 5 MB", () => expect(bytes).toBeLessThan(5e6));

  test("keeps words for every figure under GitHub's published rules, and a picture beside them", () => {
    const bundles = notebook.cells
      .filter((cell): cell is CodeCell => cell.cell_type === "code")
      .flatMap(({ outputs }) => outputs)
      .flatMap((output) => ("data" in output ? [output.data as Record<string, string | string[]>] : []))
      .filter((data) => !joined(data["text/html"]).includes("veduta-library"));
    const left = bundles.map((data) => {
      const html = sanitizeHtml(joined(data["text/html"]), GITHUB);
      const alts = [...html.matchAll(/<img [^>]*alt="([^"]*)"/g)].map(([, alt]) => alt);
      return { words: `${html.replace(/<[^>]*>/g, " ")} ${alts.join(" ")}`.trim(), picture: data["image/png"] !== undefined };
    });
    expect(left).toHaveLength(7);
    for (const { words } of left) expect(words.length).toBeGreaterThan(20);
    expect(left.filter(({ picture }) => picture)).toHaveLength(6); // all but the table, which is words
  });
});
