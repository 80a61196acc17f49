import { describe, expect, test } from "vitest";
import { createSchedule } from "#kernel-lib/diffusion/schedule.js";
import { latentView } from "#kernel-lib/display/plots/latent-view.js";
import { schedulePlot } from "#kernel-lib/display/plots/schedule-plot.js";
import { plotted } from "./plotted.js";

const ramp = (shape: readonly number[], scale = 1) => ({
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, k) => (k % 7) * scale - 2),
  shape,
});

describe("the view of a latent", () => {
  test("has a heat map a channel, with its numbers, on one scale around 0", async () => {
    const latent = ramp([1, 4, 2, 12]);
    const { data, layout } = await plotted(latentView(latent));
    expect(data).toHaveLength(4);
    expect(data[1].z).toEqual([0, 1].map((r) => Array.from(latent.data.subarray(24 + r * 12, 24 + r * 12 + 12))));
    expect([layout.coloraxis.cmin, layout.coloraxis.cmax]).toEqual([-4, 4]);
  });
  test("a large one is drawn by the means of its blocks, and says so", async () => {
    const { data, layout } = await plotted(latentView({ data: new Float32Array(4 * 128 * 256).fill(0.5), shape: [1, 4, 128, 256] }));
    const z = data[0].z;
    expect([z.length, z[0].length]).toEqual([32, 64].map((n) => (n * 4) / 3).map(Math.ceil));
    expect(z.flat().every((cell) => cell === 0.5)).toBe(true);
    expect(layout.title.text).toBe("Latent (means of 3 × 3)");
  });
  test("of steps it shows the last, and mean, deviation, least and largest value over them", async () => {
    const steps = [1, 2, 3].map((scale, index) => ({ index, latent: ramp([1, 1, 1, 7], scale) })); // -2, scale-2, …, 6·scale-2
    const { data, text } = await plotted(latentView(steps));
    const line = (wanted: string) => data.find(({ name }) => name === wanted)?.y;
    expect(line("mean")).toEqual([1, 4, 7]);
    expect(line("std")).toEqual([2, 4, 6]);
    expect(line("min")).toEqual([-2, -2, -2]);
    expect(line("max")).toEqual([4, 10, 16]);
    expect(data[0].z).toEqual([Array.from(steps[2].latent.data)]);
    expect(text).toBe(
      "[Latent after step 2: 1 channels of 1 × 7; mean 7, standard deviation 6, from -2 to 16. Over steps 0 to 2 its standard deviation goes from 2 to 6.]",
    );
  });
  test("refuses no steps, and what is no latent", () => {
    expect(() => latentView([])).toThrow(/^latentView: got no steps/);
    expect(() => latentView(ramp([4, 2, 12]))).toThrow(/latentView: got \[4,2,12\], want \[1,c,h,w\]/);
    expect(() => latentView([{ index: 0, latent: ramp([2, 4, 2, 2]) }])).toThrow(/want \[1,c,h,w\]/);
  });
});

describe("the plot of a schedule", () => {
  const schedule = createSchedule({
    betaStart: 0.00085,
    betaEnd: 0.012,
    betaSchedule: "scaled_linear",
    trainTimesteps: 1000,
    stepsOffset: 1,
    setAlphaToOne: false,
    prediction: "epsilon",
  });
  test("marks the run's timesteps on the curve of all", async () => {
    const { data, text, layout } = await plotted(schedulePlot(schedule, { steps: 10 }));
    expect(data).toHaveLength(2);
    expect(layout.yaxis.range?.[0]).toBeLessThan(0); // so that no point at 0 is cut, and the axes' labels stay apart
    expect(layout.yaxis.range?.[1]).toBeGreaterThan(1);
    expect(data[1].x).toEqual([901, 801, 701, 601, 501, 401, 301, 201, 101, 1]);
    expect(data[1].y).toEqual([901, 801, 701, 601, 501, 401, 301, 201, 101, 1].map((t) => Number(schedule.alphaBar[t].toPrecision(4))));
    const [first, last] = [data[0].x[0], data[0].x[data[0].x.length - 1]];
    expect([first, last]).toEqual([0, 999]);
    expect(text).toMatch(/^\[Noise schedule: 10 DDIM steps from timestep 901, ᾱ [\d.]+, to timestep 1, ᾱ 0\.998\.\]$/);
  });
  test("its weights are weight · decay^i where step i is synchronised, else 0", async () => {
    const { data, text } = await plotted(schedulePlot(schedule, { steps: 8, weight: 16, decay: 0.5, syncEvery: 2, syncSteps: 6 }));
    expect(data[2].y).toEqual([0, 8, 0, 2, 0, 0.5, 0, 0]);
    expect(text).toContain("3 steps are synchronised, with weights from 8 to 0.5.");
  });
  test("refuses steps that do not fit, and half of a weight", () => {
    expect(() => schedulePlot(schedule, { steps: 0 })).toThrow(RangeError);
    expect(() => schedulePlot(schedule, { steps: 5, weight: 20 })).toThrow(
      "schedulePlot: got weight 20 and decay undefined, want both or neither",
    );
  });
});
