import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CheckpointError } from "#kernel-lib/core/errors.js";
import { parseYaml } from "#kernel-lib/core/yaml.js";

const TRAINING = `model:
  base_learning_rate: 1.e-6   # set to target_lr by starting with '--scale_lr False'
  target: a.b.Model
  params:
    linear_start: 0.0015
    scale_by_std: True
    monitor: 'val/loss # none'
    ckpt_path: "exp/a: \\"b\\".ckpt"
    nothing:
    unet_config:
      target: a.b.UNet
      params:
        split: [4, 4]
        attention_resolutions:
        - 8
        - 4
        channel_mult:
          - 1
          - 2
        edconfig: { ch_mult: [ 1,1,2,4 ], double_z: False, "name": a b }
        data: ../datasets/x  # a path
      extra: ~

data:
  keys: [image, objects,
    file_name]   # over two lines
  sets:
  - name: one
    size: 2
  -
    name: two
  - - 1
    - x
  url: http://a.b/c#d
  empty: []
  none: {}
`;

describe("configuration files of trainings", () => {
  test("mappings, lists and values, by indentation and in brackets", () => {
    expect(parseYaml("f", TRAINING)).toEqual({
      model: {
        base_learning_rate: 1e-6,
        target: "a.b.Model",
        params: {
          linear_start: 0.0015,
          scale_by_std: true,
          monitor: "val/loss # none",
          ckpt_path: 'exp/a: "b".ckpt',
          nothing: null,
          unet_config: {
            target: "a.b.UNet",
            params: {
              split: [4, 4],
              attention_resolutions: [8, 4],
              channel_mult: [1, 2],
              edconfig: { ch_mult: [1, 1, 2, 4], double_z: false, name: "a b" },
              data: "../datasets/x",
            },
            extra: null,
          },
        },
      },
      data: {
        keys: ["image", "objects", "file_name"],
        sets: [{ name: "one", size: 2 }, { name: "two" }, [1, "x"]],
        url: "http://a.b/c#d",
        empty: [],
        none: {},
      },
    });
  });

  test("lines may end as on Windows, and a document may begin with ---", () => {
    expect(parseYaml("f", "---\r\na: 1\r\nb:\r\n  - 2\r\n")).toEqual({ a: 1, b: [2] });
  });

  test.each<[string, unknown]>([
    ["1", 1],
    ["-1_000", -1000],
    ["+2.5", 2.5],
    ["1.", 1],
    [".5", 0.5],
    ["1e3", 1000],
    ["1.e-6", 1e-6],
    [".inf", Number.POSITIVE_INFINITY],
    ["-.INF", Number.NEGATIVE_INFINITY],
    [".nan", Number.NaN],
    ["yes", true],
    ["Off", false],
    ["TRUE", true],
    ["null", null],
    ["'it''s'", "it's"],
    ['"a\\tb\\u00e9"', "a\tbé"],
    ["it's", "it's"],
    ["a:b", "a:b"],
    ["1.2.3", "1.2.3"],
    ["e5", "e5"],
    ["'1'", "1"],
  ])("%s is what PyYAML makes of it", (text, value) => {
    expect(parseYaml("f", `a: ${text}`)).toEqual({ a: value });
    expect(parseYaml("f", `a: [${text}, 0]`)).toEqual({ a: [value, 0] });
  });
});

test.each<[string, string, string]>([
  ["an anchor", "a: &x 1", "without anchors, found &x, in line 1"],
  ["an alias", "a: 1\nb: *x", "*x"],
  ["a tag", "a: !!python/object:os.system x", "in line 1"],
  ["a known tag", "a: !!binary aGk=", "in line 1"],
  ["a key twice", "a: 1\nb: 2\na: 3", "in line 3"],
  ["a key twice in braces", "a: {b: 1, b: 2}", "in line 1"],
  ["two documents", "a: 1\n---\nb: 2", "multiple documents"],
  ["a tab", "a:\n\tb: 1", "in line 2"],
  ["quotes that stay open", 'a: "b', "in line 1"],
  ["brackets that stay open", "a: [1,\n 2\nb: 3", "in line"],
  ["brackets that close twice", "a: [1]]", "in line 1"],
  ["another indentation", "a:\n    b: 1\n  c: 2", "in line 3"],
  ["a line that is no entry", "a: 1\nb", "in line 2"],
  ["a list at the top", "- 1", "keys with values, found [1]"],
  ["nothing", "# only this\n", "keys with values, found null"],
  ["100,000 levels of brackets", `a: ${"[".repeat(1e5)}${"]".repeat(1e5)}`, "in line 1"],
])("%s is refused with what and where", (_, text, words) => {
  expect(() => parseYaml("f.yaml", text)).toThrow(CheckpointError);
  expect(() => parseYaml("f.yaml", text)).toThrow(words);
});

test("a key cannot reach the prototype", () => {
  const value = parseYaml("f", "__proto__:\n  x: 1\nconstructor: 2");
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  expect(Object.keys(value)).toEqual(["__proto__", "constructor"]);
  expect(Object.hasOwn({}, "x")).toBe(false);
});

describe("any text", () => {
  const line = fc.oneof(fc.constantFrom(...TRAINING.split("\n")), fc.string({ maxLength: 20 }));
  const spoiled = fc
    .tuple(fc.constant(TRAINING.split("\n")), fc.array(fc.tuple(fc.nat(40), fc.nat(2), line), { minLength: 1, maxLength: 3 }))
    .map(([lines, changes]) => {
      const copy = [...lines];
      for (const [at, gone, added] of changes) copy.splice(at, gone, added);
      return copy.join("\n");
    });
  const part = fc.constantFrom(
    "a",
    "b: ",
    "c:",
    "- ",
    "\n",
    "  ",
    "[",
    "]",
    "{",
    "}",
    ",",
    '"',
    "'",
    "#",
    " # ",
    "1",
    ":",
    "\t",
    "&",
    "---\n",
  );

  test("is read, or is a CheckpointError that says where", () => {
    let [read, refused] = [0, 0];
    fc.assert(
      fc.property(
        fc.oneof(
          spoiled,
          fc.array(part, { maxLength: 30 }).map((parts) => parts.join("")),
          fc.string(),
        ),
        (text) => {
          try {
            parseYaml("f", text);
            read++;
          } catch (error) {
            if (!(error instanceof CheckpointError) || !/in line \d+/.test(error.message)) throw error;
            refused++;
          }
        },
      ),
      { numRuns: 3000, seed: 3 },
    );
    expect(Math.min(read, refused)).toBeGreaterThan(100);
  });

  test("what JSON writes is read as JSON reads it, since YAML holds it", () => {
    const leaf = fc.oneof(
      fc.boolean(),
      fc.constant(null),
      fc.integer(),
      fc.string(),
      fc.double({ noDefaultInfinity: true, noNaN: true, min: -1e6, max: 1e6 }),
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie("tree"), { maxLength: 3 }),
        fc.dictionary(fc.string({ minLength: 1 }), tie("tree"), { maxKeys: 3 }),
      ),
    }));
    // JSON may leave no space after a colon; YAML wants one there
    const spaced = (value: unknown): string =>
      Array.isArray(value)
        ? `[${value.map(spaced).join(", ")}]`
        : value !== null && typeof value === "object"
          ? `{${Object.entries(value)
              .map(([key, item]) => `${JSON.stringify(key)}: ${spaced(item)}`)
              .join(", ")}}`
          : JSON.stringify(value);
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), tree, { minKeys: 1, maxKeys: 4 }), (value) => {
        expect(parseYaml("f", spaced(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { seed: 9 },
    );
  });
});
