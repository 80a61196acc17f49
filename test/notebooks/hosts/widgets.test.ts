/**
 * Widgets in the front ends of today: JupyterLab 4 and Notebook 7 with anywidget, from PyPI, over our kernel. Pictures stay in .work/hosts-widgets, to
 * look at.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { installKernelspec } from "#kernel-lib/kernel/kernelspec.js";
import { launch } from "../../browser/browser.js";
import { cell, type FrontEnd, missing, notebookOf, output, run, runUntil, startFrontEnd } from "./front-end.js";

const PICTURES = fileURLToPath(new URL("../../../.work/hosts-widgets/", import.meta.url));

const CELLS = [
  'import { image, interact, slider, tensor } from "veduta";\nconst side = slider({ min: 0, max: 40, value: 8, label: "side" });\nside',
  "const grey = slider({ min: 0, max: 1, value: 0.5, label: 'grey' });\nconst shade = (grey: number) => image(tensor(new Float32Array(3 * 32 * 64).fill(grey), [1, 3, 32, 64]), { title: 'grey ' + grey.toFixed(2) });\nconst follow = await interact({ grey }, ({ grey }) => shade(grey));",
  'console.log("side is", side.value);',
  "side.set(5);",
  'import { layoutEditor } from "veduta";\nconst editor = layoutEditor({ layout: [{ what: "boat", box: [0.1, 0.1, 0.2, 0.2] }], classes: ["boat", "sun"], width: 300 });\neditor',
  "console.log(JSON.stringify(editor.value));",
  // a panorama and a plot, whose states are shared
  'import { panoramaView } from "veduta";\nconst view = panoramaView(tensor(Float32Array.from({ length: 3 * 64 * 256 }, (_, k) => (k % 256) / 255), [1, 3, 64, 256]), { edge: "wrap" });\nview.observe(() => {});\nview',
  'const { fov, projection, heading } = await view.read();\nconsole.log("fov", fov, projection, "heading", heading);',
  'view.set({ heading: -90, projection: "planet" });',
  'import { figure } from "veduta";\nconst plot = figure([{ x: [0, 1, 2], y: [3, 1, 2], name: "first" }, { x: [0, 1, 2], y: [1, 2, 3], name: "second" }], { title: "shared" });\nplot',
  "console.log(JSON.stringify(plot.state));",
  "plot.set({ axes: { xaxis: [0.5, 1.5] }, hidden: [1] });",
];
const notebook = notebookOf({ name: "veduta", language: "typescript", display_name: "Veduta (TypeScript)" }, CELLS);

describe.skipIf(missing !== "")(`widgets in real front ends${missing}`, () => {
  let browser: Browser;
  let server: FrontEnd;
  let folder: string;
  beforeAll(async () => {
    mkdirSync(PICTURES, { recursive: true });
    folder = mkdtempSync(join(tmpdir(), "veduta widgets é-")); // without a package of its own
    installKernelspec(join(folder, ".jupyter"));
    [browser, server] = await Promise.all([launch(), startFrontEnd(folder)]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  test.each([
    ["JupyterLab 4", "doc/tree"],
    ["Notebook 7", "notebooks"],
  ] as const)("%s: what the user drags is the value in the next cell, and a cell's value moves the slider", async (name, path) => {
    const file = `${name.replace(/\W/g, "-")}.ipynb`;
    writeFileSync(join(folder, file), notebook);
    const page = await browser.newPage({ viewport: { width: 1100, height: 900 } });
    await page.goto(server.url(file, path));
    const sliders = page.locator(".veduta-control input[type=range]");
    await runUntil(page, 0, sliders);
    expect(await sliders.count()).toBe(1);
    await run(page, 1);
    await expect.poll(() => sliders.count()).toBe(2);
    await expect.poll(() => output(page, 1)).toContain("grey 0.50");
    await drag(page, 0, 31);
    await drag(page, 1, 0.9);
    await expect.poll(() => output(page, 1)).toContain("grey 0.90");
    await run(page, 2);
    await expect.poll(() => output(page, 2)).toContain("side is 31");
    await run(page, 3);
    await expect.poll(() => sliders.nth(0).inputValue()).toBe("5");
    await run(page, 4);
    const drawn = page.locator(".veduta-layout svg");
    await expect.poll(() => drawn.count()).toBe(1);
    await pull(page, [0.2, 0.2], [0.6, 0.5]); // the box, by its middle
    await pull(page, [0.05, 0.7], [0.25, 0.9]); // a new one, on the ground
    await run(page, 5);
    await expect.poll(() => output(page, 5)).toContain('{"what":"boat","box":[0.5,0.4,0.2,0.2]},{"what":"boat","box":[0.05,0.7,0.2,0.2]}');
    await page.screenshot({ path: join(PICTURES, `${file}.png`) });

    // the viewer's state is known in the next cell, and a cell turns the viewer
    await run(page, 6);
    const viewer = page.locator(".veduta-panorama[data-state=live]");
    await expect.poll(() => viewer.count()).toBe(1);
    await viewer.evaluate((root) =>
      Object.assign((root as unknown as { viewer: { state: object } }).viewer, { state: { heading: 40, projection: "perspective" } }),
    );
    await expect.poll(() => retried(page, 7)).toMatch(/fov [\d.]+ perspective heading 40/);
    await run(page, 8);
    await expect.poll(() => stateOf(page, ".veduta-panorama")).toMatchObject({ heading: -90, projection: "planet" });
    await expect.poll(() => retried(page, 7)).toContain("planet heading -90");

    // so is a plot's: its axes, its legend
    await run(page, 9);
    await expect.poll(() => page.locator(".veduta-plot[data-state=live]").count()).toBe(1);
    await expect.poll(() => retried(page, 10)).toContain('{"axes":{},"hidden":[],"window":null,"point":null}');
    await page.locator(".veduta-plot .legendtoggle").first().click();
    await expect.poll(() => retried(page, 10)).toContain('"hidden":[0]');
    await run(page, 11);
    await expect.poll(() => stateOf(page, ".veduta-plot")).toMatchObject({ axes: { xaxis: [0.5, 1.5] }, hidden: [1] });
    await page.screenshot({ path: join(PICTURES, `${file}.figures.png`) });
    await page.close();
  });
});

/** A cell's output, once it has run again. */
async function retried(page: Page, k: number): Promise<string> {
  const count = () => cell(page, k).locator(".jp-InputArea-prompt").innerText();
  const before = await count();
  await run(page, k);
  await expect.poll(async () => /\d/.test(await count()) && (await count()) !== before).toBe(true);
  await sleep(100); // the output follows the number
  return output(page, k);
}

/** The state of the one figure of a class. */
const stateOf = (page: Page, which: string) =>
  page.locator(which).evaluate((root) => {
    const { viewer, plot } = root as unknown as Record<"viewer" | "plot", { state: object } | undefined>;
    return JSON.parse(JSON.stringify((viewer ?? plot)?.state));
  });

async function drag(page: Page, k: number, value: number): Promise<void> {
  const input = page.locator(".veduta-control input[type=range]").nth(k);
  await input.evaluate((element, to) => {
    (element as unknown as { value: string }).value = to;
    element.dispatchEvent(new Event("input"));
  }, String(value));
}

/** Drags from one place of the layout to another, as shares of it. */
async function pull(page: Page, from: readonly [number, number], to: readonly [number, number]): Promise<void> {
  const box = await page.locator(".veduta-layout svg").boundingBox();
  if (!box) throw new Error("no layout is shown");
  const at = ([x, y]: readonly [number, number]) => [box.x + x * box.width, box.y + y * box.height] as const;
  await page.mouse.move(...at(from));
  await page.mouse.down();
  await page.mouse.move(...at(to), { steps: 4 });
  await page.mouse.up();
}
