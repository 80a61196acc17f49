/** @file What a reader of a notebook waits for: the kernel's start, a cell, and the stop button. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { startKernel } from "#kernel-lib/ipynb/runner/kernel-client.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const SECONDS = 1 / 1000;

/** Runs of each cell; the middle one counts. */
const RUNS = 9;
/** Cells as lessons have them, without work of a network. @type {Record<string, string>} */
const CELLS = {
  "an expression": "1 + 1",
  "a declaration": "const numbers: number[] = Array.from({ length: 100 }, (_, i) => i * i); numbers.at(-1)",
  "a function over the library's types":
    "const widths = (run: ReturnType<typeof syncDiffusion>) => run.options.windows.map(({ width }) => width);",
};
/** @type {Record<string, { before?: string, cell: string }>} */
const STOPS = {
  "a loop that holds the thread": { cell: "for (;;);" },
  "a loop that waits 10 ms a turn": { cell: "for (;;) await new Promise((resolve) => setTimeout(resolve, 10));" },
  "a step of SyncDiffusion": {
    before: 'const run = syncDiffusion(await openModel(), { prompt: "mountains", width: 768, loop: true, seed: 7 });',
    cell: "for (;;) await run.next();",
  },
};

/** @param {readonly number[]} values */
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

/** @returns {Promise<import("./table.mjs").Row[]>} */
export async function measureKernel() {
  /** @type {import("./table.mjs").Row[]} */
  const rows = [];
  const begun = performance.now();
  const kernel = await startKernel({ cwd: join(ROOT, "notebooks") });
  const execute = (/** @type {string} */ code) => kernel.request("execute_request", { code });
  try {
    rows.push({ what: "kernel: loaded after its start", value: (performance.now() - begun) * SECONDS, unit: "s" });
    await execute("0");
    rows.push({ what: "kernel: first cell done after its start", value: (performance.now() - begun) * SECONDS, unit: "s" });
    const loading = performance.now();
    await execute('import { openModel, syncDiffusion } from "veduta";');
    rows.push({ what: 'cell: the first import from "veduta"', value: (performance.now() - loading) * SECONDS, unit: "s" });
    for (const [what, cell] of Object.entries(CELLS)) {
      /** @type {number[]} */
      const times = [];
      for (let i = 0; i < RUNS; i++) {
        const started = performance.now();
        await execute(`${cell} // ${i}`);
        times.push((performance.now() - started) * SECONDS);
      }
      rows.push({
        what: `cell: ${what}`,
        value: median(times),
        unit: "s",
        bound: 0.4,
        note: `slowest of ${RUNS}: ${Math.max(...times).toFixed(2)} s`,
      });
    }
    for (const [what, { before, cell }] of Object.entries(STOPS)) {
      if (before) await execute(before);
      const running = execute(cell);
      await sleep(2000);
      const asked = performance.now();
      await kernel.request("interrupt_request", {}, { channel: "control" });
      const { ename } = await running;
      if (ename !== "Interrupted") throw new Error(`bench: ${what} ended with ${ename}`);
      rows.push({ what: `stop: ${what}`, value: (performance.now() - asked) * SECONDS, unit: "s" });
    }
  } finally {
    await kernel.stop();
  }
  return rows;
}
