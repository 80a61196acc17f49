/** Outputs in a page as notebooks put them there: in any order, once or again, with scripts or without. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { setSink } from "#kernel-lib/display/display.js";
import { filesSink } from "#kernel-lib/display/display-files.js";
import { memorySink } from "#kernel-lib/display/display-sinks.js";
import { panoramaView } from "#kernel-lib/display/panorama-view.js";
import { table } from "#kernel-lib/display/table.js";
import { track } from "#kernel-lib/display/track.js";
import { multiDiffusion } from "#kernel-lib/methods/joint/multidiffusion.js";
import { libraryBundle } from "#kernel-lib/pages/display-library.js";
import { landscape } from "../fixtures/painted-run.js";
import { toy } from "../methods/joint/toy.js";
import { launch, missing, type Opened, open, type PageRoot, pages } from "./browser.js";

const written = pages();
const folder = mkdtempSync(join(tmpdir(), "veduta-outputs-"));
afterAll(() => {
  written.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** A notebook's page: the loader that the classic one has is a trap here, and its `define` counts who calls it. */
const NOTEBOOK = `<!doctype html><title>notebook</title><link rel="icon" href="data:,"><script>globalThis.define=()=>{globalThis.defined=(globalThis.defined??0)+1};define.amd={};globalThis.require=define</script><main></main>`;

/** Puts an output's HTML below the others and runs its scripts, as JupyterLab, the classic notebook and VS Code do. */
const add = (page: Page, html: string, place: "main" | "aside" = "main") =>
  page.evaluate(
    ([markup, name]) => {
      const output = document.createElement("div");
      output.innerHTML = markup;
      const parent = document.querySelector(name) ?? document.body.appendChild(document.createElement(name));
      for (const dead of output.querySelectorAll("script")) {
        const script = document.createElement("script");
        script.textContent = dead.textContent;
        dead.replaceWith(script);
      }
      parent.append(output);
    },
    [html, place],
  );
const clear = (page: Page) => page.evaluate(() => document.querySelector("main")?.replaceChildren());
const states = (page: Page) =>
  page.evaluate(() => [...document.querySelectorAll<HTMLElement>(".veduta-panorama")].map((root) => root.dataset.state ?? "none"));
/** All viewers are live, and show their pictures. */
const expectLive = async (page: Page, count: number) => {
  await expect.poll(() => states(page), { timeout: 30_000 }).toEqual(Array.from({ length: count }, () => "live"));
  await page.evaluate(() => Promise.all([...document.querySelectorAll<PageRoot>(".veduta-panorama")].map((root) => root.viewer.settled())));
};
const clean = async ({ page, complaints, requests }: Opened) => {
  expect({ complaints, requests, defined: await page.evaluate(() => (globalThis as { defined?: number }).defined ?? 0) }).toEqual({
    complaints: [],
    requests: [],
    defined: 0,
  });
  await page.close();
};

describe.skipIf(missing !== "")(`outputs in a page${missing}`, () => {
  let browser: Browser;
  let notebook: Opened;
  const library = () => String(libraryBundle("viewer")["text/html"]);
  const figure = async (width = 384) => String((await panoramaView(landscape(width, 64), { edge: "wrap" }).bundle())["text/html"]);

  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    notebook = await open(browser, written.write(NOTEBOOK));
  });

  test("the library first, then figures, and figures before it, all become live", async () => {
    const { page } = notebook;
    await add(page, await figure());
    await add(page, library());
    await expectLive(page, 1);
    await add(page, await figure(256));
    await expectLive(page, 2);
    await clean(notebook);
  });

  test("two figures that wait, and the library twice at the same moment", async () => {
    const { page } = notebook;
    for (const html of [await figure(), await figure(256), library(), library()]) await add(page, html);
    await expectLive(page, 2);
    await clean(notebook);
  });

  test("all outputs cleared, then run again, without the library and with it", async () => {
    const { page } = notebook;
    await add(page, library());
    await add(page, await figure());
    await expectLive(page, 1);
    await clear(page);
    await add(page, await figure()); // its cell alone
    await expectLive(page, 1);
    await clear(page);
    for (const html of [library(), await figure(), await figure(256)]) await add(page, html); // every cell
    await expectLive(page, 2);
    await clean(notebook);
  });

  test("the same output put there again, as a reload of the document does", async () => {
    const { page } = notebook;
    const [one, lib] = [await figure(), library()];
    for (const html of [lib, one]) await add(page, html);
    await expectLive(page, 1);
    await clear(page);
    for (const html of [lib, one]) await add(page, html);
    await expectLive(page, 1);
    await clean(notebook);
  });

  test("two notebooks of different versions in one page share the first one's library", async () => {
    const { page } = notebook;
    const marked = (version: string) =>
      String(libraryBundle("viewer")["text/html"]).replace(
        "document.head.append(script)",
        `(globalThis.versions??=[]).push("${version}");document.head.append(script)`,
      );
    await add(page, marked("old"));
    await add(page, await figure());
    await expectLive(page, 1);
    await add(page, marked("new"), "aside");
    await add(page, await figure(256), "aside");
    await expectLive(page, 2);
    expect(await page.evaluate(() => (globalThis as { versions?: string[] }).versions)).toEqual(["old"]);
    await clean(notebook);
  });

  test("a viewer keeps plain keys from the notebook around it, and leaves it those that run a cell or save", async () => {
    const { page } = notebook;
    for (const html of [library(), await figure()]) await add(page, html);
    await expectLive(page, 1);
    await page.evaluate(() => {
      const heard: string[] = [];
      document.addEventListener("keydown", ({ key }) => heard.push(key));
      Object.assign(globalThis, { heard });
    });
    for (const part of [".veduta-stage canvas", ".veduta-tools button", ".veduta-bar select"])
      for (const key of ["d", "x", "ArrowDown", "Enter", "Escape"]) await page.locator(part).first().press(key);
    for (const key of ["Shift+Enter", "Control+s"]) await page.locator(".veduta-stage canvas").press(key);
    const heard = await page.evaluate(() =>
      (globalThis as unknown as { heard: string[] }).heard.filter((key) => !/Shift|Control/.test(key)),
    );
    expect(heard).toEqual(["Enter", "s"]);
    await clean(notebook);
  });

  test("a viewer is dark where the page's text is light, whatever the system prefers", async () => {
    const { page } = notebook;
    const bar = () => page.locator(".veduta-bar").evaluate((one) => getComputedStyle(one).backgroundColor);
    for (const html of [library(), await figure()]) await add(page, html);
    await expectLive(page, 1);
    expect(await bar()).toBe("rgb(255, 255, 255)");
    await page.evaluate(() => {
      document.body.style.color = "#eee";
      document.body.dataset.jpThemeLight = "false";
    });
    await expect.poll(bar).toBe("rgb(18, 18, 18)");
    await clean(notebook);
  });

  test("without scripts the still is seen, and the library takes no room", async () => {
    const { page } = notebook;
    const bare = (html: string) => html.replace(/<script>.*?<\/script>/gs, "");
    await add(page, bare(library()));
    expect(await page.evaluate(() => document.querySelector("main")?.getBoundingClientRect().height)).toBe(0);
    await add(page, bare(await figure()));
    expect(await page.locator(".veduta-panorama > img").boundingBox()).toMatchObject({ width: 384, height: 64 });
    await clean(notebook);
  });

  test("a browser that cannot unpack the library keeps the stills and says why", async () => {
    const { page, complaints } = notebook;
    await page.evaluate(() => Object.assign(globalThis, { DecompressionStream: undefined }));
    for (const html of [library(), await figure()]) await add(page, html);
    await expect.poll(() => complaints).toEqual([expect.stringContaining("veduta: figures stay still pictures")]);
    expect(await page.locator(".veduta-panorama > img").isVisible()).toBe(true);
    await page.close();
  });

  test("what track shows keeps its size from the first output to the last", async () => {
    const { page } = notebook;
    const sink = memorySink();
    setSink(sink);
    await track(multiDiffusion(toy(), { prompt: "hills", seed: 3, steps: 6, width: 64, loop: true }), { previewEvery: 1 });
    setSink(undefined);
    const heights: number[] = [];
    for (const { bundle } of sink.shown) {
      await clear(page);
      await add(page, String(bundle["text/html"]));
      heights.push(await page.evaluate(() => document.querySelector("main")?.getBoundingClientRect().height ?? 0));
    }
    expect(heights.length).toBeGreaterThan(3);
    expect(heights[0]).toBeGreaterThan(100);
    expect(new Set(heights).size).toBe(1);
    await clean(notebook);
  });

  test("a script's page shows all figures live from its folder alone", async () => {
    setSink(filesSink({ folder, out: { write: () => {} } }));
    await panoramaView(landscape(384, 64), { edge: "wrap" }).show();
    await table([{ w: 20 }]).show();
    await panoramaView(landscape(256, 64)).show();
    setSink(undefined);
    const opened = await open(browser, join(folder, "index.html"));
    await expectLive(opened.page, 2);
    expect(await opened.page.locator("figure table").count()).toBe(1);
    expect(opened.complaints).toEqual([]);
    expect(opened.requests.filter((url) => !url.endsWith("/veduta-viewer.js"))).toEqual([]);
    const one = await open(browser, join(folder, readdirSync(folder).filter((name) => name.endsWith(".html"))[0]));
    await expectLive(one.page, 1);
    await opened.page.close();
    await one.page.close();
    await notebook.page.close();
  });
});
