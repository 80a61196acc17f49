/** @file A host's whole page, as high as its notebook: its figures, a picture of it, and what of ours does not fit or cannot be read. */
import type { Page } from "playwright-core";
import { joined, type Notebook } from "#kernel-lib/ipynb/nbformat.js";
import { settled } from "./host-page.js";

/** What `figures` says of each of the notebook's figures when it is live. */
export function figuresOf({ cells }: Notebook): string[] {
  const outputs = cells.flatMap((cell) => (cell.cell_type === "code" ? cell.outputs : []));
  const html = outputs.map((output) =>
    "data" in output ? joined((output.data as Record<string, string | undefined>)["text/html"] ?? "") : "",
  );
  return html.flatMap((text) => [...text.matchAll(/<div id="[^"]*" class="veduta-(plot|panorama)"/g)].map(([, kind]) => `${kind} live`));
}

/** Chromium lays out no more than 16,384, and repeats what lies below 8,192 when it draws in software. */
const HIGHEST = 16_000;
const PIECE = 4_000;

/**
 * Makes a page's window as high as the notebook.
 * @param cells selects the notebook's cells
 */
export async function stretch(page: Page, cells: string, width = 1100): Promise<void> {
  await page.evaluate(() => {
    const { MathJax } = globalThis as { MathJax?: { Hub?: { Queue(then: () => void): void } } }; // the classic Notebook's
    return new Promise<void>((resolve) => (MathJax?.Hub ? MathJax.Hub.Queue(() => resolve()) : resolve()));
  });
  await page.setViewportSize({ width, height: HIGHEST }); // JupyterLab guesses the height of cells off the screen
  await page.locator(cells).first().scrollIntoViewIfNeeded();
  const bottom = () => page.locator(cells).evaluateAll((all) => Math.max(...all.map((cell) => cell.getBoundingClientRect().bottom)));
  let [height, before] = [0, -1];
  while (height !== before) {
    await page.waitForTimeout(500);
    before = height;
    height = Math.ceil(await bottom());
  }
  await page.setViewportSize({ width, height: Math.min(height + 60, HIGHEST) });
}

/** Milliseconds that a picture of many figures may take on a busy machine whose browser draws without a graphics card. */
const SLOWLY = 120_000;

/** Pictures of what the page's window shows, once the viewers have drawn, from above: PATH-1.png, PATH-2.png, … */
export async function picture(page: Page, path: string): Promise<void> {
  await page.waitForTimeout(300);
  await settled(page);
  const { width, height } = page.viewportSize() ?? { width: 0, height: 0 };
  for (let y = 0; y < height; y += PIECE)
    await page.screenshot({
      path: `${path}-${1 + y / PIECE}.png`,
      clip: { x: 0, y, width, height: Math.min(PIECE, height - y) },
      timeout: SLOWLY,
    });
}

/** Pictures of a host's whole page. */
export async function wholePage(page: Page, cells: string, path: string): Promise<void> {
  await stretch(page, cells);
  await picture(page, path);
}
