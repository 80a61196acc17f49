/** @file The runs that are being written: .partial/KEY.HOST.PID.TOKEN. Those that a dead process left are swept away. */
import { readdir, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { partialFolder } from "./sweep-folder.js";

/** Who writes a run. */
export interface PartialRun {
  readonly key: string;
  readonly host: string;
  readonly pid: number;
}

const NAME = /^([0-9a-f]{16})\.(.+)\.(\d+)\.[0-9a-f]{8}$/;

/** What the name of a folder in .partial says; undefined for any other name. */
export function partialOf(name: string): PartialRun | undefined {
  const [, key, host, pid] = NAME.exec(name) ?? [];
  return key === undefined ? undefined : { key, host, pid: Number(pid) };
}

/** Milliseconds after which what a dead process was writing is swept away. */
const LEFT_AFTER = 24 * 3_600_000;

/** Removes what dead processes of this host, and any of other hosts, left more than a day ago. @param now milliseconds since 1970 */
export async function sweepPartials(dir: string, now: number = Date.now()): Promise<void> {
  for (const name of await readdir(partialFolder(dir)).catch((): string[] => [])) {
    const partial = partialOf(name);
    if (!partial || (partial.host === hostname() && isAlive(partial.pid))) continue;
    const folder = join(partialFolder(dir), name);
    const written = (await stat(folder).catch(() => undefined))?.mtimeMs ?? now;
    if (now - written > LEFT_AFTER) await rm(folder, { recursive: true, force: true });
  }
}

/** The runs that are being written now, as far as this host can say: those of its dead processes are left out. */
export async function runningPartials(dir: string): Promise<readonly PartialRun[]> {
  const names = await readdir(partialFolder(dir)).catch((): string[] => []);
  return names.flatMap((name) => partialOf(name) ?? []).filter(({ host, pid }) => host !== hostname() || isAlive(pid));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // another user's
  }
}
