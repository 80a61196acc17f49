/** @file The kernel's process, as a front end meets it. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Dealer } from "zeromq";
import { encode, header } from "#kernel-lib/ipynb/message.js";
import { type Answer, type Client, contents, printed, startKernel } from "./client.js";

let kernel: Client;
beforeAll(async () => {
  kernel = await startKernel("veduta");
  await kernel.execute("0");
});
afterAll(() => kernel.close());

const shown = (answer: Answer): unknown =>
  (contents(answer, "execute_result")[0]?.data as Record<string, unknown> | undefined)?.["text/plain"];
const value = async (code: string) => {
  const answer = await kernel.execute(code);
  expect(answer.reply, JSON.stringify(answer.reply.traceback)).toMatchObject({ status: "ok" });
  return shown(answer);
};
const failure = async (code: string) => (await kernel.execute(code)).reply as { ename: string; evalue: string; traceback: string[] };

describe("values", () => {
  test("a last expression is shown as util.inspect does; undefined is not, null is", async () => {
    expect(await value("({ a: [1, 2], b: 'c' })")).toBe("{ a: [ 1, 2 ], b: 'c' }");
    expect(await value("undefined")).toBeUndefined();
    expect(await value("null")).toBe("null");
    expect(await value("const silent = 1;")).toBeUndefined();
  });
  test("a promise as the last value is waited for", async () => {
    expect(await value("Promise.resolve(7)")).toBe("7");
    expect((await failure("(async () => { throw new RangeError('late') })()")).ename).toBe("RangeError");
  });
  test('Symbol.for("Jupyter.display") gives the forms, at once or later, and a text is added', async () => {
    for (const kind of ["", "async "]) {
      const answer = await kernel.execute(`({ ${kind}[Symbol.for("Jupyter.display")]() { return { "text/html": "<b>1</b>" } } })`);
      expect(contents(answer, "execute_result")[0].data).toEqual({ "text/html": "<b>1</b>", "text/plain": expect.any(String) });
    }
    expect((await failure('({ [Symbol.for("Jupyter.display")]() { throw new TypeError("no form") } })')).evalue).toBe("no form");
  });
  test("{ name } reads what an earlier cell declared, unless something nearer has the name, and ({ name } = …) writes it", async () => {
    await value("const width = 3; let depth = 1; const name = 'one';");
    expect(await value("({ width, name })")).toBe("{ width: 3, name: 'one' }");
    expect(await value("[4].map((width) => ({ width }))")).toBe("[ { width: 4 } ]");
    expect(await value("(() => { const width = 5; return { width }; })()")).toBe("{ width: 5 }");
    expect(await value("({ depth } = { depth: 7 });\ndepth")).toBe("7");
    expect(await value("Object.keys({ process })")).toBe("[ 'process' ]");
  });

  test("types tell an iterator's steps from its result, and empty lists and parameters need no type", async () => {
    await value("function* run(): Generator<{ loss: number }, { picture: string }> { yield { loss: 1 }; return { picture: 'a' }; }");
    await value(
      "const losses = [];\nconst it = run();\nlet next = it.next();\nfor (; !next.done; next = it.next()) losses.push(next.value.loss);",
    );
    expect(await value("[losses, next.value]")).toBe("[ [ 1 ], { picture: 'a' } ]");
    await value("function twice(x) { return 2 * x; }");
    expect((await failure("const steps = run();\nsteps.next().value.picture")).ename).toBe("TypeScriptError");
  });

  test("later cells see what earlier ones declared, declare it again, and functions see new values", async () => {
    await value("let n = 1; function next(): number { return ++n; } class Box { constructor(readonly v: number) {} } enum E { A = 3 }");
    expect(await value("[next(), n, new Box(4).v, E.A]")).toBe("[ 2, 2, 4, 3 ]");
    expect(await value("const n = 'text'; n")).toBe("'text'");
    expect((await failure("const wrong: number = n")).evalue).toContain("Type 'string' is not assignable to type 'number'");
  });
});

describe("await", () => {
  test("stands at the top with parentheses, in for await, and in a declaration", async () => {
    expect(await value("await (async () => 5)()")).toBe("5");
    expect(await value("let sum = 0;\nfor await (const v of [1, Promise.resolve(2)]) sum += v;\nsum")).toBe("3");
    expect(await value("const [a, { b }] = await Promise.all([1, { b: 2 }]); [a, b]")).toBe("[ 1, 2 ]");
  });
  test("for await closes what it leaves early, and what failed it leaves alone", async () => {
    await value(
      "const closed: string[] = []; async function* from(name: string, bad: boolean) { try { yield 1; if (bad) throw new Error('bad'); yield 2; } finally { closed.push(name); } }",
    );
    await value("for await (const v of from('left', false)) break;");
    expect((await failure("for await (const v of from('failed', true));")).evalue).toBe("bad");
    expect(await value("closed")).toBe("[ 'left', 'failed' ]");
  });
  test("import() works at the top, and later cells know the module's types", async () => {
    expect(await value("const fs = await import('node:fs');\nconst two = 2; typeof fs.statSync")).toBe("'function'");
    expect(await value("[typeof fs.statSync, two]")).toBe("[ 'function', 2 ]");
    expect((await failure("fs.noSuchThing")).evalue).toContain("Property 'noSuchThing' does not exist");
    expect((await failure("const text: string = two;")).evalue).toContain("Type 'number' is not assignable to type 'string'");
    expect(await value("const { basename, dirname: parent } = await import('node:path'), four = 4; basename('a/b')")).toBe("'b'");
    expect((await failure("parent(four)")).evalue).toContain("'number' is not assignable to parameter of type 'string'");
  });
  test("a cell with another type that cannot be named has names of any type later", async () => {
    await value("const all = [await import('node:fs')], three = 3;");
    expect(await value("[typeof all[0].statSync, three]")).toBe("[ 'function', 3 ]");
  });
});

describe("errors", () => {
  test("the trace names cell, line and column, shows the line, and has no frames of the kernel", async () => {
    const first = await kernel.execute(
      "interface Long { readonly a: string }\nfunction fails(x: Long | undefined): string {\n  return x!.a;\n}",
    );
    const count = first.reply.execution_count as number;
    const { ename, traceback } = await failure("// calls it\nawait 1;\n[1].map(() => fails(undefined));");
    expect(ename).toBe("TypeError");
    expect(traceback.slice(1, 5)).toEqual([
      `    at fails (Cell In[${count}], line 3, column 13)`,
      "      2 | function fails(x: Long | undefined): string {",
      "    > 3 |   return x!.a;",
      "        |             ^",
    ]);
    expect(traceback.slice(6)).toEqual(
      [`    at Cell In[${count + 1}], line 3, column 15`, "    at Array.map (<anonymous>)"].slice(0, traceback.length - 6),
    );
    expect(traceback.join("\n")).not.toMatch(/node:|tslab|kernel-lib.kernel|evalmachine|veduta-cell/);
  });
  test("an error of a library names the line that waited for it", async () => {
    const { ename, traceback } = await failure('import { openModel } from "veduta";\n\nconst nothing = await openModel("nowhere");');
    expect(ename).toBe("CheckpointError");
    expect(traceback.join("\n")).toMatch(/at Cell In\[\d+\], line 3, column \d+\n.*\n {4}> 3 \| const nothing/);
  });
  test("an await names its own line, however its expression is written", async () => {
    const { traceback } = await failure(
      "const all = await Promise.all(\n  [1, 2].map(async (x) => {\n    await 0;\n    if (x === 2) throw new TypeError('two');\n  }),\n);",
    );
    expect(traceback.filter((line) => line.startsWith("    at ")).map((line) => line.replace(/In\[\d+\]/, "In"))).toEqual([
      "    at Cell In, line 4, column 24",
      "    at Cell In, line 1, column 19",
    ]);
  });
  test("causes are told, circles of them once", async () => {
    const { traceback } = await failure(
      "const inner = new Error('inner'); inner.cause = inner; throw new Error('outer', { cause: inner })",
    );
    expect(traceback.filter((line) => line.includes("inner"))).toContain("caused by Error: inner");
  });
  test("what is no Error is shown as it is", async () => {
    expect(await failure("throw { code: 5 }")).toMatchObject({ ename: "object", evalue: "{ code: 5 }" });
  });
  test("every type error is told with its place, and nothing of the cell runs", async () => {
    const answer = await kernel.execute("console.log('ran');\nconst one: string = 1;\nconst two: number = 'x';");
    expect(printed(answer)).toBe("");
    const { ename, traceback } = contents(answer, "error")[0] as { ename: string; traceback: string[] };
    expect(ename).toBe("TypeScriptError");
    expect(
      traceback
        .filter((line) => line.includes("TS2322"))
        .map((line) =>
          line
            .replace(/Cell In\[\d+\]/, "C")
            .split(": TS")[0]
            .trim(),
        ),
    ).toEqual(["at C, line 2, column 7", "at C, line 3, column 7"]);
    expect((await failure("const = 5")).ename).toBe("SyntaxError");
  });
  test("a cell that fails keeps what it had declared, and not the rest", async () => {
    await value("const before = 1, other = 'old';");
    await failure("const before = 2;\nfunction made() { return before; }\nthrow new Error('here');\nconst other = 3, unmade = 4;");
    expect(await value("[before, made(), other.length]")).toBe("[ 2, 2, 3 ]");
    expect((await failure("unmade")).evalue).toContain("Cannot find name 'unmade'");
  });
});

/** How a cell finds the kernel's host. */
const HOST = 'const host = Reflect.get(globalThis, Symbol.for("veduta.host"));';

describe("output", () => {
  test("text, displays and results keep their order", async () => {
    const answer = await kernel.execute(
      `${HOST} console.log(1); host.display({ "text/plain": "2" }); console.error(3); process.stdout.write(Buffer.from("4\\n")); host.display({ "text/plain": "5" }); 6`,
    );
    const order = answer.published.flatMap(({ header, content }) => {
      if (header.msg_type === "stream") return [`${content.name} ${content.text}`];
      return "data" in content ? [(content.data as Record<string, string>)["text/plain"]] : [];
    });
    expect(order).toEqual(["stdout 1\n", "2", "stderr 3\n", "stdout 4\n", "5", "6"]);
  });
  test("5,000 displays of one loop arrive in order, and idle after them", async () => {
    const answer = await kernel.execute(`${HOST} for (let i = 0; i < 5000; i++) host.display({ 'text/plain': String(i) });`);
    const texts = contents(answer, "display_data").map(({ data }) => (data as Record<string, string>)["text/plain"]);
    expect(texts).toEqual(Array.from({ length: 5000 }, (_, i) => String(i)));
    expect(answer.published.at(-1)?.content.execution_state).toBe("idle");
  });
  test("a display with an id is updated in place; an update without one is refused", async () => {
    const answer = await kernel.execute(
      `${HOST} host.display({ 'text/plain': 'a' }, { id: 'x' }); host.display({ 'text/plain': 'b' }, { id: 'x', update: true });`,
    );
    expect(contents(answer, "display_data")[0].transient).toEqual({ display_id: "x" });
    expect(contents(answer, "update_display_data")[0]).toMatchObject({ data: { "text/plain": "b" }, transient: { display_id: "x" } });
    expect((await failure(`${HOST} host.display({}, { update: true })`)).evalue).toContain("without an id");
  });
  test("a cell is idle only after the work it waits for, whose error is its own", async () => {
    const answer = await kernel.execute(
      `${HOST} host.waitFor(new Promise((resolve) => setTimeout(resolve, 300)).then(() => console.log('late')));`,
    );
    expect(printed(answer)).toBe("late\n");
    expect((await failure(`${HOST} host.waitFor(Promise.reject(new RangeError('awaited')));`)).ename).toBe("RangeError");
  });
  test("a loop that holds the thread is seen to print", async () => {
    const running = kernel.execute("console.log('now'); for (const end = Date.now() + 3000; Date.now() < end; );");
    let done = false;
    void running.then(() => (done = true));
    await expect.poll(() => printed({ published: kernel.publishedOf(running.id) }), { timeout: 10_000 }).toBe("now\n");
    expect(done).toBe(false);
    await running;
  });
  test("errors behind a cell's back go to the newest cell's stderr and end nothing", async () => {
    await kernel.execute(
      "setTimeout(() => { throw new Error('thrown behind') }, 50); setTimeout(() => Promise.reject(new Error('rejected behind')), 50);",
    );
    const answer = await kernel.execute("await new Promise((resolve) => setTimeout(resolve, 500));");
    const earlier = kernel.everything
      .filter((message) => message.header.msg_type === "stream")
      .map((message) => message.content.text)
      .join("");
    expect(answer.reply.status).toBe("ok");
    expect(earlier).toContain("thrown behind");
    expect(earlier).toContain("rejected behind");
  });
  test("host.signal is a new one each cell, and host.cell the front end's name of it", async () => {
    const answer = await kernel.execute(`${HOST} const first = host.signal; host.cell`, {}, { cellId: "abc" });
    expect(shown(answer)).toBe("'abc'");
    expect(await value("[host.signal === first, host.signal.aborted, host.cell.length]")).toBe("[ false, false, 16 ]");
  });
});

test("an import of the library prints no warning", async () => {
  const answer = await kernel.execute('import { tensor as made } from "veduta"; made');
  expect(answer.reply.status).toBe("ok");
  expect(kernel.everything.filter(({ content }) => String(content.text).includes("Warning"))).toEqual([]);
});

test("the library's sub-paths are found in cells, checked and completed", async () => {
  const built = await kernel.execute(
    'import { Graph, gradient, mul, type Value } from "veduta/graph";\nimport { intraLpips } from "veduta/metrics";\n' +
      'const g = new Graph();\nconst x: Value = g.input("x", [2, 3]);\n[gradient(g, mul(x, x), x).shape, typeof intraLpips]',
  );
  expect(shown(built)).toBe("[ [ 2, 3 ], 'function' ]");
  expect((await kernel.execute("mul(x, 'two')")).reply.evalue).toContain("No overload matches");
  const code = 'import { reduceMe } from "veduta/graph"';
  expect((await kernel.request("complete_request", { code, cursor_pos: 17 })).reply.matches).toContain("reduceMean");
});

describe("requests", () => {
  test("execution counts go up by one a cell that is stored; silent cells publish nothing", async () => {
    const { execution_count: count } = (await kernel.execute("1")).reply as { execution_count: number };
    const silent = await kernel.execute("console.log('heard?'); 5", { silent: true });
    expect(silent.reply).toMatchObject({ status: "ok", execution_count: count });
    expect(silent.published.map(({ header }) => header.msg_type)).toEqual(["status", "status"]);
    expect((await kernel.execute("2", { store_history: false })).reply.execution_count).toBe(count);
    expect((await kernel.execute("3")).reply.execution_count).toBe(count + 1);
    const history = (await kernel.request("history_request", { hist_access_type: "tail", n: 2, output: false, raw: true })).reply.history;
    expect(history).toEqual([
      [0, count, "1"],
      [0, count + 1, "3"],
    ]);
  });
  test("after an error, what was asked for already is answered aborted, and what comes later is not", async () => {
    const failing = kernel.execute("await new Promise((resolve) => setTimeout(resolve, 200)); throw new Error('stop')");
    const queued = [kernel.execute("'a'"), kernel.execute("'b'")];
    expect((await failing).reply.status).toBe("error");
    expect((await Promise.all(queued)).map(({ reply }) => reply.status)).toEqual(["aborted", "aborted"]);
    expect(await value("'later'")).toBe("'later'");
  });
  test("user_expressions are answered, each on its own", async () => {
    const { reply } = await kernel.execute("const base = 20;", { user_expressions: { sum: "base + 1", bad: "nope" } });
    expect(reply.user_expressions).toMatchObject({
      sum: { status: "ok", data: { "text/plain": "21" } },
      bad: { status: "error", ename: "TypeScriptError" },
    });
  });
  test("prompt asks the front end, and says so where it cannot ask", async () => {
    kernel.inputs.push("Ada");
    expect(await value("const name = await prompt('Your name?', { hidden: true }); name.toUpperCase()")).toBe("'ADA'");
    const asked = kernel.everything.find(({ header }) => header.msg_type === "input_request");
    expect(asked?.content).toEqual({ prompt: "Your name?", password: true });
    const { reply } = await kernel.execute("await prompt('?')", { allow_stdin: false });
    expect(reply.evalue).toContain("allow_stdin");
  });
  test("completion and inspection answer while a cell waits, with cursors in code points", async () => {
    const waiting = kernel.execute("await new Promise((resolve) => setTimeout(resolve, 1500));");
    const code = "/* 🏔 */ console.lo";
    const { reply } = await kernel.request("complete_request", { code, cursor_pos: [...code].length });
    expect(reply).toMatchObject({ status: "ok", cursor_start: 16, cursor_end: 18 });
    expect(reply.matches).toContain("log");
    const hover = await kernel.request("inspect_request", { code: "parseFloat('1')", cursor_pos: 3, detail_level: 0 });
    expect((hover.reply.data as Record<string, string>)["text/plain"]).toContain("parseFloat(string: string): number");
    expect((await kernel.request("inspect_request", { code: "   ", cursor_pos: 1 })).reply.found).toBe(false);
    await waiting;
  });
  test("veduta's names complete, with its types", async () => {
    const code = 'import { type JointModel, syncDiffusion } from "veduta";\ndeclare const joint: JointModel;\nsyncDiffusion(joint, { prom';
    const { reply } = await kernel.request("complete_request", { code, cursor_pos: code.length });
    expect(reply.matches).toContain("prompt");
    const named = 'import { openMo } from "veduta"';
    expect((await kernel.request("complete_request", { code: named, cursor_pos: 15 })).reply.matches).toContain("openModel");
  });
  test("is_complete_request tells a whole cell from one that goes on", async () => {
    expect((await kernel.request("is_complete_request", { code: "1 + 1" })).reply).toEqual({ status: "complete" });
    expect((await kernel.request("is_complete_request", { code: "if (true) {" })).reply).toEqual({ status: "incomplete", indent: "  " });
  });
  test("kernel_info, comm_info and an unknown request", async () => {
    expect((await kernel.request("kernel_info_request")).reply).toMatchObject({
      protocol_version: "5.3",
      implementation: "veduta",
      status: "ok",
    });
    expect((await kernel.request("comm_info_request")).reply).toEqual({ status: "ok", comms: {} });
    kernel.send(kernel.shell, "no_such_request", {});
    const comm = kernel.send(kernel.shell, "comm_open", { comm_id: "c", target_name: "t", data: {} });
    expect(await value("'still there'")).toBe("'still there'");
    expect(kernel.publishedOf(comm).map(({ header }) => header.msg_type)).toEqual(["status", "comm_close", "status"]);
  });
  test("frames that are no message, or signed with another key, are dropped; what malformed contents ask for is answered", async () => {
    const socket = new Dealer({ linger: 0 });
    socket.connect(kernel.connection.address("shell"));
    const forged = {
      identities: [],
      header: header("execute_request", "s"),
      parent: undefined,
      metadata: {},
      content: { code: "throw 1" },
    };
    await socket.send(encode("another key", forged) as Buffer[]);
    for (const frames of [["", "x"], ["<IDS|MSG>"], ["<IDS|MSG>", "", "{", "}", "[]", "null"], [Buffer.from([255, 0])]])
      await socket.send(frames);
    for (const content of [{ code: 5 }, { code: null, user_expressions: 7 }, {}])
      expect((await kernel.request("execute_request", content as never)).reply.status).toBe("ok");
    await kernel.request("history_request", { hist_access_type: "search", pattern: "[(*?" });
    expect((await kernel.request("complete_request", { code: "x", cursor_pos: 1e9 })).reply.status).toBe("ok");
    expect((await kernel.request("inspect_request", { code: 5, cursor_pos: "x" } as never)).reply.status).toBe("ok");
    expect(await value("'alive'")).toBe("'alive'");
    socket.close();
  });
});

describe("its end", () => {
  test("shutdown_request is answered, and the process ends", async () => {
    const own = await startKernel("veduta");
    await own.execute("0");
    expect((await own.control("shutdown_request", { restart: true })).reply).toEqual({ status: "ok", restart: true });
    await expect.poll(() => own.child.exitCode, { timeout: 10_000 }).toBe(0);
    await own.close();
  });
  test("shutdown_request ends a process that is within a loop", async () => {
    const own = await startKernel("veduta");
    const { id } = own.execute("console.log('begun'); for (;;);");
    await expect.poll(() => printed({ published: own.publishedOf(id) }), { timeout: 30_000 }).toBe("begun\n");
    expect((await own.control("shutdown_request", { restart: false })).reply.status).toBe("ok");
    await expect.poll(() => own.child.signalCode, { timeout: 10_000 }).toBe("SIGKILL");
    await own.close();
  });
  test("a cell that ends the process ends it", async () => {
    const own = await startKernel("veduta");
    const { id } = own.execute("console.log('last words'); process.exit(3)");
    await expect.poll(() => own.child.exitCode, { timeout: 30_000 }).toBe(3);
    expect(printed({ published: own.publishedOf(id) })).toBe("last words\n");
    await own.close();
  });
});
