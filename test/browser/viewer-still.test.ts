/** The still picture of a figure while its viewer is made. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodePng } from "#kernel-lib/core/image.js";
import { dataUrl } from "#kernel-lib/pages/html.js";
import { panoramaFigure, viewerScript } from "#kernel-lib/pages/panorama-figure.js";
import { stripCoverage } from "#kernel-lib/panorama/coverage.js";
import { launch, missing, open, pages } from "./browser.js";

describe.skipIf(missing !== "")(`the still picture${missing}`, () => {
  const folder = pages();
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    folder.remove();
  });

  test.each([
    ["a square", { width: 128, height: 128 }],
    ["a strip", { width: 768, height: 128 }],
  ])("of %s lies where the viewer draws: the figure is never taller than it is at the end", async (_, { width, height }) => {
    const image = { data: new Float32Array(3 * width * height).fill(0.5), shape: [1, 3, height, width] };
    const src = dataUrl("image/png", await encodePng(image));
    const figure = panoramaFigure("v", { src, alt: "test", spec: { coverage: stripCoverage({ width, height, edge: "open" }) } });
    const file = folder.write(`<!doctype html><meta charset=utf-8>
      <script>globalThis.tallest = 0; setInterval(() => {
        const root = document.querySelector(".veduta-panorama:has(.veduta-stage)");
        globalThis.tallest = Math.max(globalThis.tallest, root?.offsetHeight ?? 0);
      }, 0); new MutationObserver(() => {
        const root = document.querySelector(".veduta-panorama:has(.veduta-stage)");
        globalThis.tallest = Math.max(globalThis.tallest, root?.offsetHeight ?? 0);
      }).observe(document, { childList: true, subtree: true });</script>
      ${figure}<script>${viewerScript()}</script>`);
    const { page, complaints } = await open(browser, file, { viewport: { width: 1000, height: 900 } });
    const { tallest, end } = await page.evaluate(() => ({
      tallest: (globalThis as unknown as { tallest: number }).tallest,
      end: (document.querySelector(".veduta-panorama") as HTMLElement).offsetHeight,
    }));
    await page.close();
    expect(complaints).toEqual([]);
    expect(end).toBeGreaterThan(200);
    expect(tallest).toBeGreaterThan(200);
    expect(tallest).toBeLessThanOrEqual(end);
  });
});
