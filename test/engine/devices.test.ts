import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, describe, expect, test, vi } from "vitest";
import { DeviceError } from "#kernel-lib/core/errors.js";
import { openDevice } from "#kernel-lib/engine/devices.js";
import { gpuMemory } from "#kernel-lib/engine/gpu-memory.js";
import { swiftShaderEnv, unlessSwiftShader } from "./swiftshader.js";

test("auto opens, and says what it chose and why not the others", async () => {
  const { runtime, notices } = await openDevice("auto", { threads: 1 });
  const { device } = runtime.options;
  await runtime.close();
  expect(notices[0]).toMatch(new RegExp(`^device auto: ${device}`));
  if (device !== "cuda") expect(notices[0]).toMatch(/cuda is not there \(.+\)/);
  if (device === "cpu") expect(notices[0]).toMatch(/webgpu is not (there|taken) \(.+\)/);
});

test("a device that is not there: DeviceError with those that are and a command that gets it; one that is there opens", async () => {
  const opened = await openDevice("cuda", { threads: 1 }).catch((error: unknown) => error);
  if (!(opened instanceof Error)) {
    const { runtime, precision } = opened as Awaited<ReturnType<typeof openDevice>>;
    expect([runtime.options.device, precision]).toEqual(["cuda", "float16"]);
    return runtime.close();
  }
  expect(opened).toBeInstanceOf(DeviceError);
  expect(opened.message).toMatch(/^device cuda: not there \(.+\); there are: cpu/);
  const [, script] = /: node (.+) --onnxruntime-node-install$/.exec(opened.message) ?? [];
  expect(existsSync(script)).toBe(true);
});

test("the cpu is in float32 unless it is asked otherwise, which is told to be slower", async () => {
  const plain = await openDevice("cpu", { threads: 1 });
  const half = await openDevice("cpu", { threads: 1, precision: "float16" });
  for (const { runtime } of [plain, half]) await runtime.close();
  expect([plain.precision, plain.notices]).toEqual(["float32", []]);
  expect([half.precision, half.notices]).toEqual(["float16", ["precision float16: on the cpu it is slower than float32"]]);
});

describe.skipIf(unlessSwiftShader)(`with a software adapter of WebGPU${unlessSwiftShader}`, () => {
  /** What openDevice answers in a process whose Vulkan is SwiftShader. */
  const ask = async (choice: string, precision?: string): Promise<Record<string, unknown>> => {
    const program = `
      import { openDevice } from "#kernel-lib/engine/devices.js";
      const [choice, precision] = process.argv.slice(1);
      openDevice(choice, { threads: 1, precision }).then(
        ({ runtime, precision, notices }) => (console.log(JSON.stringify({ device: runtime.options.device, precision, notices })), runtime.close()),
        ({ name, message }) => console.log(JSON.stringify({ name, message })));`;
    const words = ["--input-type=module", "-e", program, choice, ...(precision ? [precision] : [])];
    const cwd = fileURLToPath(new URL("../..", import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, words, { cwd, env: swiftShaderEnv, timeout: 60_000 });
    return JSON.parse(stdout);
  };

  test("auto takes the cpu, and says how slow the adapter is", { timeout: 60_000 }, async () => {
    const { device, notices } = await ask("auto");
    expect(device).toBe("cpu");
    // on a busy machine it may not be done at all
    expect(String(notices)).toMatch(
      /webgpu is not taken \(slower: a convolution takes [\d.]+ ms on it and [\d.]+ ms on the cpu\)|a convolution was not done in 10 s/,
    );
  });

  test("asked for by name, it opens in float32", { timeout: 60_000 }, async () =>
    expect(await ask("webgpu")).toEqual({ device: "webgpu", precision: "float32", notices: [] }),
  );

  test("half precision, which it has not, is a DeviceError that says so", { timeout: 60_000 }, async () => {
    const { name, message } = await ask("webgpu", "float16");
    expect(name).toBe("DeviceError");
    expect(message).toMatch(/requires f16 but the device does not support it/);
  });
});

describe.skipIf(process.platform === "win32")("memory of a GPU", () => {
  const folder = mkdtempSync(join(tmpdir(), "veduta-smi-"));
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(join(folder, "nvidia-smi"), { force: true });
  });

  test("is what nvidia-smi says of the first that CUDA sees", () => {
    writeFileSync(join(folder, "nvidia-smi"), '#!/bin/sh\n[ "$1" = "--id=3" ] && echo 7421, 81559\n', { mode: 0o755 });
    vi.stubEnv("PATH", folder);
    vi.stubEnv("CUDA_VISIBLE_DEVICES", "3,1");
    expect(gpuMemory()).toEqual({ free: 7421 * 2 ** 20, total: 81559 * 2 ** 20 });
  });

  test("is unknown where nvidia-smi fails, or is not there", () => {
    vi.stubEnv("PATH", folder);
    expect(gpuMemory()).toBeUndefined();
    writeFileSync(join(folder, "nvidia-smi"), "#!/bin/sh\necho 'No devices were found'\nexit 6\n", { mode: 0o755 });
    expect(gpuMemory()).toBeUndefined();
  });
});
