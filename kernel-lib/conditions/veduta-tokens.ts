/**
 * @file The tokens of our own scene models: one table for all four kinds of condition. Ids: 0 is padding; 1 to 4 say which kind follows; then come
 * the classes, the predicates, the words, and the cells of an m×m grid row by row.
 */
import { CheckpointError } from "../core/errors.js";
import { type Fitting, is, list, object, optional, readForm, text, whole } from "../core/forms.js";
import { brief, type JsonObject } from "../core/json.js";
import { cornerCells } from "./boxes.js";
import { checkCount, checkDistinct, type Numbered, numbered } from "./names.js";
import type { SceneCondition, SceneGraph, SceneKind, SceneObject, SceneTokenizer, SceneTokens } from "./scene.js";
import { loneObjects } from "./scene-graph.js";

/** The kinds in the order of their task tokens, from 1. */
const TASKS: readonly SceneKind[] = ["layout", "labels", "graph", "prompt"];
/** tokens of an object with its box, and of a relation */
const TRIPLE = 3;

const names = (shape: RegExp, want: string) => optional(list(text(shape, want)), []);
const NAME = /^\S(.*\S)?$/;
const VEDUTA = object({
  kind: is("veduta"),
  classes: list(text(NAME, "a name")),
  predicates: names(NAME, "a name"),
  words: names(/^(?=.*[\p{L}\p{N}])[\p{L}\p{M}\p{N}]+$/u, "a word of letters and digits"),
  cells: optional(whole({ min: 2, max: 256 }), 16),
  objects: optional(whole({ max: 256 }), 12),
});

interface Vocabulary {
  readonly classId: Numbered;
  readonly predicateId: Numbered;
  readonly wordId: Numbered;
  readonly cellId: (cell: number) => number;
  /** one more than the largest id */
  readonly size: number;
}

/**
 * The tokenizer of one of our models.
 * @throws CheckpointError if the file is not as it must be
 */
export function vedutaTokenizer(file: string, json: JsonObject): SceneTokenizer {
  const config = readForm(file, VEDUTA, json);
  for (const key of ["classes", "predicates", "words"] as const) checkDistinct(file, key, config[key]);
  const { classes, predicates, words, objects } = config;
  const upper = words.find((word) => word !== word.toLowerCase());
  if (upper !== undefined) throw new CheckpointError(file, { expected: "words: lower case", found: brief(upper) });
  const vocabulary = vocabularyOf(config);
  const length = 1 + TRIPLE * objects;
  const padded = (task: SceneKind, tokens: readonly number[]): SceneTokens => {
    const ids = new Int32Array(length);
    ids.set([1 + TASKS.indexOf(task), ...tokens]);
    return { ids, keep: Float32Array.from(ids, (id) => (id === 0 ? 0 : 1)) };
  };
  return {
    kinds: TASKS.filter((kind) => (kind !== "prompt" || words.length > 0) && (kind !== "graph" || predicates.length > 0)),
    classes,
    predicates,
    length,
    vocabulary: vocabulary.size,
    tokens(condition: SceneCondition) {
      if ("layout" in condition) return padded("layout", layoutTokens(condition, config, vocabulary));
      if ("labels" in condition) return padded("labels", labelTokens(condition.labels, length - 1, vocabulary));
      if ("graph" in condition) return padded("graph", graphTokens(condition.graph, objects, vocabulary));
      return padded("prompt", wordTokens(condition.prompt, length - 1, vocabulary));
    },
    unconditional: () => padded("prompt", []),
  };
}

function vocabularyOf({ classes, predicates, words, cells }: Fitting<typeof VEDUTA>): Vocabulary {
  let next = 1 + TASKS.length;
  const place = (count: number) => {
    const first = next;
    next += count;
    return first;
  };
  const shifted = (what: string, list: readonly string[]): Numbered => {
    const [first, numberOf] = [place(list.length), numbered(what, list)];
    return (where, name) => first + numberOf(where, name);
  };
  const [classId, predicateId, wordId] = [shifted("class", classes), shifted("predicate", predicates), shifted("word", words)];
  const firstCell = place(cells * cells);
  return { classId, predicateId, wordId, cellId: (cell) => firstCell + cell, size: next };
}

/** [class, cell of the upper left corner, cell of the lower right corner] of each object, in the order given. */
function layoutTokens(
  { layout, crop }: { readonly layout: readonly SceneObject[]; readonly crop?: unknown },
  { cells, objects }: Fitting<typeof VEDUTA>,
  { classId, cellId }: Vocabulary,
): number[] {
  if (crop !== undefined)
    throw new RangeError("crop: this model was trained without crops; give the boxes as shares of the picture that is painted");
  checkCount("layout", "objects", layout.length, objects);
  return layout.flatMap(({ what, box, flags = [] }, k) => {
    if (flags.length > 0) throw new RangeError(`layout[${k}].flags: got ${flags.join(", ")}; this model knows no flags`);
    return [classId(`layout[${k}].what`, what), ...cornerCells(box, cells).map(cellId)];
  });
}

/** The classes in the order of the model's list. */
function labelTokens(labels: readonly string[], room: number, { classId }: Vocabulary): number[] {
  checkCount("labels", "labels", labels.length, room);
  const ids = labels.map((label, k) => classId(`labels[${k}]`, label));
  const twice = labels.findIndex((label, k) => labels.indexOf(label) !== k);
  if (twice >= 0) throw new RangeError(`labels[${twice}]: got ${brief(labels[twice])} again, want each class once`);
  return ids.sort((a, b) => a - b);
}

/** [subject's class, predicate, object's class] of each relation, then [class, 0, 0] of each object without one. */
function graphTokens(graph: SceneGraph, room: number, { classId, predicateId }: Vocabulary): number[] {
  const lone = loneObjects(graph);
  checkCount("graph", "relations and objects without a relation", graph.relations.length + lone.length, room);
  const classes = graph.objects.map((name, k) => classId(`graph.objects[${k}]`, name));
  return [
    ...graph.relations.flatMap(([subject, predicate, object], k) => [
      classes[subject],
      predicateId(`graph.relations[${k}]`, predicate),
      classes[object],
    ]),
    ...lone.flatMap((k) => [classes[k], 0, 0]),
  ];
}

/** Words in lower case; what is neither letter nor digit only separates them. */
function wordTokens(prompt: string, room: number, { wordId }: Vocabulary): number[] {
  const words = prompt.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  if (words.length > room)
    throw new RangeError(`prompt: got ${words.length} words, want at most ${room}, as many as this model has room for`);
  return words.map((word) => wordId("prompt", word));
}
