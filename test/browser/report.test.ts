import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { saveRun } from "#kernel-lib/pages/save-run.js";
import { type PaintedOptions, paintedRun } from "../fixtures/painted-run.js";
import { colourAt, launch, missing, open, type PageRoot, set, settled, state } from "./browser.js";

const WICKED = `<script>globalThis.hacked=1</script><img src=x onerror="globalThis.hacked=2">"'&amp; dusk`;
const dir = mkdtempSync(join(tmpdir(), "veduta-report-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const save = async (name: string, options: PaintedOptions): Promise<string> =>
  join((await saveRun(join(dir, name), paintedRun(options))).dir, "report.html");

describe.skipIf(missing !== "")(`a report in a browser${missing}`, () => {
  let browser: Browser;
  let looped: string;
  beforeAll(async () => {
    browser = await launch();
    looped = await save("looped", { prompt: WICKED, steps: 8 });
  });
  afterAll(() => browser?.close());

  test("opens from its file: live, no complaint, nothing fetched, and text stays text", async () => {
    const { page, complaints, requests } = await open(browser, looped);
    await settled(page);
    expect(await page.getAttribute(".veduta-panorama", "data-state")).toBe("live");
    expect(await page.textContent("h1")).toBe(WICKED);
    expect(await page.evaluate(() => (globalThis as { hacked?: number }).hacked)).toBeUndefined();
    const { width, height } = (await page.locator(".veduta-panorama canvas").boundingBox()) ?? { width: 1, height: 1 };
    expect(await state(page)).toEqual({
      heading: 0,
      pitch: 0,
      roll: 0,
      fov: expect.closeTo((360 * height) / width, 0), // all of the strip: straight ahead a few of its pixels would be stretched over the page
      projection: "flat",
      step: 7,
      compare: null,
    });
    expect({ complaints, requests }).toEqual({ complaints: [], requests: [] });
    await page.close();
  });

  test("turns by drag, as far as the pointer goes, and zooms by wheel", async () => {
    const { page } = await open(browser, looped);
    await set(page, { projection: "perspective", fov: 51.96 });
    const canvas = page.locator(".veduta-panorama canvas");
    const box = await canvas.boundingBox();
    if (!box) throw new Error("no canvas");
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x - 100, y + 20, { steps: 5 });
    await page.waitForTimeout(250); // held: no swing
    await page.mouse.up();
    const turned = await state(page);
    const perPixel = ((2 * Math.tan((51.96 * Math.PI) / 360)) / box.height) * (180 / Math.PI);
    expect(turned.heading).toBeCloseTo(100 * perPixel, 0);
    expect(turned.pitch).toBeCloseTo(20 * perPixel, 0);
    await page.mouse.move(x + 300, y, { steps: 3 }); // not pressed
    expect((await state(page)).heading).toBe(turned.heading);
    await page.mouse.wheel(0, -200);
    await expect.poll(async () => (await state(page)).fov).toBeLessThan(45);
    for (let k = 0; k < 12; k++) await page.mouse.wheel(0, 400);
    await expect.poll(async () => (await state(page)).fov).toBe(120);
    expect(await page.evaluate(() => scrollY)).toBeGreaterThan(0); // at the end of the range the page scrolls on
    await page.close();
  });

  test("turns by keys, zooms and resets by keys and buttons", async () => {
    const { page } = await open(browser, looped);
    await settled(page);
    const start = (await state(page)).fov as number;
    await page.locator(".veduta-panorama canvas").focus();
    for (const [key, check] of [
      ["ArrowRight", (s) => s.heading > 4],
      ["ArrowLeft", (s) => Math.abs(s.heading) < 1e-9],
      ["ArrowUp", (s) => s.pitch > 4],
      ["+", (s) => s.fov < 0.95 * start],
      ["0", (s) => s.pitch === 0 && s.fov === start],
      ["-", (s) => s.fov > 1.05 * start],
    ] as [string, (s: { heading: number; pitch: number; fov: number }) => boolean][]) {
      await page.keyboard.press(key);
      expect(check((await state(page)) as { heading: number; pitch: number; fov: number }), key).toBe(true);
    }
    await page.getByRole("button", { name: "Back to the start" }).click();
    await page.getByRole("button", { name: "Zoom in" }).click();
    expect((await state(page)).fov).toBeCloseTo(start / 1.2, 6);
    await page.close();
  });

  test("a finger turns it sideways and two fingers zoom, and a finger's way up and down scrolls the page", async () => {
    const { page } = await open(browser, looped, { hasTouch: true, viewport: { width: 400, height: 700 } });
    await settled(page);
    expect(await page.locator(".veduta-panorama canvas").evaluate((canvas) => getComputedStyle(canvas).touchAction)).toBe("pan-y");
    const send = (type: string, id: number, x: number, y: number) =>
      page.locator(".veduta-panorama canvas").evaluate(
        (canvas, [kind, pointerId, clientX, clientY]) => {
          canvas.setPointerCapture = () => {}; // made-up pointers cannot be captured
          canvas.dispatchEvent(
            new PointerEvent(kind as string, {
              pointerId: pointerId as number,
              clientX: clientX as number,
              clientY: clientY as number,
              pointerType: "touch",
              button: 0,
              bubbles: true,
            }),
          );
        },
        [type, id, x, y] as const,
      );
    const start = (await state(page)).fov as number;
    await send("pointerdown", 1, 100, 100);
    await send("pointerdown", 2, 200, 100);
    await send("pointermove", 2, 300, 100);
    expect((await state(page)).fov).toBeCloseTo(start / 2, 6);
    await send("pointerup", 1, 100, 100);
    await send("pointerup", 2, 300, 100);
    const before = (await state(page)).heading as number;
    await send("pointerdown", 3, 200, 100);
    await send("pointermove", 3, 150, 100);
    expect(((await state(page)).heading as number) - before).toBeGreaterThan(2);
    await page.close();
  });

  test("its state is set whole, in part, or by one property; what is out of range is refused with what would be right", async () => {
    const { page } = await open(browser, looped);
    await set(page, { projection: "perspective", heading: 190, pitch: -10, fov: 40, roll: 5 });
    expect(await state(page)).toMatchObject({ heading: -170, pitch: -10, fov: 40, roll: 5, step: 7 });
    await page.evaluate(() => {
      (document.querySelector(".veduta-panorama") as PageRoot).viewer.state.heading = 30;
    });
    expect((await state(page)).heading).toBe(30);
    const refusals = await page.evaluate(() => {
      const { viewer } = document.querySelector(".veduta-panorama") as PageRoot;
      return [
        { fov: 10 },
        { fov: 121 },
        { pitch: 91 },
        { heading: Number.NaN },
        { projection: "fisheye" },
        { step: 8 },
        { step: null },
        { compare: "swipe" },
        { zoom: 2 },
      ].map((change) => {
        try {
          viewer.state = change;
          return "taken";
        } catch (error) {
          return `${(error as Error).name}: ${(error as Error).message}`;
        }
      });
    });
    expect(refusals).toEqual([
      "RangeError: viewer.state.fov: got 10, want a number of degrees from 20 to 120",
      "RangeError: viewer.state.fov: got 121, want a number of degrees from 20 to 120",
      "RangeError: viewer.state.pitch: got 91, want a number of degrees from -90 to 90",
      "RangeError: viewer.state.heading: got NaN, want a number of degrees",
      "RangeError: viewer.state.projection: got fisheye, want one of perspective, planet, panini, flat",
      "RangeError: viewer.state.step: got 8, want a whole number from 0 to 7",
      "RangeError: viewer.state.step: got null, want a whole number from 0 to 7",
      "RangeError: viewer.state.compare: got swipe, want null: this panorama came without another",
      'RangeError: viewer.state: got "zoom", want one of heading, pitch, roll, fov, projection, step, compare',
    ]);
    expect((await state(page)).heading).toBe(30);
    await page.close();
  });

  test("goes back through what the steps foresaw, by the slider and by the state", async () => {
    const { page } = await open(browser, looped);
    await set(page, { heading: 0 });
    const finished = await colourAt(page, 0.5, 0.3);
    await set(page, { step: 0 });
    expect(await page.textContent(".veduta-steps output")).toBe("step 0");
    const first = await colourAt(page, 0.5, 0.3);
    expect(Math.max(...finished.map((x, c) => Math.abs(x - first[c])))).toBeGreaterThan(10);
    await page.locator(".veduta-steps input").fill("7");
    await settled(page);
    expect(await page.textContent(".veduta-steps output")).toBe("finished");
    expect(await colourAt(page, 0.5, 0.3)).toEqual(finished);
    await page.close();
  });

  test("the strip frames what is in view, and a click on a window turns there", async () => {
    const { page } = await open(browser, looped);
    await set(page, { heading: 90, fov: 30 });
    const frame = page.locator(".veduta-frame").first();
    const middle = await frame.evaluate(
      (element) => Number.parseFloat((element as HTMLElement).style.left) + Number.parseFloat((element as HTMLElement).style.width) / 2,
    );
    expect(middle).toBeCloseTo(75, 1);
    await set(page, { heading: 180 });
    expect(await page.locator(".veduta-frame:not([hidden])").count()).toBe(2); // across the cut
    await page.locator('.cells g[data-heading="-60"] rect').first().click();
    expect((await state(page)).heading).toBeCloseTo(-60, 1);
    await page.close();
  });

  test("stays a still picture without scripts, and without WebGL", async () => {
    const bare = await open(browser, looped, { javaScriptEnabled: false });
    expect(await bare.page.locator(".veduta-panorama > img").isVisible()).toBe(true);
    await bare.page.close();
    const flat = await open(browser, looped, {
      prepare: (page) =>
        page.addInitScript(() => {
          const real = HTMLCanvasElement.prototype.getContext;
          HTMLCanvasElement.prototype.getContext = function (this: HTMLCanvasElement, kind: string, ...rest: unknown[]) {
            return kind.startsWith("webgl") ? null : (real as (...all: unknown[]) => unknown).call(this, kind, ...rest);
          } as typeof real;
        }),
    });
    expect(await flat.page.getAttribute(".veduta-panorama", "data-state")).toBe("still");
    expect(await flat.page.locator(".veduta-panorama > img").isVisible()).toBe(true);
    expect(flat.complaints).toEqual([]);
    await flat.page.close();
  });

  test.each(["light", "dark"] as const)("fits 320 px and has readable text, %s", async (colorScheme) => {
    const { page, complaints } = await open(browser, looped, { viewport: { width: 320, height: 640 }, colorScheme });
    await settled(page);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
    const contrast = await page.evaluate(() => {
      const light = (css: string) => {
        const [r, g, b] = (css.match(/[\d.]+/g) ?? [])
          .map((x) => Number(x) / 255)
          .map((x) => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const page = light(getComputedStyle(document.body).backgroundColor);
      return ["h1", ".facts", "td", "th", ".map .rows", ".legend"].map((selector) => {
        const text = light(getComputedStyle(document.querySelector(selector) as Element).color);
        return (Math.max(text, page) + 0.05) / (Math.min(text, page) + 0.05);
      });
    });
    expect(Math.min(...contrast)).toBeGreaterThan(4.5); // WCAG 2.2, 1.4.3 AA
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("an open panorama, a MultiDiffusion run and a run of one step are live too", async () => {
    for (const [name, options] of [
      ["open", { loop: false, width: 384, steps: 2 }],
      ["multi", { method: "multi", steps: 2 }],
      ["one", { steps: 1, width: 128, loop: false }],
    ] as [string, PaintedOptions][]) {
      const { page, complaints } = await open(browser, await save(name, options));
      await settled(page);
      expect(await page.getAttribute(".veduta-panorama", "data-state"), name).toBe("live");
      expect(complaints, name).toEqual([]);
      await page.close();
    }
  });
});
