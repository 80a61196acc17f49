/** A script need not close its models: the worker keeps the process alive only while a call is under way. */
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { RUNTIMES } from "../fixtures/runtimes.js";

const script = fileURLToPath(new URL("./left-open.mjs", import.meta.url));

describe.each(RUNTIMES.map((runtime) => [`${runtime.name}${runtime.missing}`, runtime] as const))("%s", (_, { missing, run }) => {
  test.skipIf(missing)("ends by itself after a script that leaves a model and a runtime open, with the answers of both", () => {
    expect(run(script, [], {})).toBe("tokens 24\ntwice 6\n");
  });
});
