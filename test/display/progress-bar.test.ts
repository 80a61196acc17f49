/** `progress` shows how far a hand-written loop is, in one output. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { setSink } from "#kernel-lib/display/display.js";
import { memorySink, type Sink } from "#kernel-lib/display/display-sinks.js";
import { OUTPUT_WIDTH } from "#kernel-lib/display/output-look.js";
import { progress } from "#kernel-lib/display/progress-bar.js";

let sink = memorySink();
beforeEach(() => {
  sink = memorySink();
  setSink(sink);
});
afterEach(() => setSink(undefined));
const texts = () => sink.shown.map(({ bundle }) => String(bundle["text/plain"]));
const html = () => sink.shown.map(({ bundle }) => String(bundle["text/html"]));

test("gives every item in its order, and shows one output from the first item to the last", async () => {
  const seen: string[] = [];
  for await (const item of progress(["a", "b", "c"])) seen.push(item);
  expect(seen).toEqual(["a", "b", "c"]);
  expect(new Set(sink.shown.map(({ id }) => id)).size).toBe(1);
  expect(sink.shown.map(({ update }) => update)).toEqual([false, ...sink.shown.slice(1).map(() => true)]);
  expect(texts()[0]).toBe("[step 0/3]");
  expect(texts().at(-1)).toMatch(/^\[3 steps in \d+:\d\d\]$/);
  expect(html().at(-1)).toContain("width:100%;height:100%");
  for (const each of html()) expect(each).toContain(`max-width:${OUTPUT_WIDTH}px`);
});

test("an item is done when the loop comes back for the next one", async () => {
  for await (const _ of progress([1, 2])) expect(texts().at(-1)).not.toMatch(/2\/2|2 steps/);
  expect(texts()).toContainEqual(expect.stringMatching(/^\[step 1\/2 · \d+:\d\d gone, \d+:\d\d left\]$/));
});

test("a loop that is left, or that throws, says where", async () => {
  for await (const item of progress([1, 2, 3], { unit: "run" })) if (item === 2) break;
  expect(texts().at(-1)).toMatch(/^\[stopped after run 1 of 3 · /);
  const failing = async () => {
    for await (const _ of progress([1, 2])) throw new Error("own");
  };
  await expect(failing()).rejects.toThrow("own");
  expect(texts().at(-1)).toMatch(/^\[stopped after step 0 of 2 · /);
});

test("a process that exits in the middle says so, and after the end nothing more", async () => {
  const before = process.listeners("exit").length;
  for await (const item of progress([1, 2])) {
    if (item === 1) continue;
    const [first] = process.listeners("exit");
    first(0);
    expect(texts().at(-1)).toMatch(/^\[stopped after step 1 of 2 · /);
  }
  expect(process.listeners("exit").length).toBe(before);
});

test("an empty list is done at once, one item is one step, and the unit is text", async () => {
  for await (const _ of progress([])) expect.unreachable();
  expect(texts().at(-1)).toMatch(/^\[0 steps in /);
  for await (const _ of progress([1])) expect(html().at(-1)).toContain("step 0/1");
  expect(texts().at(-1)).toMatch(/^\[1 step in /);
  for await (const _ of progress([1], { unit: "<b>" })) expect(html().at(-1)).toContain("&lt;b&gt; 0/1");
});

test("where outputs are lines, as in a script, it is quiet", async () => {
  const said: string[] = [];
  const files: Sink = { name: "files", lines: { write: (text) => said.push(text) }, show: () => void said.push("shown") };
  setSink(files);
  const seen: number[] = [];
  for await (const item of progress([1, 2, 3])) seen.push(item);
  expect([seen, said]).toEqual([[1, 2, 3], []]);
});

test("a generator's items count against the length that is given", async () => {
  async function* run() {
    yield* ["a", "b", "c"];
  }
  const seen: string[] = [];
  for await (const item of progress(run(), { length: 3 })) seen.push(item);
  expect([seen, texts()[0]]).toEqual([["a", "b", "c"], "[step 0/3]"]);
  expect(texts().at(-1)).toMatch(/^\[3 steps in /);
  for await (const _ of progress(run(), { length: 5 }));
  expect(texts().at(-1)).toMatch(/^\[stopped after step 3 of 5 /);
  for await (const _ of progress(run(), { length: 2 }));
  expect([texts().at(-1)?.slice(0, 12), html().at(-1)?.includes("width:100%;height:100%")]).toEqual(["[3 steps in ", true]);
});

test("leaving the loop ends the generator", async () => {
  let ended = false;
  async function* run() {
    try {
      yield* [1, 2, 3];
    } finally {
      ended = true;
    }
  }
  for await (const item of progress(run(), { length: 3 })) if (item === 2) break;
  expect(ended).toBe(true);
});

test("a length that is none, or is missing where there is no list, is refused", async () => {
  const loop = async (length?: number) => {
    for await (const _ of progress(new Set([1]), length === undefined ? {} : { length })) expect.unreachable();
  };
  await expect(loop()).rejects.toThrow("progress: got length undefined, want a whole number >= 0; only a list has one of its own");
  for (const length of [-1, 1.5, Number.NaN]) await expect(loop(length)).rejects.toThrow(`progress: got length ${length}`);
});
