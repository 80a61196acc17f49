import { describe, expect, test } from "vitest";
import { arenaBytes, weightBytes } from "#kernel-lib/engine/memory.js";
import type { Runtime } from "#kernel-lib/engine/runtime.js";
import type { Feeds, Results } from "#kernel-lib/engine/session.js";
import { gpuPool, sessionPool } from "#kernel-lib/engine/session-pool.js";
import { Graph } from "#kernel-lib/graph/graph.js";
import { mul } from "#kernel-lib/graph/ops/elementwise.js";

const one = { size: 1, calls: 1 };
const rows = { x: { data: Float32Array.of(1), shape: [1] } };

/** x [1] -> y [1], with weights of so many bytes. */
function graphOf(bytes: number): Graph {
  const graph = new Graph();
  const w = graph.weight("w", [1], "float32", { file: "/w.safetensors", offset: 0, length: bytes });
  graph.output("y", mul(graph.input("x", [1]), w));
  return graph;
}

/** A runtime whose calls end when they are told to, and what it released, by order of opening. */
function fakeRuntime() {
  const released: number[] = [];
  let opened = 0;
  let hold: Promise<void> = Promise.resolve();
  const runtime: Runtime = {
    options: { device: "cpu", threads: 1 },
    open: async () => {
      const session = opened++;
      return {
        run: async (): Promise<Results> => {
          await hold;
          if (released.includes(session)) throw new Error(`session ${session} was released`);
          return { y: { data: Float32Array.of(session), shape: [1] } };
        },
        release: async () => void released.push(session),
      };
    },
    close: async () => {},
  };
  return {
    runtime,
    released,
    /** From now on calls wait; @returns what lets them go on */
    holdCalls(): () => void {
      let go = () => {};
      hold = new Promise((resolve) => {
        go = () => {
          hold = Promise.resolve();
          resolve();
        };
      });
      return go;
    },
  };
}

describe("a session pool", () => {
  test("never releases a session while a call runs on it, however many others open meanwhile", async () => {
    const { runtime, released, holdCalls } = fakeRuntime();
    const pool = sessionPool([runtime]);
    const go = holdCalls();
    const underWay = pool.run("first", () => graphOf(4), one, { rows });
    const others = Array.from({ length: 20 }, (_, k) => pool.run(`other ${k}`, () => graphOf(4), one, { rows }));
    await new Promise((resolve) => setImmediate(resolve));
    expect(released).toEqual([]);
    go();
    expect([...(await underWay).y.data]).toEqual([0]);
    await Promise.all(others);
    for (let k = 0; k < 8; k++) await pool.run(`later ${k}`, () => graphOf(4), one, { rows });
    expect(released).toContain(0); // once nobody uses it, it goes
  });

  test("holds at most eight sessions, the least recently used released first", async () => {
    const { runtime, released } = fakeRuntime();
    const pool = sessionPool([runtime]);
    for (let k = 0; k < 8; k++) await pool.run(`${k}`, () => graphOf(4), one, { rows });
    await pool.run("0", () => graphOf(4), one, { rows });
    await pool.run("8", () => graphOf(4), one, { rows });
    expect(released).toEqual([1]);
  });

  test("holds weights of at most half of the memory, or one session alone", async () => {
    const { runtime, released } = fakeRuntime();
    const pool = sessionPool([runtime], { bytes: 500, of: weightBytes, releases: "in the background" });
    for (const [name, bytes] of [
      ["a", 200],
      ["b", 300],
      ["c", 100],
    ] as const)
      await pool.run(name, () => graphOf(bytes), one, { rows });
    expect(released).toEqual([0]); // 200 + 300 fit, 100 more do not
    await pool.run("d", () => graphOf(900), one, { rows });
    expect(released).toEqual([0, 1, 2]);
  });

  test("on a GPU it counts the arenas of activations, and loads a session only when what had to go is gone", async () => {
    const events: string[] = [];
    let opened = 0;
    const open = async () => {
      const session = opened++;
      events.push(`open ${session}`);
      const run = async (): Promise<Results> => ({ y: { data: Float32Array.of(session), shape: [1] } });
      const release = async () => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        events.push(`gone ${session}`);
      };
      return { run, release };
    };
    const each = arenaBytes(graphOf(1000));
    expect(each).toBeGreaterThan(weightBytes(graphOf(1000)));
    const pool = sessionPool([{ options: { device: "cuda", threads: 1 }, open, close: async () => {} }], gpuPool((2 * each) / 0.9));
    for (const name of ["a", "b", "c"]) await pool.run(name, () => graphOf(1000), one, { rows });
    expect(events).toEqual(["open 0", "open 1", "gone 0", "open 2"]);
  });

  test("on several runtimes, each takes the next call when it is free: a slow one takes fewer, and rows keep their order", async () => {
    const calls = [0, 0];
    const runtimes = [0, 1].map((k): Runtime => {
      const run = async ({ x }: Feeds): Promise<Results> => {
        calls[k]++;
        await new Promise((resolve) => setTimeout(resolve, k === 0 ? 40 : 2));
        return { y: x as Results[string] };
      };
      return { options: { device: "cpu", threads: 1 }, open: async () => ({ run, release: async () => {} }), close: async () => {} };
    });
    const x = { data: Float32Array.from({ length: 12 }, (_, k) => k), shape: [12] };
    const { y } = await sessionPool(runtimes).run("key", () => graphOf(4), { size: 1, calls: 12 }, { rows: { x } });
    expect(y).toEqual(x);
    expect(calls[0] + calls[1]).toBe(12);
    expect(calls[0]).toBeLessThan(calls[1]);
  });

  test("a call that fails on one of several runtimes ends the batch: the others begin no further call", async () => {
    let calls = 0;
    const runtimes = [0, 1].map((k): Runtime => {
      const run = async (): Promise<Results> => {
        calls++;
        await new Promise((resolve) => setTimeout(resolve, 5));
        if (k === 0) throw new Error("out of memory");
        return { y: { data: Float32Array.of(1), shape: [1] } };
      };
      return { options: { device: "cpu", threads: 1 }, open: async () => ({ run, release: async () => {} }), close: async () => {} };
    });
    const x = { data: new Float32Array(100), shape: [100] };
    await expect(sessionPool(runtimes).run("key", () => graphOf(4), { size: 1, calls: 100 }, { rows: { x } })).rejects.toThrow(
      "out of memory",
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(calls).toBeLessThan(10);
  });
});
