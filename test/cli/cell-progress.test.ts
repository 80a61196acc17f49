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
  const { progress, at } = watched({ isTTY: true, columns: 30 });
  expect(at(0, () => progress.start(cell))).toBe("\rcell 3/12  0:00  const run = \x1b[K");
  expect(at(65_000, progress.tick)).toBe("\rcell 3/12  1:05  const run = \x1b[K");
  expect(at(66_000, () => progress.end(cell))).toBe("");
  expect(at(66_000, progress.tick)).toBe("");
  expect(at(66_000, progress.clear)).toBe("\r\x1b[K");
});

test("without a terminal a cell is a line when it ends, and says that it runs every 15 seconds", () => {
  const { progress, at } = watched({ isTTY: false });
  expect(at(0, () => progress.start(cell))).toBe("");
  expect(at(14_000, progress.tick)).toBe("");
  expect(at(15_000, progress.tick)).toBe("cell 3/12, running for 15 s: const run = syncDiffusion(model)\n");
  expect(at(16_000, progress.tick)).toBe("");
  expect(at(20_200, () => progress.end(cell))).toBe("cell 3/12, 20.2 s: const run = syncDiffusion(model)\n");
  const failed = { ...cell, kind: "error", message: "no" } as const;
  at(0, () => progress.start(cell));
  expect(at(100, () => progress.end(cell, failed))).toBe("cell 3/12, 0.1 s, error: const run = syncDiffusion(model)\n");
});
