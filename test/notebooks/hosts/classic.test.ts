/** The classic Notebook with our kernel: figures live where they run and where they were saved, stills where nobody trusts them. */
import { copyFileSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launch, missing as noBrowser, type PageRoot } from "../../browser/browser.js";
import { type ClassicWindow, openClassic, runAll, save, trusted } from "./classic-page.js";
import { type ClassicServer, missing as noClassic, startClassic } from "./classic-server.js";
import { executed, FIGURES, PICTURES, SCHEMES, WORK } from "./executed.js";
import { chosen, clickLine, closeClean, contexts, expectLive, figures, type HostPage, keepShot, pictures } from "./host-page.js";

const FOLDER = join(WORK, "classic");
const missing = noBrowser || noClassic;

describe.skipIf(missing !== "")(`the classic Notebook${missing}`, () => {
  let browser: Browser;
  let server: ClassicServer;
  beforeAll(async () => {
    const file = await executed();
    mkdirSync(FOLDER, { recursive: true });
    copyFileSync(FIGURES, join(FOLDER, "figures.ipynb"));
    copyFileSync(file, join(FOLDER, "foreign.ipynb"));
    [browser, server] = await Promise.all([launch(), startClassic(FOLDER)]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  const opened = (name: string, options?: Parameters<typeof openClassic>[3]) => openClassic(browser, server, name, options);
  /** Of the notebook itself: what its own keys would change. */
  const itself = (page: Page) =>
    page.evaluate(() => {
      const { notebook } = (globalThis as ClassicWindow).Jupyter;
      return { cells: notebook.get_cells().length, selected: notebook.get_selected_index(), mode: notebook.mode };
    });
  const clear = (page: Page, index: number) => page.evaluate((k) => (globalThis as ClassicWindow).Jupyter.notebook.clear_output(k), index);

  describe("with our kernel", () => {
    let host: HostPage;
    beforeAll(async () => {
      host = await opened("figures.ipynb");
      await runAll(host.page);
    });

    test("shows every figure live when all cells have run, within 5 MB once saved", async () => {
      const { page } = host;
      await expectLive(page);
      await keepShot(page, "classic-run");
      await save(page);
      expect(statSync(join(FOLDER, "figures.ipynb")).size).toBeLessThan(5e6);
    });

    test("shows a window that is chosen in one figure in all", async () => {
      const { page } = host;
      const before = await chosen(page);
      await clickLine(page, 3);
      await expect.poll(() => chosen(page)).toEqual({ thick: ["window 3"], frames: before.frames + 4, said: ["window 3", "window 3"] });
      await keepShot(page, "classic-chosen");
    });

    test("hears none of its own keys from inside the viewer", async () => {
      const { page } = host;
      const canvas = page.locator(".veduta-stage canvas").first();
      await canvas.click();
      const before = await itself(page);
      const heading = () => page.evaluate(() => (document.querySelector(".veduta-panorama") as PageRoot).viewer.state.heading);
      const turned = await heading();
      for (const key of ["b", "b", "d", "d", "x", "a", "m", "ArrowRight", "Enter"]) await canvas.press(key);
      expect(await itself(page)).toEqual(before);
      expect(await heading()).not.toBe(turned);
      for (const part of [".veduta-tools button", ".veduta-bar select"])
        for (const key of ["d", "d", "x", "b"]) await page.locator(part).first().press(key);
      expect(await itself(page)).toEqual(before);
    });

    test("lets a viewer go whose output is cleared", async () => {
      const { page } = host;
      const gone = await page.evaluateHandle(() => document.querySelector(".veduta-panorama") as PageRoot);
      await clear(page, 4);
      await expect.poll(() => figures(page)).toHaveLength(3);
      expect(await gone.evaluate((root) => root.viewer === undefined && !root.isConnected && root.querySelector("canvas") === null)).toBe(
        true,
      );
      expect(await contexts(page)).toBe(1);
    });

    test("has all figures back after all outputs were cleared and all cells run again", async () => {
      const { page } = host;
      await page.evaluate(() => (globalThis as ClassicWindow).Jupyter.notebook.clear_all_output());
      await expect.poll(() => figures(page)).toEqual([]);
      await runAll(page);
      await expectLive(page);
      await save(page);
      await closeClean(host);
    });
  });

  test.each(SCHEMES)("shows a saved notebook live in another browser, where the system is %s", async (colorScheme) => {
    const host = await opened("figures.ipynb", { colorScheme });
    await expectLive(host.page);
    expect(await trusted(host.page)).toBe(true);
    await keepShot(host.page, `classic-saved-${colorScheme}`);
    await closeClean(host);
  });

  test("shows pictures of every figure in a notebook that it does not trust", async () => {
    const host = await opened("foreign.ipynb");
    expect(await trusted(host.page)).toBe(false);
    const seen = await pictures(host.page);
    expect(seen).toHaveLength(PICTURES.length);
    for (const [k, words] of PICTURES.entries()) expect(seen[k]).toContain(words);
    await keepShot(host.page, "classic-untrusted");
    await closeClean(host);
  });

  test("shows stills where the outputs that carried the libraries were cleared", async () => {
    const before = await opened("figures.ipynb");
    for (const index of [2, 4]) await clear(before.page, index);
    await save(before.page);
    await closeClean(before);
    const host = await opened("figures.ipynb");
    expect(await trusted(host.page)).toBe(true);
    await expect.poll(() => figures(host.page)).toEqual(["plot still", "panorama still"]);
    await closeClean(host);
  });
});
