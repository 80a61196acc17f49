/**
 * @file CLIP's tokenizer, from the files of a checkpoint's tokenizer/ folder. @huggingface/tokenizers does the byte-pair merging; this file builds
 * its configuration.
 */
import { Tokenizer as BytePairs } from "@huggingface/tokenizers";
import { CheckpointError } from "../core/errors.js";
import { brief } from "../core/json.js";
import { readTokenizer, type SpecialTokens, type TokenizerSource } from "./tokenizer-folder.js";

/** The tokens of one prompt. */
export interface Encoded {
  /** `contextLength` token ids: begin, the prompt, end, padding. */
  readonly ids: readonly number[];
  /** Whether the prompt was longer than the context and was cut. */
  readonly truncated: boolean;
}

/** A CLIP tokenizer. */
export interface Tokenizer {
  /** Tokens of one prompt with begin and end, 77 in Stable Diffusion. */
  readonly contextLength: number;
  readonly bosId: number;
  readonly eosId: number;
  /** SD 1 pads with the end token, SD 2 with "!" (id 0). */
  readonly padId: number;
  /** One more than the largest id: what the embedding table must hold. */
  readonly vocabSize: number;
  /** What it is made of, but for `words`. */
  readonly source: TokenizerSource;
  /** Words of one's own, each a list of token ids; see `withWords`. */
  readonly words: ReadonlyMap<string, readonly number[]>;
  /** Token ids of a text alone: without begin, end and padding, and however long. */
  tokens(text: string): readonly number[];
  encode(text: string): Encoded;
}

/** Matches words, single digits and runs of other characters (openai/CLIP, clip/simple_tokenizer.py). */
const WORDS = "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";

/**
 * Reads a CLIP tokenizer's folder.
 * @param padToken where another is wanted than the folder's
 * @throws CheckpointError if a file is missing or the files contradict each other
 */
export function loadTokenizer(folder: string, { padToken }: { readonly padToken?: string } = {}): Tokenizer {
  const source = readTokenizer(folder);
  return tokenizerOf(padToken === undefined ? source : { ...source, special: { ...source.special, pad: padToken } });
}

/** Makes a CLIP tokenizer. @throws CheckpointError for a token with a role that is not in the vocabulary */
export function tokenizerOf(source: TokenizerSource): Tokenizer {
  const { file, vocab, merges, added, contextLength, special } = source;
  const idOf = (role: keyof SpecialTokens): number => {
    const id = vocab.get(special[role]) ?? added.get(special[role])?.id;
    if (id === undefined)
      throw new CheckpointError(file, { expected: `the ${role} token ${brief(special[role])}`, found: "no such token" });
    return id;
  };
  const ids: Record<keyof SpecialTokens, number> = { bos: idOf("bos"), eos: idOf("eos"), pad: idOf("pad"), unk: idOf("unk") };
  // Special tokens, padding included, match before all others: in SD 2 every "!" of a prompt becomes id 0.
  const first = new Map((["bos", "eos", "pad", "unk"] as const).map((role) => [special[role], ids[role]]));
  for (const [content, { id, normalized }] of added) if (!normalized) first.set(content, id);
  const afterwards = [...added].filter(([content]) => !first.has(content));
  const bytePairs = new BytePairs(
    {
      added_tokens: afterwards.map(([content, { id }]) => ({ content, id, special: false, normalized: true })),
      normalizer: {
        type: "Sequence",
        normalizers: [{ type: "NFC" }, { type: "Replace", pattern: { Regex: "\\s+" }, content: " " }, { type: "Lowercase" }],
      },
      pre_tokenizer: {
        type: "Sequence",
        pretokenizers: [
          { type: "Split", pattern: { Regex: WORDS }, behavior: "Removed", invert: true },
          { type: "ByteLevel", add_prefix_space: false, use_regex: false },
        ],
      },
      model: { type: "BPE", vocab: Object.fromEntries(vocab), merges, unk_token: special.unk, end_of_word_suffix: "</w>" },
      post_processor: null,
      decoder: null,
    },
    {},
  );
  const tokens = (text: string) =>
    splitAt(text, first).flatMap((part) => (typeof part === "number" ? [part] : bytePairs.encode(part, { add_special_tokens: false }).ids));
  return {
    contextLength,
    bosId: ids.bos,
    eosId: ids.eos,
    padId: ids.pad,
    vocabSize: [...vocab.values(), ...[...added.values()].map(({ id }) => id)].reduce((most, id) => Math.max(most, id + 1), 0),
    source,
    words: new Map(),
    tokens,
    encode: (text) => framed(tokens(text), { contextLength, bosId: ids.bos, eosId: ids.eos, padId: ids.pad }),
  };
}

/** Token ids between begin and end, cut or padded to the context. */
function framed(
  all: readonly number[],
  { contextLength, bosId, eosId, padId }: Pick<Tokenizer, "contextLength" | "bosId" | "eosId" | "padId">,
): Encoded {
  const kept = all.slice(0, contextLength - 2);
  const padding = Array<number>(contextLength - 2 - kept.length).fill(padId);
  return { ids: [bosId, ...kept, eosId, ...padding], truncated: all.length > kept.length };
}

/**
 * The tokenizer with words of one's own, each of which is a list of new tokens. A word matches as a whole, in small or capital letters, before
 * the vocabulary's tokens; where several fit, the longest counts.
 */
export function withWords(tokenizer: Tokenizer, words: ReadonlyMap<string, readonly number[]>): Tokenizer {
  const byWord = new Map([...words].map(([word, ids]) => [word.toLowerCase(), ids]));
  const inWord = "[\\p{L}\\p{N}_]";
  const bounded = (word: string) => {
    const starts = new RegExp(`^${inWord}`, "u").test(word) ? `(?<!${inWord})` : "";
    return `${starts}${escaped(word)}${new RegExp(`${inWord}$`, "u").test(word) ? `(?!${inWord})` : ""}`;
  };
  const longest = [...byWord.keys()].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(`(${longest.map(bounded).join("|")})`, "iu");
  const tokens = (text: string) =>
    text.split(pattern).flatMap((piece, k) => (k % 2 === 1 ? (byWord.get(piece.toLowerCase()) ?? []) : tokenizer.tokens(piece)));
  const vocabSize = [...words.values()].flat().reduce((most, id) => Math.max(most, id + 1), tokenizer.vocabSize);
  return {
    ...tokenizer,
    vocabSize,
    words: new Map([...tokenizer.words, ...words]),
    tokens,
    encode: (text) => framed(tokens(text), tokenizer),
  };
}

const escaped = (word: string): string => word.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");

/** The text in pieces, with the ids of the tokens between them; where several fit, the longest counts. */
function splitAt(text: string, tokens: ReadonlyMap<string, number>): (string | number)[] {
  const longest = [...tokens.keys()].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(`(${longest.map(escaped).join("|")})`);
  return text.split(pattern).map((piece, k) => (k % 2 === 1 ? (tokens.get(piece) as number) : piece));
}
