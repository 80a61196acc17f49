import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodePng } from "#kernel-lib/core/image.js";
import { dataUrl } from "#kernel-lib/pages/html.js";
import { windowsSpec } from "#kernel-lib/pages/panorama-figure.js";
import { saveRun } from "#kernel-lib/pages/save-run.js";
import { viewPage } from "#kernel-lib/pages/view-page.js";
import { stripCoverage } from "#kernel-lib/panorama/coverage.js";
import { editedRun } from "../fixtures/edited-run.js";
import { landscape, paintedRun } from "../fixtures/painted-run.js";
import { serious } from "./axe.js";
import { launch, missing, open, pages, press, set, settled } from "./browser.js";

describe.skipIf(missing !== "")(`everyone can use the pages: axe-core finds nothing serious${missing}`, () => {
  const folder = pages();
  const dir = mkdtempSync(join(tmpdir(), "veduta-axe-"));
  let browser: Browser;
  const files: Record<string, string> = {
    "the page that opens what is dropped": fileURLToPath(new URL("../../dist/viewer/index.html", import.meta.url)),
    "two windows": fileURLToPath(new URL("../../dist/viewer/playground.html", import.meta.url)),
  };
  beforeAll(async () => {
    browser = await launch();
    const run = paintedRun({ steps: 3 });
    files["a report"] = join((await saveRun(join(dir, "run"), run)).dir, "report.html");
    const edit = await editedRun();
    files["an edit's report"] = join((await saveRun(join(dir, "edit"), edit, { source: edit.source })).dir, "report.html");
    const coverage = stripCoverage({ width: 768, height: 128, edge: "wrap" });
    const src = dataUrl("image/png", await encodePng(landscape(768, 128)));
    const others = ["second", "third"].map((label) => ({ src, label, coverage }));
    const windows = windowsSpec({ width: 768, height: 128, scaleFactor: 8 }, run.steps, [0, 1, 2]);
    const steps = [0, 1, 2].map((k) => ({ src: k === 2 ? null : src, label: `step ${k}` }));
    files["a page of one viewer"] = folder.write(
      viewPage({ src, title: "Ridges", spec: { coverage, label: "first", others, windows, steps } }),
    );
  });
  afterAll(async () => {
    await browser?.close();
    folder.remove();
    rmSync(dir, { recursive: true, force: true });
  });

  // each width and each colour once; every pair with VEDUTA_ALL=1 (`npm run test:all`)
  const looks = (["light", "dark"] as const)
    .flatMap((colorScheme) => [320, 1280].map((width) => [colorScheme, width] as const))
    .filter(([colorScheme, width]) => process.env.VEDUTA_ALL || (colorScheme === "light") === (width === 320));
  test.each(looks)("in the %s, %i pixels wide, with every panel open in its turn", async (colorScheme, width) => {
    for (const [name, file] of Object.entries(files)) {
      const { page, complaints } = await open(browser, file, { colorScheme, viewport: { width, height: 800 } });
      if (name.startsWith("the page")) {
        expect(await serious(page), name).toEqual([]);
        const picture = { name: "sphere.png", mimeType: "image/png", buffer: Buffer.from(await encodePng(landscape(128, 64))) };
        await page.locator("#files").setInputFiles([picture, { ...picture, name: "again.png" }]);
        await page.locator(".veduta-stage").waitFor();
      }
      if (name === "two windows") await page.locator("#rows tr").first().waitFor();
      else await settled(page);
      expect(await serious(page), name).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth), name).toBe(width);
      for (const panel of ["Windows", "Seam", "Save / share", "Keys"]) {
        const button = page.getByRole("button", { name: panel, exact: true });
        if ((await button.count()) === 0) continue;
        await button.click();
        if (panel === "Windows") {
          await press(page, "n");
          await page.getByRole("img", { name: "What window 0 shows" }).waitFor();
        }
        await settled(page);
        expect(await serious(page), `${name}, ${panel}`).toEqual([]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth), `${name}, ${panel}`).toBe(width);
      }
      if (name === "a page of one viewer")
        for (const compare of ["swipe", "side", "difference"]) {
          await set(page, { compare });
          expect(await serious(page), `${name}, ${compare}`).toEqual([]);
          expect(await page.evaluate(() => document.documentElement.scrollWidth), `${name}, ${compare}`).toBe(width);
        }
      expect(complaints, name).toEqual([]);
      await page.close();
    }
  });
});
