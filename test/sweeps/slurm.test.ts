/** docs/sweep.sbatch under a SLURM of one node that this test starts: a task that is killed loses its runs, and the same array again makes them. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findProgram } from "../../scripts/debian.mjs";
import { writeTinyCheckpoint } from "../fixtures/tiny-checkpoint.js";
import { temporary } from "./toy-sweep.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SYSTEM = ["/usr/sbin", "/usr/bin"];
const find = (name: string) => findProgram([name]) ?? SYSTEM.map((folder) => `${folder}/${name}`).find(existsSync);
const programs = ["munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel"].map(find);
const ready = programs.every((program) => program !== undefined) && process.getuid?.() === 0;

const { at, remove } = temporary("slurm");
const daemons: ChildProcess[] = [];
const env = {
  ...process.env,
  SLURM_CONF: at("slurm.conf"),
  PLAN: at("plan.json"),
  OUT: at("out"),
  VEDUTA: `${process.execPath} ${ROOT}dist/kernel-lib/cli.js`,
};
const slurm = (name: string, ...words: string[]) => execFileSync(find(name) as string, words, { env, cwd: at(), encoding: "utf8" });
const runs = (): number => (existsSync(at("out", "runs")) ? readdirSync(at("out", "runs")).length : 0);
const RUNS = 12;

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { readonly port: number };
      server.close(() => resolve(port));
    });
  });

beforeAll(async () => {
  if (!ready) return;
  for (const name of ["spool", "state", "munge"]) mkdirSync(at(name));
  const socket = at("munge", "socket");
  writeFileSync(at("munge", "key"), randomBytes(64), { mode: 0o600 });
  const [controller, node] = [await freePort(), await freePort()];
  writeFileSync(
    at("slurm.conf"),
    [
      "ClusterName=one",
      `SlurmctldHost=${hostname()}(127.0.0.1)`,
      ...[
        "AuthType=auth/munge",
        `AuthInfo=socket=${socket}`,
        "CredType=cred/munge",
        "ProctrackType=proctrack/pgid",
        "TaskPlugin=task/none",
      ],
      ...["SlurmUser=root", `SlurmctldPort=${controller}`, `SlurmdPort=${node}`],
      ...[
        `SlurmctldPidFile=${at("ctld.pid")}`,
        `SlurmdPidFile=${at("d.pid")}`,
        `SlurmdSpoolDir=${at("spool")}`,
        `StateSaveLocation=${at("state")}`,
      ],
      ...["SelectType=select/cons_tres", "SelectTypeParameters=CR_Core", "ReturnToService=2", "SwitchType=switch/none", "MpiDefault=none"],
      ...["AccountingStorageType=accounting_storage/none", "JobAcctGatherType=jobacct_gather/none"],
      `NodeName=${hostname()} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN`,
      `PartitionName=main Nodes=${hostname()} Default=YES MaxTime=INFINITE State=UP`,
      "",
    ].join("\n"),
  );
  const start = (name: string, ...words: string[]) => daemons.push(spawn(find(name) as string, words, { env, stdio: "ignore" }));
  const munge = [
    `--socket=${socket}`,
    `--key-file=${at("munge", "key")}`,
    `--pid-file=${at("munge", "pid")}`,
    `--seed-file=${at("munge", "seed")}`,
  ];
  start("munged", "--foreground", "--force", ...munge, `--log-file=${at("munge", "log")}`);
  while (!existsSync(socket)) await sleep(50);
  start("slurmctld", "-D", "-f", at("slurm.conf"), "-L", at("ctld.log"));
  start("slurmd", "-D", "-f", at("slurm.conf"), "-L", at("d.log"));
  writeTinyCheckpoint(at("model"));
  const plan = {
    format: 1,
    model: at("model"),
    device: "cpu",
    fixed: { prompt: "hills", width: 32, steps: 40, method: "multi" },
    grid: { seed: { from: 0, count: RUNS } },
  };
  writeFileSync(at("plan.json"), JSON.stringify(plan));
});
afterAll(async () => {
  for (const daemon of daemons.reverse()) daemon.kill("SIGTERM");
  await Promise.all(daemons.map((daemon) => daemon.exitCode ?? new Promise((resolve) => daemon.once("exit", resolve))));
  remove();
});

/** Sends the array of two tasks, and waits for its end. @param during called with the job's number while it is in the queue */
async function array(during: (job: string) => Promise<void> = async () => {}): Promise<void> {
  const job = slurm("sbatch", "--parsable", "--array=0-1", "--cpus-per-task=1", `${ROOT}docs/sweep.sbatch`).trim();
  await during(job);
  while (slurm("squeue", "-h").trim() !== "") await sleep(200);
}

describe.skipIf(!ready)("SLURM (slurm-wlm, munge, as root)", () => {
  test("an array whose first task is killed leaves its other runs; the same array again makes what is missing", async () => {
    for (let k = 0; k < 100 && !/idle/.test(slurm("sinfo", "-h")); k++) await sleep(200);
    await array(async (job) => {
      while (runs() < 2) await sleep(50);
      slurm("scancel", "--signal=KILL", "--full", `${job}_0`);
    });
    const left = runs();
    expect(left).toBeLessThan(RUNS);
    expect(left).toBeGreaterThanOrEqual(RUNS / 2);
    await array();
    expect(runs()).toBe(RUNS);
    expect(existsSync(at("out", "report.html"))).toBe(true);
  });
});
