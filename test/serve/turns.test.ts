/** Turns on a device: one call at a time, clients in rotation. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { takeTurns } from "#kernel-lib/serve/turns.js";

/** Work that ends when the test says so. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

describe("turns", () => {
  test("with K clients waiting each gets every K-th call, each its own in their order, and never two at once", async () => {
    const counts = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(counts, async (calls) => {
        const turns = takeTurns();
        const begin = gate();
        const order: [client: number, call: number][] = [];
        let running = 0;
        let most = 0;
        const first = turns.take("first", () => begin.opened);
        const all = calls.flatMap((count, client) =>
          Array.from({ length: count }, (_, call) =>
            turns.take(client, async () => {
              most = Math.max(most, ++running);
              order.push([client, call]);
              await Promise.resolve();
              running--;
            }),
          ),
        );
        expect(turns.waiting).toBe(all.length);
        begin.open();
        await Promise.all([first, ...all]);
        const left = [...calls];
        const want: [number, number][] = [];
        for (let round = 0; want.length < order.length; round++)
          for (const [client, count] of left.entries()) if (round < count) want.push([client, round]);
        expect(order).toEqual(want);
        expect([most, turns.waiting]).toEqual([1, 0]);
      }),
      { numRuns: 50 },
    );
  });

  test("one who asks again after each answer does not go before those who wait", async () => {
    const turns = takeTurns();
    const order: string[] = [];
    const call = (client: string) => turns.take(client, async () => void order.push(client));
    const greedy = (async () => {
      for (let k = 0; k < 3; k++) await call("greedy");
    })();
    await Promise.all([greedy, call("a"), call("b")]);
    expect(order).toEqual(["greedy", "a", "b", "greedy", "greedy"]);
  });

  test("who hangs up loses the calls that wait, and the running one ends; a failed call gives the turn on", async () => {
    const turns = takeTurns();
    const begin = gate();
    const gone = new AbortController();
    const done: string[] = [];
    const runs = turns.take("a", () => begin.opened.then(() => done.push("running")), gone.signal);
    const waits = turns.take("a", async () => done.push("waiting"), gone.signal);
    const fails = turns.take("b", () => Promise.reject(new Error("no memory")));
    const other = turns.take("c", async () => done.push("other"));
    gone.abort(new Error("hung up"));
    await expect(waits).rejects.toThrow("hung up");
    await expect(turns.take("a", async () => {}, gone.signal)).rejects.toThrow("hung up");
    begin.open();
    await expect(fails).rejects.toThrow("no memory");
    await Promise.all([runs, other]);
    expect(done).toEqual(["running", "other"]);
  });

  test("closing refuses what waits and what comes, and waits for the running call", async () => {
    const turns = takeTurns();
    const begin = gate();
    let ended = false;
    const runs = turns.take("a", () =>
      begin.opened.then(() => {
        ended = true;
      }),
    );
    const waits = turns.take("b", async () => {});
    const closed = turns.close(new Error("stopping"));
    await expect(waits).rejects.toThrow("stopping");
    await expect(turns.take("c", async () => {})).rejects.toThrow("stopping");
    expect(ended).toBe(false);
    begin.open();
    await Promise.all([closed, runs]);
    expect(ended).toBe(true);
  });
});
