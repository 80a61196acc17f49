import { describe, expect, test } from "vitest";
import type { SceneCondition } from "#kernel-lib/conditions/scene.js";
import { sceneTokenizer } from "#kernel-lib/conditions/scene-tokenizer.js";
import { CheckpointError } from "#kernel-lib/core/errors.js";

const CLASSES = ["sun", "moon", "cloud", "boat", "tower", "island"];
const PREDICATES = ["left of", "above", "on"];
const WORDS = ["a", "boat", "under", "the", "moon", "blue"];
const json = { kind: "veduta", classes: CLASSES, predicates: PREDICATES, words: WORDS, cells: 16, objects: 4 };
const tokenizer = sceneTokenizer("scene_tokens.json", json);

/** Ids as the file says: 0 padding, 1 to 4 tasks, classes, predicates, words, cells. */
const classId = (name: string) => 5 + CLASSES.indexOf(name);
const predicateId = (name: string) => 5 + CLASSES.length + PREDICATES.indexOf(name);
const wordId = (word: string) => 5 + CLASSES.length + PREDICATES.length + WORDS.indexOf(word);
const cellId = (row: number, column: number) => 5 + CLASSES.length + PREDICATES.length + WORDS.length + 16 * row + column;
const padded = (...ids: number[]) => [...ids, ...Array<number>(13 - ids.length).fill(0)];
const ids = (condition: SceneCondition) => [...tokenizer.tokens(condition).ids];

describe("tokens of our own models", () => {
  test("a layout: task 1, then class, upper left and lower right cell of each object in the order given", () => {
    const layout = [
      { what: "boat", box: [0.2, 0.6, 0.2, 0.2] },
      { what: "sun", box: [0, 0, 1, 1] },
    ] as const;
    expect(ids({ layout })).toEqual(padded(1, classId("boat"), cellId(9, 3), cellId(12, 6), classId("sun"), cellId(0, 0), cellId(15, 15)));
    expect(ids({ layout: [...layout].reverse() }).slice(1, 4)).toEqual([classId("sun"), cellId(0, 0), cellId(15, 15)]);
  });

  test("labels: task 2, then the classes in the order of the model's list", () => {
    expect(ids({ labels: ["tower", "sun", "boat"] })).toEqual(padded(2, classId("sun"), classId("boat"), classId("tower")));
  });

  test("a graph: task 3, then subject, predicate, object; objects without a relation follow with two zeros", () => {
    const graph = {
      objects: ["boat", "island", "boat", "moon"],
      relations: [
        [2, "left of", 1],
        [0, "on", 1],
      ],
    } as const;
    expect(ids({ graph })).toEqual(
      padded(
        3,
        classId("boat"),
        predicateId("left of"),
        classId("island"),
        classId("boat"),
        predicateId("on"),
        classId("island"),
        classId("moon"),
        0,
        0,
      ),
    );
  });

  test("a prompt: task 4, then words in lower case, punctuation dropped", () => {
    expect(ids({ prompt: "A boat, under the BLUE moon." })).toEqual(
      padded(4, ...["a", "boat", "under", "the", "blue", "moon"].map(wordId)),
    );
  });

  test("no condition: the task token of prompts alone, whatever the kind", () => {
    for (const kind of tokenizer.kinds) {
      expect(tokenizer.unconditional(kind)).toEqual({ ids: Int32Array.from(padded(4)), keep: Float32Array.from(padded(1)) });
      expect(tokenizer.unconditional(kind)).toEqual(tokenizer.tokens({ prompt: "" }));
    }
  });

  test("keep is 1 where there is a token and 0 where there is padding", () => {
    for (const condition of [{ labels: ["sun"] }, { prompt: "a moon" }, { graph: { objects: ["sun"], relations: [] } }] as const) {
      const { ids, keep } = tokenizer.tokens(condition);
      expect([...(keep ?? [])]).toEqual([...ids].map((id) => (id === 0 ? 0 : 1)));
    }
  });

  test("length and vocabulary are what the tokens need: 12 objects on 16 × 16 cells unless told", () => {
    expect([tokenizer.length, tokenizer.vocabulary]).toEqual([13, cellId(15, 15) + 1]);
    const plain = sceneTokenizer("f", { kind: "veduta", classes: CLASSES });
    expect([plain.length, plain.vocabulary]).toEqual([37, 5 + CLASSES.length + 256]);
  });

  test("a model without predicates takes no graph, one without words no prompt", () => {
    const plain = sceneTokenizer("f", { kind: "veduta", classes: CLASSES });
    expect(plain.kinds).toEqual(["layout", "labels"]);
    expect(() => plain.tokens({ prompt: "a boat" })).toThrow("this model was trained on layout, labels: got prompt");
  });
});

const box = [0.1, 0.1, 0.2, 0.2];
const refused: [string, unknown, typeof TypeError | typeof RangeError, string][] = [
  ["no condition", {}, TypeError, "got none of them, want one of layout, labels, graph and prompt"],
  ["nothing at all", undefined, TypeError, "got nothing, want one of layout, labels, graph and prompt"],
  [
    "two conditions",
    { labels: ["sun"], prompt: "a boat" },
    TypeError,
    "got labels and prompt, want one of layout, labels, graph and prompt",
  ],
  ["a layout that is no list", { layout: { what: "sun", box } }, TypeError, "layout: got {"],
  ["an object without a name", { layout: [{ box }] }, TypeError, "layout[0].what: got nothing, want the name of a class"],
  [
    "an object without a box",
    { layout: [{ what: "sun", box }, { what: "sun" }] },
    RangeError,
    "layout[1].box: got nothing, want [x, y, width, height]",
  ],
  [
    "a box outside the picture",
    { layout: [{ what: "sun", box: [0.9, 0, 0.2, 0.1] }] },
    RangeError,
    "layout[0].box: got [0.9, 0, 0.2, 0.1]",
  ],
  [
    "an unknown class",
    { layout: [{ what: "boot", box }] },
    RangeError,
    'layout[0].what: "boot" is no class of this model; the nearest are boat, moon,',
  ],
  ["five objects for four slots", { layout: Array(5).fill({ what: "sun", box }) }, RangeError, "layout: got 5 objects, want 1 to 4"],
  ["an empty layout", { layout: [] }, RangeError, "layout: got 0 objects, want 1 to 4"],
  ["flags", { layout: [{ what: "sun", box, flags: ["group"] }] }, RangeError, "layout[0].flags: got group; this model knows no flags"],
  ["a flag that is none", { layout: [{ what: "sun", box, flags: ["red"] }] }, TypeError, 'layout[0].flags[0]: got "red"'],
  ["a crop", { layout: [{ what: "sun", box }], crop: [0, 0, 1, 0.5] }, RangeError, "crop: this model was trained without crops"],
  ["a label that is no text", { labels: ["sun", 3] }, TypeError, "labels[1]: got 3, want the name of a class"],
  ["an unknown label", { labels: ["sun", "towel"] }, RangeError, 'labels[1]: "towel" is no class of this model; the nearest are tower,'],
  ["a label twice", { labels: ["sun", "boat", "sun"] }, RangeError, 'labels[2]: got "sun" again, want each class once'],
  ["no labels", { labels: [] }, RangeError, "labels: got 0 labels, want 1 to 12"],
  [
    "an unknown predicate",
    { graph: { objects: ["sun", "boat"], relations: [[0, "over", 1]] } },
    RangeError,
    'graph.relations[0]: "over" is no predicate of this model; the nearest are above, on, left of',
  ],
  [
    "a relation to nothing",
    { graph: { objects: ["sun"], relations: [[0, "on", 1]] } },
    RangeError,
    "graph.relations[0]: got the object 1, want a place in objects, 0 to 0",
  ],
  ["half a place", { graph: { objects: ["sun"], relations: [[0.5, "on", 0]] } }, RangeError, "got the subject 0.5"],
  [
    "a relation of two",
    { graph: { objects: ["sun"], relations: [[0, "on"]] } },
    TypeError,
    'graph.relations[0]: got [0,"on"], want [subject, predicate, object]',
  ],
  [
    "too many relations",
    { graph: { objects: ["sun", "boat"], relations: Array(5).fill([0, "on", 1]) } },
    RangeError,
    "got 5 relations and objects without a relation, want 1 to 4",
  ],
  ["an unknown word", { prompt: "a blue boot" }, RangeError, 'prompt: "boot" is no word of this model; the nearest are boat, moon,'],
  ["too many words", { prompt: "a ".repeat(13) }, RangeError, "prompt: got 13 words, want at most 12"],
  ["a prompt that is no text", { prompt: 3 }, TypeError, "prompt: got 3, want a text"],
];
test.each(refused)("%s is refused with place, what was given and what is wanted", (_, condition, kind, words) => {
  expect(() => tokenizer.tokens(condition as SceneCondition)).toThrow(kind);
  expect(() => tokenizer.tokens(condition as SceneCondition)).toThrow(words);
});

test.each<[string, object, string]>([
  ["no kind", {}, "kind: veduta or frido"],
  ["another kind", { kind: "constructor" }, "kind: veduta or frido"],
  ["no classes", { classes: undefined }, "classes: a list"],
  ["a class twice", { classes: ["sun", "sun"] }, "classes: each name once"],
  ["a word with a hyphen", { words: ["snow-capped"] }, "words[0]: a word of letters and digits"],
  ["a word in upper case", { words: ["Boat"] }, "words: lower case"],
  ["one cell", { cells: 1 }, "cells: a whole number from 2 to 256"],
  ["no objects", { objects: 0 }, "objects: a whole number from 1 to 256"],
])("a scene_tokens.json with %s is refused, naming the key", (name, change, words) => {
  const broken = name === "no kind" ? {} : { ...json, ...change };
  expect(() => sceneTokenizer("scene_tokens.json", broken)).toThrow(CheckpointError);
  expect(() => sceneTokenizer("scene_tokens.json", broken)).toThrow(`scene_tokens.json: expected ${words}`);
});
