/**
 * @file Generated notebooks whose meaning depends on one scope: names that are declared again, assigned, read by functions, methods and closures of
 * earlier cells. Every notebook is right TypeScript: a choice that would not be (an assignment to a const, a read of what is not there) is left out.
 */
import fc from "fast-check";

/** How a name may be declared in later cells. */
export type Freedom = "any way" | "as before";

interface Choice {
  readonly kind: number;
  readonly name: number;
  readonly other: number;
  readonly value: number;
}

const choice = fc.record({
  kind: fc.nat(20),
  name: fc.nat(2),
  other: fc.nat(2),
  value: fc.integer({ min: 1, max: 9 }),
});

/** Lists of choices, which `notebookOf` makes into cells. */
export const choices = fc.array(fc.array(choice, { minLength: 2, maxLength: 8 }), { minLength: 3, maxLength: 5 });

const VARIABLES = ["a", "b", "c"];
const FUNCTIONS = ["f", "g"];

type Type = "number" | "string";
interface Variable {
  readonly type: Type;
  readonly fixed: boolean;
  /** the word that declared it first */
  readonly word: string;
}

/** What the cells so far have declared. */
class Notebook {
  readonly variables = new Map<string, Variable>();
  readonly functions = new Map<string, string>();
  hasClass = false;
  hasSaved = false;
  /** names that the present cell has declared or read: it may not declare them again */
  used = new Set<string>();

  constructor(
    readonly prefix: string,
    readonly freedom: Freedom,
  ) {}

  name = (short: string): string => `${this.prefix}${short}`;

  /** A text of all that is there, save functions from a name on: a function may not call itself in a circle. */
  reading(below: string): string {
    const parts = [...this.variables.keys()].map(this.name);
    const called = [...this.functions.keys()].filter((short) => short < below).map((short) => `${this.name(short)}()`);
    const made = this.hasClass && below === "z" ? [`new ${this.name("K")}().m()`] : [];
    return [...parts, ...called, ...made].map((part) => `\${${part}}`).join(" ");
  }

  /** Notes that all names are read. */
  readAll(): void {
    for (const name of [...VARIABLES, ...FUNCTIONS, "K"]) this.used.add(name);
  }

  free(short: string): boolean {
    if (this.used.has(short)) return false;
    this.used.add(short);
    return true;
  }
}

/** The cells of a notebook. @param prefix of all its names */
export function notebookOf(cells: readonly (readonly Choice[])[], prefix: string, freedom: Freedom): string[] {
  const notebook = new Notebook(prefix, freedom);
  return cells.map((list, i) => {
    notebook.used = new Set();
    // the first cell only declares
    const lines = list.flatMap((each) => statement(notebook, i === 0 ? { ...each, kind: each.kind % 10 } : each) ?? []);
    return [...lines, `console.log(\`end ${notebook.reading("z")}\`);`].join("\n");
  });
}

function statement(notebook: Notebook, choice: Choice): string | undefined {
  const { kind } = choice;
  if (kind < 7) return variable(notebook, choice);
  if (kind < 10) return callable(notebook, choice);
  return action(notebook, choice);
}

/** Declares variables. */
function variable(notebook: Notebook, { kind, name, other, value }: Choice): string | undefined {
  const short = VARIABLES[name];
  const known = notebook.variables.get(short);
  const full = notebook.name(short);
  const steady = notebook.freedom === "as before";
  const word = steady && known ? known.word : steady && name === 2 ? "var" : (["let", "const", "var"][value % 3] ?? "let");
  if (kind === 6) {
    const second = VARIABLES[other];
    // Deno wants the word that declared a name before
    const suits = (each: string) => (notebook.variables.get(each)?.word ?? word) === word && word !== "var";
    if (name === other || notebook.used.has(second) || (steady && (other === 2 || !suits(short) || !suits(second)))) return undefined;
    if (!notebook.free(short)) return undefined;
    notebook.free(second);
    const open = word === "const" && (name === 2 || other === 2) ? "let" : word; // functions of this cell may add to c
    for (const each of [short, second]) notebook.variables.set(each, { type: "number", fixed: open === "const", word: open });
    return `${open} { ${full}, y: [${notebook.name(second)} = ${value}] } = { ${full}: ${value + 1}, y: [] as number[] };`;
  }
  if (!notebook.free(short)) return undefined;
  if ((kind === 4 || kind === 5) && (!steady || word === "var")) {
    notebook.variables.set(short, { type: "number", fixed: false, word: "var" });
    return kind === 4 ? `{ var ${full} = ${value}; }` : `for (var ${full} = 0; ${full} < ${value}; ${full}++);`;
  }
  // a text only where nothing counts with it: a function that adds to c stays one of numbers
  const type = name < 2 && kind === 3 ? "string" : "number";
  const fixed = word === "const" && name !== 2;
  notebook.variables.set(short, { type, fixed, word: fixed ? "const" : word === "const" ? "let" : word });
  return `${fixed ? "const" : word === "const" ? "let" : word} ${full}${kind === 2 ? `: ${type}` : ""} = ${type === "string" ? `"t${value}"` : value};`;
}

/** Declares functions and classes. */
function callable(notebook: Notebook, { kind, name, value }: Choice): string | undefined {
  const adds = notebook.variables.get("c")?.fixed === false && value % 2 === 0 ? `${notebook.name("c")} += ${value}; ` : "";
  if (kind === 9) {
    if (!notebook.free("K")) return undefined;
    const body = notebook.reading("g");
    const before = notebook.hasClass;
    notebook.hasClass = true;
    const own = `${notebook.name("K")}.own`;
    const made =
      before && value > 6 && notebook.freedom === "any way" ? `const ${notebook.name("K")} = class` : `class ${notebook.name("K")}`;
    return `${made} { static own = ${value}; m() { ${adds}return \`K${value} ${made.startsWith("class") ? `\${${own}} ` : ""}${body}\`; } }${made.startsWith("class") ? "" : ";"}`;
  }
  const short = FUNCTIONS[name % 2];
  if (!notebook.free(short)) return undefined;
  const body = notebook.reading(short);
  const known = notebook.functions.get(short);
  const word = notebook.freedom === "as before" ? (known ?? (short === "f" ? "function" : "const")) : kind === 7 ? "function" : "const";
  notebook.functions.set(short, word);
  const full = notebook.name(short);
  const code = `${adds}return \`${short}${value} ${body}\`;`;
  return word === "function" ? `function ${full}(): string { ${code} }` : `const ${full} = (): string => { ${code} };`;
}

/** Assigns, prints, shadows, keeps closures. */
function action(notebook: Notebook, { kind, name, other, value }: Choice): string | undefined {
  const [short, second] = [VARIABLES[name], VARIABLES[other]];
  const { variables } = notebook;
  const [full, full2] = [notebook.name(short), notebook.name(second)];
  const isCount = (each: string) => variables.get(each)?.type === "number" && !variables.get(each)?.fixed;
  if (kind === 10 || kind === 11) {
    notebook.readAll();
    return `console.log(\`now ${notebook.reading("z")}\`);`;
  }
  if (kind >= 19) {
    const saved = notebook.name("saved");
    notebook.readAll();
    if (notebook.hasSaved)
      return `${saved}.push(() => \`s${value} ${notebook.reading("z")}\`);\nconsole.log(${saved}.map((each) => each()).join("; "));`;
    notebook.hasSaved = true;
    return `const ${saved}: (() => string)[] = [() => \`s${value} ${notebook.reading("z")}\`];`;
  }
  if (!isCount(short)) return undefined;
  notebook.used.add(short);
  if (kind === 12) return `${full} = ${full} * 2 + ${value};`;
  if (kind === 13) return `${full} ${["+=", "-=", "*=", "||=", "??="][value % 5]} ${value};`;
  if (kind === 14) return value % 2 ? `console.log(${full}++, --${full});` : `++${full};`;
  if (kind === 15) return `for (${full} of [${value}, ${value + 1}]) console.log(${full});`;
  if (kind === 18) return `{ let ${full} = ${value}; ${full}++; console.log(${full}, ((${full}: number) => ${full} * 2)(4)); }`;
  if (!isCount(second) || name === other) return undefined;
  notebook.used.add(second);
  return kind === 16 ? `[${full}, ${full2}] = [${full2}, ${full}];` : `({ ${full}, q: ${full2} = ${value} } = { ${full}: ${full2} });`;
}
