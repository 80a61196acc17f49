/** @file A kernel whose front end is gone would stay for ever: it looks whether its parent still lives. */

const EVERY_MS = 1000;

/**
 * Calls `gone` once the process that started this one has ended. JPY_PARENT_PID, which Jupyter sets, names it; else it is the parent at the start.
 * Whom process 1 started is nobody's child, and is not watched.
 */
export function watchParent(gone: () => void): void {
  const named = Number(process.env.JPY_PARENT_PID);
  const parent = Number.isInteger(named) && named > 1 ? named : process.ppid;
  const child = process.ppid === parent;
  if (parent <= 1) return;
  const timer = setInterval(() => {
    if (child && process.platform !== "win32" ? process.ppid === parent : lives(parent)) return;
    clearInterval(timer);
    gone();
  }, EVERY_MS);
  timer.unref();
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
