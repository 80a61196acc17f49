/** An exported notebook in a browser: its figures live, nothing is fetched, and it reads in the light, in the dark and on a phone. */
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodePng } from "#kernel-lib/core/image.js";
import { setSink } from "#kernel-lib/display/display.js";
import { memorySink } from "#kernel-lib/display/display-sinks.js";
import { panoramaView } from "#kernel-lib/display/panorama-view.js";
import { exportPage } from "#kernel-lib/ipynb/export/export-page.js";
import type { Output } from "#kernel-lib/ipynb/nbformat.js";
import { landscape } from "../fixtures/painted-run.js";
import { code, markdown, notebook } from "../ipynb/fixtures.js";
import { launch, missing, open, type PageRoot, pages } from "./browser.js";

const shots = process.env.VEDUTA_SHOTS;

describe.skipIf(missing)(`an exported notebook${missing}`, () => {
  let browser: Browser;
  const written = pages();
  let file = "";

  beforeAll(async () => {
    const sink = memorySink();
    setSink(sink);
    await panoramaView(landscape(256, 64), { title: "Hills" }).show();
    setSink(undefined);
    const figure = sink.shown.map(({ bundle }): Output => ({ output_type: "display_data", data: bundle, metadata: {} }));
    const png = Buffer.from(await encodePng(landscape(64, 32))).toString("base64");
    const lesson = notebook(
      markdown(
        "# One step at a time\n\nThe foreseen image of window $i$ is $$\\hat x_0 = \\frac{x_t - \\sigma_t \\epsilon}{\\alpha_t}$$\n\n## Look\n\n| window | loss |\n|--|--|\n| 1 | 0.25 |\n",
      ),
      code(
        'import { panoramaView } from "veduta";\n// a comment\nconst n = 0xff + 1;\npanoramaView(panorama); // `text` that is long enough to pass the edge of a telephone by far',
        { outputs: figure },
      ),
      code("1", {
        outputs: [
          { output_type: "stream", name: "stdout", text: Array.from({ length: 300 }, (_, i) => `\x1b[3${i % 8}mline ${i}\x1b[0m\n`) },
        ],
      }),
      code("image", { outputs: [{ output_type: "display_data", data: { "image/png": png, "text/plain": "[hills]" }, metadata: {} }] }),
      code("fails", { outputs: [{ output_type: "error", ename: "E", evalue: "no", traceback: ["\x1b[91mE: no\x1b[39m"] }] }),
    );
    file = written.write(exportPage(lesson, { title: "lesson" }));
    browser = await launch();
    if (shots) mkdirSync(shots, { recursive: true });
  });
  afterAll(async () => {
    await browser?.close();
    written.remove();
  });

  for (const [colorScheme, width] of [
    ["light", 1000],
    ["dark", 320],
  ] as const)
    test(`lives without a request or a complaint, is accessible, and fits ${width} px in the ${colorScheme}`, async () => {
      const { page, complaints, requests } = await open(browser, file, { colorScheme, viewport: { width, height: 800 } });
      await page.locator(".veduta-panorama").scrollIntoViewIfNeeded();
      await page.waitForFunction(() => (document.querySelector(".veduta-panorama") as PageRoot | null)?.viewer !== undefined);
      await page.evaluate(() => (document.querySelector(".veduta-panorama") as PageRoot).viewer.settled());
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      await page.addScriptTag({ path: createRequire(import.meta.url).resolve("axe-core/axe.min.js") });
      const violations = await page.evaluate(async () => {
        const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } };
        return (await axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`);
      });
      expect(violations).toEqual([]);
      expect(requests).toEqual([]);
      expect(complaints).toEqual([]);
      if (shots) await page.screenshot({ path: join(shots, `export-${colorScheme}.png`), fullPage: true });
      await page.close();
    });

  test("shows its stills where no script runs", async () => {
    const { page } = await open(browser, file, { javaScriptEnabled: false });
    expect(await page.locator(".veduta-panorama > img").evaluate((img: HTMLImageElement) => img.naturalWidth)).toBeGreaterThan(0);
    await page.close();
  });
});
