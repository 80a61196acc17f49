/** @file A kernel's process: a group of its own, so that nothing of it stays behind, and Ctrl-C in the terminal reaches the runner alone. */
import { spawn } from "node:child_process";

export interface KernelProcess {
  /** Resolves when the process is gone: "ended with code 3", "was killed by SIGKILL". */
  readonly ended: Promise<string>;
  /** The last of what it wrote to its own standard output and error. */
  log(): string;
  interrupt(): void;
  /** Ends the process and every child of it, at once. */
  kill(): void;
}

/** Characters of a kernel's own words that an error shows. */
const LOG_LENGTH = 4000;
const POSIX = process.platform !== "win32";

/** @param command program and words; @param cwd the notebook's folder */
export function startProcess([program, ...words]: readonly string[], cwd: string): KernelProcess {
  const child = spawn(program, words, { cwd, stdio: ["ignore", "pipe", "pipe"], detached: POSIX, windowsHide: true });
  let log = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      log = (log + text).slice(-LOG_LENGTH);
    });
  const kill = () => {
    if (child.pid === undefined) return;
    try {
      if (POSIX) process.kill(-child.pid, "SIGKILL");
      else child.kill();
    } catch {
      // Nothing of the group is left.
    }
  };
  process.once("exit", kill);
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(`did not start: ${error.message}`));
    child.once("exit", (code, signal) => resolve(signal ? `was killed by ${signal}` : `ended with code ${code}`));
  }).finally(() => {
    kill(); // its children outlive it otherwise
    process.off("exit", kill);
  });
  return { ended, log: () => log.trim(), interrupt: () => void child.kill("SIGINT"), kill };
}
