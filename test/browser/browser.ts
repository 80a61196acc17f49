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
