/** The key of a run: pinned, so that a later version finds the runs of an earlier one. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tensor } from "#kernel-lib/core/tensor.js";
import { canonicalJson, KEY_FORM, runKey } from "#kernel-lib/sweeps/run-key.js";

const WINDOWS = [{ top: 0, left: 0, height: 16, width: 16 }];
const RUN = {
  method: "multi",
  options: { prompt: 'Zürich, "Nacht"', seed: 7, width: 768, loop: false, windows: WINDOWS },
  digest: "feed",
} as const;

describe("a run's key", () => {
  // by Python: hashlib.sha256(json.dumps({"numbers": 1, …}, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()[:16]
  test("is the first 16 hex digits of the sha256 of the identity as Python's json.dumps sorts it", () => {
    expect(runKey(RUN)).toBe("0dde99f87687b30e");
    expect(runKey({ ...RUN, precision: "float16" })).toBe("b7607093caba9310");
    expect(runKey({ method: "cycle", options: { image: tensor(Float32Array.of(0, 1, -2.5), [1, 3]) }, digest: "feed" })).toBe(
      "41cb5e29b8054279",
    );
  });

  test("does not depend on what says where and how fast a run is made, on absent options, or on their order", () => {
    const key = runKey(RUN);
    expect(runKey({ ...RUN, options: { ...RUN.options, batch: 3, threads: 2, signal: new AbortController().signal } })).toBe(key);
    expect(runKey({ ...RUN, options: { ...RUN.options, control: undefined } })).toBe(key);
    expect(runKey({ ...RUN, options: Object.fromEntries(Object.entries(RUN.options).reverse()) })).toBe(key);
  });

  test("depends on every option, the method and the model", () => {
    const keys = [
      RUN,
      { ...RUN, method: "sync" },
      { ...RUN, digest: "fade" },
      { ...RUN, options: { ...RUN.options, seed: 8 } },
      { ...RUN, options: { ...RUN.options, windows: [{ ...WINDOWS[0], left: 4 }] } },
    ].map(runKey);
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of keys) expect(key).toMatch(KEY_FORM);
  });
});

describe("canonical JSON", () => {
  test("reads back as the value, and is the same for every order of keys", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), (value) => {
        const text = canonicalJson(value);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(JSON.parse(text))).toBe(text);
      }),
      { numRuns: 30 },
    );
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.integer()), (object) => {
        expect(canonicalJson(Object.fromEntries(Object.entries(object).reverse()))).toBe(canonicalJson(object));
      }),
    );
  });

  test("refuses what JSON cannot hold", () => {
    expect(() => canonicalJson({ a: Number.NaN })).toThrow("canonicalJson: got NaN, want a finite number");
    expect(() => canonicalJson([() => 1])).toThrow("canonicalJson: got a function, want what JSON can hold");
  });
});
