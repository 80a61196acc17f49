/** `veduta models pull` as a process of its own: killed, started again, started twice. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, utimesSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createRng } from "#kernel-lib/core/random.js";
import { readManifest } from "#kernel-lib/hub/manifest.js";
import { scratchFolder } from "../fixtures/checkpoint-folder.js";
import { COMMIT, type Hub, type Seen, sha256, startHub } from "./server.js";

const CLI = [fileURLToPath(new URL("../../dist/kernel-lib/cli.js", import.meta.url)), "models"];
/** The command's pull alone, which starts in half the time. */
const PULL = [
  "--input-type=module",
  "--eval",
  `const { findModel } = await import("#kernel-lib/hub/manifest.js");
  const { pullModel } = await import("#kernel-lib/hub/pull.js");
  await pullModel(findModel("sd2-base"));`,
];
const UNET = "unet/diffusion_pytorch_model.safetensors";
const SIZE = 24 * 2 ** 20;
const KILLS = 20;
/** When the process is killed, the network holds no more than this that it has not written yet. */
const BLOCK = 256 * 1024;
const PIECE = 64 * 1024;

const rng = createRng(20);
const unet = Buffer.alloc(
  SIZE,
  Uint8Array.from({ length: 65_521 }, () => rng.below(256)),
);
const model = readManifest().find(({ name }) => name === "sd2-base");
if (model?.kind !== "hub") throw new Error("the manifest has no sd2-base");
const files: Record<string, Uint8Array> = Object.fromEntries(model.files.map(({ path }) => [path, Buffer.from(path)]));
files[UNET] = unet;

let scratch: ReturnType<typeof scratchFolder>;
let hub: Hub;
beforeEach(async () => {
  scratch = scratchFolder();
  hub = await startHub({ files });
});
afterEach(async () => {
  await hub.close();
  scratch.remove();
});
const repo = () => join(scratch.path, "hf/hub", `models--${model.id.replace("/", "--")}`);
const partial = () => join(repo(), "blobs", `${sha256(unet)}.incomplete`);
const have = () => statSync(partial(), { throwIfNoEntry: false })?.size ?? 0;

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly said: string;
}
function start(...words: string[]): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const env = { ...process.env, HF_HOME: join(scratch.path, "hf"), VEDUTA_CACHE: join(scratch.path, "veduta"), HF_ENDPOINT: hub.url };
  const child = spawn(process.execPath, words, { env, cwd: import.meta.dirname, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (text) => (said += text));
  return { child, ended: new Promise((resolve) => child.on("close", (code, signal) => resolve({ code, signal, said }))) };
}
const isUnet = ({ at, method, path }: Seen) => at === "store" && method === "GET" && path === UNET;

/** Sends the U-Net up to byte `stop`, the last block only as fast as the process writes. @returns what was sent */
async function trickle(response: ServerResponse, from: number, stop: number): Promise<number> {
  const place: Record<string, string> = from > 0 ? { "content-range": `bytes ${from}-${SIZE - 1}/${SIZE}` } : {};
  response.writeHead(from > 0 ? 206 : 200, { ...place, "content-length": String(SIZE - from) });
  let at = from;
  while (at < stop) {
    const next = Math.min(at + PIECE, stop);
    await new Promise((resolve) => response.write(unet.subarray(at, next), resolve));
    at = next;
    while (at < stop && at > stop - BLOCK && existsSync(partial()) && have() < at + PIECE - BLOCK) await sleep(1);
  }
  return at - from;
}

test(`killed ${KILLS} times at random bytes, the file is complete and verified in the end, and nothing is fetched twice beyond a block`, async () => {
  const stops = Array.from({ length: KILLS }, () => 1 + rng.below(SIZE - 1)).sort((a, b) => a - b);
  let sent = 0;
  let kill = () => {};
  let stop = SIZE;
  let trickled: Promise<void> = Promise.resolve();
  hub.options.misbehave = (seen, response) => {
    if (!isUnet(seen)) return false;
    const from = Number(/^bytes=(\d+)-$/.exec(seen.range ?? "bytes=0-")?.[1]);
    trickled = trickle(response, from, stop).then((bytes) => {
      sent += bytes;
      if (stop < SIZE) kill();
      else response.end();
    });
    return true;
  };
  for (stop of stops) {
    const { child, ended } = start(...PULL);
    kill = () => child.kill("SIGKILL");
    expect((await ended).signal).toBe("SIGKILL");
    await trickled;
    for (const name of readdirSync(join(repo(), "blobs")).filter((each) => each.endsWith(".lock")))
      utimesSync(join(repo(), "blobs", name), 0, 0); // as if it had not been touched for long
    expect(have()).toBeLessThanOrEqual(stop);
    expect(have()).toBeGreaterThanOrEqual(stop - BLOCK);
    expect(existsSync(join(repo(), "blobs", sha256(unet)))).toBe(false);
  }
  stop = SIZE;
  const { code, said } = await start(...CLI, "pull", "sd2-base").ended;
  expect(said).toContain(`${UNET}: downloaded, verified`);
  expect(code).toBe(0);
  expect(hub.seen.filter(isUnet)).toHaveLength(KILLS + 1);
  expect(sent).toBeLessThanOrEqual(SIZE + KILLS * BLOCK);
  expect(readFileSync(join(repo(), "snapshots", COMMIT, UNET)).equals(unet)).toBe(true);
  expect(readdirSync(join(repo(), "blobs")).filter((name) => /lock|incomplete/.test(name))).toEqual([]);
  const verified = await start(...CLI, "verify", "sd2-base").ended;
  expect([verified.code, verified.said.trim().split("\n").length]).toEqual([0, model.files.length]);
  expect(verified.said).not.toMatch(/: (different|missing|unknown)/);
});

test("two pulls at once fetch every file once", async () => {
  const both = await Promise.all([start(...CLI, "pull", "sd2-base").ended, start(...CLI, "pull", "sd2-base").ended]);
  expect(both.map(({ code }) => code)).toEqual([0, 0]);
  expect(hub.sent()).toBe(Object.values(files).reduce((sum, { length }) => sum + length, 0));
  expect(readFileSync(join(repo(), "snapshots", COMMIT, UNET)).equals(unet)).toBe(true);
});
