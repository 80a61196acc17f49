import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { OPERATORS } from "#kernel-lib/graph/operators.js";
import { apart, floatInputs, gradientName, LAWS, outputName, referenceGradient, runLaws, runOnCpu } from "./laws.js";

const results = await runLaws(runOnCpu);
const halfResults = await runLaws(runOnCpu, "float16");

describe.each(Object.entries(OPERATORS))("%s", (name, operator) => {
  const laws = [...LAWS.entries()].filter(([, law]) => law.operator === name);

  test("has cases", () => expect(laws.length).toBeGreaterThan(0));

  test.each(laws.map(([k, law]) => ({ title: law.title, k, law })))("$title: the result is the reference's", ({ k, law }) => {
    for (const [j, want] of law.reference(law.inputs).entries()) {
      const got = results[outputName(k, j)];
      expect(got.shape).toEqual(want.shape);
      expect(apart(got.data, want.data)).toBeLessThan(1e-6);
    }
  });

  if (operator.pullBack !== "none")
    test.each(laws.filter(([, law]) => law.differentiable).map(([k, law]) => ({ title: law.title, k, law })))(
      "$title: the pull-back is the reference's derivative",
      ({ k, law }) => {
        for (const i of floatInputs(law)) {
          const got = results[gradientName(k, i)];
          expect(got.shape).toEqual(law.inputs[i].shape);
          expect(apart(got.data, referenceGradient(law, i)), `input ${i}`).toBeLessThan(1e-5);
        }
      },
    );
});

// half precision rounds by up to 2^-11 = 5e-4 at every node
test.each(Object.keys(OPERATORS))("%s in half precision: results and gradients follow", (name) => {
  for (const [k, law] of LAWS.entries()) {
    if (law.operator !== name) continue;
    for (const [j, want] of law.reference(law.inputs).entries())
      expect(apart(halfResults[outputName(k, j)].data, want.data), law.title).toBeLessThan(2e-3);
    for (const i of floatInputs(law))
      expect(apart(halfResults[gradientName(k, i)].data, referenceGradient(law, i)), law.title).toBeLessThan(2e-3);
  }
});

test("the table holds every operator that kernel-lib/graph/ops exports, under its own name", async () => {
  const folder = new URL("../../dist/kernel-lib/graph/ops/", import.meta.url);
  const modules = await Promise.all(
    readdirSync(folder)
      .filter((file) => file.endsWith(".js"))
      .map((file) => import(new URL(file, folder).href)),
  );
  const exported = modules.flatMap((module) => Object.entries<object>(module)).filter(([, value]) => "pullBack" in value);
  expect(Object.fromEntries(exported)).toEqual(OPERATORS);
  for (const [name, operator] of Object.entries(OPERATORS)) expect(operator.name).toBe(name);
});
