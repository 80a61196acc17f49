/** `kill -9` of a server in mid-run: started again within three seconds, it lets the run go on, with the same bits in the end. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { freePorts } from "#kernel-lib/ipynb/runner/connection-file.js";
import { syncDiffusion } from "#kernel-lib/methods/joint/joint-methods.js";
import { openModel } from "#kernel-lib/pipelines/open-model.js";
import { scratchFolder } from "../fixtures/checkpoint-folder.js";
import { writeTinyCheckpoint } from "../fixtures/tiny-checkpoint.js";
import { drained } from "./servers.js";

const CLI = fileURLToPath(new URL("../../dist/kernel-lib/cli.js", import.meta.url));
const scratch = scratchFolder();
const tiny = join(scratch.path, "tiny");
writeTinyCheckpoint(tiny);
const servers: ChildProcess[] = [];
afterAll(() => {
  for (const server of servers) server.kill("SIGKILL");
  scratch.remove();
});

/** Starts the command. @returns once it has said its address */
async function start(port: number): Promise<ChildProcess> {
  const words = ["serve", "--model", tiny, "--port", String(port), "--device", "cpu", "--threads", "1"];
  const server = spawn(process.execPath, [CLI, ...words], { stdio: ["ignore", "pipe", "inherit"] });
  servers.push(server);
  await once(server.stdout as NodeJS.ReadableStream, "data");
  return server;
}

test("a run goes on after its server was killed and started again, and ends bit-equal", async () => {
  const { shell: port } = await freePorts();
  const first = await start(port);
  const [local, remote] = [await openModel(tiny, { device: "cpu", threads: 1 }), await openModel(`http://127.0.0.1:${port}`)];
  const options = { prompt: "hills", seed: 3, steps: 6, width: 48, batch: 2 };
  const run = syncDiffusion(remote, options);
  for (let step = 0; step < 3; step++) await run.next();
  const rest = drained(run);
  await sleep(20); // into a call of the fourth step
  first.kill("SIGKILL");
  await once(first, "exit");
  await start(port);
  expect((await rest).latent).toEqual((await drained(syncDiffusion(local, options))).latent);
  await Promise.all([local.close(), remote.close()]);
});
