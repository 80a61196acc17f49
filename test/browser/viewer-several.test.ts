import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodePng } from "#kernel-lib/core/image.js";
import { tensor } from "#kernel-lib/core/tensor.js";
import { dataUrl } from "#kernel-lib/pages/html.js";
import { panoramaFigure, viewerScript, windowsSpec } from "#kernel-lib/pages/panorama-figure.js";
import { stripCoverage } from "#kernel-lib/panorama/coverage.js";
import { paintedRun } from "../fixtures/painted-run.js";
import { colourAt, launch, missing, open, type PageRoot, pages, press, set, settled, state } from "./browser.js";

const coverage = stripCoverage({ width: 768, height: 128, edge: "wrap" });
const grey = async (value: number) =>
  dataUrl("image/png", await encodePng(tensor(new Float32Array(3 * 128 * 768).fill(value), [1, 3, 128, 768])));
const red = async (page: Page, u: number): Promise<number> => (await colourAt(page, u))[0];
const names = (page: Page) => page.textContent(".veduta-names");

describe.skipIf(missing !== "")(`several panoramas, and several viewers of one run${missing}`, () => {
  const folder = pages();
  let browser: Browser;
  let [three, linked] = ["", ""];
  beforeAll(async () => {
    browser = await launch();
    const script = `<script>${viewerScript()}</script>`;
    const run = paintedRun({ steps: 3 });
    const windows = windowsSpec({ width: 768, height: 128, scaleFactor: 8 }, run.steps);
    const others = [
      { src: await grey(0.6), label: "<i>two</i>", coverage },
      { src: await grey(0.8), label: "three", coverage },
    ];
    const src = await grey(0.4);
    three = folder.write(
      `<!doctype html><meta charset=utf-8>${panoramaFigure("v", { src, alt: "grey", spec: { coverage, windows, others, label: "one", state: { projection: "perspective" } } })}${script}`,
    );
    const figures = ["left", "right", "other"].map((id) =>
      panoramaFigure(id, { src, alt: id, spec: { coverage, windows, run: id === "other" ? "another" : "this" } }),
    );
    linked = folder.write(`<!doctype html><meta charset=utf-8>${figures.join("")}${script}`);
  });
  afterAll(async () => {
    await browser?.close();
    folder.remove();
  });

  test("three panoramas stand side by side, blink one after the other, and any two are swiped and subtracted", async () => {
    const { page, complaints } = await open(browser, three);
    await set(page, { compare: "side" });
    expect([await red(page, 0.2), await red(page, 0.5), await red(page, 0.8)]).toEqual([102, 153, 204]);
    expect(await names(page)).toBe("one | <i>two</i> | three");
    await set(page, { compare: "blink" });
    const seen = new Set<string>();
    const look = async () => [...seen.add(`${await names(page)} ${await red(page, 0.5)}`)];
    await expect.poll(look, { interval: 60 }).toEqual(expect.arrayContaining(["one 102", "<i>two</i> 153", "three 204"]));
    await set(page, { compare: "swipe" });
    expect(await state(page)).toMatchObject({ pair: [0, 1] });
    await page.getByRole("combobox", { name: "Second of the two" }).selectOption({ label: "three" });
    await settled(page);
    expect([await red(page, 0.2), await red(page, 0.8)]).toEqual([102, 204]);
    expect(await names(page)).toBe("one | three");
    await press(page, "i"); // the next for the left, but for the one on the right
    expect((await state(page)).pair).toEqual([1, 2]);
    await page.getByRole("combobox", { name: "First of the two" }).selectOption({ label: "three" }); // the other one: they swap
    expect((await state(page)).pair).toEqual([2, 1]);
    await press(page, "o");
    expect((await state(page)).pair).toEqual([2, 0]);
    await set(page, { compare: "difference" });
    expect(await red(page, 0.5)).toBe(255); // 4 · 102, at most 255
    await expect.poll(() => names(page)).toMatch(/^Mean difference 102\.00 of 255/);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("which two are compared is part of the state, refused where it does not fit, and kept by a link", async () => {
    const { page } = await open(browser, three);
    await set(page, { compare: "swipe", pair: [2, 1] });
    expect([await red(page, 0.2), await red(page, 0.8)]).toEqual([204, 153]);
    const refusals = await page.evaluate(() =>
      [[0, 0], [0, 3], [1], "ab"].map((pair) => {
        try {
          (document.querySelector(".veduta-panorama") as PageRoot).viewer.state = { pair };
          return "taken";
        } catch (error) {
          return (error as Error).message;
        }
      }),
    );
    expect(refusals).toEqual(
      ["0,0", "0,3", "1", "ab"].map((got) => `viewer.state.pair: got ${got}, want two different whole numbers from 0 to 2`),
    );
    await page.getByRole("button", { name: "Save / share" }).click();
    await page.getByRole("button", { name: "Copy a link" }).click();
    const address = await page.locator(".veduta-keep textarea").inputValue();
    await page.goto("about:blank");
    await page.goto(address);
    await settled(page);
    expect(await state(page)).toMatchObject({ compare: "swipe", pair: [2, 1] });
    await page.close();
  });

  test("a saved view is what is on screen: all panes, and the frames of the viewer's own windows over its pane alone", async () => {
    const { page } = await open(browser, three);
    await set(page, { compare: "side" });
    await press(page, "w");
    await settled(page);
    const bytes = await page.evaluate(async () => {
      const { viewer } = document.querySelector(".veduta-panorama") as PageRoot & {
        viewer: { screenshot(size: object): Promise<Blob> };
      };
      const bitmap = await createImageBitmap(await viewer.screenshot({ width: 900, height: 200 }));
      const pen = new OffscreenCanvas(900, 200).getContext("2d") as OffscreenCanvasRenderingContext2D;
      pen.drawImage(bitmap, 0, 0);
      return [...pen.getImageData(0, 100, 900, 1).data];
    });
    const row = Array.from({ length: 900 }, (_, x) => bytes[4 * x]);
    expect(new Set(row.slice(0, 295)).size).toBeGreaterThan(2); // frames of windows
    expect(new Set(row.slice(305, 595))).toEqual(new Set([153]));
    expect(new Set(row.slice(605))).toEqual(new Set([204]));
    await page.close();
  });

  test("a click in the windows of one pane reads that pane's direction", async () => {
    const { page } = await open(browser, three);
    await set(page, { compare: "side", heading: 30, fov: 30 });
    await press(page, "w");
    const box = await page.locator(".veduta-stage canvas").boundingBox();
    if (!box) throw new Error("no canvas");
    await page.mouse.move(box.x + box.width / 6, box.y + box.height / 2);
    // Window 12 of 16 latent pixels begins at 48: its middle, 56 of 96, is 30° right.
    await expect.poll(() => page.textContent(".veduta-windows p")).toMatch(/^Step 2, window 12:/);
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2); // another panorama: no window of this one
    await expect.poll(() => page.textContent(".veduta-windows p")).toMatch(/^24 windows/);
    await page.close();
  });

  test("a window that is chosen in one viewer is framed in the others of its run, whose panels are closed, and in no other run's", async () => {
    const { page, complaints } = await open(browser, linked, { viewport: { width: 720, height: 1800 } });
    const rows = () =>
      page.evaluate(async () => {
        const roots = [...document.querySelectorAll<PageRoot>(".veduta-panorama")];
        return Promise.all(
          roots.map(async (root) => {
            await root.viewer.settled();
            const canvas = root.querySelector("canvas") as HTMLCanvasElement;
            const pen = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d") as OffscreenCanvasRenderingContext2D;
            pen.drawImage(canvas, 0, 0);
            const { data } = pen.getImageData(0, Math.floor(canvas.height / 2), canvas.width, 1);
            return new Set(data.filter((_, k) => k % 4 === 0)).size > 1 ? "framed" : "bare";
          }),
        );
      });
    const sent = () => page.evaluate(() => (globalThis as { sent?: unknown[] }).sent);
    await page.evaluate(() => {
      const all: unknown[] = [];
      Object.assign(globalThis, { sent: all });
      document.addEventListener("veduta:window", (event) => all.push((event as CustomEvent).detail));
    });
    expect(await rows()).toEqual(["bare", "bare", "bare"]);
    await page.locator("#left").getByRole("button", { name: "Windows" }).click();
    for (let k = 0; k < 13; k++) await page.locator("#left canvas").first().press("n");
    expect(await rows()).toEqual(["framed", "framed", "bare"]);
    expect((await sent())?.at(-1)).toEqual({ run: "this", window: 12 });
    await page.locator("#right").getByRole("button", { name: "Windows" }).click();
    expect(await page.textContent("#right .veduta-windows p")).toMatch(/^Step 2, window 12: LPIPS/);
    await page.locator("#left").getByRole("button", { name: "Windows" }).click(); // closing it lets the window go
    await page.locator("#right").getByRole("button", { name: "Windows" }).click();
    expect((await sent())?.at(-1)).toEqual({ run: "this", window: null });
    await expect.poll(rows).toEqual(["bare", "bare", "bare"]);
    // A figure of the run that is no viewer, and what no window is.
    const send = (detail: object) =>
      page.evaluate((of) => void document.dispatchEvent(new CustomEvent("veduta:window", { detail: of })), detail);
    await send({ run: "another", window: 12 });
    await expect.poll(rows).toEqual(["bare", "bare", "framed"]);
    for (const window of [999, -1, 1.5, null]) {
      await send({ run: "another", window: 12 });
      await send({ run: "another", window });
      await expect.poll(rows).toEqual(["bare", "bare", "bare"]);
    }
    expect(complaints).toEqual([]);
    await page.close();
  });
});
