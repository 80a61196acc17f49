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
