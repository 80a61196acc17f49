/** @file The TypeScript in pages: every fence is checked against Veduta's types, and run, beside those that say why they are not. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import ts from "typescript";
import { type JointResult, multiDiffusion, openModel, type StepRecord, saveRun, zeros } from "veduta";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodePng } from "#kernel-lib/core/image.js";
import { runHead } from "#kernel-lib/runs/run-head.js";
import { type Fence, fencesOf, PAGES, ROOT } from "./pages.js";

/** Why a fence is not run: the words after "no-run=". */
const REASONS = {
  checkpoint: "it needs a checkpoint that is not bundled: gigabytes of the hub, or one that nobody has published",
  server: "it needs a server of a model",
  packages: "it needs packages that Veduta does not install",
  export: "it needs networks that were exported",
} as const;

const dir = mkdtempSync(join(tmpdir(), "veduta-docs-samples-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const pages = PAGES.map((page) => ({ page, fences: fencesOf(page).filter(({ language }) => language === "ts") })).filter(
  ({ fences }) => fences.length > 0,
);
const fileOf = (page: string, kind: string): string => join(dir, `${page.replace(/\W/g, "-")}.${kind}.ts`);

/** A module of a page's fences: each sees what those above it declare, as a reader does, and may declare it anew. */
function moduleOf(fences: readonly Fence[], from: string): string {
  const imports: string[] = [];
  const bodies = fences.map(({ text }) =>
    text
      .replace(/^import [^;]*;\n?/gm, (line) => {
        imports.push(line.trim());
        return "";
      })
      .replace(/^export (?=const|function|class)/gm, ""),
  );
  const names = [
    ...new Set(
      imports.flatMap(
        (line) =>
          /\{([^}]*)\}/
            .exec(line)?.[1]
            .split(",")
            .map((name) => name.trim()) ?? [],
      ),
    ),
  ].filter(Boolean);
  return `import { ${names.join(", ")} } from "${from}";\n${bodies.map((body) => `{\n${body}`).join("\n")}\n${"}".repeat(bodies.length)}\nexport {};\n`;
}

/**
 * Veduta with runs of one step and at most 384 pixels, whatever a page says: a page's numbers are for pictures, and the test's are for the code. All pages share the bundled model,
 * whose gradient takes seconds to load; `closed` closes it.
 */
const QUICK = `
import * as veduta from "veduta";
export * from "veduta";
const MOST = 1;
const few = (options) => ({ ...options, steps: Math.min(MOST, options?.steps ?? MOST), ...(options?.width ? { width: Math.min(384, options.width) } : {}) });
let shared;
export const openModel = async (...asked) =>
  asked.length > 0 ? veduta.openModel(...asked) : Object.create(await (shared ??= veduta.openModel()), { close: { value: async () => {} } });
export const closed = async () => (await shared)?.close();
const quick = (run) => (model, options) => run(model, few(options));
${["multiDiffusion", "syncDiffusion", "regionDiffusion", "cycleDiffusion", "dpmEncode", "codeSampler"].map((name) => `export const ${name} = quick(veduta.${name});`).join("\n")}
export const langevin = (sampler, energies, options) => veduta.langevin(sampler, energies, few(options));
export const translate = (source, target, options) => veduta.translate(source, target, few(options));
export const sweep = (plan, options) => veduta.sweep({ ...plan, fixed: few(plan.fixed), grid: { seed: [3], method: ["multi"] } }, options);
`;

describe("TypeScript in pages", () => {
  beforeAll(async () => {
    mkdirSync(join(dir, "node_modules"));
    symlinkSync(ROOT, join(dir, "node_modules/veduta"), "junction");
    symlinkSync(resolve(ROOT, "node_modules/@types"), join(dir, "node_modules/@types"), "junction");
    writeFileSync(join(dir, "package.json"), JSON.stringify({ type: "module" }));
    writeFileSync(join(dir, "quick.js"), QUICK);
    for (const { page, fences } of pages) {
      writeFileSync(fileOf(page, "checked"), moduleOf(fences, "veduta"));
      const run = fences.filter(({ noRun }) => noRun === undefined);
      if (run.length > 0)
        writeFileSync(
          fileOf(page, "run").replace(/ts$/, "js"),
          ts.transpileModule(moduleOf(run, "./quick.js"), {
            compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
          }).outputText,
        );
    }
  });

  test("that is not run says why, by a word that stands in this file", () => {
    const words = PAGES.flatMap((page) => fencesOf(page)).flatMap(({ noRun }) => noRun ?? []);
    expect(words.length).toBeGreaterThan(5);
    expect(words.filter((word) => !(word in REASONS))).toEqual([]);
  });

  test("fits Veduta's types", () => {
    const files = pages.map(({ page }) => fileOf(page, "checked"));
    const program = ts.createProgram(files, {
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      target: ts.ScriptTarget.ES2022,
      lib: ["lib.es2023.d.ts", "lib.dom.d.ts"],
      types: ["node"],
      strict: true,
      noEmit: true,
      skipLibCheck: true,
    });
    const found = ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
      const line = file?.text.slice(0, start).split("\n").at(-1);
      return `${file?.fileName}: ${line}…: ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
    });
    expect(found).toEqual([]);
  });

  test("runs, in one step where it says more", async () => {
    writeFileSync(join(dir, "hills.png"), await encodePng(zeros([1, 3, 128, 128])));
    await saveRuns();
    const run = pages.filter(({ fences }) => fences.some(({ noRun }) => noRun === undefined));
    expect(run.length).toBeGreaterThan(7);
    const imports = run.map(
      ({ page }) =>
        `console.log(${JSON.stringify(`# ${page}`)});\nawait import(${JSON.stringify(fileOf(page, "run").replace(/ts$/, "js"))});`,
    );
    writeFileSync(join(dir, "all.js"), [...imports, 'await (await import("./quick.js")).closed();'].join("\n"));
    const { stdout, stderr, status } = spawnSync(process.execPath, ["all.js"], { cwd: dir, encoding: "utf8" });
    expect(stderr).toBe("");
    expect([status, stdout.match(/^# .*/gm)?.length]).toEqual([0, run.length]);
  });
});

/** The runs that docs/run-folder.md opens: one that is whole, and one that was stopped after its first step. */
async function saveRuns(): Promise<void> {
  const model = await openModel(undefined, { threads: 1 });
  for (const [name, taken] of [
    ["mountains-sync-3", 2],
    ["stopped", 1],
  ] as const) {
    const run = multiDiffusion(model, { prompt: "mountains", width: 256, steps: 2, seed: 3 });
    const steps: StepRecord[] = [];
    for (let k = 0; k < taken; k++) steps.push((await run.next()).value as StepRecord);
    const result = taken === 2 ? ((await run.next()).value as JointResult) : undefined;
    await saveRun(join(dir, "veduta-out", name), { ...runHead("multi", run, model), steps, result });
  }
  await model.close();
}
