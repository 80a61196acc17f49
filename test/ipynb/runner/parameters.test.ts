import { expect, test } from "vitest";
import { NotebookError } from "#kernel-lib/core/errors.js";
import { joined } from "#kernel-lib/ipynb/nbformat.js";
import { parameterValue, withParameters } from "#kernel-lib/ipynb/runner/parameters.js";
import { code, notebook } from "../fixtures.js";

const lesson = notebook("import x", code("const seed = 7;\nlet prompt: string = 'a', width = 1;", { tags: ["parameters"] }), "seed");
const sources = (of: typeof lesson) => of.cells.map(({ source }) => joined(source));

test("a value is JSON where it is that, else text", () => {
  expect([
    parameterValue("7"),
    parameterValue("[1,2]"),
    parameterValue("true"),
    parameterValue("misty hills"),
    parameterValue('"7"'),
  ]).toEqual([7, [1, 2], true, "misty hills", "7"]);
});

test("values go into a cell of their own after the parameters, and into the same one the next time", () => {
  const once = withParameters(
    "n.ipynb",
    lesson,
    new Map<string, unknown>([
      ["seed", 8],
      ["prompt", "</script>\n"],
    ]),
  );
  expect(sources(once)).toEqual(["import x", sources(lesson)[1], '// Parameters\nconst seed = 8;\nconst prompt = "</script>\\n";', "seed"]);
  const again = withParameters("n.ipynb", once, new Map([["seed", 9]]));
  expect(sources(again)).toEqual(["import x", sources(lesson)[1], "// Parameters\nconst seed = 9;", "seed"]);
  expect(withParameters("n.ipynb", lesson, new Map())).toBe(lesson);
});

test("the new cell has an id where the format wants one, and none where the format has none", () => {
  const injected = (minor: number) => withParameters("n", { ...lesson, nbformat_minor: minor }, new Map([["seed", 1]])).cells[2];
  expect(injected(5).id).toMatch(/^[0-9a-f]{8}$/);
  expect(injected(4)).not.toHaveProperty("id");
});

test("a notebook without parameters, and a name that it does not declare, are refused with what would be right", () => {
  const set = (of: typeof lesson, name: string) => () => withParameters("n.ipynb", of, new Map([[name, 1]]));
  expect(set(notebook("const seed = 7"), "seed")).toThrow(/n.ipynb: expected a code cell tagged parameters.*"tags": \["parameters"\]/);
  expect(set(lesson, "sed")).toThrow("n.ipynb: expected one of the parameters seed, prompt, width, found sed");
  expect(set(lesson, "sed")).toThrow(NotebookError);
});

const several = notebook(
  { ...code("const seed = 1, steps = 4;", { tags: ["parameters"] }), id: "paint" },
  { ...code("let seed = 2, noise = 0;", { tags: ["parameters"] }), metadata: { tags: ["parameters"], name: "the edit v1.0" }, id: "b7" },
  "seed",
);
const setIn = (values: Record<string, unknown>) => sources(withParameters("n.ipynb", several, new Map(Object.entries(values))));
const [paint, edit] = sources(several);

test("where several cells are tagged parameters, each value goes behind the cell that declares its name", () => {
  expect(setIn({ noise: 1, steps: 5 })).toEqual([
    paint,
    "// Parameters\nconst steps = 5;",
    edit,
    "// Parameters\nconst noise = 1;",
    "seed",
  ]);
});

test("a cell is named before the parameter by its id or by its metadata's name, also one with dots and spaces", () => {
  for (const name of ["b7", "the edit v1.0"])
    expect(setIn({ [`${name}.seed`]: 7 })).toEqual([paint, edit, "// Parameters\nconst seed = 7;", "seed"]);
  expect(setIn({ "paint.seed": 7, "paint.steps": 5, steps: 8 })).toEqual([
    paint,
    "// Parameters\nconst seed = 7;\nconst steps = 8;",
    edit,
    "seed",
  ]);
});

test("values of an earlier run go, wherever they were", () => {
  const once = withParameters("n.ipynb", several, new Map([["b7.seed", 7]]));
  expect(sources(withParameters("n.ipynb", once, new Map([["steps", 8]])))).toEqual([
    paint,
    "// Parameters\nconst steps = 8;",
    edit,
    "seed",
  ]);
});

test("names that no cell declares get one error that lists what there is; a name of several cells is asked for its cell", () => {
  const there = "paint.seed, paint.steps, the edit v1.0.seed, the edit v1.0.noise";
  expect(() => setIn({ sed: 1, "paint.noise": 1, steps: 2 })).toThrow(
    `n.ipynb: expected one of the parameters ${there}, found sed, paint.noise`,
  );
  expect(() => setIn({ seed: 1 })).toThrow(
    "n.ipynb: expected the cell's name before seed, which several cells declare, found seed; say paint.seed or the edit v1.0.seed",
  );
});

test("in a format without ids a cell tagged parameters is named by its number among these", () => {
  const old = {
    ...several,
    nbformat_minor: 4,
    cells: several.cells.map(({ id: _, ...cell }) => ({ ...cell, metadata: { tags: cell.metadata.tags } })),
  };
  const made = withParameters("n.ipynb", old as typeof several, new Map([["2.seed", 7]]));
  expect(sources(made).slice(0, 3)).toEqual([paint, edit, "// Parameters\nconst seed = 7;"]);
});
