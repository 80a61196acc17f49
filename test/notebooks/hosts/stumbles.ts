/** @file What a reader would stumble over in a host's page: folded text that stays shut, formulas as source, outputs that are cut off, pale text. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Opens every folded text of the page as a click does. @returns those that stay shut or show nothing */
export const unfold = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>("summary")].flatMap((summary) => {
      const { parentElement: folded } = summary;
      if (!(folded instanceof HTMLDetailsElement) || folded.closest(".veduta-panorama, .veduta-plot")) return [];
      if (!folded.open) summary.click();
      // The classic Notebook's style sheet takes the triangle away, unless the lesson's own style keeps it.
      if (getComputedStyle(summary).display !== "list-item") return [`no triangle: ${summary.textContent}`];
      const open = folded.open && folded.getBoundingClientRect().height > summary.getBoundingClientRect().height + 5;
      return open ? [] : [`folded text stays shut: ${folded.textContent?.trim().slice(0, 80)}`];
    }),
  );

/** Formulas that are shown as their source, or as an error. */
export const formulas = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>(".jp-RenderedMarkdown, .rendered_html")].flatMap((text) => [
      ...[...text.querySelectorAll("mjx-merror, .MathJax_Error, .merror")].map((wrong) => `a formula fails: ${wrong.textContent}`),
      ...[...text.innerText.matchAll(/\$[^$\n]{1,60}\$/g)].map(([source]) => `a formula is shown as its source: ${source}`),
    ]),
  );

/** Outputs that end beyond the page, or are wider than the place they have; text and tables may be where the host lets a reader scroll. */
export const cutOff = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>(".jp-OutputArea-output, .output_subarea")].flatMap((output) => {
      const figure = output.querySelector(".veduta-plot, .veduta-panorama, img, canvas, svg") !== null;
      const scrolls = !figure && /auto|scroll/.test(getComputedStyle(output).overflowX);
      const wide = scrolls ? 0 : output.scrollWidth - output.clientWidth;
      const beyond = output.getBoundingClientRect().right - document.documentElement.clientWidth;
      return Math.max(wide, beyond) <= 1 || output.clientWidth === 0
        ? []
        : [`${Math.round(Math.max(wide, beyond))} pixels cut off: ${output.innerText.slice(0, 80)}`];
    }),
  );

/** Figures that are live and show one colour only. */
export const blank = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>(".veduta-plot, .veduta-panorama")].flatMap((root, k) => {
      const canvases = [...root.querySelectorAll("canvas")].filter((canvas) => canvas.checkVisibility() && canvas.width > 100);
      const colours = (canvas: HTMLCanvasElement): number => {
        const pen = new OffscreenCanvas(64, 32).getContext("2d") as OffscreenCanvasRenderingContext2D;
        pen.drawImage(canvas, 0, 0, 64, 32);
        return new Set(new Uint32Array(pen.getImageData(0, 0, 64, 32).data.buffer)).size;
      };
      const marks = root.querySelectorAll("svg.main-svg :is(.trace path, .point, image, .heatmaplayer *, .slice)").length;
      const seen = root.classList.contains("veduta-plot") ? marks > 0 : canvases.length > 0 && canvases.every((one) => colours(one) > 8);
      return seen ? [] : [`figure ${k} (${root.className}) shows nothing`];
    }),
  );

/** Text of outputs that axe-core cannot tell from its background. */
export async function pale(page: Page): Promise<string[]> {
  await page.evaluate(AXE); // not as a script of the page
  const found = await page.evaluate(async () => {
    interface Found {
      readonly violations: readonly {
        readonly nodes: readonly { readonly html: string; readonly any: readonly { readonly message: string }[] }[];
      }[];
    }
    const { axe } = globalThis as unknown as { axe: { run(where: object, how: object): Promise<Found> } };
    const where = { include: [[".jp-OutputArea-output, .output_subarea"]], exclude: [[".jp-Stdin"]] };
    if (!document.querySelector(".jp-OutputArea-output, .output_subarea")) return [];
    return (await axe.run(where, { runOnly: ["color-contrast"], resultTypes: ["violations"] })).violations.flatMap(({ nodes }) =>
      nodes.map(({ html, any: [{ message }] }) => `${html.slice(0, 120)}: ${message}`),
    );
  });
  return found;
}

/** Texts and controls of figures that lie over each other, or end beyond their figure. */
export const collisions = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const slack = 2; // pixels; a box is a little larger than its text
    const words = (one: Element) => (one.textContent || one.getAttribute("aria-label") || one.tagName).trim().slice(0, 40);
    const over = (a: DOMRect, b: DOMRect) =>
      Math.min(a.right, b.right) - Math.max(a.left, b.left) > slack && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > slack;
    return [...document.querySelectorAll<HTMLElement>(".veduta-plot, .veduta-panorama")].flatMap((root, k) => {
      const whole = root.getBoundingClientRect();
      const parts = [...root.querySelectorAll("svg.main-svg text, button, select, input")]
        .filter((one) => one.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && !one.closest(".modebar"))
        .map((one) => ({ one, box: one.getBoundingClientRect() }))
        .filter(({ box }) => box.width > 0 && box.height > 0);
      const beyond = parts.filter(({ box }) => box.left < whole.left - slack || box.right > whole.right + slack);
      const pairs = parts.flatMap((a, i) =>
        parts.slice(i + 1).flatMap((b) => (over(a.box, b.box) ? [`${words(a.one)} and ${words(b.one)}`] : [])),
      );
      return [
        ...beyond.map(({ one }) => `figure ${k}: "${words(one)}" ends beyond it`),
        ...pairs.map((pair) => `figure ${k}: ${pair} lie over each other`),
      ];
    });
  });
