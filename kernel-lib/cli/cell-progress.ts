/** @file Shows which cell is running, how far its `track` is, and for how long: a line that is redrawn, or plain lines without a terminal. */
import { clock, duration } from "../core/words.js";
import { type Out, withBar } from "../display/progress-line.js";
import type { TrackPlace } from "../display/track-view.js";
import type { CellFailure, RunningCell } from "../ipynb/runner/run-cells.js";

/** A progress display of a notebook's cells. */
export interface CellProgress {
  start(cell: RunningCell): void;
  /** Says how far the run is that the cell tracks; undefined: it tracks none. */
  track(cell: RunningCell, place: TrackPlace | undefined): void;
  end(cell: RunningCell, failure?: CellFailure): void;
  /** Shows how long the cell has run; to be called every second. */
  tick(): void;
  /** Clears the line, so that later output begins there. */
  clear(): void;
}

/** Without a terminal, a running cell prints a line every `LINE_EVERY` milliseconds. */
const LINE_EVERY = 15_000;

interface Running {
  readonly cell: RunningCell;
  readonly since: number;
  saidAt: number;
  place?: TrackPlace;
}

/** Makes a progress display of a notebook's cells. */
export function createCellProgress({
  out,
  now = () => performance.now(),
}: {
  readonly out: Out;
  readonly now?: () => number;
}): CellProgress {
  let running: Running | undefined;
  const words = ({ cell, since, place }: Running): string => {
    const track = place ? [`track: step ${place.done} of ${place.steps}`] : [];
    return [which(cell), ...track, clock(now() - since), cell.line].join(" · ");
  };
  const redraw = (cell: Running) => {
    const part = (cell.cell.number - 1) / cell.cell.of;
    out.write(`\r${withBar(part, words(cell), out.columns ?? 80)}\x1b[K`); // a narrow terminal cuts the code
  };
  return {
    start(cell) {
      running = { cell, since: now(), saidAt: now() };
      if (out.isTTY) redraw(running);
    },
    track(cell, place) {
      if (running?.cell.number !== cell.number) return; // of a cell that has left work behind
      running.place = place;
      if (out.isTTY) redraw(running);
    },
    end(cell, failure) {
      const spent = running ? now() - running.since : 0;
      running = undefined;
      if (out.isTTY) return;
      const took = duration(Math.round(spent / 100) / 10);
      out.write(`${[which(cell), failure ? `${failure.kind} after ${took}` : took, cell.line].join(" · ")}\n`);
    },
    tick() {
      if (!running) return;
      if (out.isTTY) return redraw(running);
      if (now() - running.saidAt < LINE_EVERY) return;
      running.saidAt = now();
      out.write(`${words(running)}\n`);
    },
    clear() {
      if (out.isTTY) out.write("\r\x1b[K");
    },
  };
}

const which = ({ number, of }: RunningCell): string => `cell ${number} of ${of}`;
