/** A sweep's folder is the truth: runs are there whole or not at all, and a folder takes no other plan. */
import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { decodeImage, encodePng } from "#kernel-lib/core/image.js";
import { openRun } from "#kernel-lib/runs/run-folder.js";
import { openSweep } from "#kernel-lib/sweeps/open-sweep.js";
import { paintRun } from "#kernel-lib/sweeps/paint-run.js";
import { partialOf, runningPartials, sweepPartials } from "#kernel-lib/sweeps/partial-runs.js";
import { isThere, openSweepFolder, readFailed, runFolder, runsThere, writeFailed } from "#kernel-lib/sweeps/sweep-folder.js";
import { sweepStatus } from "#kernel-lib/sweeps/sweep-status.js";
import { toy } from "../methods/joint/toy.js";
import { PLAN, temporary, toySweep, toyWorker } from "./toy-sweep.js";

const { at, remove } = temporary("sweep-folder");
afterAll(remove);
const FAILURE = { name: "Error", message: "no", attempts: 3, host: "here", time: "2026-01-01T00:00:00.000Z" };

describe("a run", () => {
  test("is there once it is painted, as a run's folder that opens; a second time it is not painted again", async () => {
    const folder = await toySweep(PLAN, at("painted"));
    const [run] = folder.runs;
    expect(isThere(folder.dir, run.key)).toBe(false);
    expect(await paintRun(toyWorker(), folder, run)).toBe("painted");
    const saved = await openRun(runFolder(folder.dir, run.key));
    expect([saved.info.method, saved.info.options.seed, saved.steps.length]).toEqual(["multi", 1, 2]);
    expect(readdirSync(saved.dir).sort()).toEqual(["panorama.png", "run.json", "steps.json"]);
    expect(readdirSync(at("painted", ".partial"))).toEqual([]);
    expect(await paintRun(toyWorker(), folder, run)).toBe("there");
  });

  test("that another finishes meanwhile is dropped: the first one stays", async () => {
    const folder = await toySweep(PLAN, at("twice"));
    const [run] = folder.runs;
    const [a, b] = await Promise.all([paintRun(toyWorker(), folder, run), paintRun(toyWorker(), folder, run)]);
    expect([a, b].sort()).toEqual(["dropped", "painted"]);
    expect(readdirSync(at("twice", ".partial"))).toEqual([]);
    expect(isThere(folder.dir, run.key)).toBe(true);
  });

  test("whose folder is cut off is not there, and is painted again", async () => {
    const folder = await toySweep(PLAN, at("broken"));
    const [run] = folder.runs;
    await paintRun(toyWorker(), folder, run);
    const png = join(runFolder(folder.dir, run.key), "panorama.png");
    truncateSync(png, readFileSync(png).length - 5);
    expect(isThere(folder.dir, run.key)).toBe(false);
    expect(await paintRun(toyWorker(), folder, run)).toBe("painted");
    expect(isThere(folder.dir, run.key)).toBe(true);
    writeFileSync(png, await encodePng({ data: new Float32Array(3 * 4 * 4), shape: [1, 3, 4, 4] })); // of another size
    expect(isThere(folder.dir, run.key)).toBe(false);
  });

  test("that throws, or is stopped, leaves nothing", async () => {
    const folder = await toySweep(PLAN, at("throws"));
    const [run] = folder.runs;
    const stop = new AbortController();
    const failing = toyWorker({ spoil: () => ({ data: new Float32Array([Number.NaN]), shape: [1] }) });
    await expect(paintRun(failing, folder, run)).rejects.toThrow();
    const options = { signal: stop.signal, progress: () => stop.abort() };
    await expect(paintRun(toyWorker(), folder, run, options)).rejects.toMatchObject({ name: "AbortError" });
    expect(readdirSync(at("throws", ".partial"))).toEqual([]);
    expect(readdirSync(at("throws", "runs"))).toEqual([]);
  });

  test("is the run that the method itself makes", async () => {
    const folder = await toySweep(PLAN, at("same"));
    const run = folder.runs[1];
    await paintRun(toyWorker(), folder, run);
    const { panorama } = await openRun(runFolder(folder.dir, run.key));
    const { methodNamed } = await import("#kernel-lib/methods/methods.js");
    const alone = methodNamed(run.method).run(toy(), run.options as never);
    let next = await alone.next();
    while (!next.done) next = await alone.next();
    expect(panorama?.data).toEqual((await decodeImage(await encodePng(next.value.panorama))).data);
  });
});

describe("a folder", () => {
  test("is opened by its plan again, without the model; the same keys in the same order", async () => {
    const { runs, info } = await toySweep(PLAN, at("again"));
    const again = await openSweepFolder(at("again"));
    expect(again.runs).toEqual(runs);
    expect(await toySweep(PLAN, at("again"), "another model, which is not asked")).toEqual({ dir: at("again"), info, runs });
  });

  test("takes a plan with more runs over the same fixed, and keeps its id and its runs", async () => {
    const old = await toySweep(PLAN, at("more"));
    const more = await toySweep({ ...PLAN, grid: { seed: [1, 2, 3], method: ["multi", "sync"] } }, at("more"));
    expect(more.runs).toHaveLength(6);
    expect(more.info.id).toBe(old.info.id);
    for (const { key } of old.runs) expect(more.runs.map((run) => run.key)).toContain(key);
  });

  test("refuses another plan, naming what differs; another model; other files; and a file", async () => {
    await toySweep(PLAN, at("other"));
    const refused = (plan: Parameters<typeof toySweep>[0], out: string, digest?: string) => expect(toySweep(plan, out, digest)).rejects;
    await refused({ ...PLAN, fixed: { ...PLAN.fixed, steps: 3 } }, at("other")).toThrow(
      /holds another plan, which differs in fixed; 4 of its 4 runs are not in this one/,
    );
    await refused({ ...PLAN, grid: { seed: [2], method: ["multi"] } }, at("other")).toThrow(
      /differs in grid; 3 of its 4 runs are not in this one/,
    );
    await refused({ ...PLAN, grid: { seed: [1, 2, 3], method: ["multi", "sync"] } }, at("other"), "fade").toThrow(
      /digest feed, and this model's is fade/,
    );
    mkdirSync(at("notes"));
    writeFileSync(at("notes", "a.txt"), "");
    await refused(PLAN, at("notes")).toThrow(/holds files that are no sweep's \(a.txt\); give a new or empty folder/);
    await refused(PLAN, at("notes", "a.txt")).toThrow(/a.txt: a file, want a folder/);
    expect(existsSync(at("notes", "sweep.json"))).toBe(false);
  });

  test("counts every run that does not fit the model, and names three in the method's words, before anything is written", async () => {
    const plan = { format: 1, fixed: { prompt: "hills", steps: 2 }, grid: { width: [32, 33], seed: { from: 0, count: 4 } } } as const;
    await expect(toySweep(plan, at("misfit"))).rejects.toThrow(
      /sweep: 4 of 8 runs do not fit the model:\n( {2}sync .*"width":33,"seed":\d\}: width 33 px: windows of 8 .*\n){3} {2}and 1 more$/,
    );
    expect(existsSync(at("misfit"))).toBe(false);
  });

  test("tells of runs that are there, failed and missing", async () => {
    const folder = await toySweep(PLAN, at("told"));
    const [first, second] = folder.runs;
    await paintRun(toyWorker(), folder, first);
    await writeFailed(folder.dir, second.key, FAILURE);
    expect([...(await runsThere(folder)).keys()]).toEqual([first.key]);
    expect([...(await readFailed(folder))]).toEqual([[second.key, FAILURE]]);
    const status = await sweepStatus(folder);
    expect(status).toMatchObject({ all: 4, there: 1, failed: 1, missing: 2, devices: [{ device: "cpu float32", runs: 1 }] });
    const { plan, runs, failed, missing } = await openSweep(folder.dir);
    expect(plan).toEqual(PLAN);
    expect(runs.map(({ key, panorama }) => [key, panorama?.shape])).toEqual([[first.key, [1, 3, 16, 32]]]);
    expect(failed.map(({ key, message }) => [key, message])).toEqual([[second.key, "no"]]);
    expect(missing).toEqual(folder.runs.slice(2));
    expect((await openSweep(folder.dir, { where: ({ method }) => method === "sync" })).runs).toEqual([]);
    await paintRun(toyWorker(), folder, second);
    expect((await readFailed(folder)).size).toBe(0); // it has succeeded
  });

  test("of two thousand runs has one key a run, and is planned without asking the model about each", async () => {
    let asked = 0;
    const model = toyWorker();
    Object.defineProperty(model, "config", {
      value: new Proxy((model as unknown as { config: object }).config, {
        get(of, name) {
          asked++;
          return Reflect.get(of, name);
        },
      }),
    });
    const { prepareSweep } = await import("#kernel-lib/sweeps/prepare-sweep.js");
    const plan = { format: 1, fixed: { prompt: "hills", width: 32, steps: 2 }, grid: { seed: { from: 0, count: 2000 } } } as const;
    const folder = await prepareSweep(plan, { out: at("many"), open: async () => model });
    expect(new Set(folder.runs.map(({ key }) => key)).size).toBe(2000);
    expect(asked).toBeLessThan(200);
  });
});

describe("what dead processes leave in .partial", () => {
  const partial = (host: string, pid: number, days: number): string => {
    const name = `0123456789abcdef.${host}.${pid}.00000000`;
    mkdirSync(at("partials", ".partial", name), { recursive: true });
    const then = new Date(Date.now() - days * 86_400_000);
    utimesSync(at("partials", ".partial", name), then, then);
    return name;
  };

  test("is swept away after a day; what a live process writes, and what is younger, stays", async () => {
    const dead = 2 ** 22 + 1; // larger than Linux gives
    const old = [partial(hostname(), dead, 2), partial("other.host", 1, 2)];
    const kept = [partial(hostname(), process.pid, 2), partial(hostname(), dead + 1, 0.5), partial("other.host", 2, 0.5)];
    await sweepPartials(at("partials"));
    expect(readdirSync(at("partials", ".partial")).sort()).toEqual([...kept].sort());
    expect(old.every((name) => partialOf(name) !== undefined)).toBe(true);
    expect((await runningPartials(at("partials"))).map(({ host, pid }) => `${host} ${pid}`).sort()).toEqual(
      [`${hostname()} ${process.pid}`, "other.host 2"].sort(),
    );
  });
});
