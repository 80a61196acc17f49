/** @file How many bytes of how many, on the terminal: one line that redraws itself, or a line every tenth where nobody watches. */
import { bytesInWords, clock } from "../core/words.js";
import type { Out } from "../display/progress.js";

export interface ByteProgressOptions {
  /** what is done, as "writing" */
  readonly doing: string;
  readonly out: Out;
  /** milliseconds; default the clock's */
  readonly now?: () => number;
}

export interface ByteProgress {
  show(done: number, total: number): void;
  /** Ends the line, so that what follows begins a new one. */
  end(): void;
}

export function createByteProgress({ doing, out, now = () => performance.now() }: ByteProgressOptions): ByteProgress {
  const begun = now();
  let shown = -1;
  return {
    show(done, total) {
      // a hundredth of the bar, or a tenth of the lines
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
