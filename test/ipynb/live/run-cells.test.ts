import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { KernelError } from "#kernel-lib/core/errors.js";
import type { Notebook } from "#kernel-lib/ipynb/nbformat.js";
import { freePorts } from "#kernel-lib/ipynb/runner/connection-file.js";
import { startKernel } from "#kernel-lib/ipynb/runner/kernel-client.js";
import type { RunCellsOptions } from "#kernel-lib/ipynb/runner/run-cells.js";
import { runNotebook } from "#kernel-lib/ipynb/runner/run-notebook.js";
import { code, errorsOf, folder, isAlive, markdown, notebook, printed } from "../fixtures.js";
import { KERNELS } from "../kernels.js";

const files = folder();
afterAll(files.remove);

for (const [name, { command, missing }] of Object.entries(KERNELS)) {
  const run = (content: Notebook, options: RunCellsOptions = {}) => runNotebook(files.write(content), { command, ...options });
  const exit = name === "deno" ? "Deno.exit" : "process.exit";

  describe.skipIf(missing)(`in the kernel ${name}${missing}`, () => {
    test("cells run in order, share their names, and what they print and end in is kept", async () => {
      const lesson = notebook(markdown("# One"), "const a: number = 41;", "a + 1", "", 'console.log("é"); console.error("wrong")');
      const seen: string[] = [];
      const { notebook: ran, failure } = await run(lesson, { onStart: ({ number, of, line }) => seen.push(`${number}/${of} ${line}`) });
      expect(failure).toBeUndefined();
      expect(seen).toEqual(["1/3 const a: number = 41;", "2/3 a + 1", '3/3 console.log("é"); console.error("wrong")']);
      expect(printed(ran, 2).trim()).toContain("42");
      expect(printed(ran, 4)).toBe("é\nwrong\n");
      expect(ran.cells.map((cell) => (cell.cell_type === "code" ? cell.execution_count : "text"))).toEqual(["text", 1, 2, null, 3]);
      expect(ran.metadata.language_info).toMatchObject({ name: "typescript" });
    });

    test("an error ends the run, names its cell, and keeps what ran before it", async () => {
      const file = files.write(notebook("console.log(1)", 'throw new RangeError("no")', code("3", { outputs: [] })));
      const { failure } = await runNotebook(file, { command });
      expect(failure).toMatchObject({ kind: "error", number: 2, of: 3, line: 'throw new RangeError("no")', message: "RangeError: no" });
      const kept = files.read(file);
      expect(printed(kept, 0)).toBe("1\n");
      expect(errorsOf(kept, 1)).toMatchObject([{ ename: "RangeError", evalue: "no" }]);
      expect(printed(kept, 2)).toBe("");
    });

    test("the run goes on after errors that are allowed: all of them, or those of cells tagged raises-exception", async () => {
      const [fails, then] = ['throw new Error("no")', "console.log(2)"];
      const all = await run(notebook(fails, then), { errors: "go on" });
      expect([all.failure, all.errors.map(({ number }) => number), printed(all.notebook, 1)]).toEqual([undefined, [1], "2\n"]);
      const tagged = await run(notebook(code(fails, { tags: ["raises-exception"] }), then, fails, then));
      expect([tagged.failure?.number, printed(tagged.notebook, 1), printed(tagged.notebook, 3)]).toEqual([3, "2\n", ""]);
    });

    test("a kernel that ends in a cell is reported with its code, and what ran is kept", async () => {
      const { failure, notebook: ran } = await run(notebook("console.log(1)", `${exit}(3)`, "console.log(3)"));
      expect(failure).toMatchObject({ kind: "died", number: 2, line: `${exit}(3)` });
      expect(failure?.message).toContain("the kernel ended with code 3");
      expect(printed(ran, 0)).toBe("1\n");
      expect(errorsOf(ran, 1)).toMatchObject([{ ename: "KernelDied", evalue: "the kernel ended with code 3" }]);
    });

    test("a kernel that is killed in a cell is reported with the signal", async () => {
      const { failure } = await run(notebook("1", `${name === "deno" ? "Deno.kill(Deno.pid" : "process.kill(process.pid"}, "SIGKILL")`));
      expect(failure).toMatchObject({ kind: "died", number: 2 });
      // npx, which starts Deno, says it so
      expect(failure?.message).toContain(name === "deno" ? "the kernel ended with code 137" : "the kernel was killed by SIGKILL");
    });

    const loses = { tslab: "stock tslab drops all beyond 512 of one tick", deno: "Deno's kernel prints after it says that it is idle" }[
      String(name)
    ];
    test.skipIf(loses !== undefined)(`20,000 lines arrive${loses === undefined ? "" : ` (not run: ${loses})`}`, async () => {
      const { notebook: ran, failure } = await run(notebook("for (let i = 0; i < 20_000; i++) console.log(i)", 'console.log("after")'));
      expect(failure).toBeUndefined();
      expect(printed(ran, 0)).toBe(Array.from({ length: 20_000 }, (_, i) => `${i}\n`).join(""));
      expect(printed(ran, 1)).toBe("after\n");
    });

    for (const [kind, endless] of Object.entries({
      "that never gives way": "while (true) {}",
      "that waits for ever": 'console.log("waits"); await new Promise((resolve) => setTimeout(resolve, 1e9))',
    }))
      test(`a cell ${kind} is stopped at the time limit, and ends the run`, async () => {
        const { failure, notebook: ran } = await run(notebook("console.log(1)", endless, "console.log(3)"), {
          timeout: 4000,
          errors: "go on",
        });
        expect(failure).toMatchObject({ kind: "timeout", number: 2, of: 3, message: "took longer than 4 s" });
        expect(errorsOf(ran, 1)).toEqual([
          {
            output_type: "error",
            ename: "TimeoutError",
            evalue: "the cell took longer than 4 s",
            traceback: ["TimeoutError: the cell took longer than 4 s"],
          },
        ]);
        expect([printed(ran, 0), printed(ran, 2)]).toEqual(["1\n", ""]);
      });
  });
}

const stock = KERNELS.tslab.command;

test("a kernel that loses its word that it is idle does not hold the run: stock tslab beyond 512 lines of one tick", async () => {
  const flood = notebook("for (let i = 0; i < 3000; i++) console.log(i)", 'console.log("after")');
  const { notebook: ran, failure } = await runNotebook(files.write(flood), { command: stock });
  expect(failure).toBeUndefined();
  expect(printed(ran, 1)).toBe("after\n");
});

test("an interrupt reaches our kernel within a loop that holds the thread after an await, and the kernel goes on", async () => {
  const kernel = await startKernel({ cwd: files.dir });
  let begun = () => {};
  const printed = new Promise<void>((resolve) => (begun = resolve));
  const running = kernel.request(
    "execute_request",
    { code: 'await null; console.log("begun"); while (true) {}' },
    { on: ({ type }) => type === "stream" && begun() },
  );
  await printed;
  kernel.interrupt();
  expect(await running).toMatchObject({ status: "error", ename: "Interrupted" });
  expect(await kernel.request("execute_request", { code: "1" })).toMatchObject({ status: "ok" });
  await kernel.stop();
});

test.skipIf(KERNELS.own.missing)(`the runner hears how far a cell's track is${KERNELS.own.missing}`, async () => {
  const tracked = notebook(
    'import { multiDiffusion, openModel, track } from "veduta";\nconst model = await openModel();',
    'await track(multiDiffusion(model, { prompt: "hills", width: 384, steps: 3, seed: 7 }));\nawait model.close();',
  );
  const seen: unknown[] = [];
  const { failure } = await runNotebook(files.write(tracked), { onTrack: ({ number }, place) => seen.push([number, place]) });
  expect(failure).toBeUndefined();
  expect(seen[0]).toEqual([2, { done: 0, steps: 3 }]);
  expect(seen.slice(-2)).toEqual([
    [2, { done: 3, steps: 3 }],
    [2, undefined],
  ]);
});

test("a kernel that finds a port taken is started again with others", async () => {
  const squatter = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => squatter.once("listening", resolve));
  const { port } = squatter.address() as { port: number };
  let asked = 0;
  const ports = async () => ({ ...(await freePorts()), ...(asked++ === 0 ? { shell: port } : {}) });
  const kernel = await startKernel({ command: stock, cwd: files.dir, ports });
  expect(asked).toBe(2);
  expect(await kernel.request("kernel_info_request", {})).toMatchObject({ implementation: "tslab" });
  await kernel.stop();
  squatter.close();
});

test("a kernel that does not start, or ends at once, is reported with what it said", async () => {
  const start = (...command: string[]) => startKernel({ command, cwd: files.dir });
  await expect(start("/no/such/program", "{connection_file}")).rejects.toThrow(/the kernel did not start: .*ENOENT/);
  const ends = start(process.execPath, "-e", 'console.error("no checkpoint"); process.exit(4)', "{connection_file}");
  await expect(ends).rejects.toThrow(/the kernel ended with code 4\nno checkpoint/);
  await expect(ends).rejects.toBeInstanceOf(KernelError);
});

test("nothing of a kernel is left at the end: not its process, and not those that it started", async () => {
  const child = 'const { spawn } = require("node:child_process"); console.log(process.pid, spawn("sleep", ["1000"]).pid)';
  const { notebook: ran } = await runNotebook(files.write(notebook(child)), { command: stock });
  const pids = printed(ran, 0).trim().split(" ").map(Number);
  expect(pids.every((pid) => pid > 1)).toBe(true);
  await expect.poll(() => pids.map(isAlive)).toEqual([false, false]);
});

test("a stop before the first cell, or while the kernel starts, runs nothing and keeps the file as it was", async () => {
  const file = files.write(notebook(`require("node:fs").writeFileSync(${JSON.stringify(join(files.dir, "ran"))}, "")`));
  const stop = new AbortController();
  const run = runNotebook(file, { command: stock, signal: stop.signal });
  setTimeout(() => stop.abort(new Error("enough")), 100);
  await expect(run).rejects.toThrow("enough");
  expect(existsSync(join(files.dir, "ran"))).toBe(false);
});
