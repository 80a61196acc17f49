/** How many pixels a frame has. A made-up clock and graphics card: a frame takes as long as its pixels cost. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createPace } from "../../viewer/src/pace.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Turns for some frames. @param cost milliseconds of a frame with all pixels @returns the scale of each frame, and how often the card was waited for */
function turning(cost: number, frames: number): { scales: number[]; waits: number } {
  let [scale, waits] = [1, 0];
  const pace = createPace(() => {
    waits++;
    vi.advanceTimersByTime(cost * scale ** 2);
  });
  const scales: number[] = [];
  for (let k = 0; k < frames; k++) {
    scale = pace.moved(performance.now());
    scales.push(scale);
    pace.timed(scale, () => vi.advanceTimersByTime(1));
  }
  return { scales, waits };
}

test("the first frame has all pixels, as a step to another view has", () => {
  const pace = createPace(() => {});
  for (const now of [0, 5000, 10_000]) expect(pace.moved(now)).toBe(1);
});

test("a fast card draws all pixels of a moving view, a slow one as many as it can in time, and few when it is very slow", () => {
  expect(turning(4, 8).scales.at(-1)).toBe(1);
  const slow = turning(60, 8).scales.at(-1) as number;
  expect(60 * slow ** 2).toBeGreaterThan(15);
  expect(60 * slow ** 2).toBeLessThan(20.5);
  expect(turning(5000, 8).scales.at(-1)).toBe(0.4);
});

test("only a movement's first frames are waited for", () => {
  expect(turning(60, 40).waits).toBe(3);
});
