import { describe, expect, test } from "vitest";
import { ClosedError } from "#kernel-lib/core/errors.js";
import { panoramaView } from "#kernel-lib/display/panorama-view.js";
import { windowStrip } from "#kernel-lib/display/plots/window-strip.js";
import { planWindows } from "#kernel-lib/methods/joint/windows.js";
import { landscape, paintedRun } from "../../fixtures/painted-run.js";
import { numbersOf, plotted } from "./plotted.js";

const run = paintedRun({ steps: 6 });
const steps = numbersOf(run);
const place = { width: 768, scaleFactor: 8 };
const strip = (shown: Parameters<typeof windowStrip>[0], options: Parameters<typeof windowStrip>[1] = {}) =>
  plotted(windowStrip(shown, { ...place, panorama: "none", ...options }));

describe("the strip of windows", () => {
  test("covers the panorama from edge to edge, in degrees or in latent pixels", async () => {
    const degrees = (await strip(steps)).data[0].x;
    expect([degrees[0], degrees[degrees.length - 1]]).toEqual([-180, 180]);
    expect(degrees).toEqual([...degrees].sort((a, b) => a - b));
    const latent = (await strip(steps, { axis: "latent" })).data[0].x;
    expect(latent).toEqual([0, 2, ...Array.from({ length: 23 }, (_, k) => 6 + 4 * k), 96].filter((x, k, all) => all.indexOf(x) === k));
  });
  test("each cell is its window's distance in its step", async () => {
    const { data } = await strip(steps);
    const [z, windows, texts] = [data[0].z, data[0].customdata, data[0].text];
    expect(z).toHaveLength(6);
    for (const [k, row] of z.entries()) expect(row).toEqual(windows[k].map((j) => Number(steps[k].windows[j].loss?.toPrecision(4))));
    expect(texts[2][windows[2].indexOf(3)]).toMatch(/^window 3, step 2: 0\.\d+$/);
    expect(texts[2][windows[2].indexOf(10)]).toBe("window 10, step 2: the anchor");
  });
  test("a window across the cut has a column at either end, and its frame two pieces", async () => {
    const { data, spec } = await strip(steps);
    const row = data[0].customdata[0];
    expect([row[0], row[row.length - 1], row.filter((j) => j === 22).length]).toEqual([22, 22, 2]);
    expect(spec.link?.frames?.[22]).toEqual([
      [-180, -172.5, 0, 1],
      [172.5, 180, 0, 1],
    ]);
  });
  test("windows above one another share their column, a row each", async () => {
    const windows = planWindows({ height: 32, width: 96, window: 16, stride: 8 }).map((window, j) => ({ ...window, loss: j / 100 }));
    const { data } = await strip([{ index: 0, timestep: 1, weight: 1, anchor: 0, windows }]);
    const rows = data[0].customdata;
    expect(rows).toHaveLength(3);
    for (const [k, row] of rows.entries()) expect(row.every((j) => windows[j].top === 8 * k)).toBe(true);
  });
  test("a condition lies above the panorama, each in a band of its own over the heat map", async () => {
    const condition = { data: new Float32Array(96 * 768), shape: [1, 1, 96, 768] };
    const { layout, spec } = await strip(steps, { panorama: landscape(768, 128), condition });
    const [first, second] = layout.images as unknown as { y: number; sizey: number }[];
    expect(layout.images).toHaveLength(2);
    expect(first.y).toBe(1);
    expect(second.y).toBeLessThanOrEqual(first.y - first.sizey);
    const top = Number(spec.link?.frames?.[3][0][3]);
    expect(second.y - second.sizey).toBeGreaterThanOrEqual(top);
    expect(spec.height).toBe(510);
  });
  test("a step that was not synchronised has gaps, not zeros", async () => {
    const { data } = await strip([steps[0], { ...steps[1], windows: steps[1].windows.map(({ loss: _, ...w }) => w) }]);
    expect(data[0].z[1].every((cell) => cell === null)).toBe(true);
    expect(data[0].text[1][0]).toMatch(/: not synchronised$/);
  });
  test("of a run with very many cells every so many-th step is shown, and the axis says so", async () => {
    const { data, layout } = await strip(Array.from({ length: 1000 }, (_, index) => ({ ...steps[0], index })));
    expect(data[0].z).toHaveLength(250);
    expect(layout.yaxis.title.text).toBe("step, every 4th");
  });
  test("the picture above is the given one, or what the last step foresaw; none where its model is closed", async () => {
    const latent = { data: new Float32Array(4 * 16 * 96), shape: [1, 4, 16, 96] };
    const records = run.steps.map((step) => ({ ...step, latent }));
    const sources = async (shown: ReturnType<typeof windowStrip>) => (await plotted(shown)).layout.images.map(({ source }) => source);
    const [foreseen] = await sources(windowStrip(records));
    expect(foreseen).toMatch(/^data:image\/jpeg;base64,/);
    expect((await sources(windowStrip(records, { panorama: landscape(640, 128) })))[0]).not.toBe(foreseen);
    const closed = records.map((step) => ({ ...step, preview: () => Promise.reject(new ClosedError("preview: the model is closed")) }));
    expect(await sources(windowStrip(closed))).toEqual([]);
    const broken = records.map((step) => ({ ...step, preview: () => Promise.reject(new Error("no memory")) }));
    await expect(windowStrip(broken).bundle()).rejects.toThrow("no memory");
  });
  test("carries the run's name that a viewer of the same records carries", async () => {
    const records = run.steps.map((step) => ({ ...step, latent: { data: new Float32Array(4 * 16 * 96), shape: [1, 4, 16, 96] } }));
    const { spec } = await strip(records);
    expect(await panoramaView(records.map((step) => ({ ...step, foreseen: step.latent }))).html()).toContain(`"run":"${spec.link?.run}"`);
  });
  test("steps without latents need the panorama's width; a saved run's info gives it", () => {
    expect(() => windowStrip(steps)).toThrow(/^windowStrip: got steps without latents, want the panorama's width and scaleFactor/);
    expect(() => windowStrip([])).toThrow(/^windowStrip: got no steps/);
  });
});
