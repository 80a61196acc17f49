/** @file Inter-process lock file (O_EXCL). A lock whose owner has died is taken over. */
import { randomUUID } from "node:crypto";
import { constants, copyFileSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

/** A holder touches its lock this often, in milliseconds; one that was not touched for so long belongs to a process that is gone. */
const TOUCH_EVERY = 5_000;
const STALE_AFTER = 60_000;
const LOOK_EVERY = 100;

/** Holds the lock while `use` runs; `waiting` is called once where another process holds it. */
export async function withFileLock<T>(lock: string, use: () => Promise<T>, waiting?: () => void): Promise<T> {
  const mine = JSON.stringify({ pid: process.pid, host: hostname(), token: randomUUID() });
  for (let told = false; !take(lock, mine); ) {
    if (breakStale(lock)) continue;
    if (!told) waiting?.();
    told = true;
    await sleep(LOOK_EVERY);
  }
  const touch = setInterval(() => {
    if (contentOf(lock) === mine) utimesSync(lock, new Date(), new Date());
  }, TOUCH_EVERY);
  touch.unref();
  try {
    return await use();
  } finally {
    clearInterval(touch);
    if (contentOf(lock) === mine) rmSync(lock, { force: true });
  }
}

function take(lock: string, content: string): boolean {
  try {
    writeFileSync(lock, content, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Removes the lock of a process that is gone; whether it did. */
function breakStale(lock: string): boolean {
  const seen = contentOf(lock);
  if (seen === undefined) return true;
  if (!isStale(lock, seen)) return false;
  // Moved away first: of several processes that saw the same lock, one breaks it.
  const aside = `${lock}.${randomUUID().slice(0, 8)}`;
  try {
    renameSync(lock, aside);
    // Another had broken it, and this one is new: back with it.
    if (contentOf(aside) !== seen) copyFileSync(aside, lock, constants.COPYFILE_EXCL);
  } catch (error) {
    if (!["ENOENT", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
  rmSync(aside, { force: true });
  return true;
}

function isStale(lock: string, content: string): boolean {
  const touched = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
  if (touched === undefined || Date.now() - touched > STALE_AFTER) return true;
  const pid = /^\{"pid":(\d+),/.exec(content)?.[1];
  if (pid === undefined || !content.includes(`"host":${JSON.stringify(hostname())}`)) return false; // another machine's, or not yet written
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

function contentOf(lock: string): string | undefined {
  try {
    return readFileSync(lock, "utf8");
  } catch {
    return undefined;
  }
}
