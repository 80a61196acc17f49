/** @file A kernel's process. It has its own process group, so that all of it can be killed, and Ctrl-C in the terminal reaches only the runner. */
import { spawn } from "node:child_process";

/** A kernel's process. */
export interface KernelProcess {
  /** Resolves when the process is gone: "ended with code 3", "was killed by SIGKILL". */
  readonly ended: Promise<string>;
  /** The end of what it wrote to standard output and standard error. */
  log(): string;
  interrupt(): void;
  /** Kills the process and its children. */
  kill(): void;
}

/** Maximum characters of a kernel's log in an error. */
const LOG_LENGTH = 4000;
const POSIX = process.platform !== "win32";

/** Starts a kernel's process. @param command program and arguments @param cwd the notebook's folder */
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
      // The group has already ended.
    }
  };
  process.once("exit", kill);
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(`did not start: ${error.message}`));
    child.once("exit", (code, signal) => resolve(signal ? `was killed by ${signal}` : `ended with code ${code}`));
  }).finally(() => {
    kill(); // otherwise its children would outlive it
    process.off("exit", kill);
  });
  return { ended, log: () => log.trim(), interrupt: () => void child.kill("SIGINT"), kill };
}
