/** The report of an edit in a real browser: source and edit side by side, one slider for both paths. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { saveRun } from "#kernel-lib/pages/save-run.js";
import { editedRun } from "../fixtures/edited-run.js";
import { launch, missing, open, settled } from "./browser.js";

describe.skipIf(missing !== "")(`the report of an edit${missing}`, () => {
  const dir = mkdtempSync(join(tmpdir(), "veduta-edit-report-"));
  let browser: Browser;
  let file = "";
  beforeAll(async () => {
    browser = await launch();
    const edit = await editedRun();
    file = join((await saveRun(join(dir, "edit"), edit, { source: edit.source })).dir, "report.html");
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  test("asks for nothing, complains of nothing, and shows both pictures flat, side by side", async () => {
    const { page, complaints, requests } = await open(browser, file, { viewport: { width: 1100, height: 900 } });
    await settled(page);
    const state = await page.evaluate(
      () => (document.querySelector("div.veduta-panorama") as unknown as { viewer: { state: object } }).viewer.state,
    );
    expect({ ...state }).toMatchObject({ projection: "flat", compare: "side" });
    expect([complaints, requests]).toEqual([[], []]);
    await page.close();
  });

  test("its slider goes through the steps of both paths: the picture changes on both sides", async () => {
    const { page } = await open(browser, file, { viewport: { width: 1100, height: 900 } });
    await settled(page);
    const canvas = page.locator("div.veduta-panorama canvas").first();
    const halves = async () => {
      const { x, y, width, height } = (await canvas.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
      const shot = (left: number) =>
        page.screenshot({ clip: { x: x + left + width * 0.05, y: y + height * 0.1, width: width * 0.35, height: height * 0.6 } });
      return [(await shot(0)).toString("base64"), (await shot(width / 2)).toString("base64")];
    };
    const last = await halves();
    await page.evaluate(() => {
      const { viewer } = document.querySelector("div.veduta-panorama") as unknown as { viewer: { state: object } };
      viewer.state = { step: 0 };
    });
    await settled(page);
    const first = await halves();
    expect(first[0]).not.toBe(last[0]);
    expect(first[1]).not.toBe(last[1]);
    await page.close();
  });
});
