import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launch, missing, open } from "./browser.js";

const PAGE = fileURLToPath(new URL("../../dist/viewer/playground.html", import.meta.url));
const captions = (page: Page) => page.locator("figcaption").allTextContents();
const start = (page: Page) => page.locator("circle.start").getAttribute("aria-valuetext");

describe.skipIf(missing !== "")(`the page of two windows${missing}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser?.close());

  test("opens on a disagreement that SyncDiffusion resolves, counts noises, and asks for nothing", async () => {
    const { page, complaints, requests } = await open(browser, PAGE);
    await expect
      .poll(() => captions(page))
      .toEqual([expect.stringContaining("differ"), expect.stringContaining("differ"), expect.stringContaining("agree")]);
    await expect.poll(() => page.locator("#rows tr").count(), { timeout: 60_000 }).toBe(3);
    const agreement = (await page.locator("#rows tr td:nth-child(2)").allTextContents()).map((text) => Number.parseInt(text, 10));
    expect(agreement[2]).toBeGreaterThan(agreement[1]);
    expect({ complaints, requests }).toEqual({ complaints: [], requests: [] });
    await page.close();
  });

  test("follows mouse, keys and sliders", async () => {
    const { page, complaints } = await open(browser, PAGE, { viewport: { width: 1280, height: 900 } });
    await expect.poll(() => start(page)).toBe("first window 0.4, second window -0.3");
    const box = await page.locator("#plane svg").boundingBox();
    if (!box) throw new Error("no plane");
    const to = (a: number, b: number) => page.mouse.move(box.x + (box.width * (a + 1.6)) / 3.2, box.y + (box.height * (1.6 - b)) / 3.2);
    await to(0.4, -0.3);
    await page.mouse.down();
    await to(0.8, 0.6);
    await page.mouse.up();
    await expect.poll(() => start(page)).toBe("first window 0.8, second window 0.6");
    await expect.poll(async () => (await captions(page)).every((text) => text.includes("agree"))).toBe(true);
    await page.keyboard.press("ArrowLeft");
    await expect.poll(() => start(page)).toBe("first window 0.7, second window 0.6");
    const before = await page.locator("path.path.sync").getAttribute("d");
    await page.locator("#weight").fill("0");
    await expect.poll(() => page.locator("path.path.sync").getAttribute("d")).not.toBe(before);
    expect(await page.locator("path.path.sync").getAttribute("d")).toBe(await page.locator("path.path.multi").getAttribute("d"));
    await page.getByRole("button", { name: "Draw other noise" }).click();
    await expect.poll(() => start(page)).not.toBe("first window 0.7, second window 0.6");
    expect(complaints).toEqual([]);
    await page.close();
  });
});
