/** `veduta sweep` with child processes on a small checkpoint: it goes on after every kind of end, and says what failed. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { main } from "#kernel-lib/cli.js";
import { sweep } from "#kernel-lib/sweeps/sweep.js";
import type { SweepEvent } from "#kernel-lib/sweeps/sweep-event.js";
import { openSweepFolder, runsThere, writeFailed } from "#kernel-lib/sweeps/sweep-folder.js";
import { writeTinyCheckpoint } from "../fixtures/tiny-checkpoint.js";
import { temporary } from "./toy-sweep.js";

const VEDUTA = fileURLToPath(new URL("../../dist/kernel-lib/cli.js", import.meta.url));
const { at, remove } = temporary("sweep-local");
afterAll(remove);
beforeAll(() => {
  writeTinyCheckpoint(at("model"));
  writeFileSync(at("plan.json"), JSON.stringify(PLAN()));
});

/** Six runs. */
const PLAN = () =>
  ({
    format: 1,
    model: at("model"),
    device: "cpu",
    fixed: { prompt: "hills", width: 32, steps: 2, method: "multi" },
    grid: { seed: { from: 0, count: 6 } },
  }) as const;

function started(...words: string[]): {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; out: string; err: string }>;
} {
  const child = spawn(process.execPath, [VEDUTA, ...words], { stdio: ["ignore", "pipe", "pipe"] });
  let [out, err] = ["", ""];
  child.stdout?.on("data", (text) => (out += text));
  child.stderr?.on("data", (text) => (err += text));
  return { child, ended: new Promise((resolve) => child.once("close", (code) => resolve({ code, out, err }))) };
}
const veduta = (...words: string[]) => started(...words).ended;
/** The command line in this process, for what paints nothing. */
async function said(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ["", ""];
  const stdout = { write: (text: string) => (out += text) };
  const stderr = { write: (text: string) => (err += text) };
  const openModel = () => Promise.reject(new Error("no model is opened here"));
  return { code: await main(words, { openModel, stdout, stderr, onInterrupt: () => () => {} }), out, err };
}
const runsIn = (dir: string): readonly string[] => (existsSync(at(dir, "runs")) ? readdirSync(at(dir, "runs")).sort() : []);

describe("veduta sweep", () => {
  test("paints every run, writes report and table, and has nothing left to do the second time", async () => {
    const first = await veduta("sweep", at("plan.json"), "--out", at("whole"), "--workers", "1");
    expect(first).toMatchObject({ code: 0, out: `6 of 6 runs in ${at("whole")}\n${at("whole", "report.html")}\n` });
    expect(runsIn("whole")).toHaveLength(6);
    const written = readFileSync(at("whole", "report.html"));
    const again = await said("sweep", at("plan.json"), "--out", at("whole"));
    expect([again.code, again.out, again.err]).toEqual([0, first.out, ""]);
    expect(readFileSync(at("whole", "report.html"))).toEqual(written);
    const dry = await said("sweep", at("plan.json"), "--out", at("whole"), "--dry-run");
    expect(dry.out).toMatch(/^6 runs: 6 there, 0 failed, 0 missing\nBy those that are there, the missing ones take 0 B and 0 s with /);
    const status = JSON.parse((await said("sweep", "status", at("whole"), "--json")).out);
    expect(status).toMatchObject({ all: 6, there: 6, missing: 0, failed: 0, running: [] });
  });

  test("killed, and its children's with it, goes on: every run is there, painted once", async () => {
    const { child, ended } = started("sweep", at("plan.json"), "--out", at("killed"), "--workers", "1");
    while (runsIn("killed").length < 2) await sleep(20);
    child.kill("SIGKILL");
    await ended;
    const before = runsIn("killed");
    expect((await veduta("sweep", at("plan.json"), "--out", at("killed"), "--workers", "1")).code).toBe(0);
    expect(runsIn("killed")).toHaveLength(6);
    expect(before.every((key) => runsIn("killed").includes(key))).toBe(true);
  });

  test("stopped by SIGINT ends with 130 and the runs so far", async () => {
    const { child, ended } = started("sweep", at("plan.json"), "--out", at("stopped"), "--workers", "1");
    while (runsIn("stopped").length < 1) await sleep(20);
    child.kill("SIGINT");
    const { code, err } = await ended;
    expect(code).toBe(130);
    expect(err).toContain(`Stopped; the finished runs are in ${at("stopped")}, and the same command goes on.`);
    expect(readdirSync(at("stopped", ".partial"))).toEqual([]);
  });

  test("says how many runs failed and why, with 1; leaves them, and tries them again with --retry-failed", async () => {
    const folder = await openSweepFolder(at("whole"));
    const { key } = folder.runs[2];
    rmSync(at("whole", "runs", key), { recursive: true });
    const failure = { name: "Error", message: "the lamp went out", attempts: 3, host: "here", time: "2026-01-01T00:00:00.000Z" };
    await writeFailed(folder.dir, key, failure);
    const failed = await said("sweep", at("plan.json"), "--out", at("whole"));
    expect(failed.code).toBe(1);
    expect(failed.err).toContain(`1 run failed:\n  ${key}: Error: the lamp went out\n`);
    expect((await veduta("sweep", at("plan.json"), "--out", at("whole"), "--retry-failed")).code).toBe(0);
    expect((await runsThere(folder)).size).toBe(6);
  });

  test("refuses a wrong plan, folder or shard with 2 and one line, before anything starts", async () => {
    writeFileSync(at("wrong.json"), JSON.stringify({ ...PLAN(), fixed: { widht: 32 } }));
    writeFileSync(at("half.json"), '{ "format": 1,');
    const refused = async (words: readonly string[], message: RegExp) => {
      const { code, err } = await said("sweep", ...words);
      expect([code, err]).toEqual([2, expect.stringMatching(message)]);
    };
    await refused([at("wrong.json"), "--out", at("x")], /^error: .*wrong.json: fixed: got "widht", want width, or another of .*\n$/);
    await refused([at("half.json"), "--out", at("x")], /^error: .*half.json: expected JSON, found .*\n$/);
    await refused([at("none.json"), "--out", at("x")], /^error: .*none.json: expected a file that can be read, found no such file\n$/);
    await refused([at("plan.json")], /^error: sweep: got no --out, want the sweep's folder: --out DIR\n$/);
    await refused([at("plan.json"), "--out", at("model")], /holds files that are no sweep's/);
    await refused(
      [at("plan.json"), "--out", at("x"), "--device", "webgpu"],
      /--device webgpu: .*plan.json says cpu; leave one of them out/,
    );
    await refused([at("plan.json"), "--out", at("x"), "--shard", "4/4"], /Got 4\/4, want I\/N with 0 <= I < N/);
    await refused([at("plan.json"), "--out", at("x"), "--detach"], /--detach leaves the runs to a queue's workers; give --queue/);
    expect(existsSync(at("x"))).toBe(false);
  });
});

describe("sweep", () => {
  test("tells of each run; a worker that is killed costs its run nothing, and a loop that is left ends its workers", async () => {
    const events: SweepEvent[] = [];
    let [killed, pid] = [0, 0];
    for await (const event of sweep(PLAN(), { out: at("events"), workers: 1 })) {
      events.push(event);
      if (event.kind === "worker") pid = event.pid;
      if (event.kind === "start" && killed < 2) {
        process.kill(pid, "SIGKILL");
        killed++;
      }
    }
    const of = (kind: SweepEvent["kind"]) => events.filter((event) => event.kind === kind);
    expect(killed).toBe(2);
    expect(of("done")).toHaveLength(6);
    expect(of("start").length).toBeGreaterThanOrEqual(6);
    expect(of("worker")).toHaveLength(3);
    expect(of("failed")).toEqual([]);
    expect(events.at(-1)).toMatchObject({ kind: "report", counts: { all: 6, there: 6, failed: 0 } });
    for await (const event of sweep({ ...PLAN(), grid: { seed: { from: 0, count: 9 } } }, { out: at("events"), workers: 1 }))
      if (event.kind === "start") break;
    expect(existsSync(at("events", "runs"))).toBe(true);
  });

  test("ends by an AbortError when it is stopped, and the same call goes on", async () => {
    const begun = sweep(PLAN(), { out: at("aborted"), workers: 1 });
    const following = (async () => {
      for await (const { kind } of begun) if (kind === "done") begun.stop();
    })();
    await expect(following).rejects.toMatchObject({ name: "AbortError" });
    let result: unknown;
    for (const again = sweep(PLAN(), { out: at("aborted"), workers: 1 }); ; ) {
      const next = await again.next();
      if (next.done) {
        result = next.value;
        break;
      }
    }
    expect(result).toEqual({ out: at("aborted"), all: 6, there: 6, failed: 0, report: at("aborted", "report.html") });
  });
});
