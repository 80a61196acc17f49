/**
 * @file A sweep over a queue whose workers and whose Redis are killed again and again, at seeded moments: what is lost, what is done twice, how much work is
 * wasted. The moments are numbers of finished runs, so that a slow machine meets as many kills as a fast one.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createRng } from "#kernel-lib/core/random.js";
import { sweep } from "#kernel-lib/sweeps/sweep.js";
import { openSweepFolder, runsThere } from "#kernel-lib/sweeps/sweep-folder.js";
import { startRedis } from "../../scripts/redis.mjs";

const WORKER = fileURLToPath(new URL("./worker.mjs", import.meta.url));
const MODEL = fileURLToPath(new URL("../../models/tiny-landscapes", import.meta.url));

/**
 * @typedef {{ runs: number, seed: number, workerKills: number, redisKills: number, flushes: number, stops: number, pause?: number, lock?: number }} Campaign
 * kills of workers and of Redis, FLUSHALLs, and workers that sleep beyond their lock; pause before a network call and lock in milliseconds
 * @typedef {{ runs: number, there: number, folders: number, starts: number, decoded: number, opened: number, kills: number, left: number, failed: number, seconds: number }} Outcome
 * there: runs in the folder; starts: runs that workers began; decoded: runs that came to their end; opened: models loaded; left: jobs that stay in the queue
 * @param {Campaign} campaign
 * @returns {Promise<Outcome>}
 */
export async function campaign({ runs, seed, workerKills, redisKills, flushes, stops, pause = 100, lock = 4000 }) {
  const dir = mkdtempSync(join(tmpdir(), "veduta-campaign-"));
  const [out, log] = [join(dir, "out"), join(dir, "log")];
  // The queue is named after the model: a name of its own, so that a worker that outlived another campaign takes none of these runs.
  const name = join(dir, `tiny-${seed}-${process.pid}`);
  symlinkSync(MODEL, name);
  const redis = await startRedis(join(dir, "redis"), { fsync: "everysec" });
  const begun = performance.now();
  const start = () =>
    spawn(process.execPath, [WORKER, redis.url, name, log, String(pause), String(lock)], { stdio: ["ignore", "inherit", "inherit"] });
  const workers = [start(), start()];
  const rng = createRng(seed);
  const deeds = [
    ...Array.from({ length: workerKills }, () => "worker"),
    ...Array.from({ length: redisKills }, () => "redis"),
    ...Array.from({ length: flushes }, () => "flush"),
    ...Array.from({ length: stops }, () => "stop"),
  ]
    .map((what) => ({ what, order: rng.uniform() }))
    .sort((a, b) => a.order - b.order)
    .map(({ what }, k, all) => ({ what, after: Math.floor(1 + (k * (runs - 8)) / all.length) }));
  const plan = {
    format: /** @type {const} */ (1),
    model: name,
    fixed: { prompt: "mountains", method: "multi", width: 128, steps: 3 },
    grid: { seed: { from: 0, count: runs } },
  };
  let [there, kills] = [0, 0];
  const all = sweep(plan, { out, queue: redis.url });
  const following = (async () => {
    for await (const { counts } of all) there = counts.there;
  })();
  try {
    for (const { what, after } of deeds) {
      while (there < after) await Promise.race([sleep(50), following]);
      await sleep(600 * rng.uniform());
      const k = rng.below(2);
      if (what === "worker" || what === "stop") {
        kills++;
        if (what === "stop") {
          const asleep = workers[k];
          asleep.kill("SIGSTOP");
          void sleep(1.8 * lock).then(() => asleep.kill("SIGCONT"));
          workers.push(asleep);
        } else workers[k].kill("SIGKILL");
        workers[k] = start();
      } else if (what === "redis") {
        await redis.kill();
        await sleep(700);
        await redis.restart();
      } else await flush(redis.url);
    }
    await following;
    const folder = await openSweepFolder(out);
    const lines = readFileSync(log, "utf8").split("\n");
    const count = (/** @type {string} */ word) => lines.filter((line) => line.endsWith(` ${word}`)).length;
    return {
      runs,
      there: (await runsThere(folder)).size,
      folders: readdirSync(join(out, "runs")).length,
      starts: count("start"),
      decoded: count("decode"),
      opened: count("open"),
      kills,
      left: await jobsLeft(redis.url),
      failed: readdirSync(out).includes("failed") ? readdirSync(join(out, "failed")).length : 0,
      seconds: (performance.now() - begun) / 1000,
    };
  } finally {
    all.stop();
    for (const worker of new Set(workers)) worker.kill("SIGKILL");
    await redis.stop();
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** @param {string} url */
async function flush(url) {
  const { Redis } = await import("ioredis");
  const connection = new Redis(url);
  await connection.flushall();
  connection.disconnect();
}

/** Jobs of all states. @param {string} url */
async function jobsLeft(url) {
  const { Redis } = await import("ioredis");
  const connection = new Redis(url);
  const keys = await connection.keys("bull:*");
  connection.disconnect();
  return keys.filter((key) => /:[0-9a-f]{16}-[0-9a-f]{16}$/.test(key)).length;
}
