/**
 * @file `npm run mutate`: changes one place of the built library at a time and asks whether a test notices. Prints the score per folder and every
 * change that none noticed. The changes are a seeded sample: the same seed changes the same places.
 *
 *   npm run mutate -- [--folders graph,diffusion,methods] [--sample 40] [--seed 1] [--list]
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import ts from "typescript";
import { createRng } from "#kernel-lib/core/random.js";
import { bin, command, ROOT } from "./paths.mjs";

/** The tests that should notice a change in a folder. @type {Record<string, readonly string[]>} */
const TESTS = {
  graph: ["test/graph", "test/engine/conv-block.test.ts", "test/engine/memory.test.ts"],
  diffusion: ["test/diffusion", "test/methods"],
  methods: ["test/methods"],
  conditions: ["test/conditions"],
};
/** A change that makes a test wait for ever counts as noticed. */
const TIMEOUT = 120_000;

/** @typedef {{ file: string, start: number, end: number, text: string, line: number, what: string }} Mutation */

/** Operators and what each becomes. */
const SWAPS = new Map(
  Object.entries({
    "+": "-",
    "-": "+",
    "*": "/",
    "/": "*",
    "%": "*",
    "<": "<=",
    "<=": "<",
    ">": ">=",
    ">=": ">",
    "===": "!==",
    "!==": "===",
    "&&": "||",
    "||": "&&",
    "??": "&&",
    "+=": "-=",
    "-=": "+=",
  }),
);

/** Every change of one file, without those inside error messages. @param {string} file @returns {Mutation[]} */
function mutationsOf(file) {
  const text = readFileSync(file, "utf8");
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  /** @type {Mutation[]} */
  const found = [];
  /** @param {ts.Node} node @param {string} replacement @param {string} what */
  const add = (node, replacement, what) => {
    const start = node.getStart(source);
    const line = source.getLineAndCharacterOfPosition(start).line + 1;
    found.push({ file, start, end: node.getEnd(), text: replacement, line, what });
  };
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isThrowStatement(node) || ts.isTemplateExpression(node) || ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return;
    if (ts.isBinaryExpression(node)) {
      const operator = node.operatorToken.getText(source);
      const swapped = SWAPS.get(operator);
      const isText = [node.left, node.right].some((side) => ts.isStringLiteralLike(side) || ts.isTemplateExpression(side));
      if (swapped && !(operator === "+" && isText)) add(node.operatorToken, swapped, `${operator} -> ${swapped}`);
    }
    if (ts.isNumericLiteral(node) && !ts.isComputedPropertyName(node.parent)) {
      const value = Number(node.text);
      add(node, String(value === 0 ? 1 : value === 1 ? 2 : value * 2), `${node.text} -> ${value === 0 ? 1 : value === 1 ? 2 : value * 2}`);
    }
    if (ts.isConditionalExpression(node)) add(node.condition, `!(${node.condition.getText(source)})`, "condition inverted");
    if (ts.isIfStatement(node)) add(node.expression, "false", "if never taken");
    if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken)
      add(node, node.operand.getText(source), "! removed");
    if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.MinusToken)
      add(node, node.operand.getText(source), "- removed");
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** @param {string} folder @returns {string[]} */
const filesIn = (folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".js"))
    .map((name) => join(folder, name));

/** Changes in order of a seeded shuffle. @param {Mutation[]} all @param {number} seed */
function shuffled(all, seed) {
  const rng = createRng(seed);
  const list = [...all];
  for (let k = list.length - 1; k > 0; k--) {
    const j = rng.below(k + 1);
    [list[k], list[j]] = [list[j], list[k]];
  }
  return list;
}

/** A copy of the repository whose dist may be changed. */
function sandbox() {
  const folder = mkdtempSync(join(tmpdir(), "veduta-mutate-"));
  for (const name of ["package.json", "vitest.config.ts", "tsconfig.json"]) cpSync(join(ROOT, name), join(folder, name));
  for (const name of ["node_modules", "models", "scripts", "viewer", "notebooks", "docs", "bench"])
    symlinkSync(join(ROOT, name), join(folder, name));
  // copied, not linked: a linked test would find the dist beside it
  for (const name of ["test", "dist"]) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  return folder;
}

await command(async () => {
  const { values } = parseArgs({
    options: {
      folders: { type: "string", default: Object.keys(TESTS).join(",") },
      sample: { type: "string", default: "40" },
      seed: { type: "string", default: "1" },
      list: { type: "boolean", default: false },
    },
  });
  const folders = values.folders.split(",");
  const stranger = folders.find((name) => !(name in TESTS));
  if (stranger !== undefined) {
    console.error(`mutate: got folder "${stranger}", want some of ${Object.keys(TESTS).join(", ")}`);
    process.exitCode = 2;
    return;
  }
  const copy = sandbox();
  /** @param {string} name */
  const testsPass = (name) =>
    spawnSync(process.execPath, [bin("vitest"), "run", "--project=laws", "--bail=1", "--reporter=dot", ...TESTS[name]], {
      cwd: copy,
      timeout: TIMEOUT,
    }).status === 0;
  try {
    for (const name of folders) {
      const all = filesIn(join(copy, "dist/kernel-lib", name)).flatMap(mutationsOf);
      const chosen = shuffled(all, Number(values.seed)).slice(0, Number(values.sample));
      if (values.list) {
        console.log(`${name}: ${all.length} places`);
        continue;
      }
      if (!testsPass(name)) throw new Error(`mutate: the tests of ${name} fail without any change`);
      let noticed = 0;
      for (const { file, start, end, text, line, what } of chosen) {
        const before = readFileSync(file, "utf8");
        writeFileSync(file, before.slice(0, start) + text + before.slice(end));
        const passed = testsPass(name);
        writeFileSync(file, before);
        if (!passed) noticed++;
        else console.log(`not noticed: ${file.slice(copy.length + 1)}:${line}: ${what}: ${before.split("\n")[line - 1].trim()}`);
      }
      console.log(
        `${name}: ${noticed} of ${chosen.length} changes noticed, ${((100 * noticed) / chosen.length).toFixed(0)} % (of ${all.length} places, seed ${values.seed})`,
      );
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
});
