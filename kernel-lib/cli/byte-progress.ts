/** @file How many bytes of how many, on the terminal: one line that redraws itself, or a line every tenth where nobody watches. */
import { gigabytes } from "../core/bytes.js";
import { clock, type Out } from "./progress.js";

export interface ByteProgressOptions {
  /** what is done, as "writing" */
  readonly doing: string;
  readonly out: Out;
  /** milliseconds; default the clock's */
  readonly now?: () => number;
}

/** @returns shows so many bytes of the total; the last call, with all of them, ends the line */
export function createByteProgress({ doing, out, now = () => performance.now() }: ByteProgressOptions): (done: number, total: number) => void {
  const begun = now();
  let shown = -1;
  return (done, total) => {
    // a hundredth of the bar, or a tenth of the lines
    const part = Math.floor((done / total) * (out.isTTY ? 100 : 10));
    if (part === shown) return;
    shown = part;
    const left = ((now() - begun) / done) * (total - done);
    const percent = Math.floor((100 * done) / total);
    const told = `${doing} ${gigabytes(done)} of ${gigabytes(total)}, ${percent} %${part > 0 && done < total ? `, ${clock(left)} left` : ""}`;
    out.write(out.isTTY ? `\r${told}\x1b[K${done < total ? "" : "\n"}` : `${told}\n`);
  };
}
