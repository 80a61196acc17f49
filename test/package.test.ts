/** The tarball, as somebody who installs it meets it: in a folder of its own, from the packages that this machine has downloaded. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeTinyCheckpoint } from "./fixtures/tiny-checkpoint.js";

const ROOT = resolve(import.meta.dirname, "..");
const MODEL_PARTS = ["model_index.json", "scheduler", "tokenizer", "unet", "vae", "text_encoder", "perceptual"];
const folder = mkdtempSync(join(tmpdir(), "veduta-package-"));
let packed: readonly string[] = [];

/** Runs npm or npx here or there; its standard output. */
function call(program: "npm" | "npx", words: readonly string[], cwd: string): string {
  return execFileSync(program, words, {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    shell: process.platform === "win32",
    maxBuffer: 1 << 26,
  });
}

/** A file that uses what a lesson uses, and what it must not need to name: every type is inferred or ours. */
const CONSUMER = `
import { crop, multiDiffusion, openModel, randn, createRng, syncDiffusion, tensor, NumericError } from "veduta";
import type { JointRun, Model, StepRecord, SyncOptions, Tensor } from "veduta";
import { Graph, gradient } from "veduta/graph";
import { intraLpips } from "veduta/metrics";
export const agreement: Promise<number> = intraLpips(tensor([], [1, 3, 0, 0]), async () => tensor([], [0]));
const options: SyncOptions = { prompt: "mountains", width: 768, loop: true, seed: 7 };
export async function paint(): Promise<Tensor> {
  const model: Model = await openModel();
  const run: JointRun = syncDiffusion(model, options);
  for await (const step of multiDiffusion(model, options)) describe(step);
  const first = await run.next();
  if (first.done) return first.value.panorama;
  const window = first.value.windows[0];
  const numbers: Float32Array = crop(first.value.latent, window).data;
  return tensor(numbers, [1, 4, window.height, window.width]);
}
export const describe = (step: StepRecord): string => \`\${step.index} \${step.windows.map(({ loss }) => loss ?? 0)}\`;
export function slope(): readonly number[] {
  const graph = new Graph();
  const x = graph.input("x", randn(createRng(1), [2, 3]).shape);
  return gradient(graph, x, x).shape;
}
export const isNumeric = (error: unknown): error is NumericError => error instanceof NumericError;
`;

const RESOLUTIONS = {
  "node16 resolution": { module: "node16", moduleResolution: "node16" },
  "node10 resolution, as notebooks have": { module: "esnext", moduleResolution: "node10" },
};

describe("the tarball", () => {
  beforeAll(() => {
    const [{ filename, files }] = JSON.parse(call("npm", ["pack", "--json", "--pack-destination", folder], ROOT));
    packed = files.map(({ path }: { path: string }) => path);
    writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
    call(
      "npm",
      ["install", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", `./${filename}`, "typescript@5.0.4"],
      folder,
    );
    writeFileSync(join(folder, "consumer.ts"), CONSUMER);
    const example = readFileSync(join(ROOT, "README.md"), "utf8").match(/```ts\n([^`]*)```/)?.[1];
    writeFileSync(join(folder, "readme.ts"), `${example}export const shape: readonly number[] = panorama.shape;\n`);
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("holds the build, the viewer, the lessons, the docs, the checkpoint that there is, licence, notices and README, and no source or training state", () => {
    for (const name of [
      "LICENSE",
      "THIRD_PARTY_NOTICES",
      "README.md",
      "dist/kernel-lib/index.js",
      "dist/kernel-lib/engine/session-worker.js",
      "dist/viewer/veduta-viewer.js",
      "dist/viewer/veduta-anywidget.js",
      "notebooks/01-a-first-panorama.ipynb",
      "docs/viewer.md",
      "docs/with.webp",
      "models/manifest.json",
      "models/tiny-landscapes/judge/backbone.safetensors",
    ])
      expect(packed).toContain(name);
    for (const name of ["tiny-noon", "tiny-night"])
      for (const part of ["model_index.json", "scheduler", "unet", "vqvae"])
        expect(
          packed.some((path) => path.startsWith(`models/${name}/${part}`)),
          `${name}/${part}`,
        ).toBe(true);
    for (const part of MODEL_PARTS.filter((name) => existsSync(join(ROOT, "models/tiny-landscapes", name))))
      expect(
        packed.some((path) => path.startsWith(`models/tiny-landscapes/${part}`)),
        part,
      ).toBe(true);
    expect(packed.filter((path) => /(?<!\.d)\.ts$|^test\/|\.work|\/(logs|train)\/|golden/.test(path))).toEqual([]);
  });

  test("npx veduta runs from it", () => {
    expect(call("npx", ["veduta", "--help"], folder)).toContain("veduta");
    expect(call("npx", ["veduta", "--version"], folder).trim()).toBe(JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).version);
  });

  test("npx veduta lab finds the lessons in it", async () => {
    const lessons = join(folder, "node_modules/veduta/dist/kernel-lib/kernel/lessons.js");
    const { copyLessons } = (await import(pathToFileURL(lessons).href)) as typeof import("#kernel-lib/kernel/lessons.js");
    expect(copyLessons(join(folder, "course"))).toBeGreaterThan(10);
    expect(existsSync(join(folder, "course/01-a-first-panorama.ipynb"))).toBe(true);
  });

  test("npx veduta paint writes a panorama and a report from it", () => {
    const model = writeTinyCheckpoint(join(folder, "tiny"));
    call("npx", ["veduta", "paint", "mountain", "--model", model, "--steps", "2", "--seed", "1", "--threads", "1", "--out", "run"], folder);
    for (const name of ["panorama.png", "report.html", "run.json"]) expect(existsSync(join(folder, "run", name)), name).toBe(true);
  });

  test.each(Object.entries(RESOLUTIONS))("TypeScript 5.0.4 reads its types and README's example, with %s", (name, resolution) => {
    const config = `tsconfig.${resolution.module}.json`;
    const compilerOptions = {
      ...resolution,
      target: "es2022",
      lib: ["es2022", "dom"],
      types: [],
      strict: true,
      noEmit: true,
      skipLibCheck: false,
    };
    writeFileSync(join(folder, config), JSON.stringify({ compilerOptions, files: ["consumer.ts", "readme.ts"] }));
    const compiler = join(folder, "node_modules/typescript/bin/tsc");
    const { ok, said } = compile(compiler, config);
    expect(said, name).toBe("");
    expect(ok).toBe(true);
  });
});

/** The compiler's verdict and words. */
function compile(compiler: string, config: string): { readonly ok: boolean; readonly said: string } {
  try {
    return { ok: true, said: execFileSync(process.execPath, [compiler, "-p", config], { cwd: folder, encoding: "utf8" }) };
  } catch (error) {
    return { ok: false, said: String((error as { stdout?: unknown }).stdout) };
  }
}
