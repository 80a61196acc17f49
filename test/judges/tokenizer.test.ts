/** The tokenizer beside transformers' of today, with CLIP's own vocabulary, on prompts, odd characters, long and empty texts. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRng, type Rng } from "#kernel-lib/core/random.js";
import { loadTokenizer } from "#kernel-lib/text/tokenizer.js";
import { putJson, scratchFolder } from "../fixtures/checkpoint-folder.js";
import { judge, missing } from "./judges.js";

const scratch = scratchFolder();
afterAll(scratch.remove);

/** Texts that tokenizers trip over, and pieces of texts. */
const { chosen, pieces }: Record<"chosen" | "pieces", string[]> = JSON.parse(readFileSync(new URL("texts.json", import.meta.url), "utf8"));
const LONG = [
  "cat ".repeat(75),
  "cat ".repeat(76),
  "cat ".repeat(200),
  "x".repeat(500),
  "antidisestablishmentarianism ".repeat(30),
  "😀".repeat(60),
  "山".repeat(100),
];

/** Pieces one after the other, half of them with a space between. */
const randomText = (rng: Rng): string =>
  Array.from({ length: 1 + rng.below(40) }, () => pieces[rng.below(pieces.length)] + (rng.uniform() < 0.5 ? " " : "")).join("");

/** Characters of the basic plane and pictographs: of other planes Node and Python may know different versions of Unicode. */
const everywhere = (): string[] => {
  const rng = createRng(5);
  const blocks = [...Array(0x100).keys(), ...Array.from({ length: 7 }, (_, k) => 0x1f3 + k)].filter(
    (block) => block < 0xd8 || block > 0xdf,
  );
  return blocks.map((block) => Array.from({ length: 8 }, () => String.fromCodePoint(0x100 * block + rng.below(0x100))).join("x "));
};

/** Python's and JavaScript's lower case of Σ is ς at the end of a word, as in OpenAI's code; transformers 5 makes it σ everywhere. */
const SIGMA = { capital: "ΟΔΟΣ ὈΔΥΣΣΕΎΣ", ours: "οδος ὀδυσσεύς", theirs: "οδοσ ὀδυσσεύσ" };

describe.skipIf(missing)(`CLIP's tokenizer${missing}`, () => {
  const rng = createRng(1);
  const wanted = (name: string): number[][] => JSON.parse(readFileSync(join(scratch.path, "out", `${name}.json`), "utf8"));
  const strings = [...chosen, ...LONG, ...Array.from({ length: 300 }, () => randomText(rng)), ...everywhere()];
  beforeAll(async () => {
    const file = putJson(join(scratch.path, "strings.json"), [...strings, ...Object.values(SIGMA)]);
    await judge("tokenizer.py", [file, join(scratch.path, "out")]);
  }, 120_000);

  test.each([
    ["Stable Diffusion 1", "sd1", ["sd1", "sd1-parts"]],
    ["Stable Diffusion 2", "sd2", ["sd2", "sd2-parts"]],
    ["a checkpoint with added tokens", "added", ["added"]],
  ])(`gives transformers' ids of ${strings.length} texts, by the tokenizer of %s`, (_, name, folders) => {
    const want = wanted(name);
    for (const folder of folders) {
      const tokenizer = loadTokenizer(join(scratch.path, "out", folder));
      const different = strings.flatMap((text, k) => {
        const got = tokenizer.encode(text).ids;
        const at = got.findIndex((id, place) => id !== want[k][place]);
        return at < 0 && got.length === want[k].length ? [] : [{ text, at, got: got.slice(at, at + 8), want: want[k].slice(at, at + 8) }];
      });
      expect(different, folder).toEqual([]);
    }
  });

  test("a capital sigma that ends a word is another letter in transformers 5 than in OpenAI's code, which is followed", () => {
    const { encode } = loadTokenizer(join(scratch.path, "out", "sd1"));
    const [capital, ours, theirs] = wanted("sd1").slice(strings.length);
    expect(capital).toEqual(theirs);
    expect(encode(SIGMA.capital).ids).toEqual(ours);
    expect(ours).not.toEqual(theirs);
  });
});
