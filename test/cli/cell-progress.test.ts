import { expect, test } from "vitest";
import { createCellProgress } from "#kernel-lib/cli/cell-progress.js";

const cell = { number: 3, of: 12, line: "const run = syncDiffusion(model)" };

function watched(terminal: { isTTY: boolean; columns?: number }) {
  let [text, time] = ["", 0];
  const progress = createCellProgress({ out: { write: (more) => (text += more), ...terminal }, now: () => time });
  const at = (milliseconds: number, then: () => void) => {
    time = milliseconds;
    text = "";
    then();
    return text;
  };
  return { progress, at };
}

test("on a terminal one line is redrawn, cut to the terminal's width, and taken away at the end", () => {
  const { progress, at } = watched({ isTTY: true, columns: 36 });
  expect(at(0, () => progress.start(cell))).toBe("\rcell 3 of 12 · 0:00 · const run = s\x1b[K");
  expect(at(65_000, progress.tick)).toBe("\rcell 3 of 12 · 1:05 · const run = s\x1b[K");
  expect(at(66_000, () => progress.end(cell))).toBe("");
  expect(at(66_000, progress.tick)).toBe("");
  expect(at(66_000, progress.clear)).toBe("\r\x1b[K");
});

test("on a terminal the line says at once how far the cell's track is, until that run has ended or the next cell begins", () => {
  const { progress, at } = watched({ isTTY: true, columns: 60 });
  const track = (done: number) => () => progress.track(cell, { done, steps: 12 });
  at(0, () => progress.start(cell));
  expect(at(41_000, track(3))).toBe("\rcell 3 of 12 · track: step 3 of 12 · 0:41 · const run = syn\x1b[K");
  expect(at(42_000, progress.tick)).toBe("\rcell 3 of 12 · track: step 3 of 12 · 0:42 · const run = syn\x1b[K");
  expect(at(43_000, () => progress.track(cell, undefined))).toBe("\rcell 3 of 12 · 0:43 · const run = syncDiffusion(model)\x1b[K");
  at(44_000, track(5));
  at(45_000, () => progress.end(cell));
  expect(at(45_000, () => progress.start({ ...cell, number: 4 }))).toBe("\rcell 4 of 12 · 0:00 · const run = syncDiffusion(model)\x1b[K");
});

test("without a terminal a cell is a line when it ends, and says every 15 seconds that it runs and how far its track is", () => {
  const { progress, at } = watched({ isTTY: false });
  expect(at(0, () => progress.start(cell))).toBe("");
  expect(at(14_000, progress.tick)).toBe("");
  expect(at(15_000, progress.tick)).toBe("cell 3 of 12 · 0:15 · const run = syncDiffusion(model)\n");
  expect(at(16_000, progress.tick)).toBe("");
  expect(at(17_000, () => progress.track(cell, { done: 1, steps: 4 }))).toBe("");
  expect(at(30_000, progress.tick)).toBe("cell 3 of 12 · track: step 1 of 4 · 0:30 · const run = syncDiffusion(model)\n");
  expect(at(40_200, () => progress.end(cell))).toBe("cell 3 of 12 · 40.2 s · const run = syncDiffusion(model)\n");
  const failed = { ...cell, kind: "error", message: "no" } as const;
  at(0, () => progress.start(cell));
  expect(at(100, () => progress.end(cell, failed))).toBe("cell 3 of 12 · error after 0.1 s · const run = syncDiffusion(model)\n");
});
