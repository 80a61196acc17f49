import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { apart, floatInputs, gradientName, LAWS, outputName, type RunModel, referenceGradient, runLaws } from "./laws.js";

// SwiftShader, Vulkan on the CPU, as Debian's package "chromium" brings it
const folder = "/usr/lib/chromium";
const driver = `${folder}/vk_swiftshader_icd.json`;
const absent = !existsSync(driver) || !existsSync(`${folder}/libvulkan.so.1`);

const title = "the operator table on WebGPU";
describe.skipIf(absent)(absent ? `${title} (skipped: no ${driver}; Debian's package chromium brings it)` : title, () => {
  let child: ChildProcess | undefined;
  afterAll(() => child?.kill());

  const run: RunModel = async (model, feeds) => {
    child ??= fork(fileURLToPath(new URL("run-models.mjs", import.meta.url)), {
      env: { ...process.env, VK_DRIVER_FILES: driver, VK_ICD_FILENAMES: driver, LD_LIBRARY_PATH: folder },
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
  };

  // SwiftShader has no half precision. Vulkan asks of sin and cos no more than 2^-11 in [−π, π].
  const laws = LAWS.filter(({ operator, title }) => !(operator === "Cast" && title.includes("half")));
  const tolerance = (operator: string) => (operator === "Sin" || operator === "Cos" ? 5e-4 : 1e-5);

  test("every result and every gradient is the reference's", { timeout: 300_000 }, async () => {
    const results = await runLaws(run, "float32", laws);
    for (const law of laws) {
      const k = LAWS.indexOf(law);
      const who = `${law.operator} (${law.title})`;
      for (const [j, want] of law.reference(law.inputs).entries())
        expect(apart(results[outputName(k, j)].data, want.data), who).toBeLessThan(tolerance(law.operator));
      for (const i of floatInputs(law))
        expect(apart(results[gradientName(k, i)].data, referenceGradient(law, i)), who).toBeLessThan(tolerance(law.operator));
    }
  });
});
