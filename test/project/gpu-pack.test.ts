import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterEach, describe, expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const GPU = join(ROOT, "bench/gpu");
const LINUX = process.platform === "linux";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});
function folder(): string {
  folders.push(mkdtempSync(join(tmpdir(), "veduta-pack-")));
  return folders[folders.length - 1];
}
const run = (command: string, words: readonly string[], env: Record<string, string> = {}) =>
  spawnSync(command, words, { cwd: ROOT, encoding: "utf8", env: { ...process.env, ...env }, timeout: 100_000 });

/** A GPU machine of its own: on-device.sh in an otherwise empty tree, with these files sent to it. */
function machine(sent: Readonly<Record<string, string | Buffer>>) {
  const tree = folder();
  cpSync(join(GPU, "kit"), join(tree, "bench/gpu/kit"), { recursive: true });
  for (const [name, bytes] of Object.entries(sent)) {
    mkdirSync(dirname(join(tree, name)), { recursive: true });
    writeFileSync(join(tree, name), bytes);
  }
  const env = { VEDUTA_GPU: join(tree, "work"), OUT: join(tree, "out") };
  return (...words: string[]) => run("bash", [join(tree, "bench/gpu/kit/on-device.sh"), ...words], env);
}

describe.runIf(LINUX)(`the pack for a GPU machine${LINUX ? "" : " (skipped: its scripts are for Linux)"}`, () => {
  test("its parts are no larger than asked, and give the whole again when joined", () => {
    const [whole, most] = [randomBytes(1_000_003), 300_000];
    const parts = folder();
    writeFileSync(join(parts, "whole"), whole);
    const { stdout } = run("bash", [join(GPU, "kit/cut.sh"), join(parts, "whole"), String(most), parts]);
    const count = Number(stdout);
    expect(count).toBe(Math.ceil(whole.length / most));
    const pieces = Array.from({ length: count }, (_, k) => readFileSync(join(parts, String(k + 1), "part")));
    for (const piece of pieces) expect(piece.length).toBeLessThanOrEqual(most);
    expect(Buffer.concat(pieces).equals(whole)).toBe(true);
  });

  test("a machine names the part that it has not got, and a new machine says where to start", () => {
    const onDevice = machine({ ".gpu/1/part": "first" });
    expect(onDevice("take", "1", "2").stdout).toContain("part 1 of 2 is kept, 5 bytes");
    const missing = onDevice("unpack");
    expect(missing.stdout).toContain("part 2 of 2 is not on this machine");
    expect(missing.status).toBe(1);
    expect(machine({})("steps", "float16", "8", "1").stdout).toContain("nothing is installed on this machine");
  });

  test("a machine refuses a part that was damaged on its way", () => {
    const payload = folder();
    writeFileSync(join(payload, "app.tar.xz"), "damaged");
    writeFileSync(join(payload, "SHA256"), `${"0".repeat(64)}  app.tar.xz\n`);
    const { stdout } = spawnSync("tar", ["c", "-C", payload, "."], { encoding: "buffer" });
    const onDevice = machine({ ".gpu/1/part": stdout });
    onDevice("take", "1", "1");
    expect(onDevice("unpack").stdout).toContain("a part was damaged on its way");
  });

  test("a verb that is not there, or has too few words, ends with exit code 2 and what is wanted", () => {
    const onDevice = machine({});
    const strange = onDevice("bench");
    expect(strange.status).toBe(2);
    expect(strange.stderr).toContain("there is no verb bench");
    const short = onDevice("steps", "float16");
    expect(short.status).toBe(2);
    expect(short.stderr).toContain("want steps PRECISION BATCHES N");
  });

  test("it packs every package that its programs import, and none that only notebooks and the command line need", () => {
    const { stdout } = run(process.execPath, [join(GPU, "kit/packages.mjs")]);
    const packages = stdout.trim().split("\n");
    for (const name of ["sharp", "@huggingface/tokenizers", "onnx-buf"]) expect(packages).toContain(`node_modules/${name}`);
    for (const name of ["tslab", "zeromq", "typescript", "onnxruntime-node"]) expect(packages).not.toContain(`node_modules/${name}`);
    for (const name of packages) expect(existsSync(join(ROOT, name)), name).toBe(true);
  });

  test("its Python and shell programs parse", () => {
    const files = readdirSync(GPU, { recursive: true, encoding: "utf8" }).map((name) => join(GPU, name));
    const python = run("python3", [
      "-c",
      "import ast, sys\nfor f in sys.argv[1:]: ast.parse(open(f).read(), f)",
      ...files.filter((f) => f.endsWith(".py")),
    ]);
    if (!python.error) expect(python.stderr).toBe("");
    for (const file of files.filter((name) => name.endsWith(".sh"))) expect(run("bash", ["-n", file]).stderr, file).toBe("");
  });
});

const packed = join(ROOT, ".gpu/1/part");
const why = !existsSync(packed)
  ? "there is no pack, bench/gpu/kit/pack.sh makes one"
  : statSync(packed).mtimeMs < statSync(join(ROOT, "dist/.built")).mtimeMs
    ? "the pack in .gpu is older than the build"
    : undefined;
test.skipIf(why !== undefined)(
  `ONNX Runtime's CUDA provider runs the check of a device over stand-in libraries, which count its calls${why ? ` (skipped: ${why})` : ""}`,
  () => {
    const { stdout, stderr } = run("bash", [join(GPU, "dry-run/dry-run.sh")], { DEVICE: "cuda", STAND_IN_REPORT: "1" });
    expect(stdout + stderr).toContain('{"device":"cuda","notices":[]}');
    // a convolution and a product, each in float32 and float16
    expect(stdout + stderr).toMatch(/\[stand-in\] \d+ kernels, 2 products, 2 cuDNN calls/);
  },
  120_000,
);

test("of the GPU programs internals.mjs alone knows where the library's files are", () => {
  const programs = readdirSync(GPU).filter((name) => name.endsWith(".mjs") && name !== "internals.mjs");
  expect(programs).toContain("steps.mjs");
  for (const name of programs) expect(readFileSync(join(GPU, name), "utf8"), name).not.toContain("#kernel-lib");
});
