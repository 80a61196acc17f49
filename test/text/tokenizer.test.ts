import { rmSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { loadTokenizer } from "#kernel-lib/text/tokenizer.js";
import {
  byteCharacters,
  clipVocabulary,
  MERGES,
  put,
  putJson,
  refusal,
  scratchFolder,
  writeTokenizer,
} from "../fixtures/checkpoint-folder.js";

const scratch = scratchFolder();
afterAll(scratch.remove);
let count = 0;
const fresh = () => join(scratch.path, `tokenizer-${count++}`);

const vocab = clipVocabulary();
const ids = (tokens: readonly string[]) => tokens.map((token) => vocab[token]);
const BOS = vocab["<|startoftext|>"];
const EOS = vocab["<|endoftext|>"];
const visible = new Map(byteCharacters());

const sd1 = loadTokenizer(writeTokenizer(fresh()));
const sd2 = loadTokenizer(writeTokenizer(fresh(), { pad: "!" }));
const short = loadTokenizer(writeTokenizer(fresh(), { length: 24 }));
const roomy = loadTokenizer(writeTokenizer(fresh(), { length: 4096 }));
const padded = (tokens: readonly number[], pad: number, length: number) => [...tokens, ...Array<number>(length - tokens.length).fill(pad)];

/** A word's bytes as tokens, none merged. */
const spelled = (word: string) => [...Buffer.from(word)].map((byte, k, all) => `${visible.get(byte)}${k === all.length - 1 ? "</w>" : ""}`);

describe("byte pairs merge as CLIP's do (worked out by hand)", () => {
  test.each<[string, string[], string]>([
    ["low", ["low</w>"], "l o, then lo w</w>"],
    ["lower", ["lo", "w", "er</w>"], "w is not the word's end, so lo w</w> does not apply"],
    ["cat", ["cat</w>"], "a t</w>, then c at</w>"],
    ["cats", ["c", "a", "t", "s</w>"], "a t</w> needs the word's end"],
    ["mountain", ["mounta", "in</w>"], "i n</w> has the lower rank, a in never applies"],
    ["2026", ["2</w>", "0</w>", "2</w>", "6</w>"], "every digit is a word"],
    ["cat's", ["cat</w>", "'", "s</w>"], "'s is a word of its own"],
    ["low-cat", ["low</w>", "-</w>", "cat</w>"], "a run of other characters is a word"],
    ["  Low \n\t CAT ", ["low</w>", "cat</w>"], "white space only separates, case does not count"],
    ["<b>cat</b>", ["<</w>", "b</w>", "></w>", "cat</w>", "<", "/</w>", "b</w>", "></w>"], "markup is text"],
    ["&amp;", ["&</w>", "a", "m", "p</w>", ";</w>"], "entities are text"],
    ["É", ["Ã", "©</w>"], "lower case, then UTF-8 bytes C3 A9"],
    ["e\u0301", ["Ã", "©</w>"], "composed first (NFC)"],
  ])("%j becomes %j: %s", (text, tokens) => {
    expect(sd1.encode(text)).toEqual({ ids: padded([BOS, ...ids(tokens), EOS], EOS, 77), truncated: false });
  });

  test("letters of other scripts and emoji are their UTF-8 bytes", () => {
    expect(sd1.encode("山水 🏔️").ids).toEqual(padded([BOS, ...ids([...spelled("山水"), ...spelled("🏔️")]), EOS], EOS, 77));
  });

  test("half a surrogate pair is the replacement character", () => {
    expect(sd1.encode("\ud83c").ids).toEqual(sd1.encode("\ufffd").ids);
  });

  // Radford et al.'s algorithm without any queue: merge the pair of lowest rank everywhere, from the left, until none is left.
  const slowly = (word: string): string[] => {
    let parts = spelled(word);
    for (;;) {
      const ranks = parts.slice(1).map((part, k) => MERGES.indexOf(`${parts[k]} ${part}`));
      const best = Math.min(...ranks.filter((rank) => rank >= 0));
      if (!Number.isFinite(best)) return parts;
      const merged: string[] = [];
      for (let k = 0; k < parts.length; k++) {
        const joins = k + 1 < parts.length && `${parts[k]} ${parts[k + 1]}` === MERGES[best];
        merged.push(joins ? parts[k] + parts[k + 1] : parts[k]);
        if (joins) k++;
      }
      parts = merged;
    }
  };
  test("any text gives what merging by brute force gives", () => {
    const letters = fc.string({ unit: fc.constantFrom(..."lowercatmounain  '.3é"), maxLength: 60 });
    const anything = fc.string({ unit: "grapheme", maxLength: 40 });
    fc.assert(
      fc.property(fc.oneof(letters, anything), (text) => {
        const words =
          text
            .normalize("NFC")
            .toLowerCase()
            .match(/'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\p{White_Space}\p{L}\p{N}]+/gu) ?? [];
        const tokens = ids(words.flatMap(slowly));
        expect(roomy.encode(text).ids.slice(0, tokens.length + 2)).toEqual([BOS, ...tokens, EOS]);
      }),
      { numRuns: 500, seed: 3 },
    );
  });
});

test("a capital sigma that ends a word becomes the letter that ends words, as Python's lower() in OpenAI's code has it", () => {
  expect(sd1.encode("ΟΔΟΣ ΣΑΣ").ids).toEqual(sd1.encode("οδος σας").ids);
  expect(sd1.encode("οδος").ids).not.toEqual(sd1.encode("οδοσ").ids);
});

describe("padding", () => {
  test('SD 1 pads with the end, SD 2 with "!" (id 0), as special_tokens_map.json says over tokenizer_config.json', () => {
    expect(sd1.encode("cat").ids).toEqual(padded([BOS, vocab["cat</w>"], EOS], EOS, 77));
    expect(sd2.encode("cat").ids).toEqual(padded([BOS, vocab["cat</w>"], EOS], 0, 77));
    expect([sd1.padId, sd2.padId, sd1.bosId, sd1.eosId, sd1.vocabSize]).toEqual([EOS, 0, BOS, EOS, EOS + 1]);
  });

  test("an empty prompt is begin, end and padding", () => {
    for (const text of ["", "  \n"]) expect(sd1.encode(text)).toEqual({ ids: padded([BOS, EOS], EOS, 77), truncated: false });
    expect(sd2.encode("").ids).toEqual(padded([BOS, EOS], 0, 77));
  });

  test('a "!" in the prompt is SD 2\'s padding token, and an ordinary word in SD 1', () => {
    expect(sd2.encode("cat!").ids.slice(0, 4)).toEqual([BOS, vocab["cat</w>"], 0, EOS]);
    expect(sd1.encode("cat!").ids.slice(0, 4)).toEqual([BOS, vocab["cat</w>"], vocab["!</w>"], EOS]);
  });

  test("the end token written out in a prompt is the end token", () => {
    expect(sd1.encode("cat<|endoftext|>low").ids.slice(0, 5)).toEqual([BOS, vocab["cat</w>"], EOS, vocab["low</w>"], EOS]);
  });
});

describe("the context's length", () => {
  test.each([[sd1, 77] as const, [short, 24] as const])(
    "a longer prompt is cut so that the end token ends it (%#)",
    (tokenizer, length) => {
      const cats = (n: number) => tokenizer.encode("cat ".repeat(n));
      expect(tokenizer.contextLength).toBe(length);
      const full = [BOS, ...Array<number>(length - 2).fill(vocab["cat</w>"]), EOS];
      expect(cats(length - 2)).toEqual({ ids: full, truncated: false });
      expect(cats(length - 1)).toEqual({ ids: full, truncated: true });
      expect(cats(1000)).toEqual({ ids: full, truncated: true });
    },
  );

  test("without the two settings files it is 77, padded with the end", () => {
    const folder = writeTokenizer(fresh());
    for (const name of ["tokenizer_config.json", "special_tokens_map.json"]) rmSync(join(folder, name));
    expect(loadTokenizer(folder).encode("cat")).toEqual(sd1.encode("cat"));
  });
});

describe("files that do not fit are refused", () => {
  test.each<[string, (folder: string) => void, string, RegExp, RegExp]>([
    ["no vocab.json", (f) => rmSync(join(f, "vocab.json")), "vocab.json", /file that can be read/, /no such file/],
    ["no merges.txt", (f) => rmSync(join(f, "merges.txt")), "merges.txt", /file that can be read/, /no such file/],
    [
      "a vocabulary without an end",
      (f) => putJson(join(f, "vocab.json"), without("<|endoftext|>")),
      "vocab.json",
      /eos token/,
      /no such token/,
    ],
    ["two tokens of one id", (f) => putJson(join(f, "vocab.json"), { ...vocab, a: 5 }), "vocab.json", /unique id/, /5/],
    ["an id that is text", (f) => putJson(join(f, "vocab.json"), { ...vocab, a: "5" }), "vocab.json", /"a"/, /"5"/],
    ["an id beyond any vocabulary", (f) => putJson(join(f, "vocab.json"), { ...vocab, a: 1e12 }), "vocab.json", /"a"/, /1000000000000/],
    ["a merge of three", (f) => put(join(f, "merges.txt"), "#version: 0.2\nl o w\n"), "merges.txt", /two tokens in merge 1/, /l o w/],
    ["a merge that makes no token", (f) => put(join(f, "merges.txt"), "l o\nq q\n"), "merges.txt", /merge 2 to make a token/, /qq/],
    [
      "a length of 2",
      (f) => putJson(join(f, "tokenizer_config.json"), { model_max_length: 2 }),
      "tokenizer_config.json",
      /model_max_length/,
      /2/,
    ],
    [
      "another tokenizer",
      (f) => putJson(join(f, "tokenizer_config.json"), { tokenizer_class: "T5Tokenizer" }),
      "tokenizer_config.json",
      /CLIPTokenizer/,
      /T5/,
    ],
    [
      "a pad token that is a number",
      (f) => putJson(join(f, "special_tokens_map.json"), { pad_token: 3 }),
      "special_tokens_map.json",
      /pad_token/,
      /3/,
    ],
    [
      "a pad token of no vocabulary",
      (f) => putJson(join(f, "special_tokens_map.json"), { pad_token: "<pad>" }),
      "vocab.json",
      /"<pad>"/,
      /no such token/,
    ],
  ])("%s", (_name, spoil, name, expected, found) => {
    const folder = writeTokenizer(fresh());
    spoil(folder);
    const error = refusal(() => loadTokenizer(folder));
    expect(error.file).toBe(join(folder, name));
    expect(error.expected).toMatch(expected);
    expect(error.found).toMatch(found);
  });
});

function without(token: string): Record<string, number> {
  const { [token]: _gone, ...rest } = vocab;
  return rest;
}
