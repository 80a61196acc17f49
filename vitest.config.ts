import { defineConfig } from "vitest/config";

/** Files that keep both cores busy, or install packages: they run alone, one after the other, after the rest. */
const HEAVY = [
  "test/engine/webgpu.test.ts",
  "test/golden/**/*.test.ts",
  "test/browser/**/*.test.ts",
  "test/notebooks/**/*.test.ts",
  "test/ipynb/live/**/*.test.ts",
  "test/kernel/{interrupt,jupyter}.test.ts",
  "test/package.test.ts",
];

export default defineConfig({
  test: {
    pool: "forks",
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 15_000 } }, // a busy machine is slow, and no test asserts a time
    // The build under test is loaded as Node loads it, worker and all.
    server: { deps: { external: [/\/dist\//] } },
    projects: [
      {
        extends: true,
        test: { name: "laws", include: ["test/**/*.test.ts"], exclude: HEAVY, maxWorkers: 2, sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: { name: "whole", include: HEAVY, maxWorkers: 1, testTimeout: 300_000, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
