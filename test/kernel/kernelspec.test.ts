/** @file How front ends find the kernel: `veduta kernel install`, `veduta lab`, and who starts it going away. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { Command } from "commander";
import { afterAll, describe, expect, test } from "vitest";
import type { CliDeps } from "#kernel-lib/cli/command.js";
import { labCommand } from "#kernel-lib/cli/lab.js";
import { main } from "#kernel-lib/cli.js";
import { userDataFolder } from "#kernel-lib/kernel/kernelspec.js";
import type { Programs } from "#kernel-lib/kernel/lab.js";
import { contents, ROOT, startKernel } from "./client.js";

const dir = mkdtempSync(join(tmpdir(), "veduta-spec-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function veduta(...words: string[]) {
  let [stdout, stderr] = ["", ""];
  const deps = { stdout: { write: (text: string) => (stdout += text) }, stderr: { write: (text: string) => (stderr += text) } };
  return { code: await main(words, deps as unknown as CliDeps), stdout, stderr };
}

describe("veduta kernel install", () => {
  test("--prefix writes a kernelspec with absolute paths that are there, and again over itself", async () => {
    for (const _ of [1, 2]) {
      const { code, stdout } = await veduta("kernel", "install", "--prefix", dir);
      const folder = join(dir, "share/jupyter/kernels/veduta");
      expect({ code, stdout }).toEqual({ code: 0, stdout: `${folder}\n` });
      expect(readdirSync(folder).sort()).toEqual(["kernel.json", "logo-svg.svg"]);
      const spec = JSON.parse(readFileSync(join(folder, "kernel.json"), "utf8"));
      expect(spec).toMatchObject({ display_name: "Veduta (TypeScript)", language: "typescript", interrupt_mode: "message" });
      expect(spec.argv[2]).toBe("{connection_file}");
      for (const path of spec.argv.slice(0, 2)) expect(existsSync(path)).toBe(true);
    }
  });
  test("--user, the default, is Jupyter's own folder on each system", () => {
    const of = (platform: NodeJS.Platform, env: NodeJS.ProcessEnv = {}) => userDataFolder({ platform, env, home: "/h" });
    expect(of("linux")).toBe(join("/h", ".local", "share", "jupyter"));
    expect(of("linux", { XDG_DATA_HOME: "/x" })).toBe(join("/x", "jupyter"));
    expect(of("darwin")).toBe(join("/h", "Library", "Jupyter"));
    expect(of("win32", { APPDATA: "/a" })).toBe(join("/a", "jupyter"));
    expect(of("linux", { JUPYTER_DATA_DIR: "/j" })).toBe("/j");
  });
  test("both at once are refused", async () => {
    expect(await veduta("kernel", "install", "--user", "--prefix", dir)).toMatchObject({ code: 2 });
  });
});

describe("veduta lab", () => {
  async function lab(there: readonly string[], folder = dir) {
    const started: { words: readonly string[]; env: NodeJS.ProcessEnv }[] = [];
    const asked: string[] = [];
    const programs: Programs = {
      version(words) {
        asked.push(words.join(" "));
        return there.includes(words.join(" ")) ? "1.0" : undefined;
      },
      async start(words, env) {
        started.push({ words, env });
        return 0;
      },
    };
    const program = new Command().exitOverride();
    labCommand(program.command("lab"), { stdout: { write: () => true } as unknown as CliDeps["stdout"], programs });
    await program.parseAsync(["lab", folder, "--", "--no-browser"], { from: "user" });
    return { started, asked };
  }
  test("takes JupyterLab before Notebook, with the kernel in a folder of its own", async () => {
    const { started } = await lab(["jupyter-notebook --version", "jupyter lab --version"]);
    expect(started.map(({ words }) => words)).toEqual([
      ["jupyter", "lab", dir, "--MultiKernelManager.default_kernel_name=veduta", "--no-browser"],
    ]);
    const [data] = (started[0].env.JUPYTER_PATH ?? "").split(delimiter);
    expect(existsSync(join(data, "kernels/veduta/kernel.json"))).toBe(true);
    expect(readFileSync(join(data, ".gitignore"), "utf8")).toBe("*\n");
  });
  test("copies the lessons into an empty folder, and leaves one that is not empty as it is", async () => {
    const own = join(dir, "course");
    mkdirSync(own);
    await lab(["jupyter lab --version"], own);
    const first = join(own, "01-a-first-panorama.ipynb");
    expect(readFileSync(first)).toEqual(readFileSync(join(ROOT, "notebooks/01-a-first-panorama.ipynb")));
    rmSync(first);
    await lab(["jupyter lab --version"], own);
    expect(existsSync(first)).toBe(false);
  });
  test("where none answers, says how to get one with Python and without", async () => {
    await expect(lab([])).rejects.toThrow(/Visual Studio Code, without Python.*kernel install.*uv tool install.*apt-get install/s);
    await expect(lab([], join(dir, "none"))).rejects.toThrow("no such folder");
  });
});

test.skipIf(process.platform === "win32")("the kernel ends when who started it is killed", async () => {
  const file = join(dir, "connection.json");
  const ports = { shell_port: 0, control_port: 0, iopub_port: 0, stdin_port: 0, hb_port: 0 };
  writeFileSync(file, JSON.stringify({ transport: "tcp", ip: "127.0.0.1", key: "", ...ports }));
  const script = `const child = require("node:child_process").spawn(process.execPath, [${JSON.stringify(join(ROOT, "dist/kernel-lib/kernel/main.js"))}, ${JSON.stringify(file)}], { stdio: "ignore" }); console.log(child.pid); setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  const [chunk] = await once(parent.stdout, "data");
  const pid = Number(String(chunk));
  const lives = () => {
    try {
      process.kill(pid, 0);
      return !/\) Z /.test(existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, "utf8") : "");
    } catch {
      return false;
    }
  };
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(lives()).toBe(true);
  parent.kill("SIGKILL");
  await expect.poll(lives, { timeout: 15_000 }).toBe(false);
});

test("veduta is found, checked and completed in a folder that has it as a package", async () => {
  const project = join(dir, "project");
  mkdirSync(join(project, "node_modules"), { recursive: true });
  symlinkSync(ROOT, join(project, "node_modules/veduta"), "junction");
  const kernel = await startKernel("veduta", { cwd: project });
  const answer = await kernel.execute('import { tensor } from "veduta";\nconst t = tensor([1, 2], [2]);\nt.shape');
  expect(contents(answer, "execute_result")[0]).toMatchObject({ data: { "text/plain": "[ 2 ]" } });
  expect((await kernel.execute("t.shap")).reply.evalue).toContain("'shap' does not exist on type 'Tensor'");
  expect((await kernel.request("complete_request", { code: "t.sh", cursor_pos: 4 })).reply.matches).toContain("shape");
  const graph = await kernel.execute('import { Graph } from "veduta/graph";\nnew Graph().input("x", [2]).shape');
  expect(contents(graph, "execute_result")[0]).toMatchObject({ data: { "text/plain": "[ 2 ]" } });
  await kernel.close();
});

test("a path that a package exports is found, with its types", async () => {
  const project = join(dir, "exporting");
  const folder = join(project, "node_modules/pkg");
  mkdirSync(join(folder, "lib"), { recursive: true });
  const paths = { "./sub": { types: "./lib/s.d.ts", default: "./lib/s.js" } };
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "pkg", version: "1.0.0", type: "module", exports: paths }));
  writeFileSync(join(folder, "lib/s.js"), "export const seven = 7;");
  writeFileSync(join(folder, "lib/s.d.ts"), "export declare const seven: number;");
  const kernel = await startKernel("veduta", { cwd: project });
  const answer = await kernel.execute('import { seven } from "pkg/sub";\nseven');
  expect(contents(answer, "execute_result")[0]).toMatchObject({ data: { "text/plain": "7" } });
  expect((await kernel.execute("const text: string = seven;")).reply.evalue).toContain("Type 'number' is not assignable to type 'string'");
  expect((await kernel.execute('import { eight } from "pkg/sub";')).reply.evalue).toContain("has no exported member 'eight'");
  await kernel.close();
});
