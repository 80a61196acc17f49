/** @file How far something is, on the terminal: a line that redraws itself (cli-progress), or plain lines where nobody watches. */
import { createRequire } from "node:module";
import type { SingleBar } from "cli-progress";

const require = createRequire(import.meta.url);

/** A stream that text goes to. */
export interface Out {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface ProgressLine {
  /**
   * Shows how far it is.
   * @param part from 0 to 1
   * @param words of a plain line; where a line redraws itself they are given its width, and are cut to it
   */
  show(part: number, words: (columns: number) => string): void;
  /** Says something in a line of its own. */
  say(text: string): void;
  /** Ends the line, so that what follows begins a new one. `show` begins another. */
  end(): void;
}

/** Without a terminal: a line every tenth, and at least every so many milliseconds. */
const LINE_EVERY = 15_000;

/** Makes one progress line: a bar that is redrawn on a terminal, plain lines elsewhere. */
export const progressLine = (out: Out): ProgressLine => (out.isTTY ? redrawnLine(out) : plainLines(out));

function redrawnLine(out: Out): ProgressLine {
  const { SingleBar } = require("cli-progress") as typeof import("cli-progress"); // here, since notebooks import this file and have no terminal
  const bar = new SingleBar({
    stream: out as unknown as NodeJS.WritableStream,
    format: (_options, { maxWidth }, { words }: { words: (columns: number) => string }) =>
      words(maxWidth ?? 80).slice(0, (maxWidth ?? 80) - 1),
    linewrap: true, // else it turns the terminal's wrapping off, which a killed process leaves so
    clearOnComplete: true,
  });
  unrefTimers(bar);
  let last: ((columns: number) => string) | undefined;
  const stop = () => {
    bar.stop();
    last = undefined;
  };
  return {
    show(part, words) {
      if (last) bar.update(part, { words });
      else bar.start(1, part, { words });
      last = words;
    },
    say(text) {
      stop();
      out.write(`${text}\n`);
    },
    end() {
      const columns = out.columns ?? 80;
      const line = last?.(columns).slice(0, columns - 1);
      stop();
      if (line !== undefined) out.write(`${line}\n`);
    },
  };
}

/** The bar's timer would keep a process alive whose progress nobody ended, such as a script that leaves a loop. */
function unrefTimers(bar: SingleBar): void {
  let timer: NodeJS.Timeout | null = null;
  Object.defineProperty(bar, "timer", {
    get: () => timer,
    set: (next: NodeJS.Timeout | null) => {
      timer = next;
      next?.unref();
    },
  });
}

function plainLines(out: Out): ProgressLine {
  let saidAt = performance.now();
  let tenth: number | undefined;
  return {
    show(part, words) {
      const [now, reached] = [performance.now(), Math.floor(part * 10)];
      if (reached === tenth && now - saidAt < LINE_EVERY) return;
      [saidAt, tenth] = [now, reached];
      out.write(`${words(Number.POSITIVE_INFINITY)}\n`);
    },
    say: (text) => out.write(`${text}\n`),
    end() {},
  };
}
