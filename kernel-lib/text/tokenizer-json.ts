/** @file A CLIP tokenizer as one JSON text, for a model on another machine. */
import { anything, list, object, readForm, record, text, whole, yesNo } from "../core/forms.js";
import { parseJson } from "../core/json.js";
import { type Tokenizer, tokenizerOf, withWords } from "./tokenizer.js";
import { mergesOf, vocabOf } from "./tokenizer-folder.js";

/** Vocabulary, merges, added tokens, special tokens, context, and words of one's own. */
export const tokenizerJson = ({ source: { vocab, merges, added, contextLength, special }, words }: Tokenizer): string =>
  JSON.stringify({
    vocab: Object.fromEntries(vocab),
    merges,
    added: Object.fromEntries(added),
    words: Object.fromEntries(words),
    ...{ contextLength, special },
  });

const ID = whole({ min: 0, max: 2 ** 20 - 1 });
const TOKEN = text(/./s, "a token's text");
const TOKENIZER = object({
  vocab: record(anything),
  merges: list(anything),
  added: record(object({ id: ID, normalized: yesNo })),
  words: record(list(ID)),
  contextLength: whole({ min: 3, max: 4096 }),
  special: object({ bos: TOKEN, eos: TOKEN, pad: TOKEN, unk: TOKEN }),
});

/** The tokenizer of such a text. @param where names it in errors @throws CheckpointError where it is none */
export function tokenizerFromJson(where: string, json: string): Tokenizer {
  const { vocab: ids, merges, added, words, contextLength, special } = readForm(where, TOKENIZER, parseJson(where, json));
  const vocab = vocabOf(where, ids);
  const tokenizer = tokenizerOf({
    ...{ file: where, vocab, contextLength, special },
    merges: mergesOf(where, merges, vocab),
    added: new Map(Object.entries(added)),
  });
  return Object.keys(words).length === 0 ? tokenizer : withWords(tokenizer, new Map(Object.entries(words)));
}
