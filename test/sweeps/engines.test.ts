/** The three ways to make a sweep's runs, child processes, shards and a queue's workers, leave the same folder, byte for byte but for times. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SweepPlan } from "#kernel-lib/sweeps/plan.js";
import { cancelSweep, queueStatus } from "#kernel-lib/sweeps/queue/queue-engine.js";
import { seenAt, workQueue } from "#kernel-lib/sweeps/queue/queue-worker.js";
import { QueueError, shownUrl } from "#kernel-lib/sweeps/queue/redis.js";
import { queueName } from "#kernel-lib/sweeps/queue/sweep-queue.js";
import { type SweepOptions, sweep } from "#kernel-lib/sweeps/sweep.js";
import type { SweepEvent, SweepResult } from "#kernel-lib/sweeps/sweep-event.js";
import { openSweepFolder, readFailed } from "#kernel-lib/sweeps/sweep-folder.js";
import { openPlanModel } from "#kernel-lib/sweeps/worker-model.js";
import { findRedis, startRedis } from "../../scripts/redis.mjs";
import { writeTinyCheckpoint } from "../fixtures/tiny-checkpoint.js";
import { temporary } from "./toy-sweep.js";

const { at, remove } = temporary("sweep-engines");
/** A name of its own, since a queue is named after its model. */
const model = at(`tiny-${process.pid}`);
const PLAN: SweepPlan = {
  format: 1,
  model,
  fixed: { prompt: "hills", width: 32, steps: 2 },
  grid: { seed: { from: 0, count: 3 }, method: ["multi", "sync"] },
};
const PLACE = { device: "cpu", threads: 1, batch: 2 } as const;
const redis = findRedis() === undefined ? undefined : await startRedis(at("redis"));
beforeAll(() => void writeTinyCheckpoint(model));
afterAll(async () => {
  await redis?.stop();
  remove();
});

/** Takes a sweep to its end. */
async function followed(
  plan: SweepPlan,
  options: SweepOptions,
): Promise<{ readonly events: readonly SweepEvent[]; readonly result: SweepResult }> {
  const events: SweepEvent[] = [];
  for (const begun = sweep(plan, options); ; ) {
    const { value, done } = await begun.next();
    if (done) return { events, result: value };
    events.push(value);
  }
}

/** Works for the queue in this process until `end`. */
async function worker(end: AbortSignal, more: Partial<Parameters<typeof workQueue>[0]> = {}): Promise<readonly string[]> {
  const said: string[] = [];
  const opened = await openPlanModel(PLAN, PLACE);
  const url = redis?.url ?? "";
  await workQueue({ url, name: model, model: opened, batch: PLACE.batch, signal: end, say: (text) => void said.push(text), ...more });
  await opened.close();
  return said;
}

const ENGINES: Readonly<Record<string, (out: string) => Promise<void>>> = {
  async "child processes"(out) {
    await followed(PLAN, { ...PLACE, out, workers: 2 });
  },
  async shards(out) {
    for (const index of [0, 1]) await followed(PLAN, { ...PLACE, out, workers: 1, shard: { index, of: 2 } });
  },
  async "a queue's workers"(out) {
    const end = new AbortController();
    const working = worker(end.signal);
    await followed(PLAN, { ...PLACE, out, queue: redis?.url });
    end.abort();
    await working;
  },
};

/** What a folder holds, times left out. */
function contentOf(dir: string): Record<string, string> {
  const times = /"(started|seconds)": ?("[^"]*"|[\d.e-]+)/g;
  return Object.fromEntries(
    readdirSync(dir, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.includes("thumbnails"))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((file) => {
        const bytes = readFileSync(file);
        if (file.endsWith(".png")) return [file.slice(dir.length), bytes.toString("base64")];
        const text = bytes
          .toString("utf8")
          .replace(/"id":"[0-9a-f]{16}"/, "")
          .replaceAll(times, "");
        return [file.slice(dir.length), /report|table/.test(file) ? "" : text]; // of times
      }),
  );
}

describe("the engines of a sweep", () => {
  const names = Object.keys(ENGINES).filter((name) => redis !== undefined || !name.includes("queue"));
  test(`${names.join(", ")} leave the same folder`, async () => {
    const folders: Record<string, string>[] = [];
    for (const [k, name] of names.entries()) {
      await ENGINES[name](at(`out-${k}`));
      folders.push(contentOf(at(`out-${k}`)));
    }
    expect(Object.keys(folders[0]).filter((file) => file.endsWith("panorama.png"))).toHaveLength(6);
    expect(Object.keys(folders[0])).toEqual(expect.arrayContaining(["/report.html", "/table.csv"])); // by the last shard, too
    for (const folder of folders.slice(1)) expect(folder).toEqual(folders[0]);
  });
});

describe.skipIf(redis === undefined)("a queue (redis-server)", () => {
  const url = redis?.url ?? "";

  test("is named after the model, and its address is shown without a password", () => {
    expect(queueName("/models/sd2 base:v1")).toBe("veduta-sd2_base_v1");
    expect(shownUrl("rediss://me:secret@head:6380/2")).toBe("rediss://me@head:6380/2");
    for (const wrong of ["http://head", "head", "redis://"])
      expect(() => shownUrl(wrong)).toThrow("--queue: got no address of a Redis, want redis://HOST");
  });

  test("that is away at the start is one error after 10 s, which asks whether it runs", async () => {
    const away = followed(PLAN, { ...PLACE, out: at("away"), queue: "redis://:secret@127.0.0.1:1" });
    await expect(away).rejects.toThrow(
      /^redis:\/\/127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1, for 10 s; is redis-server running, and does it listen there/,
    );
    await expect(away).rejects.toBeInstanceOf(QueueError);
  });

  test("detached takes each run once; cancelled gives them all back", async () => {
    for (let twice = 0; twice < 2; twice++) await followed(PLAN, { ...PLACE, out: at("detached"), queue: url, wait: "detach" });
    const folder = await openSweepFolder(at("detached"));
    expect((await queueStatus(url, folder)).counts).toMatchObject({ prioritized: 6 });
    expect(await cancelSweep(url, folder, () => {})).toBe(6);
    expect((await queueStatus(url, folder)).counts).toMatchObject({ prioritized: 0, failed: 0 });
  });

  test("a worker that does not see the sweep's folder gives its runs back and says so; it makes no folder", async () => {
    await followed(PLAN, { ...PLACE, out: at("elsewhere"), queue: url, wait: "detach" });
    const end = new AbortController();
    const blind = worker(end.signal, { at: [{ from: at("elsewhere"), to: at("not-there") }] });
    await sleep(2500);
    end.abort();
    expect((await blind).join("\n")).toContain(
      `${at("not-there")}: no sweep is seen there from here, so its runs are given back; --at FROM=TO`,
    );
    const folder = await openSweepFolder(at("elsewhere"));
    expect((await queueStatus(url, folder)).counts).toMatchObject({ failed: 0, active: 0 });
    expect(await cancelSweep(url, folder, () => {})).toBe(6);
    expect(readdirSync(at("elsewhere"))).not.toContain("not-there");
    expect(seenAt("/shared/a/b", [{ from: "/shared", to: "/mnt/lab" }])).toBe("/mnt/lab/a/b");
    expect(seenAt("/sharedness/a", [{ from: "/shared", to: "/mnt/lab" }])).toBe("/sharedness/a");
  });

  test("a run that cannot succeed fails at once, with its reason in the folder", async () => {
    const { events, result } = await (async () => {
      const end = new AbortController();
      const opened = await openPlanModel(PLAN, PLACE);
      const broken = { ...opened, digest: opened.digest, predictNoise: () => Promise.reject(new RangeError("a run that is wrong")) };
      const working = worker(end.signal, { model: broken });
      const plan: SweepPlan = { ...PLAN, grid: { seed: [7], method: ["multi"] } };
      const done = await followed(plan, { ...PLACE, out: at("wrong"), queue: url });
      end.abort();
      await working;
      await opened.close();
      return done;
    })();
    expect(result).toMatchObject({ all: 1, there: 0, failed: 1 });
    expect(events.filter(({ kind }) => kind === "failed")).toHaveLength(1);
    const [[, failed]] = await readFailed(await openSweepFolder(at("wrong")));
    expect(failed).toMatchObject({ name: "RangeError", message: "a run that is wrong", attempts: 1 });
  });

  test("a worker that is stopped gives its run back, and another has it within a second", async () => {
    await followed(PLAN, { ...PLACE, out: at("handed"), queue: url, wait: "detach" });
    const first = new AbortController();
    const opened = await openPlanModel(PLAN, PLACE);
    let called = () => {};
    const asked = new Promise<void>((resolve) => {
      called = resolve;
    });
    const slow = {
      ...opened,
      digest: opened.digest,
      async predictNoise(...call: readonly unknown[]) {
        called();
        await sleep(300);
        return (opened as unknown as { predictNoise(...call: readonly unknown[]): Promise<unknown> }).predictNoise(...call);
      },
    };
    const leaving = worker(first.signal, { model: slow });
    await asked;
    first.abort();
    const begun = performance.now();
    await leaving;
    const second = new AbortController();
    const working = worker(second.signal, { until: "empty" });
    const { result } = await followed(PLAN, { ...PLACE, out: at("handed"), queue: url });
    await working;
    await opened.close();
    expect(result).toMatchObject({ all: 6, there: 6, failed: 0 });
    // without the hand-over the run would wait for its lock, a minute
    expect(performance.now() - begun).toBeLessThan(55_000);
  });
});
