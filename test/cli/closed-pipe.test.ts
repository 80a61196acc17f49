/** @file A reader of the command's words that leaves early. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const CLI = fileURLToPath(new URL("../../dist/kernel-lib/cli.js", import.meta.url));

test("a reader that closes the pipe before the first word is no error", async () => {
  const child = spawn(process.execPath, [CLI, "paint", "--help"], { stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.destroy();
  let said = "";
  child.stderr.on("data", (chunk) => {
    said += chunk;
  });
  expect(await once(child, "exit")).toEqual([0, null]);
  expect(said).toBe("");
});
