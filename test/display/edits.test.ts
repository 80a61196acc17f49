/** Displays of edits: strips of both paths, before and after, distances and noise, grids of candidates, energies. */

import {
  beforeAfter,
  type Candidate,
  codeSampler,
  createRng,
  cycleDiffusion,
  type EditStep,
  editPlot,
  editStrip,
  energyPlot,
  gridPlot,
  type LangevinStep,
  langevin,
  memorySink,
  randn,
  sdedit,
  setSink,
  type Tensor,
  track,
  trackedSteps,
} from "veduta";
import { beforeAll, describe, expect, test } from "vitest";
import { editToy } from "../methods/edit/edit-toy.js";
import { finish } from "../methods/joint/toy.js";

const edit = { latent: randn(createRng(4), [2, 4, 8, 8]), prompt: "night", sourcePrompt: "a noon", seed: 5, steps: 12 };
let steps: readonly EditStep[];
beforeAll(async () => {
  ({ steps } = await finish(cycleDiffusion(editToy(), edit)));
});
const bundle = async (shown: { bundle(): Promise<Record<string, unknown>> }) => {
  const { "text/html": html, "text/plain": text, "image/png": png } = await shown.bundle();
  return { html: String(html), text: String(text), png: Buffer.from(String(png), "base64") };
};

describe("track, of an edit", () => {
  test("returns what the run returns with its steps, and shows distances and the pictures side by side", async () => {
    const sink = memorySink();
    setSink(sink);
    const run = cycleDiffusion(editToy(), edit);
    const { image, code, latent, steps: taken } = await track(run);
    setSink(undefined);
    expect([image.shape, latent.shape, code?.noise.length, taken.length]).toEqual([[2, 3, 16, 16], [2, 4, 8, 8], 12, 12]);
    expect(trackedSteps(run)).toEqual(taken);
    const last = sink.shown[sink.shown.length - 1].bundle;
    expect(String(last["text/plain"])).toMatch(/^\[12 steps in 0:0\d · [\d.e-]+ s per step · distance [\d.]+ mean, [\d.]+ max\]$/);
    expect(String(last["text/html"])).toContain('alt="the finished 2 pictures, 40×16"');
  });
});

describe("editStrip", () => {
  test("shows the source's path above the edited one, evenly spaced steps, and a viewer with both", async () => {
    const { html, text, png } = await bundle(editStrip(steps, { count: 4, picture: 1 }));
    expect([...html.matchAll(/alt="(source|edited), foreseen in (step \d+)"/g)].map(([, name, step]) => `${name} ${step}`)).toEqual([
      ...["source step 0", "source step 4", "source step 7", "source step 11"],
      ...["edited step 0", "edited step 4", "edited step 7", "edited step 11"],
    ]);
    expect(html).toContain('class="veduta-panorama"');
    expect(html).toMatch(/"compare":"side"/);
    expect(text).toBe("[What each step foresees: source above edited, step 0 to step 11]");
    expect(png.subarray(1, 4).toString()).toBe("PNG");
  });

  test("a method without a source's path has one strip and no viewer", async () => {
    const { steps: plain } = await finish(sdedit(editToy(), edit));
    const { html } = await bundle(editStrip(plain));
    expect(html).not.toMatch(/foreseen in step 0"[\s\S]*alt="source|veduta-panorama/);
    expect(html.match(/alt="edited/g)).toHaveLength(8);
  });

  test("text of the user stays text", async () => {
    expect((await bundle(editStrip(steps, { title: "<script>x</script>", count: 2 }))).html).not.toContain("<script>x");
  });

  test("refuses no steps, a picture that there is not, and a wrong count", () => {
    expect(() => editStrip([])).toThrow(/got no steps/);
    expect(() => editStrip(steps, { picture: 2 })).toThrow(/got picture 2, want 0 to 1/);
    expect(() => editStrip(steps, { count: 0 })).toThrow(/got count 0/);
  });
});

describe("editPlot and energyPlot", () => {
  test("draw a line for each picture and say the course in words", async () => {
    const { html, text } = await bundle(editPlot(steps));
    expect(text).toMatch(/2 pictures over 12 steps; distance goes from [\d.]+ to [\d.]+; std of noise z goes from [\d.]+ to [\d.]+/);
    expect(html.match(/"name":"picture [01]"/g)).toHaveLength(4);
  });

  test("say so where a method measures nothing", async () => {
    const { steps: plain } = await finish(sdedit(editToy(), edit));
    expect((await bundle(editPlot(plain))).html).toContain("This method follows no source and records no noise");
  });

  test("draw every energy of every code, and the norm that the prior expects", async () => {
    const model = { ...editToy(), pullNoise: async (x: Tensor) => x, pullDecode: async (x: Tensor) => x };
    const sampler = codeSampler(model, { text: await model.encodeText(["", "hills"]), steps: 2 });
    const zero = async (image: Tensor) => ({
      energy: { data: new Float32Array(2).fill(1), shape: [2] },
      gradient: { data: image.data.map(() => 0), shape: image.shape },
    });
    const found: LangevinStep[] = [];
    for await (const step of langevin(sampler, [{ name: "night", weight: 2, energy: zero }], { steps: 3, batch: 2 })) found.push(step);
    const { text } = await bundle(energyPlot(found));
    expect(text).toMatch(/2 codes over 4 steps; night goes from 2 to 2; ‖z‖² \/ dim goes from/);
    expect(() => energyPlot([])).toThrow(/got no steps/);
  });
});

describe("gridPlot", () => {
  test("draws every candidate as a picture at its place, and names the best", async () => {
    const image = (seed: number): Tensor => ({
      data: randn(createRng(seed), [1, 3, 16, 16]).data.map((x) => 0.5 + 0.4 * Math.tanh(x)),
      shape: [1, 3, 16, 16],
    });
    const candidates = [1, 2, 3].map(
      (k): Candidate => ({ guidanceScale: k, skipSteps: 0, trial: 0, seed: 1, score: k / 10, latent: edit.latent, image: image(k) }),
    );
    const { html, text } = await bundle(gridPlot(candidates, { source: image(1) }));
    expect(text).toMatch(/3 edits\. The highest score, 0\.3, has guidance 3, skip 0, trial 0, structure/);
    expect(html.match(/data:image\/webp/g)).toHaveLength(3);
    expect(() => gridPlot([], { source: image(1) })).toThrow(/got no steps/);
  });
});

describe("beforeAfter", () => {
  const grey = (side: number): Tensor => ({ data: new Float32Array(3 * side * side).fill(0.5), shape: [1, 3, side, side] });
  test("compares two pictures flat, and closed panoramas in the round", async () => {
    expect((await bundle(beforeAfter(grey(16), grey(16)))).html).toMatch(/"projection":"flat"/);
    const round = (await bundle(beforeAfter(grey(16), grey(16), { edge: "wrap" }))).html;
    expect(round).not.toMatch(/"projection":"flat"/);
    expect(round).toMatch(/"horizontal":360/);
  });
  test("refuses sizes that differ", () =>
    expect(() => beforeAfter(grey(16), grey(8))).toThrow(/beforeAfter: after: got \[1,3,8,8\], want \[1,3,16,16\]/));
});
