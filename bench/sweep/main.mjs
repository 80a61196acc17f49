/** @file What sweeps promise: no run lost or there twice under kills, little work wasted, and little time of their own. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { openModel } from "#kernel-lib/pipelines/open-model.js";
import { paintRun } from "#kernel-lib/sweeps/paint-run.js";
import { prepareSweep } from "#kernel-lib/sweeps/prepare-sweep.js";
import { workQueue } from "#kernel-lib/sweeps/queue/queue-worker.js";
import { sweep } from "#kernel-lib/sweeps/sweep.js";
import { findRedis, startRedis } from "../../scripts/redis.mjs";
import { campaign } from "./campaign.mjs";
import { LOOP_OPTIONS } from "./loop-options.mjs";
import { measureMany } from "./many.mjs";

/** @returns {Promise<import("../table.mjs").Row[]>} */
export async function measureSweep() {
  if (findRedis() === undefined) throw new Error("bench sweep: redis-server is not there: apt-get install redis-server");
  return inFolder(async (root) => [...(await kills()), ...(await measureMany(root)), await growth(root), await handOver(root)]);
}

/** Apart, for it wants a quiet machine. @returns {Promise<import("../table.mjs").Row[]>} */
export const measureSweepOverhead = () => inFolder(async (root) => [overhead(root)]);

/** @template T @param {(root: string) => Promise<T>} work in a folder that is removed at the end @returns {Promise<T>} */
async function inFolder(work) {
  const root = mkdtempSync(join(tmpdir(), "veduta-bench-sweep-"));
  try {
    return await work(root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** @returns {Promise<import("../table.mjs").Row[]>} */
async function kills() {
  const [redisKills, flushes] = [5, 1];
  const done = await campaign({ runs: 200, seed: 7, workerKills: 30, redisKills, flushes, stops: 1 });
  const what = `${done.runs} runs, 30 kills of workers, ${redisKills} of Redis, 1 FLUSHALL, 1 SIGSTOP`;
  return [
    { what: `${what}: lost`, value: done.runs - done.there, unit: "runs", bound: 0, note: `${done.seconds.toFixed(0)} s` },
    { what: "there twice, or left in the queue", value: done.folders - done.there + done.left, unit: "runs", bound: 0 },
    { what: "begun more often than finished", value: done.starts - done.there, unit: "runs", bound: done.kills + redisKills + flushes + 1 },
    { what: "models loaded by a worker", value: done.opened / (2 + done.kills), unit: "", bound: 1 },
  ];
}

/** The processor time that a run in a sweep takes more than in a plain loop: the slope between two numbers of runs, so that what begins once counts nothing. @param {string} root @returns {import("../table.mjs").Row} */
function overhead(root) {
  const file = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));
  const cpu = (/** @type {string} */ words) => {
    const times = execFileSync("bash", ["-c", `"${process.execPath}" ${words} >/dev/null 2>&1 || exit 1; times`], { encoding: "utf8" });
    const [, ofChildren] = times.trim().split("\n");
    return [...ofChildren.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
      (sum, [, minutes, seconds]) => sum + 60 * Number(minutes) + Number(seconds),
      0,
    );
  };
  const loop = (/** @type {number} */ runs) => cpu(`"${file("./loop.mjs")}" ${runs} "${join(root, `loop-${runs}`)}"`);
  const swept = (/** @type {number} */ runs) => {
    const plan = join(root, `loop-${runs}.json`);
    writeFileSync(plan, JSON.stringify({ format: 1, fixed: LOOP_OPTIONS_WITHOUT_BATCH, grid: { seed: { from: 0, count: runs } } }));
    const words = `--batch ${LOOP_OPTIONS.batch} --workers 1 --threads 1 --device cpu`;
    return cpu(`"${file("../../dist/kernel-lib/cli.js")}" sweep "${plan}" --out "${join(root, `swept-${runs}`)}" ${words}`);
  };
  const [few, many] = [10, 110];
  const perRun = (/** @type {(runs: number) => number} */ of) => (of(many) - of(few)) / (many - few);
  const [plain, whole] = [perRun(loop), perRun(swept)];
  return {
    what: "processor time of a run of 4 steps, against the same runs in one loop",
    value: 100 * (whole / plain - 1),
    unit: "% more",
    bound: 3,
    note: `${(1000 * plain).toFixed(0)} and ${(1000 * whole).toFixed(0)} ms, the report among them`,
  };
}

const { batch: _, ...LOOP_OPTIONS_WITHOUT_BATCH } = LOOP_OPTIONS;

/** @param {string} root @returns {Promise<import("../table.mjs").Row>} */
async function growth(root) {
  const plan = {
    format: /** @type {const} */ (1),
    fixed: { prompt: "sea", width: 128, steps: 2, method: "multi" },
    grid: { seed: { from: 0, count: 100 } },
  };
  const folder = await prepareSweep(plan, { out: join(root, "growth") });
  const model = await openModel(undefined, { device: "cpu", threads: 1 });
  let early = 0;
  for (const [k, run] of folder.runs.entries()) {
    await paintRun(model, folder, run);
    if (k === 2) early = process.memoryUsage().rss;
  }
  const late = process.memoryUsage().rss;
  await model.close();
  return {
    what: "a worker's memory after 100 runs, over that after 3",
    value: late / early,
    unit: "×",
    bound: 1.1,
    note: `${(late / 2 ** 20).toFixed(0)} MiB`,
  };
}

/** Milliseconds of a network call in `handOver`. */
const CALL = 300;

/** @param {string} root @returns {Promise<import("../table.mjs").Row>} */
async function handOver(root) {
  const redis = await startRedis(join(root, "redis-hand"));
  const plan = {
    format: /** @type {const} */ (1),
    fixed: { prompt: "sea", width: 128, steps: 3, method: "multi" },
    grid: { seed: { from: 0, count: 2 } },
  };
  for await (const _ of sweep(plan, { out: join(root, "hand"), queue: redis.url, wait: "detach" }));
  const model = await openModel(undefined, { device: "cpu", threads: 1 });
  let asked = (/** @type {string} */ _who) => {};
  const worker = (/** @type {string} */ who, /** @type {AbortSignal} */ signal) => {
    const slow = {
      ...model,
      digest: model.digest,
      async predictNoise(/** @type {Parameters<typeof model.predictNoise>} */ ...call) {
        asked(who);
        await sleep(CALL);
        return model.predictNoise(...call);
      },
    };
    return workQueue({ url: redis.url, name: "tiny-landscapes", model: slow, until: "empty", signal, say: () => {} });
  };
  const [first, second] = [new AbortController(), new AbortController()];
  const begins = (/** @type {string} */ who) => new Promise((resolve) => (asked = (name) => name === who && resolve(undefined)));
  const one = begins("first");
  const leaving = worker("first", first.signal);
  await one;
  const other = begins("second");
  const from = performance.now();
  first.abort();
  const staying = worker("second", second.signal);
  await other;
  const took = performance.now() - from;
  await Promise.all([leaving, staying]);
  await model.close();
  await redis.stop();
  return { what: "from SIGTERM to another worker's first network call", value: took / 1000, unit: "s", bound: 1 + CALL / 1000 };
}
