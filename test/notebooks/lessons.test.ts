import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { importsOf } from "../../scripts/arrows.mjs";
import { codeOf, exercisesOf, FOLDER, type Lesson, lessons, scriptOf } from "./notebooks.js";

const lines = (source: string) => source.split("\n").length;
/** Functions that may be longer than ten lines: what their lesson is about. */
const SUBJECTS = ["agreeOnRows", "steps"];

test("there are fifteen lessons, numbered in their order, and the README's table names each", () => {
  expect(lessons.map(({ name }) => name.slice(0, 3))).toEqual(Array.from({ length: 15 }, (_, k) => `${String(k + 1).padStart(2, "0")}-`));
  const readme = readFileSync(join(FOLDER, "README.md"), "utf8");
  for (const { name } of lessons) expect(readme).toContain(`](${name}.ipynb)`);
});

describe.each(lessons.map((lesson) => [lesson.name, lesson] as const))("%s", (_, lesson) => {
  const code = codeOf(lesson);
  const prose = lesson.cells.filter(({ type }) => type === "markdown").map(({ source }) => source);

  test("is a notebook of format 4.5 for Veduta's kernel, whose cells have names of their own", () => {
    const { nbformat, nbformat_minor, metadata, cells } = lesson.notebook;
    expect([nbformat, nbformat_minor]).toEqual([4, 5]);
    expect(metadata.kernelspec).toEqual({ name: "veduta", display_name: "Veduta (TypeScript)", language: "typescript" });
    const ids = cells.map(({ id }) => String(id));
    for (const id of ids) expect(id).toMatch(/^[a-z0-9-]{1,64}$/);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("is kept without outputs", () => {
    for (const { raw } of code) expect(raw).toMatchObject({ outputs: [], execution_count: null });
  });

  test("begins with a question, and with code that answers with a picture", () => {
    const [first, second, third] = lesson.cells;
    expect(first.source).toMatch(new RegExp(`^# ${Number(lesson.name.slice(0, 2))} · .+\n\n> \\*\\*(.|\n)+\\?\\*\\*\n`));
    expect(second.type).toBe("code");
    const answer = second.source.includes("progress(") ? third.source : second.source; // what takes long shows a bar, then the picture
    expect(answer).toMatch(/track\(|(image|panoramaView)\(.*\.show\(\);$/);
  });

  test("has code lines that fit into a front end's cell, shapes and all", () => {
    expect(code.flatMap(({ source }) => source.split("\n").filter((line) => line.length > 88))).toEqual([]);
  });

  test("has at most 15 lines a code cell, and 10 a function", () => {
    for (const { source } of code) expect(lines(source)).toBeLessThanOrEqual(15);
    for (const { name, length } of functionsOf(scriptOf(lesson)))
      if (!SUBJECTS.includes(name)) expect([name, Math.min(length, 11)]).toEqual([name, length]);
  });

  test("imports nothing but veduta, and shows what it makes", () => {
    for (const { source } of code)
      for (const { specifier } of importsOf("cell.ts", source)) expect(specifier).toMatch(/^veduta(\/(graph|metrics))?$/);
    expect(unawaitedShows(scriptOf(lesson))).toEqual([]); // a plain script and Deno's kernel wait for nothing by themselves
  });

  test("imports each name once, no later than the cell that first uses it", () => {
    const imported = code.map(({ source }) =>
      nodesOf(source)
        .filter(ts.isImportSpecifier)
        .map((node) => node.name.text),
    );
    expect(imported.flat()).toEqual([...new Set(imported.flat())]);
    for (const [k, { source }] of code.entries()) {
      const later = new Set(imported.slice(k + 1).flat());
      expect(
        nodesOf(source)
          .filter(isUse)
          .map((node) => node.getText())
          .filter((name) => later.has(name)),
      ).toEqual([]);
    }
  });

  test("lets predict before it reveals: each such question stands before code", () => {
    const asked = lesson.cells.flatMap(({ type, source }, k) => (type === "markdown" && source.includes("**Predict:**") ? [k] : []));
    expect(asked.length).toBeGreaterThanOrEqual(3);
    for (const k of asked) expect(lesson.cells[k + 1].type).toBe("code");
  });

  test("shows a failure", () => {
    expect(prose.some((text) => /fail|falls short/i.test(text))).toBe(true);
  });

  test("answers each prediction behind the code, folded away, before it asks the next", () => {
    const marks = prose.flatMap((text) => text.match(/\*\*Predict:\*\*|<details>|<\/details>/g) ?? []);
    const predictions = marks.filter((mark) => mark.startsWith("**")).length;
    expect(marks).toEqual(Array.from({ length: predictions }, () => ["**Predict:**", "<details>", "</details>"]).flat());
    for (const text of prose) // blank lines around it: without them Markdown inside stays as it is
      for (const [folded] of text.matchAll(/<details>[\s\S]*?<\/details>/g))
        expect(folded).toMatch(
          /^<details><summary style="display:list-item">What happened<\/summary>\n\n[^\n][\s\S]*[^\n]\n\n<\/details>$/,
        );
  });

  test("has its exercises, at least three, without answers and without checkers: each is TODO, and checked by its name", () => {
    const number = Number(lesson.name.slice(0, 2));
    const at = lesson.cells.flatMap(({ tags }, k) => (tags.includes("exercise") ? [k] : []));
    expect(at.length).toBe(exercisesOf(lesson).length);
    expect(at.length).toBeGreaterThanOrEqual(3);
    for (const [n, k] of at.entries()) {
      const [question, answer, checker] = lesson.cells.slice(k - 1, k + 2);
      expect(question.source).toContain(`**${n + 1}.**`);
      expect(answer.source).toMatch(new RegExp(`^(import .+\n\n)?(type .+;\n)?const answer${n + 1}(: .+)? = TODO;$`));
      expect(checker.source).toMatch(new RegExp(`^await check\\("${number}\\.${n + 1}", answer${n + 1}(, \\{ \\w+ \\})?\\);$`));
      expect(checker.tags).toEqual(["checker"]);
    }
    for (const { raw } of lesson.cells) expect(raw.metadata).not.toHaveProperty("jupyter"); // nothing is hidden
  });

  test("ends with its sources, where it deviates from them, and a link that leads on", () => {
    const last = prose[prose.length - 1];
    expect(last).toMatch(/^## Sources\n/);
    expect(last).toContain("**Where we deviate");
    const links = [...prose.join("\n").matchAll(/\]\(([\w-]+\.(?:ipynb|md))\)/g)].map(([, file]) => file);
    expect(links.length).toBeGreaterThan(0);
    for (const file of links) expect(existsSync(join(FOLDER, file))).toBe(true);
  });

  test("leaves the model open, so that one can go on after the last cell", () => {
    expect(scriptOf(lesson)).not.toMatch(/\b(model|runtime)\.close\(/);
  });
});

test("the code of every lesson, its cells one after the other, is right to the kernel's compiler, strictly", () => {
  expect(faults(lessons)).toEqual([]);
});

function nodesOf(script: string): ts.Node[] {
  const found: ts.Node[] = [];
  const visit = (node: ts.Node): void => {
    found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile("lesson.ts", script, ts.ScriptTarget.ES2022, true));
  return found;
}

/** Whether a node names a value or a type, rather than a property. */
const isUse = (node: ts.Node): boolean =>
  ts.isIdentifier(node) &&
  !(ts.isPropertyAccessExpression(node.parent) && node.parent.name === node) &&
  !(ts.isPropertyAssignment(node.parent) && node.parent.name === node) &&
  !(ts.isBindingElement(node.parent) && node.parent.propertyName === node);

/** Functions with the lines they take. */
const functionsOf = (script: string): { readonly name: string; readonly length: number }[] =>
  nodesOf(script)
    .filter(ts.isFunctionLike)
    .map((node) => ({ name: node.name?.getText() ?? "=>", length: lines(node.getText()) }));

const unawaitedShows = (script: string): string[] =>
  nodesOf(script)
    .filter((node) => ts.isCallExpression(node) && node.expression.getText().endsWith(".show") && !ts.isAwaitExpression(node.parent))
    .map((node) => node.getText());

/** What the compiler of cells finds in the lessons as modules that lie beside their notebooks. */
function faults(all: readonly Lesson[]): string[] {
  const require = createRequire(import.meta.url);
  const compiler = require("typescript") as typeof ts;
  const scripts = new Map(all.map((lesson) => [join(FOLDER, `${lesson.name}.ts`), `${scriptOf(lesson)}\nexport {};\n`]));
  const { ES2022, ESNext } = { ES2022: compiler.ScriptTarget.ES2022, ESNext: compiler.ModuleKind.ESNext };
  const options: ts.CompilerOptions = {
    target: ES2022,
    module: ESNext,
    moduleResolution: compiler.ModuleResolutionKind.Bundler,
    lib: ["lib.es2022.d.ts", "lib.dom.d.ts"],
    types: ["node"],
    typeRoots: [join(FOLDER, "../node_modules/@types")],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
  };
  const host = compiler.createCompilerHost(options);
  const { fileExists, readFile } = host;
  host.fileExists = (file) => scripts.has(file) || fileExists(file);
  host.readFile = (file) => scripts.get(file) ?? readFile(file);
  const { getSourceFile } = host;
  host.getSourceFile = (file, ...rest) => {
    const script = scripts.get(file);
    return script === undefined ? getSourceFile(file, ...rest) : compiler.createSourceFile(file, script, ES2022, true);
  };
  const program = compiler.createProgram([...scripts.keys()], options, host);
  return [...scripts.keys()].flatMap((file) => {
    const source = program.getSourceFile(file);
    const wrong = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    return wrong.map(({ start = 0, messageText }) => {
      const line = source?.text.slice(0, start).split("\n").length ?? 0;
      const text = source?.text.split("\n")[line - 1];
      return `${file.slice(FOLDER.length)}: ${compiler.flattenDiagnosticMessageText(messageText, " ")}  at  ${text}`;
    });
  });
}
