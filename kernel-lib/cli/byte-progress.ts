/** @file Shows how many bytes are done: a line that is redrawn, or without a terminal a line every tenth. */
import { bytesInWords, clock } from "../core/words.js";
import type { Out } from "../display/progress.js";

/** Options of `createByteProgress`. */
export interface ByteProgressOptions {
  /** the activity, such as "writing" */
  readonly doing: string;
  readonly out: Out;
  /** milliseconds; default the clock's */
  readonly now?: () => number;
}

/** A progress display in bytes. */
export interface ByteProgress {
  show(done: number, total: number): void;
  /** Ends the line, so that later output begins a new one. */
  end(): void;
}

/** Makes a progress display in bytes. */
export function createByteProgress({ doing, out, now = () => performance.now() }: ByteProgressOptions): ByteProgress {
  const begun = now();
  let shown = -1;
  return {
    show(done, total) {
      // redrawn every hundredth; a new line every tenth
      const part = Math.floor((done / total) * (out.isTTY ? 100 : 10));
      if (part === shown) return;
      shown = part;
      const left = ((now() - begun) / done) * (total - done);
      const facts = [`${Math.floor((100 * done) / total)} %`, ...(part > 0 && done < total ? [`${clock(left)} left`] : [])];
      const text = `${doing} ${bytesInWords(done)} of ${bytesInWords(total)}, ${facts.join(", ")}`;
      out.write(out.isTTY ? `\r${text}\x1b[K` : `${text}\n`);
    },
    end() {
      if (out.isTTY && shown >= 0) out.write("\n");
    },
  };
}
