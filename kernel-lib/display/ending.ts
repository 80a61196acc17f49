/** @file The last word of an output whose process ends before its work does, as when a notebook's kernel is restarted. */

/** What `whenEnding` returns. */
export interface Ending {
  /** Ends the wait: the work has come to its own end. */
  over(): void;
}

/**
 * Calls `say` if the process exits before `over`. It runs before the listeners that are there already, among them the kernel's, which closes
 * the way to the front end. A process that is killed, or whose thread is busy, says nothing more.
 * @param say must not wait for anything
 */
export function whenEnding(say: () => void): Ending {
  process.prependListener("exit", say);
  return { over: () => void process.off("exit", say) };
}
