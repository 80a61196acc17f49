/** @file Shows which cell is running, and for how long: a line that is redrawn, or plain lines without a terminal. */

import { clock, duration } from "../core/words.js";
import type { Out } from "../display/progress.js";
import type { CellFailure, RunningCell } from "../ipynb/runner/run-cells.js";

/** A progress display of a notebook's cells. */
export interface CellProgress {
  start(cell: RunningCell): void;
  end(cell: RunningCell, failure?: CellFailure): void;
  /** Shows how long the cell has run; to be called every second. */
  tick(): void;
  /** Clears the line, so that later output begins there. */
  clear(): void;
}

/** Without a terminal, a running cell prints a line at least every `LINE_EVERY` milliseconds. */
const LINE_EVERY = 15_000;

/** Makes a progress display of a notebook's cells. */
export function createCellProgress({
  out,
  now = () => performance.now(),
}: {
  readonly out: Out;
  readonly now?: () => number;
}): CellProgress {
  let running: { readonly cell: RunningCell; readonly since: number; saidAt: number } | undefined;
  const line = ({ number, of, line: code }: RunningCell, spent: number) => {
    const text = `cell ${number}/${of}  ${clock(spent)}  ${code}`; // a narrow terminal cuts the code
    out.write(`\r${text.slice(0, (out.columns ?? 80) - 1)}\x1b[K`);
  };
  return {
    start(cell) {
      running = { cell, since: now(), saidAt: now() };
      if (out.isTTY) line(cell, 0);
    },
    end(cell, failure) {
      const spent = running ? now() - running.since : 0;
      running = undefined;
      if (!out.isTTY)
        out.write(
          `cell ${cell.number}/${cell.of}, ${duration(Math.round(spent / 100) / 10)}${failure ? `, ${failure.kind}` : ""}: ${cell.line}\n`,
        );
    },
    tick() {
      if (!running) return;
      const spent = now() - running.since;
      if (out.isTTY) return line(running.cell, spent);
      if (now() - running.saidAt < LINE_EVERY) return;
      running.saidAt = now();
      out.write(
        `cell ${running.cell.number}/${running.cell.of}, running for ${duration(Math.round(spent / 100) / 10)}: ${running.cell.line}\n`,
      );
    },
    clear() {
      if (out.isTTY) out.write("\r\x1b[K");
    },
  };
}
