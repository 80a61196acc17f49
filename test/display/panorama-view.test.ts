import { describe, expect, test } from "vitest";
import { horizon } from "#kernel-lib/conditions/horizon.js";
import { decodeImage } from "#kernel-lib/core/image.js";
import { controlView } from "#kernel-lib/display/control-view.js";
import { setSink } from "#kernel-lib/display/display.js";
import { memorySink } from "#kernel-lib/display/display-sinks.js";
import { panoramaView } from "#kernel-lib/display/panorama-view.js";
import { runIdOf } from "#kernel-lib/display/run-id.js";
import { gpanoOf, gpanoXmp } from "#kernel-lib/panorama/gpano.js";
import { imageCoverage } from "#kernel-lib/panorama/image-coverage.js";
import { landscape, paintedRun } from "../fixtures/painted-run.js";

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
    expect(() => imageCoverage({ width: 600, height: 100 })).toThrow(/600 × 100 pixels.*give the horizontal angle \(haov\)/);
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
      state: {},
    });
  });

  test("shown twice is two outputs, each with an id of its own", async () => {
    const view = panoramaView(landscape(384, 64));
    expect(jobOf(await view.html())[0]).not.toBe(jobOf(await view.html())[0]);
  });

  test("is an output with the whole panorama in its HTML, a small one alone, and words; it needs the viewer", async () => {
    const sink = memorySink();
    setSink(sink);
    await panoramaView(landscape(1536, 256), { edge: "wrap" }).show();
    setSink(undefined);
    expect(sink.shown.map(({ bundle }) => bundle["text/plain"])).toEqual([
      "[the viewer for this notebook's figures]",
      "[panorama 1536×256, 360°]",
    ]);
    const { bundle } = sink.shown[1];
    const sizeOf = async (base64: unknown) => (await decodeImage(Buffer.from(String(base64), "base64"))).shape;
    expect(await sizeOf(bundle["image/png"])).toEqual([1, 3, 128, 768]);
    expect(await sizeOf(/src="data:image\/png;base64,([^"]+)"/.exec(String(bundle["text/html"]))?.[1])).toEqual([1, 3, 256, 1536]);
  });

  test("of a long run has pictures of 24 of its steps, evenly apart, the last among them, and all numbers", async () => {
    const { steps } = paintedRun({ width: 128, steps: 93, loop: false });
    const decoded: number[] = [];
    const records = steps.map((step) => ({
      ...step,
      latent: { data: new Float32Array(4 * 16 * 16), shape: [1, 4, 16, 16] },
      preview: () => {
        decoded.push(step.index);
        return step.preview();
      },
    }));
    const [, , spec] = jobOf(await panoramaView(records).html());
    expect(decoded).toEqual(Array.from({ length: 24 }, (_, k) => 4 * k));
    expect(spec.windows.stepOf).toEqual(decoded);
    expect(spec.windows.steps).toHaveLength(93);
    expect(spec.run).toBe(runIdOf(steps));
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

  test("of a condition lays it over the panorama that follows it; another size is refused", async () => {
    const condition = horizon([0.3, 0.6], { width: 384, height: 64, edge: "wrap" });
    const [, , spec] = jobOf(await controlView({ image: condition }, landscape(384, 64), { edge: "wrap", state: { fov: 90 } }).html());
    expect([spec.label, spec.others.map(({ label }: { label: string }) => label)]).toEqual(["panorama", ["condition"]]);
    expect(spec.state).toEqual({ compare: "blend", fov: 90 });
    expect(spec.coverage.edge).toBe("wrap");
    expect(() => controlView({ image: condition }, landscape(192, 64))).toThrow(
      "controlView: got a condition of 384 × 64 px and a panorama of 192 × 64 px, want one size",
    );
  });

  test("of a record compares as many as it has, by their names or the given labels", async () => {
    const [a, b] = [landscape(384, 64), landscape(192, 64)];
    const [, , spec] = jobOf(await panoramaView({ sync: a, multi: b, "<i>": a }).html());
    expect(spec.label).toBe("sync");
    expect(spec.others.map(({ label }: { label: string }) => label)).toEqual(["multi", "<i>"]);
    expect(spec.others[0].coverage.horizontal).toBe(180);
    expect(() => panoramaView({ a })).toThrow("panoramaView: got a record of 1, want two or more panoramas");
  });

  test("of steps shows their latents without any network, once the model is closed too", async () => {
    const { steps } = paintedRun({ width: 256, steps: 3, loop: false });
    const closed = steps.map((step, k) => ({
      ...step,
      latent: { data: new Float32Array(4 * 16 * 32).fill(k), shape: [1, 4, 16, 32] },
      preview: () => Promise.reject(new Error("closed")),
    }));
    const [, , spec] = jobOf(await panoramaView(closed, { show: "latents" }).html());
    expect(spec.steps).toHaveLength(3);
    expect(spec.coverage).toMatchObject({ horizontal: 120 });
    expect({ width: spec.windows.width, height: spec.windows.height }).toEqual({ width: 32, height: 16 });
    await expect(panoramaView(closed).html()).rejects.toThrow("closed");
    expect(() => panoramaView(landscape(64, 64), { show: "latents" })).toThrow('panoramaView: got show "latents" without steps');
  });
});
