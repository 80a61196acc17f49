/** WebGPU without a GPU: SwiftShader, Vulkan on the CPU, as Debian's package "chromium" brings it. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { RunModel } from "../graph/laws.js";

const folder = "/usr/lib/chromium";
const driver = `${folder}/vk_swiftshader_icd.json`;

/** What a title adds when its test is skipped for want of it. */
export const unlessSwiftShader =
  existsSync(driver) && existsSync(`${folder}/libvulkan.so.1`) ? "" : ` (skipped: no ${driver}; Debian's package chromium brings it)`;

/** An environment in which Vulkan is SwiftShader. */
export const swiftShaderEnv = { ...process.env, VK_DRIVER_FILES: driver, VK_ICD_FILENAMES: driver, LD_LIBRARY_PATH: folder };

/** Runs models on WebGPU in a process of their own, which starts with the first. */
export function swiftShader(): { readonly run: RunModel; end(): void } {
  let child: ChildProcess | undefined;
  return {
    async run(model, feeds) {
      child ??= fork(fileURLToPath(new URL("run-models.mjs", import.meta.url)), {
        env: swiftShaderEnv,
        execArgv: [],
        serialization: "advanced",
      });
      const answer = Promise.race([
        once(child, "message"),
        once(child, "exit").then(([code]) => [{ error: `the process ended with code ${code}` }]),
      ]);
      child.send({ model, feeds, options: { device: "webgpu", threads: 1 } });
      const [{ results, error }] = await answer;
      if (error) throw new Error(error);
      return results;
    },
    end: () => child?.kill(),
  };
}
