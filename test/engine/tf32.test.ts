/** Float32 on CUDA: the first model of a process settles whether products are rounded to TF32. */
import { expect, test } from "vitest";
import { settleTf32 } from "#kernel-lib/engine/tf32.js";

test("the first model settles it: exact in float32, rounded in float16", () => {
  expect(settleTf32("float32", undefined, undefined)).toEqual({ state: { products: "exact", by: "float32" } });
  expect(settleTf32("float16", undefined, undefined)).toEqual({ state: { products: "rounded", by: "float16" } });
});

test("float32 after float16 is refused by name; float16 after float32 opens, and says that it is slower", () => {
  const { state } = settleTf32("float16", undefined, undefined);
  expect(settleTf32("float32", state, undefined).refused).toMatch(/opened a model in float16.*process of its own.*NVIDIA_TF32_OVERRIDE=0/);
  const after = settleTf32("float16", settleTf32("float32", undefined, undefined).state, undefined);
  expect(after).toMatchObject({ state: { products: "exact" }, notice: expect.stringMatching(/opened a model in float32.*slower/) });
  expect(after.refused).toBeUndefined();
});

test("more models of one precision change nothing, and what the environment says holds for both", () => {
  for (const precision of ["float32", "float16"] as const) {
    const { state } = settleTf32(precision, undefined, undefined);
    expect(settleTf32(precision, state, undefined)).toEqual({ state });
    for (const override of ["0", "1"]) {
      const named = settleTf32(precision, undefined, override);
      expect(named).toEqual({ state: { products: override === "0" ? "exact" : "rounded", by: "the environment" } });
      expect(settleTf32(precision === "float32" ? "float16" : "float32", named.state, override)).toEqual(named);
    }
  }
});
