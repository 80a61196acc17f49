/** @file What turning a panorama costs, on this machine's WebGL: milliseconds a frame of 1280 × 720, against a frame that only clears. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { encodePng } from "#kernel-lib/core/image.js";
import { createRng } from "#kernel-lib/core/random.js";
import { dataUrl } from "#kernel-lib/pages/html.js";
import { panoramaFigure, viewerScript } from "#kernel-lib/pages/panorama-figure.js";
import { stripCoverage } from "#kernel-lib/panorama/coverage.js";
import { findChromium } from "../scripts/chromium.mjs";

const [WIDTH, HEIGHT] = [1280, 720];
const FRAMES = 30; // of each kind; their median counts
const IDLE = 500; // milliseconds
const PROJECTIONS = ["perspective", "planet", "panini", "flat"];

/** @returns {Promise<import("./table.mjs").Row[]>} */
export async function measureViewer() {
  const executablePath = findChromium();
  if (!executablePath) {
    console.log("viewer: not measured, for no Chromium is on the path");
    return [];
  }
  const dir = mkdtempSync(join(tmpdir(), "veduta-bench-"));
  // Frames as fast as they are drawn, by the graphics card where Chromium finds one.
  const args = [
    "--no-sandbox",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-gpu-vsync",
    "--disable-frame-rate-limit",
  ];
  const browser = await chromium.launch({ executablePath, args });
  try {
    const file = join(dir, "page.html");
    writeFileSync(file, await page());
    const tab = await browser.newPage({ viewport: { width: WIDTH, height: HEIGHT }, deviceScaleFactor: 1 });
    await tab.goto(pathToFileURL(file).href);
    const { renderer, clear, still, turning, idle } = await tab.evaluate(inPage, {
      frames: FRAMES,
      idleFor: IDLE,
      projections: PROJECTIONS,
    });
    return [
      { what: `a cleared frame, ${WIDTH}×${HEIGHT}`, value: clear, unit: "ms", note: renderer },
      {
        what: "a frame at rest, perspective, with all pixels",
        value: still,
        unit: "ms",
        note: `${(still / clear).toFixed(1)} times a cleared frame`,
      },
      ...turning.map(({ projection, ms }) => ({
        what: `a frame of turning, ${projection}`,
        value: ms,
        unit: "ms",
        note: `${(ms / still).toFixed(2)} times a frame at rest`,
      })),
      { what: `frames that three idle viewers draw in ${IDLE} ms`, value: idle, unit: "", bound: 0 },
    ];
  } finally {
    await browser.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The paper's size of panorama, in noise, three times: the first fills the window. */
async function page() {
  const [width, height] = [3072, 512];
  const rng = createRng(1);
  const image = { data: Float32Array.from({ length: 3 * width * height }, () => rng.uniform()), shape: [1, 3, height, width] };
  const coverage = stripCoverage({ width, height, edge: "wrap" });
  const src = dataUrl("image/png", await encodePng(image));
  const figures = ["first", "second", "third"].map((id) => panoramaFigure(id, { src, alt: id, spec: { coverage } }));
  const style = `<style>body{margin:0}.veduta-stage{width:${WIDTH}px;height:${HEIGHT}px;max-height:none!important;aspect-ratio:auto!important}</style>`;
  return `<!doctype html><meta charset=utf-8><body>${figures.join("")}<script>${viewerScript()}</script>${style}`;
}

/**
 * Runs in the page.
 * @param {{ frames: number, idleFor: number, projections: string[] }} options
 */
async function inPage({ frames, idleFor, projections }) {
  /** @typedef {HTMLElement & { viewer: { state: Record<string, unknown>, settled(): Promise<void> } }} Root */
  const roots = /** @type {Root[]} */ ([...document.querySelectorAll(".veduta-panorama")]);
  const [root] = roots;
  for (const one of roots) await one.viewer.settled();
  const probe = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  /** Waits until a canvas is drawn indeed, by reading a pixel of it. @param {HTMLCanvasElement} canvas */
  const drawn = (canvas) => {
    probe?.drawImage(canvas, 0, 0, 1, 1, 0, 0, 1, 1);
    return probe?.getImageData(0, 0, 1, 1);
  };
  const canvas = /** @type {HTMLCanvasElement} */ (root.querySelector("canvas"));
  const copy = Object.assign(document.createElement("canvas"), { width: canvas.width, height: canvas.height });
  const pen = copy.getContext("2d", { alpha: false });
  const bare = Object.assign(document.createElement("canvas"), { width: canvas.width, height: canvas.height });
  const gl = /** @type {WebGL2RenderingContext} */ (bare.getContext("webgl2", { alpha: false, antialias: false, depth: false }));
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const renderer = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  const kinds = [
    async (/** @type {number} */ k) => {
      gl.clearColor((k % 10) / 10, 0, 0, 1);
      gl.clear(gl.COLOR_BUFFER_BIT);
      pen?.drawImage(bare, 0, 0);
      drawn(copy);
    },
    async (/** @type {number} */ k) => {
      root.viewer.state = { projection: "perspective", heading: k * 5 };
      await root.viewer.settled(); // with all pixels
      drawn(canvas);
    },
    ...projections.map((projection) => async (/** @type {number} */ k) => {
      const shown = new Promise((done) => root.addEventListener("veduta:drawn", done, { once: true }));
      root.viewer.state = { projection, heading: k * 5 + 1 };
      await shown;
      drawn(canvas);
    }),
  ];
  const spent = kinds.map(() => /** @type {number[]} */ ([]));
  // A view that turns has frames of its own, one after the other: a frame at rest between them would be a stop.
  for (const [kind, frame] of kinds.entries())
    for (let k = -5; k < frames; k++) {
      const begun = performance.now();
      await frame(k);
      if (k >= 0) spent[kind].push(performance.now() - begun);
    }
  const [clear, still, ...turned] = spent.map((times) => times.sort((a, b) => a - b)[Math.floor(frames / 2)]);
  const turning = projections.map((projection, k) => ({ projection, ms: turned[k] }));
  for (const one of roots) await one.viewer.settled();
  let idle = 0;
  for (const one of roots) one.addEventListener("veduta:drawn", () => idle++);
  await new Promise((done) => setTimeout(done, idleFor));
  return { renderer, clear, still, turning, idle };
}
