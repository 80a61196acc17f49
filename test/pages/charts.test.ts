import { describe, expect, test } from "vitest";
import { short } from "#kernel-lib/core/words.js";
import { ANCHOR_SERIES } from "#kernel-lib/methods/joint/anchor-series.js";
import { planWindows } from "#kernel-lib/methods/joint/windows.js";
import { escapeHtml, scriptLiteral } from "#kernel-lib/pages/html.js";
import { logTicks, seriesCurve } from "#kernel-lib/pages/series-curve.js";
import { windowCells, windowMap } from "#kernel-lib/pages/window-map.js";
import { viridis } from "#kernel-lib/panorama/colors.js";
import { stripCoverage } from "#kernel-lib/panorama/coverage.js";
import type { StepNumbers } from "#kernel-lib/runs/run-data.js";
import { paintedRun } from "../fixtures/painted-run.js";

const numbers = (run: ReturnType<typeof paintedRun>): StepNumbers[] => run.steps.map(({ preview: _, ...step }) => step);
const placeOf = (width: number, edge: "wrap" | "open") => ({
  width,
  scaleFactor: 8,
  coverage: stripCoverage({ width, height: 128, edge }),
});
const looped = paintedRun({ steps: 6 });
const place = placeOf(768, "wrap");

describe("the colour scale", () => {
  test("begins dark violet, ends yellow, and its lightness only rises", () => {
    const light = (hex: string) =>
      [0.2126, 0.7152, 0.0722].reduce((sum, w, c) => sum + w * (Number.parseInt(hex.slice(1 + 2 * c, 3 + 2 * c), 16) / 255) ** 2.2, 0);
    expect(viridis(0)).toBe("#440154");
    expect(viridis(1)).toBe("#fde725");
    expect(viridis(-3)).toBe(viridis(0));
    const all = Array.from({ length: 101 }, (_, k) => light(viridis(k / 100)));
    expect(all.every((x, k) => k === 0 || x > all[k - 1])).toBe(true);
  });
});

describe("text in a page", () => {
  const wicked = `</script><img src=x onerror="alert(1)">&'"\u2028`;
  test("has no character left that markup could be made of", () => {
    expect(escapeHtml(wicked)).not.toMatch(/[<>"']/);
    expect(scriptLiteral({ wicked })).not.toMatch(/[<>\u2028]/);
  });
  test("is the same text again for who reads it", () => {
    expect(JSON.parse(scriptLiteral({ wicked }))).toEqual({ wicked });
  });
});

describe("the cells of the windows", () => {
  test.each([
    ["a ring", placeOf(768, "wrap"), planWindows({ height: 16, width: 96, window: 16, stride: 4, loop: true })],
    ["a row", placeOf(768, "open"), planWindows({ height: 16, width: 96, window: 16, stride: 4 })],
    ["a grid", placeOf(768, "open"), planWindows({ height: 32, width: 96, window: 16, stride: 8 })],
    ["one window", placeOf(128, "open"), planWindows({ height: 16, width: 16, window: 16, stride: 4 })],
  ])("of %s cover the panorama's width once in every row", (_, where, windows) => {
    const cells = windowCells(windows, where);
    const area = cells.reduce((sum, { pieces, rows }) => sum + pieces.reduce((s, [from, to]) => s + (to - from), 0) / rows, 0);
    expect(area).toBeCloseTo(1, 9);
    expect(cells.every(({ pieces }) => pieces.every(([from, to]) => from >= 0 && to <= 1 + 1e-12 && to > from))).toBe(true);
  });

  test("of several regions at one place share its column, each in a row of its own", () => {
    const places = planWindows({ height: 16, width: 32, window: 16, stride: 16 });
    const cells = windowCells([...places, ...places], placeOf(256, "open"));
    expect(cells.map(({ row, rows }) => [row, rows])).toEqual([
      [0, 2],
      [0, 2],
      [1, 2],
      [1, 2],
    ]);
  });

  test("lie around their window's centre, the one across the cut in two pieces", () => {
    const cells = windowCells(planWindows({ height: 16, width: 96, window: 16, stride: 4, loop: true }), placeOf(768, "wrap"));
    expect(cells[0].pieces).toEqual([[expect.closeTo(6 / 96), expect.closeTo(10 / 96)]]);
    expect(cells[0].heading).toBeCloseTo((8 / 96 - 0.5) * 360);
    expect(cells[22].pieces).toEqual([
      [0, expect.closeTo(2 / 96)],
      [expect.closeTo(94 / 96), 1],
    ]);
  });
});

describe("the strip of distances", () => {
  test("has a cell a window and step, coloured by its distance, the anchor's by 0", () => {
    const { svg } = windowMap(numbers(looped), place, ANCHOR_SERIES.loss) ?? { svg: "" };
    expect(svg.match(/<g data-heading/g)).toHaveLength(24 * 6);
    expect(svg.match(/: the anchor<\/title><rect[^>]*fill="#440154"/g)).toHaveLength(6);
    expect(svg).not.toMatch(/NaN|undefined/);
  });
  test("leaves a step that was not synchronised empty, not zero", () => {
    const steps = numbers(looped).map((step, k) =>
      k % 2 === 0 ? step : { ...step, windows: step.windows.map(({ loss: _, gradientNorm: __, ...w }) => w) },
    );
    const { svg } = windowMap(steps, place, ANCHOR_SERIES.loss) ?? { svg: "" };
    expect(svg.match(/<g class="none"/g)).toHaveLength(24 * 3);
  });
  test("is not drawn where nothing was measured", () => {
    expect(windowMap(numbers(paintedRun({ steps: 3, method: "multi" })), place, ANCHOR_SERIES.loss)).toBeUndefined();
    expect(windowMap([], place, ANCHOR_SERIES.loss)).toBeUndefined();
  });
  test("shows every so many-th step of a run with very many cells", () => {
    const one = numbers(looped)[0];
    const many = Array.from({ length: 1000 }, (_, index) => ({ ...one, index }));
    const { svg, every } = windowMap(many, place, ANCHOR_SERIES.loss) ?? { svg: "", every: 0 };
    expect(every).toBe(4);
    expect(svg.match(/<g data-heading/g)).toHaveLength(24 * 250);
  });
});

describe("the loss curve", () => {
  test("has a line for every window but the anchor, and one for the mean", () => {
    const html = seriesCurve(numbers(looped), place, ANCHOR_SERIES.loss) ?? "";
    expect(html.match(/<g class="shade-\d"/g)).toHaveLength(23);
    expect(html.match(/<g class="mean"/g)).toHaveLength(1);
    expect(html).toContain("anchor: window 10");
    expect(html).not.toMatch(/NaN|Infinity|undefined/);
  });
  test("is logarithmic: equal ratios are equal heights", () => {
    const windows = [
      { top: 0, left: 0, height: 16, width: 16 },
      { top: 0, left: 16, height: 16, width: 16 },
    ];
    const steps = [1, 0.1, 0.01].map((loss, index) => ({
      index,
      timestep: 1,
      weight: 1,
      anchor: 0,
      windows: [
        { ...windows[0], loss: 0 },
        { ...windows[1], loss },
      ],
    }));
    const d =
      /<g class="shade-\d"><title>[^<]*<\/title><path class="near" d="([^"]+)"/.exec(
        seriesCurve(steps, placeOf(256, "open"), ANCHOR_SERIES.loss) ?? "",
      )?.[1] ?? "";
    const heights = [...d.matchAll(/[ML][\d.]+ ([\d.]+)/g)].map(([, y]) => Number(y));
    expect(heights[1] - heights[0]).toBeCloseTo(heights[2] - heights[1], 0);
  });
  test("draws one step, and distances that are all equal", () => {
    expect(seriesCurve(numbers(looped).slice(0, 1), place, ANCHOR_SERIES.loss)).not.toMatch(/NaN|Infinity/);
    const flat = numbers(looped).map((step) => ({ ...step, windows: step.windows.map((w) => ({ ...w, loss: 0.5 })) }));
    expect(seriesCurve(flat, place, ANCHOR_SERIES.loss)).not.toMatch(/NaN|Infinity/);
  });
  test("marks round numbers inside the axis", () => {
    expect(logTicks(0.018, 0.6)).toEqual([0.02, 0.05, 0.1, 0.2, 0.5]);
    expect(logTicks(1e-5, 2)).toEqual([1e-5, 1e-4, 1e-3, 0.01, 0.1, 1]);
  });
  test("numbers are short", () => {
    expect([0, 0.123456, 12.3456, 1e-5, 12345].map(short)).toEqual(["0", "0.123", "12.3", "1.0e-5", "1.2e+4"]);
  });
});
