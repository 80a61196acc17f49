/** Figures in a real browser: live, tied to one another, in the page's colours. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSchedule } from "#kernel-lib/diffusion/schedule.js";
import type { Displayable } from "#kernel-lib/display/display.js";
import { panoramaView } from "#kernel-lib/display/panorama-view.js";
import { figure } from "#kernel-lib/display/plots/figure.js";
import { latentView } from "#kernel-lib/display/plots/latent-view.js";
import { schedulePlot } from "#kernel-lib/display/plots/schedule-plot.js";
import { gradientPlot, lossPlot } from "#kernel-lib/display/plots/window-lines.js";
import { windowStrip } from "#kernel-lib/display/plots/window-strip.js";
import { inlineLibrary, libraryBundle } from "#kernel-lib/pages/display-library.js";
import { landscape, paintedRun } from "../fixtures/painted-run.js";
import { collisions } from "../notebooks/hosts/stumbles.js";
import { launch, missing, open, pages } from "./browser.js";

const WICKED = `<img src=x onerror="globalThis.hacked=1"></script><script>globalThis.hacked=2</script>`;
const latent = { data: Float32Array.from({ length: 4 * 16 * 96 }, (_, k) => Math.sin(k)), shape: [1, 4, 16, 96] };
const steps = paintedRun({ steps: 6 }).steps.map((step) => ({ ...step, latent }));
const schedule = createSchedule({
  betaStart: 0.00085,
  betaEnd: 0.012,
  betaSchedule: "scaled_linear",
  trainTimesteps: 1000,
  stepsOffset: 1,
  setAlphaToOne: false,
  prediction: "epsilon",
});
const all = (): Displayable[] => [
  lossPlot(steps, { title: WICKED }),
  gradientPlot(steps),
  windowStrip(steps),
  latentView(steps),
  schedulePlot(schedule, { steps: 6, weight: 20, decay: 0.95 }),
  figure([{ type: "bar", x: ["a", "b"], y: [1, 2] }], { title: { text: "Bars" } }),
];

const written = pages();
afterAll(() => written.remove());
const htmlOf = async (shown: readonly Displayable[]): Promise<string[]> => {
  const html: string[] = [];
  for (const one of shown) html.push(String((await one.bundle())["text/html"]));
  return html;
};
/** A page with a loader, as the classic notebook has one: its `define` must stay uncalled. */
const pageOf = (body: string) =>
  `<!doctype html><meta charset="utf-8"><title>figures</title><link rel="icon" href="data:,"><style>:root{color-scheme:light dark}body{margin:8px}</style><script>globalThis.define=()=>{throw new Error("define was called")};define.amd={}</script><main>${body}</main>`;
const library = () => `<script>${inlineLibrary("plots")}</script>`;

type Drawn = HTMLElement & {
  data: { name?: string; opacity?: number; line: { width: number; color: string } }[];
  layout: { shapes: unknown[]; yaxis: { type: string } };
};
const states = (page: Page) =>
  page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>(".veduta-plot, .veduta-panorama")].map(({ dataset }) => dataset.state ?? "none"),
  );
const expectLive = (page: Page, count: number) =>
  expect.poll(() => states(page), { timeout: 30_000 }).toEqual(Array.from({ length: count }, () => "live"));
/** Where on the screen a window's line has its k-th point; the figure is scrolled to. */
const pointOf = async (page: Page, plot: number, window: number, k: number) => {
  await page.locator(".veduta-plot").nth(plot).scrollIntoViewIfNeeded();
  return page.evaluate(
    ([index, j, step]) => {
      const root = document.querySelectorAll(".veduta-plot-live")[index];
      const at = (root as unknown as Drawn).data.findIndex(({ name }) => name === `window ${j}`);
      const path = root.querySelectorAll<SVGPathElement>(".scatterlayer .trace path.js-line")[at];
      const [x, y] = (path.getAttribute("d") ?? "").slice(1).split("L")[step].split(",").map(Number);
      const point = new DOMPoint(x, y).matrixTransform(path.getScreenCTM() ?? undefined);
      return { x: point.x, y: point.y };
    },
    [plot, window, k],
  );
};
const look = (page: Page, plot: number) =>
  page.evaluate((index) => {
    const { data, layout } = document.querySelectorAll(".veduta-plot-live")[index] as unknown as Drawn;
    const lines = data.filter(({ name }) => name?.startsWith("window "));
    return {
      thick: lines.filter(({ line }) => line.width > 3).map(({ name }) => name),
      faded: lines.filter(({ opacity }) => (opacity ?? 1) < 0.5).length,
      shapes: layout.shapes?.length ?? 0,
      axis: layout.yaxis.type,
    };
  }, plot);

describe.skipIf(missing !== "")(`figures in a browser${missing}`, () => {
  let browser: Browser;
  let file: string;
  beforeAll(async () => {
    browser = await launch();
    file = written.write(pageOf((await htmlOf(all())).join("<hr>") + library()));
  });
  afterAll(() => browser?.close());

  test.each([420, 700, 1280])("have no text that ends beyond them or lies over another, %i pixels wide", async (width) => {
    const zeros = figure([{ y: [4, 2, 1, 0.5], mode: "lines" }], { title: "Both axes begin at 0", yaxis: { rangemode: "tozero" } });
    const few = lossPlot(steps.map((step) => ({ ...step, windows: step.windows.slice(0, 5), anchor: 2 })));
    const long = lossPlot(steps, { title: "A title that is longer than a telephone is wide, by far" });
    const named = figure(["open: 13", "official ring: 15", "full ring: 16", "none"].map((name, k) => ({ y: [k, 2, 3], name })));
    const body = (await htmlOf([...all(), zeros, few, long, named])).join("<hr>") + library();
    const { page } = await open(browser, written.write(pageOf(body)), { viewport: { width, height: 900 } });
    await expectLive(page, 10);
    await page.waitForTimeout(500); // a title takes its size after the first drawing
    expect(await collisions(page)).toEqual([]);
    const plotted = page.locator(".veduta-plot").nth(9).locator(".nsewdrag").first();
    expect((await plotted.boundingBox())?.width).toBeGreaterThan(0.6 * Math.min(width, 640)); // its legend leaves it its place
    await page.close();
  });

  test("become live at the height of their stills, without a complaint, a request, or text that runs", async () => {
    const heights = (page: Page) =>
      page.evaluate(() => [...document.querySelectorAll(".veduta-plot")].map((root) => root.getBoundingClientRect().height));
    const still = await open(browser, file, { javaScriptEnabled: false });
    const boxes = await still.page.locator(".veduta-plot").all();
    const before = await Promise.all(boxes.map(async (box) => (await box.boundingBox())?.height));
    expect(await still.page.locator(".veduta-plot img").first().isVisible()).toBe(true);
    await still.page.close();
    const { page, complaints, requests } = await open(browser, file);
    await expectLive(page, 6);
    expect(await heights(page)).toEqual(before);
    expect(await page.locator(".veduta-plot > img:visible").count()).toBe(0);
    const buttons = await page
      .locator(".veduta-plot")
      .first()
      .locator(".modebar-btn")
      .evaluateAll((all) => all.map((button) => button.getAttribute("data-title")));
    expect(buttons).toEqual(["Download plot as a PNG", "Zoom", "Pan", "Zoom in", "Zoom out", "Autoscale", "Reset axes"]); // none uploads
    expect(await page.locator(".gtitle").first().textContent()).toBe(WICKED);
    expect(await page.evaluate(() => (globalThis as { hacked?: number }).hacked)).toBeUndefined();
    expect({ complaints, requests }).toEqual({ complaints: [], requests: [] });
    await page.close();
  });

  test("a hover says window, step and value", async () => {
    const { page } = await open(browser, file);
    await expectLive(page, 6);
    const { x, y } = await pointOf(page, 0, 3, 0);
    await page.mouse.move(x, y);
    const loss = steps[0].windows[3].loss ?? 0;
    await expect.poll(() => page.locator(".hoverlayer .hovertext").textContent()).toBe(`window 3, step 0: ${Number(loss.toPrecision(3))}`);
    const strip = page.locator(".veduta-plot").nth(2);
    await strip.scrollIntoViewIfNeeded();
    const box = await strip.locator(".heatmaplayer image").boundingBox();
    if (!box) throw new Error("no heat map");
    await page.mouse.move(box.x + (8 / 96) * box.width, box.y + box.height * (2.5 / 6));
    await expect.poll(() => strip.locator(".hoverlayer .hovertext").textContent()).toMatch(/^window 0, step 2: 0\.\d+$/);
    await page.close();
  });

  test("a click on a window's line chooses it in every figure of the run, a second one lets it go", async () => {
    const { page, complaints } = await open(browser, file);
    await expectLive(page, 6);
    await page.evaluate(() => {
      const told: unknown[] = [];
      Object.assign(globalThis, { told });
      document.addEventListener("veduta:window", (event) => told.push((event as CustomEvent).detail));
    });
    const told = () => page.evaluate(() => (globalThis as unknown as { told: { run: string; window: number | null }[] }).told);
    const before = await look(page, 2);
    const { x, y } = await pointOf(page, 0, 3, 0);
    await page.mouse.click(x, y);
    await expect.poll(async () => (await look(page, 1)).thick).toEqual(["window 3"]);
    await expect.poll(() => look(page, 0)).toMatchObject({ thick: ["window 3"], faded: 22 });
    await expect.poll(async () => (await look(page, 2)).shapes).toBe(before.shapes + 4); // its column and its place in the picture, black under white
    expect(await told()).toEqual([{ run: expect.stringMatching(/^[0-9a-f]{16}$/), window: 3 }]);
    await page.waitForTimeout(500); // no double click
    await page.mouse.click(x, y);
    await expect.poll(() => look(page, 1)).toMatchObject({ thick: [], faded: 0 });
    await expect.poll(async () => (await look(page, 2)).shapes).toBe(before.shapes);
    expect((await told())[1].window).toBe(null);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("a click on a column of the strip chooses its window, the event of others too, and a double click lets it go", async () => {
    const { page } = await open(browser, file);
    await expectLive(page, 6);
    const strip = page.locator(".veduta-plot").nth(2);
    await strip.scrollIntoViewIfNeeded();
    const box = await strip.locator(".heatmaplayer image").boundingBox();
    if (!box) throw new Error("no heat map");
    await page.mouse.click(box.x + (8 / 96) * box.width, box.y + box.height / 2); // the middle of window 0
    await expect.poll(async () => (await look(page, 0)).thick).toEqual(["window 0"]);
    await page.evaluate(() => {
      const plot = document.querySelector(".veduta-plot + script")?.textContent ?? "";
      const run = /"run":"(\w+)"/.exec(plot)?.[1];
      document.dispatchEvent(new CustomEvent("veduta:window", { detail: { run: "another", window: 5 } }));
      document.dispatchEvent(new CustomEvent("veduta:window", { detail: { run, window: 7 } }));
    });
    await expect.poll(async () => (await look(page, 0)).thick).toEqual(["window 7"]);
    await page.mouse.dblclick(box.x + box.width * 0.3, box.y + box.height / 2);
    await expect.poll(async () => (await look(page, 0)).thick).toEqual([]);
    await page.close();
  });

  test("a window is chosen in the figures on the screen at once, in all others soon", async () => {
    const html = await htmlOf([lossPlot(steps), ...Array.from({ length: 12 }, () => gradientPlot(steps))]);
    const { page } = await open(browser, written.write(pageOf(html.join("<hr>") + library())));
    await expectLive(page, html.length);
    const thick = await page.evaluate(() => {
      const plots = [...document.querySelectorAll(".veduta-plot-live")] as unknown as Drawn[];
      const lines = () => plots.map(({ data }) => data.some(({ name, line }) => name === "window 3" && line.width > 3));
      const run = /"run":"(\w+)"/.exec(document.querySelector(".veduta-plot + script")?.textContent ?? "")?.[1];
      document.dispatchEvent(new CustomEvent("veduta:window", { detail: { run, window: 3 } }));
      return lines();
    });
    expect(thick).toEqual(html.map((_, k) => k < 2)); // as high as the screen
    for (const k of html.keys()) await expect.poll(async () => (await look(page, k)).thick).toEqual(["window 3"]);
    await page.close();
  });

  test("the axis changes between logarithmic and linear, and stays so when a window is chosen", async () => {
    const { page } = await open(browser, file);
    await expectLive(page, 6);
    const plot = page.locator(".veduta-plot").first();
    await plot.locator(".updatemenu-button").nth(1).click();
    await expect.poll(async () => (await look(page, 0)).axis).toBe("linear");
    expect(await plot.locator(".legendtext").allTextContents()).toEqual(["mean", "anchor: window 10"]);
    const { x, y } = await pointOf(page, 0, 3, 0);
    await page.mouse.click(x, y);
    await expect.poll(() => look(page, 0)).toMatchObject({ thick: ["window 3"], axis: "linear" });
    await plot.locator(".updatemenu-button").nth(0).click();
    await expect.poll(async () => (await look(page, 0)).axis).toBe("log");
    await page.close();
  });

  test("their texts can be read on a light and on a dark page, by the system's choice or by a notebook's theme", async () => {
    const { page } = await open(browser, file, { colorScheme: "light" });
    await expectLive(page, 6);
    /** The least lightness and the most among the texts outside buttons. */
    const texts = () =>
      page.evaluate(() => {
        const light = [...document.querySelectorAll(".veduta-plot-live text")]
          .filter((text) => !text.closest(".updatemenu-container") && text.textContent !== "")
          .map((text) => (getComputedStyle(text).fill.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number))
          .map(([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b);
        return { least: Math.min(...light), most: Math.max(...light) };
      });
    const mean = () =>
      page.evaluate(
        () => (document.querySelector(".veduta-plot-live") as unknown as Drawn).data.find(({ name }) => name === "mean")?.line.color,
      );
    expect([(await texts()).most < 110, await mean()]).toEqual([true, "#1d1f23"]);
    await page.emulateMedia({ colorScheme: "dark" });
    await expect.poll(async () => (await texts()).least).toBeGreaterThan(170);
    expect(await mean()).toBe("#f1efea");
    await page.emulateMedia({ colorScheme: "light" });
    await expect.poll(async () => (await texts()).most).toBeLessThan(110);
    await page.evaluate(() => {
      document.body.style.color = "#fff";
      document.body.style.background = "#111";
      document.body.dataset.jpThemeLight = "false";
    });
    await expect.poll(async () => (await texts()).least).toBeGreaterThan(170);
    await page.close();
  });

  test("fit 320 px, and follow their output's width", async () => {
    const { page, complaints } = await open(browser, file, { viewport: { width: 320, height: 640 } });
    await expectLive(page, 6);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
    const width = () =>
      page
        .locator(".veduta-plot .main-svg")
        .first()
        .evaluate((svg) => svg.getBoundingClientRect().width);
    expect(await width()).toBe(304);
    await page.evaluate(() => {
      (document.querySelector("main") as HTMLElement).style.width = "250px";
    });
    await expect.poll(width).toBe(250);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("come before their library or after it, beside a viewer's, in any order", async () => {
    const [plot] = await htmlOf([lossPlot(steps)]);
    const [view] = await htmlOf([panoramaView(landscape(384, 64), { edge: "wrap" })]);
    const viewer = `<script>${inlineLibrary("viewer")}</script>`;
    const packed = String(libraryBundle("plots")["text/html"]);
    for (const order of [
      [plot, view, library(), viewer],
      [viewer, plot, library(), view],
      [packed, viewer, view, plot],
      [plot, packed, library(), view, viewer],
    ]) {
      const { page, complaints, requests } = await open(browser, written.write(pageOf(order.join(""))));
      await expectLive(page, 2);
      expect({ complaints, requests }).toEqual({ complaints: [], requests: [] });
      await page.close();
    }
  });

  test("one that leaves the page is let go, one that comes back is live again, and nothing grows", async () => {
    const { page } = await open(browser, file);
    await expectLive(page, 6);
    const client = await page.context().newCDPSession(page);
    const counts = async () => {
      await client.send("HeapProfiler.collectGarbage");
      const { nodes, jsEventListeners } = await client.send("Memory.getDOMCounters");
      return { nodes, jsEventListeners };
    };
    const rounds = async (count: number) => {
      for (let k = 0; k < count; k++) {
        const gone = await page.evaluate(async () => {
          const root = document.querySelector(".veduta-plot") as HTMLElement;
          const { parentElement, nextSibling } = root;
          root.remove();
          await Promise.resolve();
          const bare = root.querySelector(".veduta-plot-live") === null && root.dataset.state === undefined;
          parentElement?.insertBefore(root, nextSibling);
          return bare;
        });
        expect(gone).toBe(true);
        await expectLive(page, 6);
      }
    };
    await rounds(1);
    await page.waitForTimeout(500); // what was let go is collected once Plotly's own timers have ended
    const before = await counts();
    await rounds(12);
    // fewer is right too: a busy machine may have let go of the first round's nodes only after they were counted
    const grown = async () => {
      const { nodes, jsEventListeners } = await counts();
      return { nodes: Math.max(0, nodes - before.nodes), listeners: Math.max(0, jsEventListeners - before.jsEventListeners) };
    };
    await expect.poll(grown, { timeout: 10_000 }).toEqual({ nodes: 0, listeners: 0 });
    await page.close();
  });
});
