/** @file A real Chromium for pages, with WebGL in software; and what a page asked for and complained of. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { findChromium } from "../../scripts/chromium.mjs";

const CHROMIUM = findChromium();
/** Why the browser's tests do not run, or an empty text. */
export const missing: string = !CHROMIUM
  ? " (not run: no Chromium on the path; Debian's package chromium has it, VEDUTA_CHROMIUM names another)"
  : !existsSync(new URL("../../dist/viewer/veduta-viewer.js", import.meta.url))
    ? " (not run: the viewer is not built; npm run build)"
    : "";

export const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--no-sandbox",
      "--use-gl=angle",
      "--use-angle=swiftshader",
      "--enable-unsafe-swiftshader",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });

export interface Opened {
  readonly page: Page;
  /** errors and warnings of the console, and uncaught errors */
  readonly complaints: string[];
  /** addresses asked for beside the file itself; data: is part of it */
  readonly requests: string[];
}

/** Opens a local file as a person would. */
export async function open(
  browser: Browser,
  file: string,
  { prepare, ...options }: BrowserContextOptions & { prepare?: (page: Page) => Promise<unknown> } = {},
): Promise<Opened> {
  const page = await browser.newPage({ viewport: { width: 720, height: 600 }, ...options });
  const url = pathToFileURL(file).href;
  const [complaints, requests]: [string[], string[]] = [[], []];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => request.url() !== url && !request.url().startsWith("data:") && requests.push(request.url()));
  await prepare?.(page);
  await page.goto(url);
  return { page, complaints, requests };
}

/** A folder of pages, removed at the end. */
export function pages(): { write: (html: string) => string; remove: () => void } {
  const dir = mkdtempSync(join(tmpdir(), "veduta-page-"));
  let count = 0;
  return {
    write: (html) => {
      const file = join(dir, `page-${count++}.html`);
      writeFileSync(file, html);
      return file;
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** The viewer in a page, as a script there sees it. */
export interface PageViewer {
  state: Record<string, unknown>;
  settled(): Promise<void>;
  dispose(): void;
}
export type PageRoot = HTMLElement & { viewer: PageViewer };

/** The page's first viewer. */
export const state = (page: Page): Promise<Record<string, unknown>> =>
  page.evaluate(() => ({ ...(document.querySelector(".veduta-panorama") as PageRoot).viewer.state }));

/** Changes its state and waits until that is on screen. */
export const set = (page: Page, change: Record<string, unknown>): Promise<void> =>
  page.evaluate(async (wanted) => {
    const { viewer } = document.querySelector(".veduta-panorama") as PageRoot;
    viewer.state = wanted;
    await viewer.settled();
  }, change);

export const settled = (page: Page): Promise<void> => set(page, {});

/** Presses a key while the picture has the focus. */
export const press = (page: Page, key: string): Promise<void> => page.locator(".veduta-stage canvas").first().press(key);

/** RGB of a point of the picture, in shares of its width and height; a copy is read: the viewer's own stays on the graphics card. */
export const colourAt = (page: Page, u: number, v = 0.5): Promise<number[]> =>
  page.evaluate(
    ([x, y]) => {
      const canvas = document.querySelector(".veduta-stage canvas") as HTMLCanvasElement;
      const pen = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d") as OffscreenCanvasRenderingContext2D;
      pen.drawImage(canvas, 0, 0);
      return [...pen.getImageData(Math.floor(x * canvas.width), Math.floor(y * canvas.height), 1, 1).data.subarray(0, 3)];
    },
    [u, v],
  );
