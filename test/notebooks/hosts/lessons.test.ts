/**
 * Executed lessons in the front ends that people read them in: run, saved and opened again in the classic Notebook, shown by JupyterLab where it
 * trusts them and where not, exported. One of them; all, and in the dark too, with VEDUTA_ALL=1 (`npm run test:all`). Pictures of the whole
 * pages stay in .work/hosts-lessons, to look at.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Notebook } from "#kernel-lib/ipynb/nbformat.js";
import { runNotebook } from "#kernel-lib/ipynb/runner/run-notebook.js";
import { launch, missing } from "../../browser/browser.js";
import { FOLDER, inEachHost } from "../notebooks.js";
import { openClassic, runAll, save, trusted } from "./classic-page.js";
import { type ClassicServer, missing as noClassic, startClassic } from "./classic-server.js";
import { SCHEMES } from "./executed.js";
import { closeClean, contexts, expectLive, type HostPage, hostPage, pictures } from "./host-page.js";
import { openLab, served } from "./lab-page.js";
import { type LabServer, missing as noLab, startLab } from "./lab-server.js";
import { figuresOf, wholePage } from "./whole-page.js";

/** Inside the repository, so that a notebook there finds the package by its own name. */
const WORK = fileURLToPath(new URL("../../../.work/hosts-lessons/", import.meta.url));
const CLI = fileURLToPath(new URL("../../../dist/kernel-lib/cli.js", import.meta.url));

describe.skipIf(missing !== "")(`the pages of executed lessons${missing}`, () => {
  let browser: Browser;
  let classic: ClassicServer | undefined;
  let lab: LabServer | undefined;
  beforeAll(async () => {
    rmSync(WORK, { recursive: true, force: true });
    mkdirSync(WORK, { recursive: true });
    [browser, classic, lab] = await Promise.all([launch(), noClassic ? undefined : startClassic(WORK), noLab ? undefined : startLab()]);
  });
  afterAll(async () => {
    await browser?.close();
    await classic?.stop();
    lab?.stop();
  });

  describe.each(inEachHost.map(({ name }) => name))("%s", (name) => {
    const file = join(WORK, `${name}.ipynb`);
    let ran: HostPage | undefined;
    let notebook: Notebook; // executed
    let all: string[]; // every figure of it, live

    beforeAll(async () => {
      copyFileSync(join(FOLDER, `${name}.ipynb`), file);
      if (classic) {
        ran = await openClassic(browser, classic, `${name}.ipynb`);
        await runAll(ran.page);
        await save(ran.page);
      } else await runNotebook(file, { out: file });
      notebook = served(file);
      all = figuresOf(notebook);
    }, 300_000);

    test(`has figures and no error when it ran in ${noClassic ? "our runner" : "the classic Notebook, every figure live"}${noClassic}`, async () => {
      expect(all.length).toBeGreaterThan(0);
      const outputs = notebook.cells.flatMap((cell) => (cell.cell_type === "code" ? cell.outputs : []));
      expect(outputs.filter(({ output_type }) => output_type === "error")).toEqual([]);
      if (!ran) return;
      await expectLive(ran.page, all);
      await closeClean(ran);
    });

    test.skipIf(noClassic !== "")(`shows every figure live when the classic Notebook opens it again${noClassic}`, async () => {
      for (const colorScheme of SCHEMES) {
        const host = await openClassic(browser, classic as ClassicServer, `${name}.ipynb`, { colorScheme });
        expect(await trusted(host.page)).toBe(true);
        await expectLive(host.page, all);
        await wholePage(host.page, "#notebook-container .cell", join(WORK, `${name}-classic-${colorScheme}`));
        await closeClean(host);
      }
    });

    test.skipIf(noLab !== "")(`shows every figure live in JupyterLab where it is trusted${noLab}`, async () => {
      for (const theme of SCHEMES) {
        const host = await openLab(browser, lab as LabServer, notebook, { theme: theme === "light" ? "Light" : "Dark" });
        await expectLive(host.page, all);
        await wholePage(host.page, ".jp-Notebook-cell", join(WORK, `${name}-lab-${theme}`));
        await closeClean(host);
      }
    });

    test.skipIf(noLab !== "")(`shows a picture of every figure in JupyterLab where it is not trusted${noLab}`, async () => {
      const host = await openLab(browser, lab as LabServer, notebook, { trust: "untrusted" });
      await expect.poll(async () => (await pictures(host.page)).length).toBeGreaterThanOrEqual(all.length);
      expect(await contexts(host.page)).toBe(0);
      await wholePage(host.page, ".jp-Notebook-cell", join(WORK, `${name}-lab-untrusted`));
      await closeClean(host);
    });

    test("shows every figure live as an exported page", async () => {
      const page = join(WORK, `${name}.html`);
      const { status, stderr } = spawnSync(process.execPath, [CLI, "export", file, "--out", page], { encoding: "utf8" });
      expect(status, stderr).toBe(0);
      for (const colorScheme of SCHEMES) {
        const host = await hostPage(browser, { colorScheme });
        await host.page.goto(pathToFileURL(page).href);
        await expectLive(host.page, all);
        await wholePage(host.page, "body *", join(WORK, `${name}-exported-${colorScheme}`));
        await closeClean(host);
      }
    });
  });
});
