/**
 * @file Makes the files of a CLIP tokenizer from a list of words: a byte-level BPE whose merges make each word one token.
 * Layout of the vocabulary as in openai/CLIP `simple_tokenizer.py`: 256 byte characters, the same 256 with `</w>`, one entry per merge,
 * then the two special tokens.
 */

/** Names and contents of the files in a diffusers checkpoint's tokenizer/ folder. */
export interface TokenizerFiles {
  readonly "vocab.json": string;
  readonly "merges.txt": string;
  readonly "tokenizer_config.json": string;
  readonly "special_tokens_map.json": string;
}

/** Options of `tokenizerFiles`. */
export interface TokenizerFilesOptions {
  /** lower-case ASCII letters only */
  readonly words: readonly string[];
  /** Tokens per prompt, the two special tokens included. */
  readonly contextLength: number;
  /** Number of ids. The two special tokens have the last two; by default these follow the merges. */
  readonly vocabSize?: number;
  /** Default "<|endoftext|>", as in SD 1. SD 2 has "!", only in special_tokens_map.json. */
  readonly padToken?: string;
}

const START = "<|startoftext|>";
const END = "<|endoftext|>";
const WORD_END = "</w>";

/** Printable characters for the 256 bytes, in CLIP's order: printable Latin-1 first, then the others as U+0100 and up. */
function byteCharacters(): string[] {
  const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, k) => from + k);
  const printable = [...range(0x21, 0x7e), ...range(0xa1, 0xac), ...range(0xae, 0xff)];
  const others = range(0, 255).filter((byte) => !printable.includes(byte));
  return [...printable.map((byte) => String.fromCharCode(byte)), ...others.map((_, k) => String.fromCharCode(0x100 + k))];
}

/** Splits a word of byte characters into symbols by applying the merges in order of rank, as CLIP does. */
function bpe(word: string, ranks: ReadonlyMap<string, number>): string[] {
  let symbols = [...word];
  symbols[symbols.length - 1] += WORD_END;
  for (;;) {
    let best = Infinity;
    let pair = "";
    for (let k = 0; k + 1 < symbols.length; k++) {
      const candidate = `${symbols[k]} ${symbols[k + 1]}`;
      const rank = ranks.get(candidate) ?? Infinity;
      if (rank < best) [best, pair] = [rank, candidate];
    }
    if (best === Infinity) return symbols;
    const merged: string[] = [];
    for (let k = 0; k < symbols.length; k++) {
      if (`${symbols[k]} ${symbols[k + 1]}` === pair) merged.push(symbols[k] + symbols[++k]);
      else merged.push(symbols[k]);
    }
    symbols = merged;
  }
}

/**
 * Merges that make each word one token. For each word in turn, the earlier merges are applied, and the remaining symbols are joined from the
 * left by new merges of lower priority. New merges cannot change an earlier word, because it is already one token before they apply.
 */
function mergesFor(words: readonly string[]): [string, string][] {
  const ranks = new Map<string, number>();
  const merges: [string, string][] = [];
  for (const word of words) {
    for (let symbols = bpe(word, ranks); symbols.length > 1; symbols = bpe(word, ranks)) {
      ranks.set(`${symbols[0]} ${symbols[1]}`, merges.length);
      merges.push([symbols[0], symbols[1]]);
    }
  }
  return merges;
}

/** Makes the tokenizer's files; deterministic. */
export function tokenizerFiles({ words, contextLength, vocabSize, padToken = END }: TokenizerFilesOptions): TokenizerFiles {
  const bytes = byteCharacters();
  const merges = mergesFor(words);
  const tokens = [...bytes, ...bytes.map((c) => c + WORD_END), ...merges.map(([a, b]) => a + b)];
  const start = (vocabSize ?? tokens.length + 2) - 2;
  if (start < tokens.length) throw new RangeError(`vocabSize ${vocabSize}: want ${tokens.length + 2} or more for these words`);
  const ids = [...tokens.map((token, id) => [token, id]), [START, start], [END, start + 1]];
  const mapped = (content: string) => ({ content, lstrip: false, normalized: true, rstrip: false, single_word: false });
  const special = (content: string) => ({ __type: "AddedToken", ...mapped(content) });
  return {
    "vocab.json": JSON.stringify(Object.fromEntries(ids)),
    "merges.txt": `#version: 0.2\n${merges.map((pair) => pair.join(" ")).join("\n")}\n`,
    "tokenizer_config.json": `${JSON.stringify(
      {
        add_prefix_space: false,
        bos_token: special(START),
        do_lower_case: true,
        eos_token: special(END),
        errors: "replace",
        model_max_length: contextLength,
        pad_token: END,
        tokenizer_class: "CLIPTokenizer",
        unk_token: special(END),
      },
      null,
      2,
    )}\n`,
    "special_tokens_map.json": `${JSON.stringify(
      { bos_token: mapped(START), eos_token: mapped(END), pad_token: padToken, unk_token: mapped(END) },
      null,
      2,
    )}\n`,
  };
}
