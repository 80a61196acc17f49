import { defineConfig } from "vitest/config";

/** Parity with the official code: networks and whole runs, one file after the other, since they keep both cores busy. */
const GOLDEN = ["test/golden/**/*.test.ts"];
/** What takes long and rarely breaks: `npm run test:slow`, two files at a time. */
const SLOW = [
  "test/engine/webgpu.test.ts",
  "test/golden/webgpu.test.ts",
  "test/browser/**/*.test.ts",
  "test/notebooks/**/*.test.ts",
  "test/ipynb/live/**/*.test.ts",
  "test/kernel/{interrupt,jupyter}.test.ts",
  "test/hub/processes.test.ts",
  "test/runs/kills.test.ts",
  "test/sweeps/{local,engines,campaign,slurm}.test.ts",
  "test/package.test.ts",
  "test/docs/{samples,site}.test.ts",
  "test/judges/**/*.test.ts",
  "test/golden/remote.test.ts",
  "test/serve/restart.test.ts",
];

/** What takes minutes and needs much of PyPI: only with VEDUTA_ALL=1 (`npm run test:all`), so that the others end within half an hour on two cores. */
const HOSTS = [
  "test/notebooks/hosts/{hub,hub-serve,python,classic-widgets,lessons,looks}.test.ts",
  "test/runs/kills.test.ts",
  "test/judges/**/*.test.ts",
  "test/golden/remote.test.ts",
  "test/serve/restart.test.ts",
];
/** `npm run look` names hosts for the one file that looks at lessons. */
const all = process.env.VEDUTA_ALL !== undefined || process.env.VEDUTA_LOOK_HOSTS !== undefined;
const left = all ? [] : HOSTS;

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
        test: {
          name: "laws",
          include: ["test/**/*.test.ts"],
          exclude: [...GOLDEN, ...SLOW, ...HOSTS],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: "golden", include: GOLDEN, exclude: SLOW, maxWorkers: 1, testTimeout: 300_000, sequence: { groupOrder: 1 } },
      },
      {
        extends: true,
        test: { name: "slow", include: SLOW, exclude: left, maxWorkers: 2, testTimeout: 300_000, sequence: { groupOrder: 2 } },
      },
    ],
  },
});
