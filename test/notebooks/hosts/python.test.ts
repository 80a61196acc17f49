/** The viewer in a Python notebook, by the lines of docs/notebooks.md: ipykernel and anywidget in JupyterLab 4. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodePng } from "#kernel-lib/core/image.js";
import { tensor } from "#kernel-lib/core/tensor.js";
import { launch, type PageRoot } from "../../browser/browser.js";
import { cell, type FrontEnd, missing, notebookOf, output, run, runUntil, startFrontEnd } from "./front-end.js";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const PICTURES = join(ROOT, ".work/hosts-widgets");
const [, example = ""] = /## From Python[\s\S]*?```python\n([\s\S]*?)```/.exec(readFileSync(join(ROOT, "docs/notebooks.md"), "utf8")) ?? [];
const CELLS = [
  example.trimEnd(),
  'print("heading", round(view.state["heading"]), view.state["projection"])',
  'view.state = {"heading": -60, "projection": "planet"}',
  "view", // shown twice
];

describe.skipIf(missing !== "")(`the viewer in a Python notebook${missing}`, () => {
  let browser: Browser;
  let server: FrontEnd;
  let folder: string;
  let page: Page;
  beforeAll(async () => {
    mkdirSync(PICTURES, { recursive: true });
    folder = mkdtempSync(join(tmpdir(), "veduta-python-"));
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(ROOT, join(folder, "node_modules/veduta"));
    const shades = Float32Array.from({ length: 3 * 64 * 384 }, (_, k) => (k % 384) / 384);
    writeFileSync(join(folder, "panorama.png"), await encodePng(tensor(shades, [1, 3, 64, 384])));
    writeFileSync(join(folder, "python.ipynb"), notebookOf({ name: "python3", language: "python", display_name: "Python 3" }, CELLS));
    [browser, server] = await Promise.all([launch(), startFrontEnd(folder)]);
    page = await browser.newPage({ viewport: { width: 1100, height: 1400 } });
    await page.goto(server.url("python.ipynb"));
    await runUntil(page, 0, page.locator(".veduta-panorama[data-state=live]"));
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  const state = () => page.evaluate(() => ({ ...document.querySelector<PageRoot>(".veduta-panorama")?.viewer.state }));

  test("is live, and where the user turns it is the widget's state", async () => {
    expect(await page.locator(".veduta-panorama canvas").first().isVisible()).toBe(true);
    await page.evaluate(() => {
      const { viewer } = document.querySelector(".veduta-panorama") as PageRoot;
      viewer.state = { ...viewer.state, heading: 30, projection: "perspective" };
    });
    await expect
      .poll(async () => {
        await run(page, 1);
        return output(page, 1);
      })
      .toContain("heading 30 perspective");
  });

  test("turns to what Python says, in every place that shows it", async () => {
    await run(page, 3);
    await expect.poll(() => cell(page, 3).locator(".veduta-panorama[data-state=live]").count()).toBe(1);
    await run(page, 2);
    await expect.poll(state).toMatchObject({ heading: -60, projection: "planet" });
    const second = () => page.evaluate(() => (document.querySelectorAll(".veduta-panorama")[1] as PageRoot).viewer.state.heading);
    await expect.poll(second).toBe(-60);
    await page.evaluate(() =>
      Promise.all([...document.querySelectorAll<PageRoot>(".veduta-panorama")].map(({ viewer }) => viewer.settled())),
    );
    await page.screenshot({ path: join(PICTURES, "python.png") });
  });
});
