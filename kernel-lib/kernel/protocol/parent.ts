/** @file Watches the parent process, so that a kernel does not outlive its front end. */

const EVERY_MS = 1000;

/**
 * Calls `gone` once the parent process has ended: the process of JPY_PARENT_PID, which Jupyter sets, else the parent at the start. A parent with
 * process id 1 is not watched.
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
