import type { ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { code, errorsOf, folder, isAlive, notebook, printed, veduta } from "../fixtures.js";
import { KERNELS } from "../kernels.js";

const files = folder();
afterAll(files.remove);
const stock = KERNELS.tslab.command.map((word) => `"${word}"`).join(" ");
/** `veduta run` in stock tslab, which needs nothing of ours. */
const run = (words: readonly string[], during?: (told: string, child: ChildProcess) => void) =>
  veduta(["run", ...words, "--kernel", stock], during);

/** Sends a signal when the cell of this number has begun: its predecessor's line is written then. */
const during = (told: string, then: (child: ChildProcess) => void) => {
  let done = false;
  return (text: string, child: ChildProcess) => {
    if (done || !text.includes(told)) return;
    done = true;
    setTimeout(() => then(child), 500);
  };
};

test("veduta run says each cell and its time, executes in place, and ends with 0", async () => {
  const file = files.write(notebook("console.log(1)", "const a = 1;\na + 1"));
  const { code: exit, out, err } = await run([file]);
  expect(exit).toBe(0);
  expect(err).toMatch(/^cell 1 of 2 · [\d.]+ s · console.log\(1\)\ncell 2 of 2 · [\d.]+ s · const a = 1;\n$/);
  expect(out).toMatch(new RegExp(`^${file}\n2 cells in [\\d.]+ s\n$`));
  expect(printed(files.read(file), 1)).toBe("2\n");
});

test("a failing cell is named with its number, first line and error, and the run ends with 1; --out keeps the notebook as it was", async () => {
  const file = files.write(notebook("1", '// check\nthrow new RangeError("no")', "3"));
  const before = readFileSync(file, "utf8");
  const out = join(files.dir, "out.ipynb");
  const { code: exit, err } = await run([file, "--out", out]);
  expect(exit).toBe(1);
  expect(err).toContain(`error: ${file}: cell 2 of 3 (// check): RangeError: no\nThe outputs so far are in ${out}.\n`);
  expect(readFileSync(file, "utf8")).toBe(before);
  expect(errorsOf(files.read(out), 1)).toHaveLength(1);
  const allowed = await run([file, "--out", out, "--allow-errors"]);
  expect(allowed.code).toBe(0);
  expect(allowed.err).toContain("cell 2 of 3 (// check): RangeError: no\n");
});

test("a parameter is replaced by --set, as JSON or text", async () => {
  const file = files.write(notebook(code('const seed = 7, prompt = "a";', { tags: ["parameters"] }), "console.log(seed + 1, prompt)"));
  expect((await run([file, "--set", "seed=41", "--set", "prompt=misty hills"])).code).toBe(0);
  expect(printed(files.read(file), 2)).toBe("42 misty hills\n");
});

test("--set says cell.name where several cells tagged parameters declare a name, and is refused before anything runs where it does not", async () => {
  const [paint, edit] = ["const seed = 1, steps = 4;", "const editSeed = 2; const steps2 = steps;"].map((each) =>
    code(each, { tags: ["parameters"] }),
  );
  const second = code("const seed = 2;", { tags: ["parameters"] });
  const file = files.write(
    notebook(
      { ...paint, id: "paint" },
      "console.log(seed)",
      edit,
      { ...second, metadata: { ...second.metadata, name: "edit" } },
      "console.log(seed)",
    ),
  );
  const before = readFileSync(file, "utf8");
  const refused = await run([file, "--set", "seed=7"]);
  expect([refused.code, refused.err]).toEqual([
    1,
    `error: ${file}: expected the cell's name before seed, which several cells declare, found seed; say paint.seed or edit.seed\n`,
  ]);
  expect(readFileSync(file, "utf8")).toBe(before);
  expect((await run([file, "--set", "edit.seed=7", "--set", "steps=9"])).code).toBe(0);
  const ran = files.read(file);
  expect(ran.cells.map((_, k) => (k === 2 || k === 6 ? printed(ran, k) : ""))).toEqual(["", "", "1\n", "", "", "", "7\n"]);
});

test("words that are wrong end with 2 before anything runs", async () => {
  const ran = join(files.dir, "ran");
  const file = files.write(notebook(`require("node:fs").writeFileSync(${JSON.stringify(ran)}, "")`));
  const wrong = async (...words: string[]) => {
    const { code: exit, err } = await veduta(["run", file, ...words]);
    expect(exit).toBe(2);
    return err;
  };
  const nowhere = join(files.dir, "none", "out.ipynb");
  expect(await wrong("--out", nowhere)).toContain(`--out ${nowhere}: expected a file that can be written, found no folder`);
  expect(await wrong("--out", files.dir)).toContain("found a folder");
  expect(await wrong("--timeout", "soon")).toContain("Want a number, 0 or more");
  expect(await wrong("--set", "7")).toContain("Want name=value");
  expect(await wrong("--kernel", "node kernel.js")).toContain("Want a command with {connection_file} in it.");
  expect((await veduta(["run", join(files.dir, "none.ipynb")])).err).toContain("expected a notebook that can be read, found no such file");
  expect(existsSync(ran)).toBe(false);
});

test("Ctrl-C keeps the outputs so far, marks the cell that ran, ends with 130, and leaves no kernel", async () => {
  const file = files.write(notebook("console.log(process.pid)", 'console.log("begun"); await new Promise((r) => setTimeout(r, 1e9))', "3"));
  const { code: exit, err } = await run(
    [file],
    during("cell 1 of 3", (child) => child.kill("SIGINT")),
  );
  expect(exit).toBe(130);
  expect(err).toContain(`Stopped in cell 2 of 3. The outputs so far are in ${file}.`);
  const kept = files.read(file);
  expect(printed(kept, 1)).toContain("begun\n");
  expect(errorsOf(kept, 1)).toMatchObject([{ ename: "Interrupted", evalue: "the cell was interrupted" }]);
  expect(isAlive(Number(printed(kept, 0)))).toBe(false);
});

test.skipIf(KERNELS.own.missing)(
  `Ctrl-C in Veduta's kernel ends a loop that holds the thread, and keeps what it printed${KERNELS.own.missing}`,
  async () => {
    const file = files.write(notebook("console.log(1)", 'console.log("begun"); await null; for (;;);', "3"));
    const { code: exit, err } = await veduta(
      ["run", file],
      during("cell 1 of 3", (child) => child.kill("SIGINT")),
    );
    expect([exit, err.includes("Stopped in cell 2 of 3.")]).toEqual([130, true]);
    const kept = files.read(file);
    expect([printed(kept, 0), printed(kept, 2)]).toEqual(["1\n", ""]);
    expect(printed(kept, 1)).toContain("Interrupted: the cell was interrupted");
  },
);

test("a runner that is told to end leaves no kernel behind, nor does one whose cell cannot be stopped", async () => {
  const deaf = 'console.log(process.pid); process.removeAllListeners("SIGINT"); process.on("SIGINT", () => {});';
  const file = files.write(notebook(deaf, "await new Promise((r) => setTimeout(r, 1e9))"));
  const { code: exit } = await run(
    [file],
    during("cell 1 of 2", (child) => child.kill("SIGTERM")),
  );
  expect(exit).toBe(130);
  expect(isAlive(Number(printed(files.read(file), 0)))).toBe(false);
});

test("a second Ctrl-C ends at once, and leaves no kernel and the notebook as it was", async () => {
  const told = join(files.dir, "pid");
  const deaf = `require("node:fs").writeFileSync(${JSON.stringify(told)}, String(process.pid)); process.removeAllListeners("SIGINT"); process.on("SIGINT", () => {});`;
  const file = files.write(notebook(deaf, "await new Promise((r) => setTimeout(r, 1e9))"));
  const before = readFileSync(file, "utf8");
  // each signal is sent once: a third one, while the process ends, would kill it without an exit code
  const first = during("cell 1 of 2", (child) => child.kill("SIGINT"));
  const second = during("again to stop at once", (child) => child.kill("SIGINT"));
  const { code: exit } = await run([file], (text, child) => {
    first(text, child);
    second(text, child);
  });
  expect(exit).toBe(130);
  expect(readFileSync(file, "utf8")).toBe(before);
  await expect.poll(() => isAlive(Number(readFileSync(told, "utf8")))).toBe(false);
});

test("outputs that cannot be written are reported, with exit code 1, and the notebook stays as it was", async () => {
  const dir = join(files.dir, "leaves");
  mkdirSync(dir);
  const file = files.write(notebook(`require("node:fs").rmSync(${JSON.stringify(dir)}, { recursive: true }); console.log(1)`));
  const before = readFileSync(file, "utf8");
  const out = join(dir, "out.ipynb");
  const { code: exit, err } = await run([file, "--out", out]);
  expect(exit).toBe(1);
  expect(err).toContain(`error: ${out}: expected to be written, found no such file`);
  expect(readFileSync(file, "utf8")).toBe(before);
  expect(existsSync(dir)).toBe(false);
});

test("a notebook runs in its own folder", async () => {
  const file = files.write(notebook("console.log(process.cwd())"));
  await run([file]);
  expect(basename(printed(files.read(file), 0).trim())).toBe(basename(files.dir));
});

test("outputs of an earlier run are replaced, also where they are none of the format's", async () => {
  const file = files.write(notebook("console.log(1)"));
  const broken = files.read(file) as unknown as { cells: { outputs: unknown[]; execution_count: unknown }[] };
  broken.cells[0].outputs = [{ output_type: "nonsense" }, { bad: true }];
  broken.cells[0].execution_count = "x";
  writeFileSync(file, JSON.stringify(broken));
  expect((await run([file])).code).toBe(0);
  expect(printed(files.read(file), 0)).toBe("1\n");
});

test("a notebook of another language is named as such before anything runs, unless another kernel is named", async () => {
  const python = { ...notebook("print(1)"), metadata: { kernelspec: { name: "python3", language: "python", display_name: "Python 3" } } };
  const file = files.write(python);
  const { code: exit, err } = await veduta(["run", file]);
  expect(exit).toBe(1);
  expect(err).toContain("expected a notebook in TypeScript or JavaScript, found one in python");
  expect((await run([file])).err).not.toContain("found one in python");
});
