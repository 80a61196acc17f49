import { describe, expect, test } from "vitest";
import { gpanoOf, gpanoXmp } from "#kernel-lib/notebook/gpano.js";
import { imageCoverage } from "#kernel-lib/notebook/image-coverage.js";
import { panoramaView } from "#kernel-lib/notebook/panorama-view.js";
import { landscape, paintedRun } from "./painted-run.js";

describe("what an image covers", () => {
  test("is what is said of it, else its GPano tags, else a full sphere for 2:1", () => {
    const sphere = { projection: "equirectangular", horizontal: 360, vertical: 180, edge: "wrap" };
    expect(imageCoverage({ width: 200, height: 100 }).coverage).toEqual(sphere);
    expect(imageCoverage({ width: 200, height: 100, haov: 90 }).coverage).toEqual({
      ...sphere,
      horizontal: 90,
      vertical: 45,
      edge: "open",
    });
    expect(imageCoverage({ width: 600, height: 100, haov: 360, projection: "cylinder" }).coverage.vertical).toBeCloseTo(55.27, 2);
    expect(imageCoverage({ width: 600, height: 100, projection: "cube" }).coverage).toEqual({ ...sphere, projection: "cube" });
    const gpano = gpanoOf(600, 100, { projection: "cylinder", horizontal: 360, vertical: 55, edge: "wrap" });
    expect(gpano && imageCoverage({ width: 600, height: 100, xmp: gpanoXmp(gpano) }).coverage).toEqual({ ...sphere, vertical: 60 });
    const high = gpano && { ...gpano, croppedTop: 0 };
    expect(high && imageCoverage({ width: 600, height: 100, xmp: gpanoXmp(high) }).coverage.centre).toBe(60);
  });

  test("is refused where nothing tells it, with what would", () => {
    expect(() => imageCoverage({ width: 600, height: 100 })).toThrow(/600 × 100 pixels.*give --haov/);
    expect(() => imageCoverage({ width: 600, height: 100, haov: 361 })).toThrow("haov: got 361, want degrees above 0, at most 360");
    expect(() => imageCoverage({ width: 600, height: 100, vaov: 50 })).toThrow("want both");
    expect(() => imageCoverage({ width: 500, height: 100, projection: "cube" })).toThrow("want six squares in a row");
  });
});

describe("panoramaView", () => {
  const jobOf = (html: string) => JSON.parse(/\.push\((.*)\)<\/script>/.exec(html)?.[1] ?? "null");
  test("of a panorama is its picture and its coverage", async () => {
    const html = await panoramaView(landscape(384, 64), { edge: "wrap", title: "<b>" }).html();
    expect(html).toContain('alt="&lt;b&gt; (384×64, 360°)"');
    expect(jobOf(html)[2]).toEqual({
      coverage: { projection: "cylinder", horizontal: 360, vertical: expect.closeTo(55.27, 2), edge: "wrap" },
    });
  });

  test("of steps has a picture a step, the last in the root itself, and the windows", async () => {
    const { steps } = paintedRun({ width: 256, steps: 3, loop: false });
    const records = steps.map((step) => ({ ...step, latent: { data: new Float32Array(4 * 16 * 32), shape: [1, 4, 16, 32] } }));
    const { steps: pictures, windows } = jobOf(await panoramaView(records).html())[2];
    expect(pictures.map(({ label }: { label: string }) => label)).toEqual(["step 0", "step 1", "step 2"]);
    expect(pictures[2].src).toBeNull();
    expect({ width: windows.width, height: windows.height, stepOf: windows.stepOf }).toEqual({ width: 32, height: 16, stepOf: [0, 1, 2] });
    expect(() => panoramaView([])).toThrow("panoramaView: got no steps");
  });

  test("of two compares them, as a page that asks for nothing", async () => {
    const page = await panoramaView({ a: landscape(384, 64), b: landscape(384, 64) }, { labels: ["sync", "multi"] }).page();
    expect(page).toContain("default-src 'none'");
    expect(page).toContain('"label":"sync"');
    expect(page).toContain('"compare":"swipe"');
  });
});
