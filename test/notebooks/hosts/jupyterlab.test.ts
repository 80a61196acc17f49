/** A real JupyterLab 4 page that shows an executed notebook: live where it is trusted, in its light and dark themes; stills where it is not. */
import { dirname } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Notebook } from "#kernel-lib/ipynb/nbformat.js";
import { launch, missing as noBrowser, type PageRoot } from "../../browser/browser.js";
import type { Client } from "../../kernel/client.js";
import { executed, FIGURES, PICTURES } from "./executed.js";
import { chosen, clickLine, closeClean, contexts, expectLive, figures, type HostPage, keepShot, pictures } from "./host-page.js";
import { bringKernel } from "./lab-kernel.js";
import { type Lab, type LabWindow, openLab, served } from "./lab-page.js";
import { type LabServer, missing as noLab, startLab } from "./lab-server.js";

const missing = noBrowser || noLab;

describe.skipIf(missing !== "")(`JupyterLab 4${missing}`, () => {
  let browser: Browser;
  let server: LabServer;
  let notebook: Notebook;
  beforeAll(async () => {
    notebook = served(await executed());
    [browser, server] = await Promise.all([launch(), startLab()]);
  });
  afterAll(async () => {
    await browser?.close();
    server?.stop();
  });

  const opened = (options?: Parameters<typeof openLab>[3]) => openLab(browser, server, notebook, options);
  /** Of the notebook itself: what its own keys would change. */
  const itself = () => {
    const { widgets, activeCellIndex, mode } = ((globalThis as LabWindow).jupyterapp as Lab).shell.currentWidget.content;
    return { cells: widgets.length, active: activeCellIndex, mode };
  };

  test("shows every figure live in a trusted notebook, ties them, keeps its keys, and lets a cleared one go", async () => {
    const host = await opened();
    const { page } = host;
    await expectLive(page);
    await keepShot(page, "lab-light");
    const before = await chosen(page);
    await clickLine(page, 3);
    await expect.poll(() => chosen(page)).toEqual({ thick: ["window 3"], frames: before.frames + 4, said: ["window 3", "window 3"] });

    const canvas = page.locator(".veduta-stage canvas").first();
    await canvas.click();
    const own = await page.evaluate(itself);
    for (const key of ["b", "d", "d", "x", "ArrowDown", "m", "Enter"]) await canvas.press(key);
    expect(await page.evaluate(itself)).toEqual(own);

    const gone = await page.evaluateHandle(() => document.querySelector(".veduta-panorama") as PageRoot);
    await page.evaluate(async () => {
      const { jupyterapp: app } = globalThis as LabWindow;
      if (app) app.shell.currentWidget.content.activeCellIndex = 4;
      await app?.commands.execute("notebook:clear-cell-output");
    });
    await expect.poll(() => figures(page)).toHaveLength(3);
    expect(await gone.evaluate((root) => root.viewer === undefined && !root.isConnected)).toBe(true);
    expect(await contexts(page)).toBe(1);
    await closeClean(host);
  });

  test("shows every figure live and dark in its dark theme, whatever the system prefers", async () => {
    const host = await opened({ theme: "Dark" });
    await expectLive(host.page);
    expect(
      await host.page
        .locator(".veduta-bar")
        .first()
        .evaluate((bar) => getComputedStyle(bar).backgroundColor),
    ).toMatch(/^rgb\((\d|[1-5]\d), /);
    await keepShot(host.page, "lab-dark");
    await closeClean(host);
  });

  test("shows pictures of every figure in a notebook that it does not trust", async () => {
    const host = await opened({ trust: "untrusted" });
    await expect.poll(async () => (await pictures(host.page)).length).toBe(PICTURES.length);
    for (const [k, words] of PICTURES.entries()) expect((await pictures(host.page))[k]).toContain(words);
    expect(await contexts(host.page)).toBe(0);
    await keepShot(host.page, "lab-untrusted");
    await closeClean(host);
  });

  describe("with our kernel", () => {
    let host: HostPage;
    let kernel: Client;
    beforeAll(async () => {
      host = await openLab(browser, server, served(FIGURES), {
        kernel: async (page) => {
          kernel = await bringKernel(page, dirname(FIGURES));
        },
      });
    });
    afterAll(() => kernel?.close());

    test("runs all cells, and shows every figure live and one progress to its end", async () => {
      const { page } = host;
      await page.evaluate(() => (globalThis as LabWindow).jupyterapp?.commands.execute("notebook:run-all-cells"));
      await expectLive(page);
      expect(await page.locator(".veduta-track").allTextContents()).toEqual([expect.stringContaining("3 steps in")]);
      await expect
        .poll(() => page.locator(".jp-CodeCell .jp-InputPrompt").allTextContents())
        .toEqual(Array.from({ length: 8 }, (_, k) => `[${k + 1}]:`));
      await keepShot(page, "lab-run");
    });

    test("stops a cell that would not end, and goes on", async () => {
      const { page } = host;
      const last = page.locator(".jp-CodeCell").last();
      const run = (source: string) =>
        page.evaluate((text) => {
          const { commands, shell } = (globalThis as LabWindow).jupyterapp as Lab;
          const { content } = shell.currentWidget;
          content.activeCellIndex = content.widgets.length - 1;
          content.activeCell.model.sharedModel.setSource(text);
          void commands.execute("notebook:run-cell");
        }, source);
      await run("while (true) {}");
      await expect.poll(() => last.locator(".jp-InputPrompt").textContent()).toBe("[*]:");
      await page.evaluate(() => (globalThis as LabWindow).jupyterapp?.commands.execute("notebook:interrupt-kernel"));
      await expect.poll(() => last.locator(".jp-OutputArea-output").textContent()).toContain("Interrupted");
      await run("steps.length * 14");
      await expect.poll(() => last.locator(".jp-OutputArea-output").textContent()).toBe("42");
      await closeClean(host);
    });
  });
});
