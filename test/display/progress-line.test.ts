import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { progressLine } from "#kernel-lib/display/progress-line.js";
import { written } from "../fixtures/terminal.js";

test("a process whose progress nobody ended ends by itself", async () => {
  const program = `
    import { progressLine } from "#kernel-lib/display/progress-line.js";
    const out = { write: (text) => process.stdout.write(text), isTTY: true, columns: 40 };
    progressLine(out).show(0.5, "half");`;
  const cwd = fileURLToPath(new URL("../..", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program], { cwd, timeout: 30_000 });
  expect(stdout).toContain("half");
});

test("a line that redraws itself is kept when it ends, and gives way to what is said", () => {
  let text = "";
  const line = progressLine({ write: (part) => (text += part), isTTY: true, columns: 20 });
  line.show(0.25, "1 of 4 runs", undefined, "0:07 left");
  line.say("a word between");
  line.show(1, "all");
  line.end();
  line.end(); // twice is once
  expect(written(text)).toEqual(["1 of 4 runs · 0:07 ", "a word between", "━━━━━━━━━━━━━  all", "━━━━━━━━━━━━━  all"]);
  expect(text.endsWith("all\n")).toBe(true);
});
