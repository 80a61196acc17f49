/**
 * @file CLIP's tokenizer, from the files of a checkpoint's tokenizer/ folder: vocab.json, merges.txt, special_tokens_map.json and
 * tokenizer_config.json. @huggingface/tokenizers does the byte-pair merging; this file builds its configuration.
 */
import { join } from "node:path";
import { Tokenizer as BytePairs } from "@huggingface/tokenizers";
import { CheckpointError } from "../core/errors.js";
import { fileExists, readText } from "../core/files.js";
import { object, oneOf, optional, readForm, whole } from "../core/forms.js";
import { brief, isObject, type JsonObject, readJson } from "../core/json.js";

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
  encode(text: string): Encoded;
}

/** Matches words, single digits and runs of other characters (openai/CLIP, clip/simple_tokenizer.py). */
const WORDS = "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";

const BEGIN = "<|startoftext|>";
const END = "<|endoftext|>";

/**
 * Reads a CLIP tokenizer's folder. tokenizer.json is ignored, since it holds the same data.
 * @param padToken where another is wanted than the folder's
 * @throws CheckpointError if a file is missing or the files contradict each other
 */
export function loadTokenizer(folder: string, { padToken }: { readonly padToken?: string } = {}): Tokenizer {
  const vocabFile = join(folder, "vocab.json");
  const vocab = readVocab(vocabFile);
  const merges = readMerges(join(folder, "merges.txt"), vocab);
  const { contextLength, special: own } = readSettings(folder);
  const special: Special = padToken === undefined ? own : { ...own, pad: padToken };
  const idOf = (role: keyof Special): number => {
    const id = vocab.get(special[role]);
    if (id === undefined)
      throw new CheckpointError(vocabFile, { expected: `the ${role} token ${brief(special[role])}`, found: "no such token" });
    return id;
  };
  const ids: Record<keyof Special, number> = { bos: idOf("bos"), eos: idOf("eos"), pad: idOf("pad"), unk: idOf("unk") };
  const bytePairs = new BytePairs(
    {
      // Special tokens, padding included, match before all others: in SD 2 every "!" of a prompt becomes id 0.
      added_tokens: [...new Set(Object.values(special))].map((content) => ({
        id: vocab.get(content),
        content,
        special: true,
        normalized: false,
      })),
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
  return {
    contextLength,
    bosId: ids.bos,
    eosId: ids.eos,
    padId: ids.pad,
    vocabSize: [...vocab.values()].reduce((most, id) => Math.max(most, id + 1), 0),
    encode(text) {
      const all = bytePairs.encode(text, { add_special_tokens: false }).ids;
      const kept = all.slice(0, contextLength - 2);
      const padding = Array<number>(contextLength - 2 - kept.length).fill(ids.pad);
      return { ids: [ids.bos, ...kept, ids.eos, ...padding], truncated: all.length > kept.length };
    },
  };
}

function readVocab(file: string): ReadonlyMap<string, number> {
  const vocab = new Map<string, number>();
  const taken = new Set<number>();
  for (const [token, id] of Object.entries(readJson(file))) {
    if (typeof id !== "number" || !Number.isSafeInteger(id) || id < 0 || id >= 2 ** 20 || taken.has(id))
      throw new CheckpointError(file, { expected: `${brief(token)}: a unique id from 0 to ${2 ** 20 - 1}`, found: brief(id) });
    taken.add(id);
    vocab.set(token, id);
  }
  return vocab;
}

function readMerges(file: string, vocab: ReadonlyMap<string, number>): [string, string][] {
  const lines = readText(file).split("\n");
  if (lines[0].startsWith("#version")) lines.shift();
  while (lines.length > 0 && lines[lines.length - 1].trim() === "") lines.pop();
  return lines.map((line, k) => {
    const pair = line.trim().split(" ");
    if (pair.length !== 2 || pair.some((part) => part === ""))
      throw new CheckpointError(file, { expected: `two tokens in merge ${k + 1}`, found: brief(line) });
    if (!vocab.has(pair[0] + pair[1]))
      throw new CheckpointError(file, { expected: `merge ${k + 1} to make a token of vocab.json`, found: brief(pair[0] + pair[1]) });
    return [pair[0], pair[1]];
  });
}

interface Special {
  readonly bos: string;
  readonly eos: string;
  readonly pad: string;
  readonly unk: string;
}

const CONFIG = object({
  tokenizer_class: optional(oneOf(["CLIPTokenizer", "CLIPTokenizerFast"])),
  model_max_length: optional(whole({ min: 3, max: 4096 }), 77),
});

function readSettings(folder: string): { contextLength: number; special: Special } {
  const configFile = join(folder, "tokenizer_config.json");
  const mapFile = join(folder, "special_tokens_map.json");
  const config = fileExists(configFile) ? readJson(configFile) : {};
  const map = fileExists(mapFile) ? readJson(mapFile) : {};
  const { model_max_length: contextLength } = readForm(configFile, CONFIG, config);
  // special_tokens_map.json goes first: SD 2's two files disagree about the padding, and transformers lets this one win.
  const content = (role: keyof Special, fallback: string): string =>
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
