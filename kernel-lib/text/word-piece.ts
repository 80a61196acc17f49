/**
 * @file BERT's tokenizer for text in lower case, from a vocab.txt: one token per line, its id the line's number from 0. Source: bert-base-uncased as
 * transformers' BertTokenizerFast reads it; Google's tokenization.py.
 */
import { CheckpointError } from "../core/errors.js";
import { readText } from "../core/files.js";
import { brief } from "../core/json.js";

/** A tokenizer of word pieces. */
export interface WordPiece {
  /** begins every text, 101 in bert-base-uncased */
  readonly clsId: number;
  /** ends every text, 102 in bert-base-uncased */
  readonly sepId: number;
  /** 0 in bert-base-uncased */
  readonly padId: number;
  /** the ids are below it */
  readonly vocabSize: number;
  /** The text's tokens, without begin and end. */
  encode(text: string): readonly number[];
}

/** A word of more letters is unknown. */
const MAX_LETTERS = 100;
/** Tokens that a text may also name itself, as they are written. */
const SPECIAL = ["[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]"] as const;

/**
 * Reads a vocab.txt.
 * @throws CheckpointError if it is none: a token twice, an empty line, no [UNK], [CLS], [SEP] or [PAD]
 */
export function loadWordPiece(file: string): WordPiece {
  const ids = readVocabulary(file);
  const idOf = (token: string): number => {
    const id = ids.get(token);
    if (id === undefined) throw new CheckpointError(file, { expected: `the token ${token}, one token per line`, found: "no such line" });
    return id;
  };
  const [unkId, clsId, sepId, padId] = ["[UNK]", "[CLS]", "[SEP]", "[PAD]"].map(idOf);
  const special = new Map<string, number>();
  for (const token of SPECIAL) {
    const id = ids.get(token);
    if (id !== undefined) special.set(token, id);
  }
  return {
    clsId,
    sepId,
    padId,
    vocabSize: ids.size,
    encode: (text) =>
      text.split(/(\[(?:UNK|SEP|PAD|CLS|MASK)\])/).flatMap((part) => {
        const id = special.get(part);
        return id === undefined ? words(part).flatMap((word) => pieces(word, ids) ?? [unkId]) : [id];
      }),
  };
}

function readVocabulary(file: string): ReadonlyMap<string, number> {
  const lines = readText(file).split(/\r?\n/);
  if (lines[lines.length - 1] === "") lines.pop();
  const ids = new Map<string, number>();
  for (const [k, token] of lines.entries()) {
    if (token === "") throw new CheckpointError(file, { expected: "a token in every line", found: `line ${k + 1} empty` });
    if (ids.has(token)) throw new CheckpointError(file, { expected: "each token once", found: `${brief(token)} again in line ${k + 1}` });
    ids.set(token, k);
  }
  return ids;
}

/** Words and single punctuation marks, in lower case and without accents; a Chinese character is a word. */
const words = (text: string): readonly string[] =>
  text
    .replace(/\p{White_Space}/gu, (space) => (/[\t\n\r]|\P{C}/u.test(space) ? " " : ""))
    .replace(/[\p{C}\ufffd]/gu, "")
    .replace(CHINESE, " $& ")
    .normalize("NFD")
    .replace(/\p{Mn}/gu, "")
    .toLowerCase()
    .match(WORD) ?? [];

// the blocks of CJK ideographs that BERT names; not all of \p{Script=Han}
const CHINESE =
  /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/gu;
// every ASCII character that is no letter, digit or space counts as punctuation
const WORD = /[\p{P}!-/:-@[-`{-~]|[^\p{P}!-/:-@[-`{-~\p{White_Space}]+/gu;

/** The longest pieces from the left; those that do not begin the word stand with ## in the vocabulary. Undefined if a part is in no piece. */
function pieces(word: string, ids: ReadonlyMap<string, number>): number[] | undefined {
  const letters = [...word];
  if (letters.length > MAX_LETTERS) return undefined;
  const found: number[] = [];
  for (let start = 0; start < letters.length; ) {
    let end = letters.length;
    let id: number | undefined;
    for (; end > start && id === undefined; end--) id = ids.get((start > 0 ? "##" : "") + letters.slice(start, end).join(""));
    if (id === undefined) return undefined;
    found.push(id);
    start = end + 1;
  }
  return found;
}
