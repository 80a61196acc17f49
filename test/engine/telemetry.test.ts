import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";

const run = promisify(execFile);
const cwd = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "veduta-telemetry-"));
afterAll(() => rmSync(folder, { recursive: true }));

const hasStrace = await run("strace", ["-V"]).then(
  () => true,
  () => false,
);
const unlessStrace = hasStrace ? "" : " (skipped: strace is not installed)";

/** ONNX Runtime sends its first events ten seconds after it was loaded. */
const SECONDS = 15;

const PAINT = `
  import { multiDiffusion, openModel } from "#kernel-lib/index.js";
  const model = await openModel("tiny-landscapes", { device: "cpu", threads: 1 });
  for await (const step of multiDiffusion(model, { prompt: "hills", width: 192, steps: 1, seed: 1 })) console.log(step.index);
  await model.close();
  await new Promise((resolve) => setTimeout(resolve, ${SECONDS * 1000} - performance.now()));`;

/** Runs a program with a home folder of its own, and nothing in the environment about telemetry, caches or coverage. */
async function runAt(home: string, program: string, env: Record<string, string> = {}, before: readonly string[] = []): Promise<string> {
  mkdirSync(home);
  const [file, ...words] = [...before, process.execPath, "--input-type=module", "-e", program];
  const { stdout } = await run(file, words, { cwd, env: { PATH: process.env.PATH, HOME: home, ...env }, timeout: 100_000 });
  return stdout.trim();
}

test("painting leaves an empty home folder empty", { concurrent: true, timeout: 120_000 }, async () => {
  const home = join(folder, "home");
  expect(await runAt(home, PAINT)).toBe("0");
  expect(readdirSync(home, { recursive: true })).toEqual([]);
});

test.skipIf(!hasStrace)(
  `painting looks up no host and connects to none${unlessStrace}`,
  { concurrent: true, timeout: 120_000 },
  async () => {
    const calls = join(folder, "calls.txt");
    const strace = ["strace", "-f", "-qq", "-e", "trace=openat,connect,sendto", "-o", calls];
    expect(await runAt(join(folder, "traced"), PAINT, {}, strace)).toBe("0");
    const lines = readFileSync(calls, "utf8").split("\n");
    expect(lines.some((line) => line.includes("libonnxruntime"))).toBe(true); // the trace saw the library load
    expect(lines.filter((line) => /AF_INET|\/etc\/(resolv\.conf|hosts|nsswitch\.conf)/.test(line))).toEqual([]);
  },
);

test("the user's own setting is kept, and without one the main thread's environment says off", async () => {
  const program = `await import("#kernel-lib/index.js"); console.log(process.env.ORT_DISABLE_TELEMETRY);`;
  expect(await runAt(join(folder, "unset"), program)).toBe("1");
  expect(await runAt(join(folder, "set"), program, { ORT_DISABLE_TELEMETRY: "0" })).toBe("0");
});
