/** @file What stock tslab's kernel does wrong, step by step, and ours right. Each claim is run on both. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Client, contents, printed, startKernel } from "./client.js";

/** undefined where it takes longer */
const within = <T>(milliseconds: number, work: Promise<T>): Promise<T | undefined> => Promise.race([work, sleep(milliseconds, undefined)]);

describe.each(["veduta", "tslab"] as const)("%s", (kind) => {
  const ours = kind === "veduta";
  let kernel: Client;
  beforeAll(async () => {
    kernel = await startKernel(kind);
    await kernel.execute("let ticks = 0; ticks");
  });
  afterAll(() => kernel.close());

  test(`an error is ${ours ? "a message with name, text and trace" : "text on stderr, without a name"}`, async () => {
    const answer = await kernel.execute("const fine = 1;\nthrow new RangeError('too wide')");
    const { status, ename, evalue, traceback } = answer.reply;
    expect(status).toBe("error");
    expect(contents(answer, "error").length).toBe(ours ? 1 : 0);
    expect({ ename, evalue }).toEqual(ours ? { ename: "RangeError", evalue: "too wide" } : { ename: undefined, evalue: undefined });
    if (ours) expect(traceback).toContain("    at Cell In[2], line 2, column 7");
    await sleep(500); // stock tslab refuses what comes sooner
  });

  test(`cells after an error ${ours ? "run" : "do not run"} where stop_on_error is false`, async () => {
    const failing = kernel.execute("throw new Error('one')", { stop_on_error: false });
    const next = kernel.execute("'ran'", { stop_on_error: false });
    expect((await failing).reply.status).toBe("error");
    expect((await next).reply.status).toBe(ours ? "ok" : "abort");
    await sleep(500);
  });

  test(`a stop ${ours ? "ends" : "does not end"} what a cell waits for, and ${ours ? "keeps" : "loses"} what it declared`, async () => {
    const loop = kernel.execute("const kept = 'kept';\nfor (;;) { ticks++; await new Promise((resolve) => setTimeout(resolve, 10)); }");
    await expect.poll(() => kernel.publishedOf(loop.id).length).toBeGreaterThan(0);
    await sleep(1500);
    kernel.child.kill("SIGINT");
    expect((await loop).reply.status).toBe("error");
    await sleep(500);
    const ticks = async () => {
      const answer = await kernel.execute("console.log(ticks)");
      return Number(printed(answer));
    };
    const first = await ticks();
    expect(first).toBeGreaterThan(1);
    await sleep(300);
    expect((await ticks()) - first > 0).toBe(!ours);
    expect((await kernel.execute("kept")).reply.status).toBe(ours ? "ok" : "error");
    await sleep(500);
  });

  // The last one: stock tslab is not usable after it.
  test(`50,000 lines of one loop ${ours ? "arrive, and idle after them" : "do not all arrive"}`, async () => {
    const flood = kernel.execute("for (let i = 0; i < 50_000; i++) console.log('line ' + i);");
    await within(ours ? 60_000 : 8_000, flood);
    const published = kernel.publishedOf(flood.id);
    const text = printed({ published });
    if (ours) {
      expect(text).toBe(Array.from({ length: 50_000 }, (_, i) => `line ${i}\n`).join(""));
      expect(published.at(-1)?.content.execution_state).toBe("idle");
    } else expect(text.split("\n").length).toBeLessThan(50_000);
  });
});
