/**
 * Controls in the classic Notebook 6: stills as Debian has it, and live with the extensions for pages of ipywidgets 8 and anywidget. Pictures stay in
 * .work/hosts-widgets, to look at.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launch, missing as noBrowser } from "../../browser/browser.js";
import { type ClassicWindow, openClassic, runAll } from "./classic-page.js";
import { type ClassicServer, missing as noClassic, startClassic } from "./classic-server.js";
import { bin, missing as noWidgets } from "./front-end.js";

const PICTURES = fileURLToPath(new URL("../../../.work/hosts-widgets/", import.meta.url));
const CELLS = [
  'import { interact, layoutEditor, slider } from "veduta";\nconst side = slider({ min: 0, max: 40, value: 8, label: "side" });\nside',
  'const follow = await interact({ side }, ({ side }) => "side is " + side);',
  'const editor = layoutEditor({ layout: [{ what: "boat", box: [0.1, 0.1, 0.2, 0.2] }], classes: ["boat", "sun"], width: 300 });\neditor',
  'console.log("value", side.value);',
  "side.set(5);",
];
const notebook = JSON.stringify({
  nbformat: 4,
  nbformat_minor: 5,
  metadata: { kernelspec: { name: "veduta", language: "typescript", display_name: "Veduta (TypeScript)" } },
  cells: CELLS.map((source, k) => ({ id: `cell-${k}`, cell_type: "code", metadata: {}, source, outputs: [], execution_count: null })),
});

/** A server of its own for some tests. @param environment of Python, whose extensions it has; default none */
function withServer(environment?: string): { opened(): Promise<Page> } {
  let folder: string;
  let browser: Browser;
  let server: ClassicServer;
  beforeAll(async () => {
    mkdirSync(PICTURES, { recursive: true });
    folder = mkdtempSync(join(tmpdir(), "veduta-classic-"));
    writeFileSync(join(folder, "controls.ipynb"), notebook);
    browser = await launch();
    server = await startClassic(folder, environment);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  return {
    async opened() {
      const { page } = await openClassic(browser, server, "controls.ipynb");
      await runAll(page);
      return page;
    },
  };
}

const debian = noBrowser || noClassic;
describe.skipIf(debian !== "")(`controls in Debian's classic Notebook${debian}`, () => {
  const { opened } = withServer();

  test("show their values as stills, and no error of a widget", async () => {
    const page = await opened();
    await expect.poll(() => output(page, 0)).toBe("side 8");
    expect(await output(page, 1)).toBe("side 8\nside is 8");
    expect(await page.locator(".code_cell").nth(2).locator("img[alt='boxes of 1 objects']").isVisible()).toBe(true);
    expect(await page.locator(".output_area .output_stderr, .output_area .output_error").count()).toBe(0);
    await page.screenshot({ path: join(PICTURES, "classic-stills.png") });
    await page.close();
  });
});

const both = noClassic || noWidgets;
describe.skipIf(both !== "")(`controls in the classic Notebook with ipywidgets 8 and anywidget${both}`, () => {
  const { opened } = withServer(join(bin, ".."));

  test("are live: what the user drags is the value in the next cell, and a cell's value moves every slider", async () => {
    const page = await opened();
    const sliders = page.locator(".veduta-control input[type=range]");
    await expect
      .poll(() => sliders.evaluateAll((all) => all.map((each) => (each as unknown as { value: string }).value)))
      .toEqual(["5", "5"]);
    await sliders.first().evaluate((element) => {
      (element as unknown as { value: string }).value = "31";
      element.dispatchEvent(new Event("input"));
    });
    await expect.poll(() => output(page, 1)).toContain("side is 31");
    await page.evaluate(() => (globalThis as ClassicWindow).Jupyter.notebook.execute_cells([3]));
    await expect.poll(() => output(page, 3)).toBe("value 31");
    expect(await page.locator(".veduta-layout svg").isVisible()).toBe(true);
    await page.screenshot({ path: join(PICTURES, "classic-live.png") });
    await page.close();
  });
});

const output = async (page: Page, k: number): Promise<string> => {
  const areas = page.locator(".code_cell").nth(k).locator(".output_subarea");
  return (await areas.allInnerTexts()).map((text) => text.trim()).join("\n");
};
