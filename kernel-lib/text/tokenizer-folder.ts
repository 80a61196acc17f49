/**
 * @file The files of a checkpoint's tokenizer/ folder: vocab.json and merges.txt, or tokenizer.json alone, as transformers 5 saves it; tokens that
 * were added to them; special_tokens_map.json and tokenizer_config.json.
 */
import { join } from "node:path";
import { CheckpointError } from "../core/errors.js";
import { fileExists, readText } from "../core/files.js";
import { anything, is, list, nullish, object, oneOf, only, optional, readForm, record, text, whole, yesNo } from "../core/forms.js";
import { brief, isObject, type JsonObject, readJson } from "../core/json.js";

/** Classes that read CLIP's files: transformers' own, its Rust ones, and the name that transformers 5 gives to any of the latter. */
export const TOKENIZER_CLASSES = ["CLIPTokenizer", "CLIPTokenizerFast", "TokenizersBackend"] as const;

/** A token that matches before the byte pairs are merged. Its lstrip and rstrip do not count: white space only separates words. */
export interface AddedToken {
  readonly id: number;
  /** matches after the text was made lower case, and not before */
  readonly normalized: boolean;
}

/** What a tokenizer's folder says. */
export interface TokenizerSource {
  /** of the vocabulary */
  readonly file: string;
  readonly vocab: ReadonlyMap<string, number>;
  readonly merges: readonly [string, string][];
  /** by their text, such as the tokens of a textual inversion */
  readonly added: ReadonlyMap<string, AddedToken>;
  /** tokens per prompt, begin and end included */
  readonly contextLength: number;
  readonly special: SpecialTokens;
}

const BEGIN = "<|startoftext|>";
const END = "<|endoftext|>";
const MAX_ID = 2 ** 20 - 1;

/**
 * Reads the folder. Beside vocab.json and merges.txt a tokenizer.json is ignored, since it holds the same data.
 * @throws CheckpointError if a file is missing or the files contradict each other
 */
export function readTokenizer(folder: string): TokenizerSource {
  const whole = join(folder, "tokenizer.json");
  const byParts = fileExists(join(folder, "vocab.json")) || !fileExists(whole);
  const { file, vocab, merges, listed } = byParts ? readParts(folder) : readWhole(whole);
  return { file, vocab, merges, added: addedTokens(folder, listed, vocab), ...readSettings(folder) };
}

/** Tokens that a file lists beside its vocabulary, with the place where it says so. */
type Listed = readonly (readonly [place: string, content: string, token: AddedToken])[];
type Read = Omit<TokenizerSource, "added" | "contextLength" | "special"> & { readonly listed: Listed };

function readParts(folder: string): Read {
  const [file, mergesFile] = [join(folder, "vocab.json"), join(folder, "merges.txt")];
  const vocab = vocabOf(file, readJson(file));
  return { file, vocab, merges: mergesOf(mergesFile, mergesOfText(mergesFile), vocab), listed: [] };
}

const FLAGS = { ...only({ single_word: [false] }), normalized: optional(yesNo, false) };
const CONTENT = text(/./s, "a token's text");
const ID = whole({ min: 0, max: MAX_ID });
const WHOLE = object({
  added_tokens: nullish(list(object({ content: CONTENT, id: ID, ...FLAGS })), []),
  model: object({
    type: is("BPE"),
    end_of_word_suffix: is("</w>"),
    vocab: record(anything),
    merges: list(anything),
    ...only({ byte_fallback: [false], continuing_subword_prefix: [null, ""] }),
  }),
});

/** tokenizer.json. Source: huggingface/tokenizers, its format of 2024 (merges as pairs) and before (merges as texts). */
function readWhole(file: string): Read {
  const { added_tokens: added, model } = readForm(file, WHOLE, readJson(file));
  const vocab = vocabOf(file, model.vocab);
  const listed = added.map(({ content, id, normalized }) => [file, content, { id, normalized }] as const);
  return { file, vocab, merges: mergesOf(file, model.merges, vocab), listed };
}

const DECODER = object({ added_tokens_decoder: nullish(record(object({ content: CONTENT, ...FLAGS }), "added tokens by id"), {}) });

/** Of a token that several files name the last one's flags count; its id must be the same in all. */
function addedTokens(folder: string, listed: Listed, vocab: ReadonlyMap<string, number>): ReadonlyMap<string, AddedToken> {
  const [own, config] = [join(folder, "added_tokens.json"), join(folder, "tokenizer_config.json")];
  const plain = fileExists(own) ? Object.entries(readForm(own, record(ID, "ids by token"), readJson(own))) : [];
  const decoder = fileExists(config) ? readForm(config, DECODER, readJson(config)).added_tokens_decoder : {};
  const all: Listed = [
    ...listed,
    ...plain.map(([content, id]) => [own, content, { id, normalized: false }] as const),
    ...Object.entries(decoder).map(([id, { content, normalized }]) => [config, content, { id: Number(id), normalized }] as const),
  ];
  const taken = new Map([...vocab].map(([token, id]) => [id, token]));
  const added = new Map<string, AddedToken>();
  for (const [place, content, token] of all) {
    const known = vocab.get(content) ?? added.get(content)?.id ?? token.id;
    const holder = taken.get(token.id) ?? content;
    if (!isId(token.id) || known !== token.id || holder !== content)
      throw new CheckpointError(place, {
        expected: `added token ${brief(content)}: an id of its own from 0 to ${MAX_ID}, the same in all files`,
        found: `${token.id}${holder === content ? "" : `, the id of ${brief(holder)}`}${known === token.id ? "" : `, elsewhere ${known}`}`,
      });
    taken.set(token.id, content);
    added.set(content, token);
  }
  return added;
}

const isId = (id: unknown): id is number => typeof id === "number" && Number.isSafeInteger(id) && id >= 0 && id <= MAX_ID;

/** A vocabulary from JSON. @throws CheckpointError naming the file for an id that is none, or twice */
export function vocabOf(file: string, json: JsonObject): ReadonlyMap<string, number> {
  const vocab = new Map<string, number>();
  const taken = new Set<number>();
  for (const [token, id] of Object.entries(json)) {
    if (!isId(id) || taken.has(id))
      throw new CheckpointError(file, { expected: `${brief(token)}: a unique id from 0 to ${MAX_ID}`, found: brief(id) });
    taken.add(id);
    vocab.set(token, id);
  }
  return vocab;
}

function mergesOfText(file: string): readonly unknown[] {
  const lines = readText(file).split("\n");
  if (lines[0].startsWith("#version")) lines.shift();
  while (lines.length > 0 && lines[lines.length - 1].trim() === "") lines.pop();
  return lines;
}

/** The merges of a vocabulary. @param merges pairs, or texts of two tokens @throws CheckpointError naming the file */
export function mergesOf(file: string, merges: readonly unknown[], vocab: ReadonlyMap<string, number>): [string, string][] {
  return merges.map((merge, k) => {
    const pair: readonly unknown[] = typeof merge === "string" ? merge.trim().split(" ") : Array.isArray(merge) ? merge : [];
    const [a, b] = pair;
    if (pair.length !== 2 || typeof a !== "string" || typeof b !== "string" || a === "" || b === "")
      throw new CheckpointError(file, { expected: `two tokens in merge ${k + 1}`, found: brief(merge) });
    if (!vocab.has(a + b))
      throw new CheckpointError(file, { expected: `merge ${k + 1} to make a token of the vocabulary`, found: brief(a + b) });
    return [a, b];
  });
}

/** The tokens with a role. */
export interface SpecialTokens {
  readonly bos: string;
  readonly eos: string;
  readonly pad: string;
  readonly unk: string;
}

const CONFIG = object({
  tokenizer_class: optional(oneOf(TOKENIZER_CLASSES)),
  model_max_length: optional(whole({ min: 3, max: 4096 }), 77),
});

function readSettings(folder: string): { contextLength: number; special: SpecialTokens } {
  const configFile = join(folder, "tokenizer_config.json");
  const mapFile = join(folder, "special_tokens_map.json");
  const config = fileExists(configFile) ? readJson(configFile) : {};
  const map = fileExists(mapFile) ? readJson(mapFile) : {};
  const { model_max_length: contextLength } = readForm(configFile, CONFIG, config);
  // special_tokens_map.json goes first: SD 2's two files disagree about the padding, and transformers lets this one win.
  const content = (role: keyof SpecialTokens, fallback: string): string =>
    tokenContent(mapFile, map, `${role}_token`) ?? tokenContent(configFile, config, `${role}_token`) ?? fallback;
  const eos = content("eos", END);
  const special = { bos: content("bos", BEGIN), eos, pad: content("pad", eos), unk: content("unk", eos) };
  return { contextLength, special };
}

// A token is its text, or { content: its text, lstrip, … }.
function tokenContent(file: string, json: JsonObject, key: string): string | undefined {
  const value = Object.hasOwn(json, key) ? json[key] : undefined;
  if (value === undefined || value === null) return undefined;
  const text = isObject(value) ? value.content : value;
  if (typeof text !== "string" || text === "") throw new CheckpointError(file, { expected: `${key}: a token's text`, found: brief(value) });
  return text;
}
