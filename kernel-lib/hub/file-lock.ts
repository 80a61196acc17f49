/**
 * @file One process at a time at a file: a lock folder beside it, which its holder touches (proper-lockfile). The lock of a process that was
 * killed is taken over once it has not been touched for a while.
 */
import { setTimeout as sleep } from "node:timers/promises";

/** Milliseconds. A holder that is busy for less than STALE_AFTER keeps its lock. */
const TOUCH_EVERY = 2_000;
const STALE_AFTER = 10_000;
const LOOK_EVERY = 100;

/**
 * Holds the lock while `use` runs; `waiting` is called once where another process holds it.
 * @throws Error where the lock was lost to another process meanwhile
 */
export async function withFileLock<T>(lock: string, use: () => Promise<T>, waiting?: () => void): Promise<T> {
  const { default: lockfile } = await import("proper-lockfile"); // it listens to the process's signals from its import on
  let lose: (error: Error) => void = () => {};
  const lost = new Promise<never>((_, reject) => {
    lose = reject;
  });
  lost.catch(() => {}); // it may be that nobody waits for it
  const options = { lockfilePath: lock, realpath: false, stale: STALE_AFTER, update: TOUCH_EVERY, onCompromised: lose };
  const take = () =>
    lockfile.lock(lock, options).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ELOCKED") throw error;
    });
  let release = await take();
  if (!release) waiting?.();
  while (!release) {
    await sleep(LOOK_EVERY);
    release = await take();
  }
  try {
    return await Promise.race([use(), lost]);
  } finally {
    await release().catch(() => {}); // one that was lost is another's
  }
}
