/**
 * Widgets in the front ends of today: JupyterLab 4 and Notebook 7 with anywidget, from PyPI, over our kernel. Pictures stay in .work/hosts-widgets, to
 * look at.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePorts } from "#kernel-lib/ipynb/runner/connection-file.js";
import { installKernelspec } from "#kernel-lib/kernel/kernelspec.js";
import { launch, missing as noBrowser } from "../../browser/browser.js";
import { pythonEnv } from "../../fixtures/python-env.js";

const env =
  noBrowser === "" ? pythonEnv("jupyter", ["jupyterlab>=4.5,<5", "notebook>=7.5,<8", "anywidget>=0.9,<1", "ipywidgets>=8,<9"]) : undefined;
const missing = noBrowser || (env?.missing ?? "");
const PICTURES = fileURLToPath(new URL("../../../.work/hosts-widgets/", import.meta.url));

const CELLS = [
  'import { image, interact, slider, tensor } from "veduta";\nconst side = slider({ min: 0, max: 40, value: 8, label: "side" });\nside',
  "const grey = slider({ min: 0, max: 1, value: 0.5, label: 'grey' });\nconst shade = (grey: number) => image(tensor(new Float32Array(3 * 32 * 64).fill(grey), [1, 3, 32, 64]), { title: 'grey ' + grey.toFixed(2) });\nconst follow = await interact({ grey }, ({ grey }) => shade(grey));",
  'console.log("side is", side.value);',
  "side.set(5);",
];
const notebook = JSON.stringify({
  nbformat: 4,
  nbformat_minor: 5,
  metadata: { kernelspec: { name: "veduta", language: "typescript", display_name: "Veduta (TypeScript)" } },
  cells: CELLS.map((source, k) => ({ id: `cell-${k}`, cell_type: "code", metadata: {}, source, outputs: [], execution_count: null })),
});

describe.skipIf(missing !== "")(`widgets in real front ends${missing}`, () => {
  let browser: Browser;
  let server: ChildProcess;
  let folder: string;
  let address: string;
  beforeAll(async () => {
    mkdirSync(PICTURES, { recursive: true });
    folder = mkdtempSync(join(tmpdir(), "veduta widgets é-")); // without a package of its own
    installKernelspec(join(folder, ".jupyter"));
    const { shell: port } = await freePorts();
    address = `http://127.0.0.1:${port}`;
    const words = ["lab", "--no-browser", "--allow-root", `--port=${port}`, "--IdentityProvider.token=t", `--ServerApp.root_dir=${folder}`];
    const bin = env?.bin ?? "";
    server = spawn(join(bin, "jupyter"), words, {
      env: { ...process.env, PATH: `${bin}:${process.env.PATH}`, HOME: folder, JUPYTER_PATH: join(folder, ".jupyter") },
      stdio: "ignore",
    });
    browser = await launch();
    const answers = () =>
      fetch(`${address}/api?token=t`).then(
        ({ ok }) => ok,
        () => false,
      );
    for (const until = Date.now() + 90_000; !(await answers()); await sleep(200))
      if (server.exitCode !== null || Date.now() > until) throw new Error("JupyterLab does not answer");
  });
  afterAll(async () => {
    await browser?.close();
    server?.kill();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  test.each([
    ["JupyterLab 4", "doc/tree"],
    ["Notebook 7", "notebooks"],
  ])("%s: what the user drags is the value in the next cell, and a cell's value moves the slider", async (name, path) => {
    const file = `${name.replace(/\W/g, "-")}.ipynb`;
    writeFileSync(join(folder, file), notebook);
    const page = await browser.newPage({ viewport: { width: 1100, height: 900 } });
    await page.goto(`${address}/${path}/${file}?token=t`);
    const sliders = page.locator(".veduta-control input[type=range]");
    await run(page, 0);
    await expect.poll(() => sliders.count(), { timeout: 60_000 }).toBe(1);
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
    await page.screenshot({ path: join(PICTURES, `${file}.png`) });
    await page.close();
  });
});

const cell = (page: Page, k: number) => page.locator(".jp-Notebook .jp-CodeCell").nth(k);
const output = (page: Page, k: number) => cell(page, k).locator(".jp-OutputArea").innerText();

async function run(page: Page, k: number): Promise<void> {
  await cell(page, k).locator(".cm-content").click();
  await page.keyboard.press("Control+Enter");
}

async function drag(page: Page, k: number, value: number): Promise<void> {
  const input = page.locator(".veduta-control input[type=range]").nth(k);
  await input.evaluate((element, to) => {
    (element as unknown as { value: string }).value = to;
    element.dispatchEvent(new Event("input"));
  }, String(value));
}
