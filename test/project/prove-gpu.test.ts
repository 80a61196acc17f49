import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { openDevice } from "#kernel-lib/engine/devices.js";

const ROOT = resolve(import.meta.dirname, "../..");
const prove = (...words: string[]) =>
  spawnSync(process.execPath, ["bench/prove-gpu.mjs", ...words], { cwd: ROOT, encoding: "utf8", timeout: 60_000 });
const cuda = await openDevice("cuda", { threads: 1 }).then(
  ({ runtime }) => runtime.close().then(() => true),
  () => false,
);

test("npm run prove:gpu answers a wrong word with exit code 2 and the words that there are", () => {
  for (const words of [
    ["--device", "tpu"],
    ["--devise", "cuda"],
    ["--precision", "half"],
    ["--batches", "1,0"],
  ]) {
    const { status, stderr } = prove(...words);
    expect(status).toBe(2);
    expect(stderr).toMatch(/want auto, cpu, cuda, webgpu|Unknown option|want float32 or float16|want whole numbers from 1 on, or all/);
    expect(stderr).toContain("usage: npm run prove:gpu -- [--device NAME] [--model DIR] [--precision NAME] [--batches 1,4,all] [--quick]");
  }
});

test.skipIf(cuda)(
  `npm run prove:gpu without a GPU ends with exit code 2 and how to get one${cuda ? " (skipped: there is one)" : ""}`,
  () => {
    const { status, stderr } = prove("--device", "cuda");
    expect(status).toBe(2);
    expect(stderr).toMatch(/^device cuda: not there \(.+\); there are: cpu/);
    expect(stderr).toContain("install.js --onnxruntime-node-install");
  },
);
