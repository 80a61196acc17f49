/** @file Sweeps of ten thousand runs: planned, enqueued, and all there. */
import { execFileSync } from "node:child_process";
import { linkSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import { openModel } from "#kernel-lib/pipelines/open-model.js";
import { paintRun } from "#kernel-lib/sweeps/paint-run.js";
import { prepareSweep } from "#kernel-lib/sweeps/prepare-sweep.js";
import { workQueue } from "#kernel-lib/sweeps/queue/queue-worker.js";
import { enqueue, openQueue, sweepModel } from "#kernel-lib/sweeps/queue/sweep-queue.js";
import { runFolder } from "#kernel-lib/sweeps/sweep-folder.js";
import { startRedis } from "../../scripts/redis.mjs";

const CLI = fileURLToPath(new URL("../../dist/kernel-lib/cli.js", import.meta.url));
const MANY = 10_000;
/** Runs that a worker takes to measure what the queue costs. */
const TAKEN = 2000;

/** A plan of so many runs. @param {number} count */
export const planOf = (count) => ({
  format: /** @type {const} */ (1),
  fixed: { prompt: "a very ordinary prompt about mountains", width: 256, steps: 3 },
  grid: { method: ["multi", "sync"], seed: { from: 0, count: count / 2 } },
});

/** @param {string} root @returns {Promise<import("../table.mjs").Row[]>} */
export async function measureMany(root) {
  const out = join(root, "many");
  const begun = performance.now();
  const folder = await prepareSweep(planOf(MANY), { out });
  const planned = (performance.now() - begun) / 1000;

  const redis = await startRedis(join(root, "redis-many"));
  const connection = new Redis(redis.url, { maxRetriesPerRequest: null });
  const queue = await openQueue(connection, sweepModel(folder));
  const used = async () => Number(/used_memory:(\d+)/.exec(await connection.info("memory"))?.[1]);
  const empty = await used();
  const queued = { queue, folder, keep: [], attempts: 3 };
  const from = performance.now();
  await enqueue(queued, folder.runs);
  const enqueued = (performance.now() - from) / 1000;
  const bytes = (await used()) - empty;
  await enqueue(queued, folder.runs);
  const { prioritized } = await queue.getJobCounts("prioritized");

  // One run is painted; the others are the same files by other names.
  const model = await openModel(undefined, { device: "cpu", threads: 1 });
  const [first] = folder.runs;
  await paintRun(model, folder, first);
  const sizeOfRun = fill(
    out,
    first.key,
    folder.runs.map(({ key }) => key),
  );

  await queue.obliterate({ force: true });
  await enqueue(queued, folder.runs.slice(0, TAKEN));
  const redisCpu = async () => {
    const info = await connection.info("cpu");
    return 1000 * ["used_cpu_user", "used_cpu_sys"].reduce((sum, name) => sum + Number(new RegExp(`${name}:([\\d.]+)`).exec(info)?.[1]), 0);
  };
  const [before, mine] = [await redisCpu(), process.cpuUsage()];
  const words = { url: redis.url, name: sweepModel(folder), model, until: /** @type {const} */ ("empty") };
  await workQueue({ ...words, signal: new AbortController().signal, say: () => {} });
  const { user, system } = process.cpuUsage(mine);
  const perRun = (user + system) / 1000 / TAKEN;
  const redisPerRun = ((await redisCpu()) - before) / TAKEN;
  await model.close();
  await queue.close();
  connection.disconnect();
  await redis.stop();

  writeFileSync(join(out, "report.html"), "");
  const later = new Date(Date.now() + 5000);
  utimesSync(join(out, "report.html"), later, later);
  const alone = performance.now();
  execFileSync(process.execPath, [CLI, "sweep", planFile(root), "--out", out], { stdio: ["ignore", "ignore", "inherit"] });
  const ended = (performance.now() - alone) / 1000;
  return [
    { what: `plan of ${MANY} runs, checked against the model`, value: planned, unit: "s" },
    { what: `${MANY} runs into the queue`, value: enqueued, unit: "s", bound: 10 },
    { what: "runs more when they are put in again", value: (prioritized ?? 0) - MANY, unit: "runs", bound: 0 },
    { what: `Redis' memory for ${MANY} waiting runs`, value: bytes / 1e6, unit: "MB", bound: 20 },
    {
      what: "processor time a run, queue and a look at the folder",
      value: perRun + redisPerRun,
      unit: "ms",
      bound: 2,
      note: `${perRun.toFixed(2)} in the worker, ${redisPerRun.toFixed(2)} in Redis`,
    },
    { what: `veduta sweep of ${MANY} runs that are all there`, value: ended, unit: "s", bound: 5 },
    { what: `a sweep's folder of ${MANY} runs of the bundled model, 256 px`, value: (MANY * sizeOfRun) / 1e9, unit: "GB", bound: 0.6 },
  ];
}

/** @param {string} root */
function planFile(root) {
  const file = join(root, "many.json");
  writeFileSync(file, JSON.stringify(planOf(MANY)));
  return file;
}

/** Makes run folders out of the first one's files. @param {string} out @param {string} first @param {readonly string[]} keys @returns {number} bytes of a run */
function fill(out, first, keys) {
  const names = readdirSync(runFolder(out, first));
  for (const key of keys) {
    if (key === first) continue;
    mkdirSync(runFolder(out, key));
    for (const name of names) linkSync(join(runFolder(out, first), name), join(runFolder(out, key), name));
  }
  return names.reduce((sum, name) => sum + statSync(join(runFolder(out, first), name)).size, 0);
}
