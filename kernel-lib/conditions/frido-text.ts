/**
 * @file The tokens that Frido's text models were trained with: word pieces of a caption, or of a scene graph in words. The vocabulary, BERT's vocab.txt,
 * lies beside scene_tokens.json.
 * @source Frido, frido/modules/encoders/modules.py, `BERTTokenizer`
 */
import { dirname, join } from "node:path";
import { CheckpointError } from "../core/errors.js";
import { fileExists } from "../core/files.js";
import { is, list, object, oneOf, optional, readForm, text, whole } from "../core/forms.js";
import type { JsonObject } from "../core/json.js";
import { once } from "../core/once.js";
import { loadWordPiece, type WordPiece } from "../text/word-piece.js";
import { checkDistinct, numbered } from "./names.js";
import type { SceneCondition, SceneGraph, SceneKind, SceneTokenizer, SceneTokens } from "./scene.js";
import { graphText } from "./scene-graph.js";

/** The builders of text, and the kind of condition that each takes. */
export const TEXT_BUILDERS = { caption: "prompt", scene_graph: "graph" } as const satisfies Record<string, SceneKind>;

const names = optional(list(text(/./u, "a name")), []);
const FRIDO_TEXT = object({
  kind: is("frido"),
  builder: oneOf(Object.keys(TEXT_BUILDERS) as (keyof typeof TEXT_BUILDERS)[]),
  /** begin and end included */
  max_tokens: optional(whole({ min: 3, max: 4096 }), 77),
  no_tokens: optional(whole({ max: 2 ** 24 }), 30522),
  // where they are given, a graph may name no others
  classes: names,
  predicates: names,
});

/**
 * The tokenizer of an official text model. It opens without vocab.txt; then its tokens are refused.
 * @throws CheckpointError if the file is not as it must be
 */
export function fridoTextTokenizer(file: string, json: JsonObject): SceneTokenizer {
  const { builder, max_tokens, no_tokens, classes, predicates } = readForm(file, FRIDO_TEXT, json);
  checkDistinct(file, "classes", classes);
  checkDistinct(file, "predicates", predicates);
  const vocabulary = once(() => openVocabulary(join(dirname(file), "vocab.txt"), no_tokens));
  const tokensOf = (what: string, content: string): SceneTokens => {
    const { encode, clsId, sepId, padId } = vocabulary();
    const tokens = encode(content);
    if (tokens.length > max_tokens - 2)
      throw new RangeError(`${what}: got ${tokens.length} tokens, want at most ${max_tokens - 2}, as many as this model has room for`);
    const ids = new Int32Array(max_tokens).fill(padId);
    ids.set([clsId, ...tokens, sepId]);
    return { ids };
  };
  return {
    kinds: [TEXT_BUILDERS[builder]],
    classes,
    predicates,
    length: max_tokens,
    vocabulary: no_tokens,
    tokens(condition: SceneCondition) {
      if ("prompt" in condition) return tokensOf("prompt", condition.prompt.replaceAll(".", "")); // as in the captions of the training
      if (!("graph" in condition)) throw new TypeError(`${builder}: got no ${TEXT_BUILDERS[builder]}`);
      checkGraphNames(condition.graph, classes, predicates);
      return tokensOf("graph", graphText(condition.graph));
    },
    unconditional: () => tokensOf("prompt", ""),
  };
}

function openVocabulary(file: string, most: number): WordPiece {
  if (!fileExists(file))
    throw new CheckpointError(file, {
      expected: "the vocabulary of bert-base-uncased, one token per line",
      found: "no such file",
      fix: "put its vocab.txt there, or convert the checkpoint again with --vocabulary FILE",
    });
  const words = loadWordPiece(file);
  if (words.vocabSize > most)
    throw new CheckpointError(file, { expected: `at most ${most} tokens, as the model has`, found: `${words.vocabSize}` });
  return words;
}

function checkGraphNames({ objects, relations }: SceneGraph, classes: readonly string[], predicates: readonly string[]): void {
  if (relations.length === 0)
    throw new RangeError("graph.relations: got none, want at least one; this model reads nothing else of a graph");
  if (classes.length > 0) {
    const classNumber = numbered("class", classes);
    for (const [k, name] of objects.entries()) classNumber(`graph.objects[${k}]`, name);
  }
  if (predicates.length > 0) {
    const predicateNumber = numbered("predicate", predicates);
    for (const [k, [, predicate]] of relations.entries()) predicateNumber(`graph.relations[${k}]`, predicate);
  }
}
