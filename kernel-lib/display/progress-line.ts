/**
 * @file How far something is, on the terminal: a line that redraws itself (cli-progress), or plain lines where nobody watches. All commands say it in
 * one style: what is done of how many, then facts, then the time left, as in "step 4 of 10 · loss 0.375 · 0:12 left".
 */
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
   * Shows how far it is; a line that redraws itself has a bar before the words where there is room, and cuts them to its width.
   * @param part from 0 to 1
   * @param words what is done of how many, facts, the time left; an undefined one is left out
   */
  show(part: number, ...words: readonly (string | undefined)[]): void;
  /** Says something in a line of its own. */
  say(text: string): void;
  /** Ends the line, so that what follows begins a new one. `show` begins another. */
  end(): void;
}

/** Without a terminal: a line every tenth, and at least every so many milliseconds. */
const LINE_EVERY = 15_000;

/** Makes one progress line: a bar that is redrawn on a terminal, plain lines elsewhere. */
export const progressLine = (out: Out): ProgressLine => (out.isTTY ? redrawnLine(out) : plainLines(out));

const joined = (words: readonly (string | undefined)[]): string => words.filter((word) => word !== undefined).join(" · ");

/** Words with a bar before them where there is room for one, cut to the terminal's width. @param part from 0 to 1 */
export function withBar(part: number, words: string, columns: number): string {
  const room = Math.min(32, columns - words.length - 4);
  if (room < 6) return words.slice(0, columns - 1);
  const full = Math.round(room * part);
  return `${"━".repeat(full)}${"─".repeat(room - full)}  ${words}`;
}

function redrawnLine(out: Out): ProgressLine {
  const { SingleBar } = require("cli-progress") as typeof import("cli-progress"); // here, since notebooks import this file and have no terminal
  const bar = new SingleBar({
    stream: out as unknown as NodeJS.WritableStream,
    format: (_options, { maxWidth = 80, progress }, { words }: { words: string }) => withBar(progress, words, maxWidth),
    linewrap: true, // else it turns the terminal's wrapping off, which a killed process leaves so
    clearOnComplete: true,
  });
  unrefTimers(bar);
  let last: { readonly part: number; readonly words: string } | undefined;
  const stop = () => {
    bar.stop();
    last = undefined;
  };
  return {
    show(part, ...given) {
      const words = joined(given);
      if (last) bar.update(part, { words });
      else bar.start(1, part, { words });
      last = { part, words };
    },
    say(text) {
      stop();
      out.write(`${text}\n`);
    },
    end() {
      const line = last && withBar(last.part, last.words, out.columns ?? 80);
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
    show(part, ...words) {
      const [now, reached] = [performance.now(), Math.floor(part * 10)];
      if (reached === tenth && now - saidAt < LINE_EVERY) return;
      [saidAt, tenth] = [now, reached];
      out.write(`${joined(words)}\n`);
    },
    say: (text) => out.write(`${text}\n`),
    end() {},
  };
}
