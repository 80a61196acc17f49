/** @file Displays of runs over a pyramid: strips by stage, boxes, graphs, codes, gates; and track. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  codesView,
  createRng,
  decodeImage,
  gateView,
  layoutView,
  memorySink,
  type PyramidStep,
  pyramidDiffusion,
  pyramidStrip,
  randn,
  sceneGraphView,
  setSink,
  type Tensor,
  type TrackedPyramid,
  track,
} from "veduta";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openPyramidModel, type SceneModel } from "#kernel-lib/methods/pyramid/open-pyramid-model.js";
import { writeFridoFolder } from "../methods/pyramid/frido-folder.js";

let folder: string;
let model: SceneModel;
let done: TrackedPyramid;
let shown: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "veduta-pyramid-display-"));
  model = await openPyramidModel(writeFridoFolder(folder), { device: "cpu", threads: 1 });
  const sink = memorySink();
  setSink(sink);
  done = await track(pyramidDiffusion(model, { labels: ["boat"], steps: 5, seed: 2, width: 32, height: 32, count: 2 }));
  setSink(undefined);
  shown = String(sink.shown[sink.shown.length - 1].bundle["text/plain"]);
});
afterAll(async () => {
  await model.close();
  rmSync(folder, { recursive: true });
});

const bundle = async (it: { bundle(): Promise<Record<string, unknown>> }) => {
  const { "text/html": html, "text/plain": text, "image/png": png } = await it.bundle();
  return { html: String(html), text: String(text), png: Buffer.from(String(png), "base64") };
};

test("track counts the steps of all stages and shows how much the foreseen latent changes", () => {
  expect(done.steps.map(({ place }) => place)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(shown).toMatch(/^\[10 steps in .* · change [\d.]+\]$/);
});

describe("pyramidStrip", () => {
  test("has a strip for each stage, the coarsest above, and a viewer with all pictures", async () => {
    const { html, text, png } = await bundle(pyramidStrip(done.steps, { count: 3, picture: 1 }));
    expect([...html.matchAll(/alt="(\w+), foreseen in (step \d+)"/g)].map(([, name, step]) => `${name} ${step}`)).toEqual([
      ...["coarse step 0", "coarse step 2", "coarse step 4"],
      ...["fine step 5", "fine step 7", "fine step 9"],
    ]);
    expect(html).toContain('class="veduta-panorama"');
    expect(text).toBe("[From coarse to fine: coarse, step 0 to step 4; fine, step 5 to step 9]");
    expect((await decodeImage(png)).shape).toEqual([1, 3, 64, 3 * 32 + 16]);
  });

  test("shows a run that stopped early, with a shorter strip for its last stage", async () => {
    const { png } = await bundle(pyramidStrip(done.steps.slice(0, 6), { count: 3 }));
    expect((await decodeImage(png)).shape).toEqual([1, 3, 64, 3 * 32 + 16]);
  });

  test.each<[string, readonly PyramidStep[] | "all", object, RegExp]>([
    ["no steps", [], {}, /no steps/],
    ["a picture that there is not", "all", { picture: 2 }, /picture 2.*0 to 1/],
    ["no pictures", "all", { count: 0 }, /count 0/],
  ])("refuses %s", (_, steps, options, message) => {
    expect(() => pyramidStrip(steps === "all" ? done.steps : steps, options)).toThrow(message);
  });
});

describe("layoutView", () => {
  const layout = [{ what: "a <b>", box: [0.25, 0.5, 0.5, 0.25] }] as const;
  test("draws each box at its place, with its name escaped, over the picture", async () => {
    const { html, text, png } = await bundle(layoutView(layout, picture(16, 32), { width: 200 }));
    const svg = Buffer.from(/data:image\/svg\+xml;base64,([^"]+)/.exec(html)?.[1] ?? "", "base64").toString();
    expect(svg).toContain('<rect x="50" y="50" width="100" height="25"');
    expect(svg).toContain("a &lt;b&gt;");
    expect(svg).toContain("data:image/png;base64,");
    expect(text).toBe("[Layout: boxes of 1 objects: a <b> at 25, 50, 50, 25 %]");
    expect((await decodeImage(png)).shape).toEqual([1, 3, 100, 200]);
  });
  test("refuses boxes that are none", () => {
    expect(() => layoutView([{ what: "boat", box: [0, 0, 2, 1] }])).toThrow(/layout\[0\]/);
  });
});

describe("sceneGraphView", () => {
  test("draws an arrow with its predicate for each relation", async () => {
    const { html, text } = await bundle(sceneGraphView({ objects: ["boat", "sun"], relations: [[0, "below", 1]] }));
    const svg = Buffer.from(/data:image\/svg\+xml;base64,([^"]+)/.exec(html)?.[1] ?? "", "base64").toString();
    expect([...svg.matchAll(/<line /g)]).toHaveLength(1);
    expect(svg).toContain(">below</text>");
    expect(text).toBe("[Scene graph: 2 objects; boat below sun]");
  });
  test("refuses a relation of an object that there is not", () => {
    expect(() => sceneGraphView({ objects: ["boat"], relations: [[0, "on", 1]] })).toThrow(RangeError);
  });
});

describe("codesView", () => {
  test("says how many codes each scale uses, and how often the most used one occurs", async () => {
    const data = Int32Array.from([3, 3, 3, 1]);
    const { text } = await bundle(
      codesView({ coarse: { data, shape: [1, 2, 2] }, fine: { data: Int32Array.from([0, 1, 2, 4]), shape: [1, 2, 2] } }),
    );
    expect(text).toContain(
      "coarse: 2 codes in 2 × 2 pixels, the most used one in 3; fine: 4 codes in 2 × 2 pixels, the most used one in 1",
    );
  });
  test("shows the codes of a run", async () => {
    expect((await bundle(codesView(done.codes))).html).toContain("veduta-plot");
  });
});

describe("gateView", () => {
  test("shows the mean size of the gates of each level; a first stage has none", async () => {
    const latent = randn(createRng(4), [1, 4, 16, 16]);
    const gates = await model.gates(latent, { stage: 1 });
    expect(gates.map(({ gamma, beta }) => [gamma.shape, beta.shape])).toEqual([
      [
        [1, 8, 16, 16],
        [1, 8, 16, 16],
      ],
      [
        [1, 8, 8, 8],
        [1, 8, 8, 8],
      ],
    ]);
    expect((await bundle(gateView(gates))).text).toMatch(/level of 16 × 16: \|gamma\| [\d.]+.*level of 8 × 8/);
    expect((await bundle(gateView(await model.gates(latent, { stage: 0 })))).text).toMatch(/no gates/);
  });
  test("gates follow the coarse channels alone", async () => {
    const latent = randn(createRng(4), [1, 4, 16, 16]);
    const changed = { data: latent.data.map((x, k) => (k < 512 ? x : -x)), shape: latent.shape };
    expect(await model.gates(changed, { stage: 1 })).toEqual(await model.gates(latent, { stage: 1 }));
  });
});

const picture = (h: number, w: number): Tensor => ({ data: new Float32Array(3 * h * w).fill(0.5), shape: [1, 3, h, w] });
