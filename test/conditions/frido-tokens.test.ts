import { describe, expect, test } from "vitest";
import type { SceneCondition } from "#kernel-lib/conditions/scene.js";
import { sceneTokenizer } from "#kernel-lib/conditions/scene-tokenizer.js";
import { CheckpointError } from "#kernel-lib/core/errors.js";

const boxes = { kind: "frido", builder: "objects_bbox", classes: ["man", "tree", "dog"], no_tokens: 16, max_objects: 3, flags: ["group"] };
const open = (change: object = {}) => sceneTokenizer("scene_tokens.json", { ...boxes, ...change });
const man = { what: "man", box: [0, 0, 0.5, 0.5] } as const;
const dog = { what: "dog", box: [0.5, 0.5, 0.5, 0.5] } as const;
const ids = (condition: SceneCondition, change: object = {}) => [...open(change).tokens(condition).ids];

// 4 × 4 cells: 0.5 · 3 = 1.5 goes to row and column 2
describe("tokens of the official models", () => {
  test("objects_bbox: class, upper left, lower right; padding is no_tokens − 1; no mask", () => {
    expect(ids({ layout: [man, dog] })).toEqual([0, 0, 10, 2, 10, 15, 15, 15, 15]);
    expect(open().tokens({ layout: [man] }).keep).toBeUndefined();
  });

  test("the order given is kept", () => {
    expect(ids({ layout: [dog, man] })).toEqual([2, 10, 15, 0, 0, 10, 15, 15, 15]);
  });

  test("shift moves cells, not classes and not padding", () => {
    expect(ids({ layout: [dog] }, { shift: 100 })).toEqual([2, 110, 115, 15, 15, 15, 15, 15, 15]);
  });

  test("encode_crop adds the crop's corners, and boxes stay those of the whole picture; without it they are the crop's", () => {
    const condition = { layout: [man, dog], crop: [0.5, 0, 0.5, 1] } as const;
    expect(ids(condition, { encode_crop: true })).toEqual([2, 10, 15, 15, 15, 15, 15, 15, 15, 2, 15]);
    expect(ids(condition)).toEqual([2, 8, 15, 15, 15, 15, 15, 15, 15]);
    expect(ids({ layout: [man] }, { encode_crop: true }).slice(-2)).toEqual([0, 15]);
  });

  test("a flag adds the number of classes times its bit", () => {
    expect(ids({ layout: [{ ...man, flags: ["group"] }] })[0]).toBe(3);
    expect(ids({ layout: [{ ...man, flags: ["inside", "group"] }] }, { flags: ["group", "inside"], no_tokens: 64 })[0]).toBe(3 * 9);
  });

  test("center_points: class and the middle's cell, never shifted; objects: classes alone", () => {
    expect(ids({ layout: [dog] }, { builder: "center_points", shift: 100 })).toEqual([2, 10, 15, 15, 15, 15]);
    expect(ids({ labels: ["dog", "man", "dog"] }, { builder: "objects" })).toEqual([2, 0, 2]);
  });

  test("no condition: a zero embedding for boxes, zero tokens for the others, and what the file says", () => {
    expect(open().unconditional("layout")).toBe("zero embedding");
    expect(open({ builder: "objects" }).unconditional("labels")).toEqual({ ids: new Int32Array(3) });
    expect(open({ unconditional: "zero tokens" }).unconditional("layout")).toEqual({ ids: new Int32Array(9) });
    expect(open({ builder: "objects", unconditional: "zero embedding" }).unconditional("labels")).toBe("zero embedding");
  });

  test("kinds, length and vocabulary", () => {
    const { kinds, length, vocabulary } = open({ encode_crop: true, shift: 5 });
    expect({ kinds, length, vocabulary }).toEqual({ kinds: ["layout"], length: 11, vocabulary: 21 });
    expect(open({ builder: "objects" }).kinds).toEqual(["labels"]);
  });
});

test("without classes they are called by their numbers, and flags cannot be counted", () => {
  const plain = open({ classes: undefined, flags: [] });
  expect([...plain.tokens({ layout: [{ ...man, what: "7" }] }).ids].slice(0, 3)).toEqual([7, 0, 10]);
  expect(plain.classes.length).toBe(16);
  expect(() => open({ classes: undefined })).toThrow("expected classes, since flags count from their number");
});

test.each<[string, unknown, object, typeof TypeError | typeof RangeError, string]>([
  ["a kind that it does not know", { labels: ["man"] }, {}, TypeError, "this model was trained on layout: got labels"],
  ["four objects for three slots", { layout: [man, man, man, dog] }, {}, RangeError, "got 4 objects, want 1 to 3"],
  [
    "four labels for three slots",
    { labels: ["man", "man", "man", "dog"] },
    { builder: "objects" },
    RangeError,
    "labels: got 4 objects, want 1 to 3",
  ],
  [
    "an unknown class",
    { layout: [{ ...man, what: "god" }] },
    {},
    RangeError,
    'layout[0].what: "god" is no class of this model; the nearest are dog, man, tree',
  ],
  [
    "a flag that it does not know",
    { layout: [{ ...man, flags: ["inside"] }] },
    {},
    RangeError,
    "layout[0].flags: got inside; this model knows group",
  ],
  [
    "a flagged class beyond the tokens",
    { layout: [{ ...dog, flags: ["group"] }] },
    { no_tokens: 5 },
    RangeError,
    "layout[0]: with group its token is 5, want one below 5",
  ],
  ["a crop outside the picture", { layout: [man], crop: [0, 0, 2, 1] }, {}, RangeError, "crop: got [0, 0, 2, 1]"],
  [
    "a crop without objects",
    { layout: [man], crop: [0.5, 0.5, 0.5, 0.5] },
    {},
    RangeError,
    "got no object that overlaps the crop [0.5, 0.5, 0.5, 0.5]",
  ],
])("%s is refused", (_, condition, change, kind, words) => {
  expect(() => open(change).tokens(condition as SceneCondition)).toThrow(kind);
  expect(() => open(change).tokens(condition as SceneCondition)).toThrow(words);
});

test.each<[string, object, string]>([
  ["another builder", { builder: "toString" }, "builder: objects_bbox or"],
  ["a class twice", { classes: ["man", "man"] }, "classes: each name once"],
  ["too few tokens", { no_tokens: 3 }, "no_tokens: a whole number from 4"],
  ["more classes than tokens", { no_tokens: 4, classes: ["a", "b", "c", "d", "e"] }, "classes: at most no_tokens + shift = 4"],
  ["a flag that is none", { flags: ["red"] }, "flags[0]: group or"],
])("a scene_tokens.json with %s is refused, naming the key", (_, change, words) => {
  expect(() => open(change)).toThrow(CheckpointError);
  expect(() => open(change)).toThrow(words);
});
