import { afterAll, describe, expect, test } from "vitest";
import { apart, floatInputs, gradientName, LAWS, outputName, referenceGradient, runLaws } from "../graph/laws.js";
import { swiftShader, unlessSwiftShader } from "./swiftshader.js";

describe.skipIf(unlessSwiftShader)(`the operator table on WebGPU${unlessSwiftShader}`, () => {
  const { run, end } = swiftShader();
  afterAll(end);

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
