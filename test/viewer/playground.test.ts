import { expect, test } from "vitest";
import {
  crops,
  field,
  mean,
  modeBefore,
  noiseOf,
  paint,
  STEPS,
  spread,
  TRUE_SPREAD,
  type Way,
  withMeans,
} from "../../viewer/src/playground/two-windows.js";

const KNOBS = { overlap: 4, weight: 2, syncSteps: STEPS };
const ends = async (way: Way, overlap: number, goal: readonly [number, number]) => {
  const { first, second } = await paint(way, withMeans(noiseOf(1, overlap), overlap, goal), { ...KNOBS, overlap });
  return [first[STEPS], second[STEPS]];
};

test.each([
  [1, 0],
  [4, 0],
  [7, 2],
])("noise gets the means that it is dragged to, with %i shared columns, and keeps its shape inside a part", (overlap, k) => {
  const noise = noiseOf(3, overlap);
  const moved = withMeans(noise, overlap, [0.7, -0.4]);
  const [first, second] = crops(moved, overlap).map(mean);
  expect([first, second]).toEqual([expect.closeTo(0.7, 6), expect.closeTo(-0.4, 6)]);
  expect(moved[k + 1] - moved[k]).toBeCloseTo(noise[k + 1] - noise[k], 6);
});

test("from noises of opposite sign each window alone differs, MultiDiffusion lies between, SyncDiffusion agrees", async () => {
  const [alone, multi, sync] = await Promise.all((["alone", "multi", "sync"] as const).map((way) => ends(way, 4, [0.4, -0.3])));
  expect(mean(alone[0])).toBeGreaterThan(0.7);
  expect(mean(alone[1])).toBeLessThan(-0.7);
  expect(spread(multi[0])).toBeGreaterThan(1.5 * TRUE_SPREAD);
  expect(Math.sign(mean(sync[0]))).toBe(Math.sign(mean(sync[1])));
});

test("both windows hold the same overlap in every step, but not where each is painted alone", async () => {
  const noise = noiseOf(2, 3);
  for (const way of ["multi", "sync", "alone"] as const) {
    const { first, second } = await paint(way, noise, { ...KNOBS, overlap: 3 });
    const equal = first.map((own, row) => own.slice(5).every((value, k) => value === second[row][k]));
    expect(equal.every(Boolean), way).toBe(way !== "alone");
  }
});

test("an arrow is the method's own step: without other differences it leads to the path's next point", async () => {
  const start = withMeans(new Float32Array(12), 4, [0.5, -0.2]);
  for (const way of ["alone", "multi", "sync"] as const) {
    const { first, second } = await paint(way, start, KNOBS);
    const [[a, b]] = await field(way, 0, [[0.5, -0.2]], KNOBS);
    expect([a, b], way).toEqual([expect.closeTo(mean(first[1]), 6), expect.closeTo(mean(second[1]), 6)]);
  }
});

test("SyncDiffusion with weight 0 and without synchronised steps is MultiDiffusion, arrows and paths", async () => {
  const noise = noiseOf(4, 4);
  const multi = await paint("multi", noise, KNOBS);
  for (const knobs of [
    { ...KNOBS, weight: 0 },
    { ...KNOBS, syncSteps: 0 },
  ]) {
    expect(await paint("sync", noise, knobs)).toEqual(multi);
    expect(await field("sync", 20, [[0.3, 0.9]], knobs)).toEqual(await field("multi", 20, [[0.3, 0.9]], knobs));
  }
});

test("modes move outward from the noise to ±1", () => {
  const modes = Array.from({ length: STEPS + 1 }, (_, step) => modeBefore(step));
  expect([...modes].sort((a, b) => a - b)).toEqual(modes);
  expect(modes[0]).toBeLessThan(0.1);
  expect(modes[STEPS]).toBe(1);
});
