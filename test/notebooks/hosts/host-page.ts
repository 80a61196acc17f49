/** @file A host's page in Chromium: what our figures in it are, what they complained of, and what was asked for outside. */
import { join } from "node:path";
import type { Browser, BrowserContextOptions, ConsoleMessage, Page } from "playwright-core";
import { expect } from "vitest";
import type { PageRoot } from "../../browser/browser.js";
import { WORK } from "./executed.js";

export interface HostPage {
  readonly page: Page;
  /** errors and warnings of the console that no script file of the host said, and uncaught errors */
  readonly complaints: string[];
  /** addresses beyond this machine */
  readonly outside: string[];
}

/** A page of a browser profile of its own, high enough for a whole notebook. */
export async function hostPage(browser: Browser, options: BrowserContextOptions = {}): Promise<HostPage> {
  const context = await browser.newContext({ viewport: { width: 1100, height: 3600 }, ...options });
  const page = await context.newPage();
  const [complaints, outside]: [string[], string[]] = [[], []];
  page.on("console", (message) => isOurs(message) && complaints.push(message.text()));
  page.on("pageerror", ({ stack = "" }) => isOwnOf(stack) || complaints.push(stack));
  page.on(
    "request",
    (request) => !/^(http:\/\/127\.0\.0\.1:|data:|blob:|file:|about:blank$)/.test(request.url()) && outside.push(request.url()),
  );
  await page.addInitScript(() => {
    const counted = globalThis as typeof globalThis & { contexts: number };
    counted.contexts = 0;
    const { getContext } = HTMLCanvasElement.prototype;
    HTMLCanvasElement.prototype.getContext = function (this: HTMLCanvasElement, kind: string, ...rest: unknown[]) {
      if (kind.startsWith("webgl")) counted.contexts++;
      return Reflect.apply(getContext, this, [kind, ...rest]);
    } as typeof getContext;
  });
  return { page, complaints, outside };
}

/** Scripts of outputs have no file; a host's own have one, and its own complaints. */
function isOurs(message: ConsoleMessage): boolean {
  const { url } = message.location();
  const ofHost =
    /^http.*\.js\b/.test(url) ||
    /^Failed to load resource|^Refused to execute script from 'http:\S*\/nbextensions\/|font at 'about:blank'/.test(message.text()); // what it asked of its own server: files, its own extensions; a font of MathJax 2
  return ["error", "warning"].includes(message.type()) && !ofHost;
}

/** Whether all of an uncaught error's calls are in the host's own files: JupyterLite and Notebook 7 change their theme with such a one. */
function isOwnOf(stack: string): boolean {
  const calls = stack.split("\n").filter((line) => line.trim().startsWith("at ") && !/at async Promise\.\w+ \(index/.test(line));
  return calls.length > 0 && calls.every((line) => /http:\/\/127\.0\.0\.1:\d+\/\S*\.js/.test(line));
}

/** Closes the page and its profile; nothing of ours may have complained, and nothing been asked for outside. */
export async function closeClean({ page, complaints, outside }: HostPage): Promise<void> {
  expect({ complaints, outside }).toEqual({ complaints: [], outside: [] });
  await page.context().close();
}

/** Of each figure, from the top: what it is, its state, and whether anything of it is seen. */
export const figures = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>(".veduta-plot, .veduta-panorama")].map((root) => {
      const seen = [...root.querySelectorAll("img, canvas, svg.main-svg")].some((one) => {
        const { width, height } = one.getBoundingClientRect();
        const whole = !(one instanceof HTMLImageElement) || one.naturalWidth > 0;
        return one.checkVisibility() && whole && width > 100 && height > 50;
      });
      return `${root.className.replace("veduta-", "")} ${root.dataset.state ?? "still"}${seen ? "" : ", not seen"}`;
    }),
  );

const LIVE = ["plot live", "plot live", "panorama live", "panorama live"];

/** All figures are live and drawn, and those that draw with WebGL share one context. @param all what `figures` says then */
export async function expectLive(page: Page, all: readonly string[] = LIVE): Promise<void> {
  await expect.poll(() => figures(page), { timeout: 60_000 }).toEqual(all);
  await settled(page);
  expect(await contexts(page)).toBe(all.includes("panorama live") ? 1 : 0);
}

/** Every viewer that is live has drawn what it is to show. */
export const settled = (page: Page): Promise<unknown> =>
  page.evaluate(() => Promise.all([...document.querySelectorAll<PageRoot>(".veduta-panorama")].map((root) => root.viewer?.settled())));

/** WebGL contexts that the page has made so far. */
export const contexts = (page: Page): Promise<number> =>
  page.evaluate(() => (globalThis as typeof globalThis & { contexts: number }).contexts);

/** The descriptions of all pictures that are seen. */
export const pictures = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll<HTMLImageElement>("img[alt][src^='data:']")]
      .filter((img) => img.checkVisibility() && img.naturalWidth > 0 && img.getBoundingClientRect().height > 50)
      .map(({ alt }) => alt),
  );

/** A picture of the whole page, to look at: .work/hosts/NAME.png. */
export const keepShot = (page: Page, name: string): Promise<unknown> => page.screenshot({ path: join(WORK, `${name}.png`) });

/** Clicks on a window's line in the page's first figure, at its second step. */
export async function clickLine(page: Page, window: number): Promise<void> {
  await page.locator(".veduta-plot").first().scrollIntoViewIfNeeded();
  const { x, y } = await page.evaluate((j) => {
    type Trace = Element & { __data__: { trace: { name?: string } }[] }; // as Plotly ties its drawing to its data
    const traces = [...document.querySelectorAll<Trace>(".veduta-plot-live .scatterlayer .trace")];
    const path = traces.find(({ __data__: [{ trace }] }) => trace.name === `window ${j}`)?.querySelector<SVGPathElement>("path.js-line");
    if (!path) throw new Error(`no line of window ${j}`);
    const [left, top] = (path.getAttribute("d") ?? "").slice(1).split("L")[1].split(",").map(Number);
    const { x, y } = new DOMPoint(left, top).matrixTransform(path.getScreenCTM() ?? undefined);
    return { x, y };
  }, window);
  await page.mouse.click(x, y);
}

/** Which windows the figures show as chosen: the thick lines, the strip's frames beyond its own, and what the last viewer says below its panel. */
export const chosen = (page: Page) =>
  page.evaluate(() => {
    type Drawn = HTMLElement & { data: { name?: string; line?: { width: number } }[]; layout: { shapes?: unknown[] } };
    const [lines, strip] = document.querySelectorAll<Drawn>(".veduta-plot-live");
    const thick = lines.data.filter(({ name, line }) => name?.startsWith("window ") && (line?.width ?? 0) > 3).map(({ name }) => name);
    const said = [...document.querySelectorAll(".veduta-panorama")].map(
      (root) => /window \d+/i.exec(root.querySelector(".veduta-said")?.textContent ?? "")?.[0],
    );
    return { thick, frames: strip.layout.shapes?.length ?? 0, said };
  });
