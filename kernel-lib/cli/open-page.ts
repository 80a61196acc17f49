/** @file Opens a page in the browser that the system has chosen. */
import { spawn } from "node:child_process";

/** The system's own command, and what stands before the file. */
const OPENERS: Partial<Record<NodeJS.Platform, readonly string[]>> = { darwin: ["open"], win32: ["cmd", "/c", "start", ""] };

/** Opens a page. @returns whether the system took it; where it has no browser, as over SSH, the caller says where the page lies */
export function openPage(file: string): Promise<boolean> {
  const [command, ...words] = OPENERS[process.platform] ?? ["xdg-open"];
  return new Promise((resolve) => {
    const opener = spawn(command, [...words, file], { stdio: "ignore", detached: true });
    opener.once("error", () => resolve(false));
    opener.once("exit", (code) => resolve(code === 0));
    // some openers stay with the browser: after two seconds it runs on without us
    setTimeout(() => {
      opener.unref();
      resolve(true);
    }, 2000).unref();
  });
}
