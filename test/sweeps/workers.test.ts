/** Which run is next, how often one is tried, and how many workers a machine takes. */
import { mkdirSync } from "node:fs";
import { hostname } from "node:os";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { runList } from "#kernel-lib/sweeps/run-list.js";
import { readFailed } from "#kernel-lib/sweeps/sweep-folder.js";
import { workerBytes, workerCount } from "#kernel-lib/sweeps/worker-count.js";
import { PLAN, temporary, toySweep } from "./toy-sweep.js";

const { at, remove } = temporary("sweep-workers");
afterAll(remove);

describe("the list of missing runs", () => {
  test("gives them in the plan's order, each once", async () => {
    const folder = await toySweep(PLAN, at("order"));
    const list = runList(folder, folder.runs, 3);
    const taken: (string | undefined)[] = [];
    for (let k = 0; k < 5; k++) taken.push(await list.take());
    expect(taken).toEqual([...folder.runs.map(({ key }) => key), undefined]);
  });

  test("gives a run that another process writes now last", async () => {
    const folder = await toySweep(PLAN, at("others"));
    const [first] = folder.runs;
    mkdirSync(at("others", ".partial", `${first.key}.${hostname()}.${process.pid}.00000000`), { recursive: true });
    const list = runList(folder, folder.runs, 3);
    const taken: (string | undefined)[] = [];
    for (let k = 0; k < 4; k++) taken.push(await list.take());
    expect(taken.at(-1)).toBe(first.key);
    expect(new Set(taken)).toEqual(new Set(folder.runs.map(({ key }) => key)));
  });

  test("tries a run that throws as often as it is told, and one that no second try cures or that finds the disk full once", async () => {
    const folder = await toySweep(PLAN, at("tries"));
    const list = runList(folder, folder.runs, 3);
    const [a, b, c] = folder.runs.map(({ key }) => key);
    const error = { name: "Error", message: "a network is away" };
    expect([await list.threw(a, error), await list.threw(a, error)]).toEqual([undefined, undefined]);
    expect(await list.threw(a, error)).toMatchObject({ message: "a network is away", attempts: 3, host: hostname() });
    expect(await list.threw(b, { name: "MemoryError", message: "too large" })).toMatchObject({ attempts: 1 });
    expect(await list.threw(c, { name: "Error", message: "no space", code: "ENOSPC" })).toMatchObject({ attempts: 1 });
    expect([...(await readFailed(folder)).keys()]).toEqual([a, b, c]);
  });

  test("fails a run whose worker ended six times, and asks whether the memory was enough", async () => {
    const folder = await toySweep(PLAN, at("deaths"));
    const list = runList(folder, folder.runs, 3);
    const { key } = folder.runs[0];
    for (let k = 0; k < 5; k++) expect(await list.died(key)).toBeUndefined();
    expect(await list.died(key)).toMatchObject({
      message: `its worker ended six times while painting it; the last on ${hostname()}: out of memory?`,
      attempts: 6,
    });
  });
});

describe("the workers of a machine", () => {
  test("have never more threads than cores together, fit into memory, and are one at least, unless told otherwise", () => {
    const whole = (max: number) => fc.integer({ min: 1, max });
    fc.assert(
      fc.property(whole(256), whole(1e12), whole(1e11), fc.option(whole(300), { nil: undefined }), (cores, free, worker, threads) => {
        const { workers, threads: each, onGpu } = workerCount({ threads }, { cores, free, worker });
        expect(workers).toBeGreaterThanOrEqual(1);
        expect(onGpu).toBe(1);
        if (threads === undefined || threads <= cores) expect(workers * each).toBeLessThanOrEqual(cores);
        if (workers > 1) expect(workers * worker).toBeLessThanOrEqual(free);
        if (threads !== undefined) expect(each).toBe(threads);
      }),
    );
    expect(workerCount({ workers: 3 }, { cores: 8, free: 1, worker: 2 })).toEqual({ workers: 3, onGpu: 3, threads: 2 });
  });

  test("need more for larger weights and pictures", () => {
    expect(workerBytes(14e6, 768 * 128)).toBeLessThan(1e9); // the bundled model: 755 MB were measured
    expect(workerBytes(5e9, 3072 * 512)).toBeGreaterThan(15e9);
  });
});
