/** @file The stop button, by message and by signal. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Client, contents, printed, startKernel } from "./client.js";

let kernel: Client;
beforeAll(async () => {
  kernel = await startKernel("veduta");
  await kernel.execute("let n = 0; const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));");
});
afterAll(() => kernel.close());

/** Runs a cell, stops it once it has printed, and gives its reply. */
async function stopped(code: string, stop: () => unknown = () => kernel.control("interrupt_request")) {
  const running = kernel.execute(`console.log('begun');\n${code}`);
  await expect.poll(() => printed({ published: kernel.publishedOf(running.id) }), { timeout: 30_000 }).toContain("begun");
  await sleep(100);
  await stop();
  const answer = await running;
  expect(contents(answer, "error").length).toBe(1);
  return answer.reply;
}
const number = async (code: string) => Number(printed(await kernel.execute(`console.log(${code})`)));

describe.each(["interrupt_request", "SIGINT"] as const)("%s", (how) => {
  const stop = () => (how === "SIGINT" ? kernel.child.kill("SIGINT") : kernel.control("interrupt_request"));
  const cells = {
    "a loop that holds the thread": "for (;;) n++;",
    "a loop that waits": "for (;;) { n++; await sleep(10); }",
    "a wait for what never comes": "await new Promise(() => {});",
    "a wait within a function": "async function deep() { for (;;) { n++; await sleep(5); } }\nawait deep();",
    "a for await": "async function* ever() { for (;;) { n++; yield n; await sleep(5); } }\nfor await (const v of ever());",
    "a last value that never comes": "new Promise(() => {})",
    "work that was given to waitFor": 'Reflect.get(globalThis, Symbol.for("veduta.host")).waitFor(new Promise(() => {}));',
    "a loop that catches everything": "for (;;) { try { n++; await sleep(10); } catch {} }",
  };
  test.each(Object.entries(cells))("ends %s, and nothing goes on", async (_, code) => {
    const reply = await stopped(`const declared = ${JSON.stringify(code)};\n${code}`, stop);
    expect(reply).toMatchObject({ status: "error", ename: "Interrupted" });
    const then = await number("n");
    expect(await number(`declared === ${JSON.stringify(code)} ? 1 : 0`)).toBe(1);
    await sleep(100);
    expect(await number("n")).toBe(then);
  });
});

test("interrupt_request ends a loop that holds the thread after a cell's first await", async () => {
  const reply = await stopped("const here = 1;\nawait sleep(1);\nfor (;;) n++;");
  expect(reply.ename).toBe("Interrupted");
  expect(await number("here")).toBe(1);
});

test("a stop before the compiler is there stops the cell that waits for it", async () => {
  const own = await startKernel("veduta");
  const running = own.execute("for (;;);");
  await expect.poll(() => own.publishedOf(running.id).length).toBeGreaterThan(0);
  await own.control("interrupt_request");
  expect((await running).reply.ename).toBe("Interrupted");
  expect((await own.execute("await 1; 2")).reply.status).toBe("ok");
  await own.close();
});

test("a for await over a library's stream ends, and the cell can clean up", async () => {
  await kernel.execute('import { setInterval as every } from "node:timers/promises";\nn = 0;');
  const reply = await stopped("try { for await (const _ of every(1e8)); } finally { n = 13; }");
  expect(reply.ename).toBe("Interrupted");
  expect(await number("n")).toBe(13);
});

test("the error says where the cell waited", async () => {
  const { traceback } = await stopped("await sleep(1e6);");
  expect((traceback as string[])[1]).toMatch(/at Cell In\[\d+\], line 2, column 7/);
});

test("clean-up may wait for a moment", async () => {
  await stopped("try { await sleep(1e6); } finally { await sleep(50); n = -7; }");
  expect(await number("n")).toBe(-7);
});

test("cells that were queued are aborted by the stop", async () => {
  const running = kernel.execute("await sleep(1e6);");
  const queued = kernel.execute("'queued'");
  await sleep(300);
  await kernel.control("interrupt_request");
  expect((await running).reply.ename).toBe("Interrupted");
  expect((await queued).reply.status).toBe("aborted");
});

test("host.signal is aborted, with the same reason", async () => {
  await stopped(
    'const own = Reflect.get(globalThis, Symbol.for("veduta.host")).signal as AbortSignal; own.addEventListener("abort", () => { n = 42; });\nawait sleep(1e6);',
  );
  expect(await number("n")).toBe(42);
  expect(await number("own.aborted && own.reason.name === 'Interrupted' ? 1 : 0")).toBe(1);
});

test("a stop while nothing runs does nothing to what comes", async () => {
  await kernel.control("interrupt_request");
  kernel.child.kill("SIGINT");
  await sleep(300);
  expect((await kernel.execute("await sleep(50); 1")).reply.status).toBe("ok");
});

test("functions of a stopped cell work in later ones", async () => {
  await stopped("async function twice(x: number) { await sleep(5); return 2 * x; }\nawait sleep(1e6);");
  expect(await number("await twice(21)")).toBe(42);
});

test("a network call ends at once, the records so far stay, and the model goes on", async () => {
  await kernel.execute(
    'import { openModel, syncDiffusion } from "veduta";\nconst model = await openModel();\nconst run = syncDiffusion(model, { prompt: "mountains", width: 192, seed: 7, steps: 50 });\nconst first = await run.next();',
  );
  const { ename, traceback } = await stopped("for (;;) await run.next();");
  expect(ename).toBe("Interrupted");
  expect((traceback as string[]).join("\n")).toContain("> 2 | for (;;) await run.next();");
  expect(await number("first.done ? -1 : first.value.index")).toBe(0);
  expect((await kernel.execute('(await model.encodeText("hills")).shape')).reply.status).toBe("ok");
});
