import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { CheckpointError } from "#kernel-lib/core/errors.js";
import { createRng } from "#kernel-lib/core/random.js";
import { loadWordPiece } from "#kernel-lib/text/word-piece.js";
import { put, refusal, scratchFolder } from "../fixtures/checkpoint-folder.js";

const scratch = scratchFolder();
afterAll(scratch.remove);
let files = 0;
const write = (text: string | Uint8Array) =>
  put(join(scratch.path, `vocab-${files++}.txt`), typeof text === "string" ? Buffer.from(text) : text);

const TOKENS = [
  ..."[PAD] [UNK] [CLS] [SEP] [MASK] a boat ##s ##man un ##want ##ed runn ##ing cafe the , . - ' # 山 水 $ ##5 5 man".split(" "),
  "x".repeat(100),
  "##x",
];
const { encode, clsId, sepId, padId, vocabSize } = loadWordPiece(write(`${TOKENS.join("\n")}\n`));
const tokens = (text: string) => encode(text).map((id) => TOKENS[id]);

describe("word pieces of BERT", () => {
  test.each<[string, string[], string]>([
    ["a boat", ["a", "boat"], "words"],
    ["unwanted running boats", ["un", "##want", "##ed", "runn", "##ing", "boat", "##s"], "the longest piece from the left"],
    ["boatman", ["boat", "##man"], "a piece within a word has ##"],
    ["  A\tBOAT\n", ["a", "boat"], "lower case; white space only separates"],
    ["Café", ["cafe"], "accents are stripped"],
    ["Cafe\u0301", ["cafe"], "composed or not"],
    [
      "the-boat's, the man.",
      ["the", "-", "boat", "'", "[UNK]", ",", "the", "man", "."],
      "punctuation is split off; s alone is no word here",
    ],
    ["$5", ["$", "5"], "signs of ASCII count as punctuation"],
    ["a#boat", ["a", "#", "boat"], "# is punctuation, not the mark of a piece"],
    ["山水a", ["山", "水", "a"], "every Chinese character is a word"],
    ["boatq", ["[UNK]"], "a word with a part that is in no piece is unknown as a whole"],
    ["bo\u0000\u200bat", ["boat"], "control characters vanish"],
    ["boat\u00a0man", ["boat", "man"], "a no-break space separates"],
    ["x".repeat(100), ["x".repeat(100)], "100 letters may be a word"],
    ["x".repeat(101), ["[UNK]"], "101 letters are none, though pieces would make them up"],
    ["a [SEP] boat[MASK]", ["a", "[SEP]", "boat", "[MASK]"], "special tokens may be written"],
    ["[sep]", ["[UNK]", "[UNK]", "[UNK]"], "but only as they are: [, sep and ] are no tokens here"],
    ["", [], "nothing"],
  ])("%j becomes %j: %s", (text, expected) => {
    expect(tokens(text)).toEqual(expected);
  });

  test("begin, end, padding and the size are the lines' numbers", () => {
    expect({ clsId, sepId, padId, vocabSize }).toEqual({ clsId: 2, sepId: 3, padId: 0, vocabSize: TOKENS.length });
  });

  test("lines may end as on Windows, and the last one need not end", () => {
    expect(loadWordPiece(write(TOKENS.join("\r\n"))).encode("a boat")).toEqual(encode("a boat"));
  });

  test("any text becomes ids of the vocabulary, and words that are pieces come back", () => {
    const word = fc.constantFrom("a", "boat", "boats", "the", "man", "running", "5");
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.array(word), (text, list) => {
        for (const id of encode(text)) expect(id >= 0 && id < vocabSize).toBe(true);
        expect(tokens(list.join(" ")).join(" ").replaceAll(" ##", "")).toBe(list.join(" "));
      }),
    );
  });
});

test.each<[string, string | Uint8Array, string]>([
  ["a token twice", "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\na\n", 'each token once, found "a" again in line 6'],
  ["an empty line", "[PAD]\n\n[UNK]\n", "a token in every line, found line 2 empty"],
  ["no [CLS]", "[PAD]\n[UNK]\n[SEP]\n", "the token [CLS]"],
  ["nothing", "", "the token [UNK]"],
  ["bytes that are no text", Uint8Array.of(0xff, 0xfe), "UTF-8 text"],
])("a vocab.txt with %s is refused", (_, content, words) => {
  expect(refusal(() => loadWordPiece(write(content))).message).toContain(words);
});

test("300 spoiled files open or are refused", () => {
  const rng = createRng(8);
  const original = Buffer.from(TOKENS.join("\n"));
  let refused = 0;
  for (let k = 0; k < 300; k++) {
    const bytes = Buffer.from(original);
    for (let flips = rng.below(4); flips >= 0; flips--) bytes[rng.below(bytes.length)] = [10, 13, 32, rng.below(256)][rng.below(4)];
    try {
      loadWordPiece(write(k % 5 === 0 ? bytes.subarray(0, rng.below(60)) : bytes)).encode("a boat, the man");
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(30);
  expect(refused).toBeLessThan(270);
});
