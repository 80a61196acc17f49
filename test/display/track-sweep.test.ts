/** `track` follows a sweep: one output that says how far it is, what failed, and shows the last pictures. */
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { setSink } from "#kernel-lib/display/display.js";
import { memorySink } from "#kernel-lib/display/display-sinks.js";
import { sweepForms, sweepWords } from "#kernel-lib/display/sweep-view.js";
import { track } from "#kernel-lib/display/track.js";
import { paintRun } from "#kernel-lib/sweeps/paint-run.js";
import type { Sweep } from "#kernel-lib/sweeps/sweep.js";
import type { SweepEvent, SweepResult } from "#kernel-lib/sweeps/sweep-event.js";
import { PLAN, temporary, toySweep, toyWorker } from "../sweeps/toy-sweep.js";

const { at, remove } = temporary("track-sweep");
afterAll(remove);
let sink = memorySink();
beforeEach(() => {
  sink = memorySink();
  setSink(sink);
});
afterEach(() => setSink(undefined));

const FAILED = { name: "Error", message: "<b>no</b>", attempts: 3, host: "here", time: "2026-01-01T00:00:00.000Z" };

/** A sweep of four runs in this process: three are painted, the last fails. @param end an error that ends it after the second */
async function toyEvents(out: string, end?: Error): Promise<Sweep> {
  const folder = await toySweep(PLAN, out);
  let counts = { all: 4, there: 0, failed: 0 };
  async function* events(): AsyncGenerator<SweepEvent, SweepResult, void> {
    for (const [k, run] of folder.runs.entries()) {
      if (k === 2 && end) throw end;
      if (k === 3) {
        counts = { ...counts, failed: 1 };
        yield { kind: "failed", key: run.key, failed: FAILED, counts };
        continue;
      }
      await paintRun(toyWorker(), folder, run);
      counts = { ...counts, there: counts.there + 1 };
      yield { kind: "done", key: run.key, outcome: "painted", seconds: 1, host: "here", counts };
    }
    return { out, ...counts };
  }
  return Object.assign(events(), { out, stop() {} });
}

test("the output of a sweep is one, and ends with its counts, the last pictures and the failures as text", async () => {
  expect(await track(await toyEvents(at("whole")))).toEqual({ out: at("whole"), all: 4, there: 3, failed: 1 });
  expect(new Set(sink.shown.map(({ id }) => id)).size).toBe(1);
  const last = sink.shown.at(-1)?.bundle ?? {};
  expect(last["text/plain"]).toMatch(/^\[3 of 4 runs · 1 failed · [\d.e+]+ a minute · 3 runs in \d+:\d\d\]$/);
  expect(String(last["text/html"]).match(/<img /g)).toHaveLength(3);
  expect(last["text/html"]).toContain("SyncDiffusion, hills, seed 1");
  expect(last["text/html"]).toContain("Error: &lt;b&gt;no&lt;/b&gt;");
});

test("a sweep that ends by an error says that it stopped, and the error is thrown on", async () => {
  await expect(track(await toyEvents(at("broken"), new Error("no worker")))).rejects.toThrow("no worker");
  expect(sink.shown.at(-1)?.bundle["text/plain"]).toMatch(/^\[2 of 4 runs · .* · stopped; the same call goes on\]$/);
});

test("four pictures are shown at most, five failures named, and the time left follows from the runs that were made", () => {
  const failures = Array.from({ length: 7 }, (_, k) => ({ key: `${k}`, ...FAILED }));
  const state = { phase: "running", counts: { all: 10, there: 2, failed: 7 }, made: 2, gone: 60_000, failures, pictures: [] } as const;
  expect(sweepWords(state)).toBe("2 of 10 runs · 7 failed · 2 a minute · 0:30 left");
  const html = String(sweepForms(state)["text/html"]);
  expect(html.match(/<tr/g)).toHaveLength(5);
  expect(html).toContain("and 2 more");
});
