/** @file Redis for tests and benchmarks of queues: Debian's redis-server, in a folder and on a port of its own. */
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { ensureProgram, findProgram } from "./debian.mjs";

/** @returns {string | undefined} the program's path */
export const findRedis = () => findProgram(["redis-server"]);

/** Installs redis-server where it is missing and may be installed; it is not left running as a service. */
export const ensureRedis = () => ensureProgram(findRedis, { what: "redis-server", packages: ["redis-server"] });

/** @typedef {{ url: string, pid(): number, kill(): Promise<void>, restart(): Promise<void>, stop(): Promise<void> }} OwnRedis */

/**
 * Starts a Redis that only this machine reaches.
 * @param {string} dir its folder, which is made
 * @param {{ fsync?: "always" | "everysec", words?: readonly string[] }} [options] fsync: keeps an append-only file; words: further settings
 * @returns {Promise<OwnRedis>}
 */
export async function startRedis(dir, { fsync, words = [] } = {}) {
  const program = findRedis();
  if (program === undefined) throw new Error("redis-server is not there: apt-get install redis-server");
  mkdirSync(dir, { recursive: true });
  const port = String(await freePort());
  const kept = fsync === undefined ? [] : ["--appendonly", "yes", "--appendfsync", fsync];
  const start = () =>
    spawn(
      program,
      ["--port", port, "--bind", "127.0.0.1", "--dir", dir, "--save", "", ...kept, "--maxmemory-policy", "noeviction", ...words],
      {
        stdio: "ignore",
      },
    );
  let child = start();
  const ended = () => new Promise((resolve) => (child.exitCode ?? child.signalCode) === null && child.once("exit", resolve));
  const end = async (/** @type {NodeJS.Signals} */ signal) => {
    if ((child.exitCode ?? child.signalCode) !== null) return;
    const over = ended();
    child.kill(signal);
    await over;
  };
  await sleep(300);
  return {
    url: `redis://127.0.0.1:${port}`,
    pid: () => /** @type {number} */ (child.pid),
    kill: () => end("SIGKILL"),
    async restart() {
      child = start();
      await sleep(300);
    },
    stop: () => end("SIGTERM"),
  };
}

/** @returns {Promise<number>} */
const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
