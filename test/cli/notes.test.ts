/** What a command says of a prompt's words: only a model of few words has unknown ones. */
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { deviceInWords, noteUnknownWords } from "#kernel-lib/cli/notes.js";
import { wordsKnown } from "#kernel-lib/text/known-words.js";
import { putJson, scratchFolder } from "../fixtures/checkpoint-folder.js";

const BUNDLED = fileURLToPath(new URL("../../models/tiny-landscapes", import.meta.url));
const scratch = scratchFolder();
afterAll(scratch.remove);

const noted = (path: string, ...prompts: unknown[]): string => {
  let said = "";
  noteUnknownWords({ path }, prompts, { stderr: { write: (text) => (said += text) } });
  return said;
};

test("words that the bundled model does not know are named once, with those it knows", () => {
  const said = noted(BUNDLED, "A red Cat on a sofa, by the sea; cat", undefined, "fog and lakes");
  expect(said).toMatch(/^note: tiny-landscapes does not know "red", "cat", "sofa", "lakes"; it knows air, alps, .*mountains.*woods\n$/);
  for (const small of [" the,", " an,", " of,"]) expect(said).not.toContain(small);
});

test.each(["a misty forest at dawn", "mountains", "", "!!! 360° 7"])("%j is known", (prompt) => expect(noted(BUNDLED, prompt)).toBe(""));

test("a general vocabulary, and a model without one, know all words", () => {
  const general = Object.fromEntries(Array.from({ length: 6000 }, (_, k) => [`t${k}</w>`, k]));
  putJson(`${scratch.path}/tokenizer/vocab.json`, general);
  expect([wordsKnown(scratch.path, "red cats"), wordsKnown("/nowhere", "red cats")]).toEqual([undefined, undefined]);
});

test("the device stands in words", () => {
  expect(deviceInWords({ device: "cpu", threads: 1, precision: "float32" })).toBe("the CPU (1 thread), float32");
  expect(deviceInWords({ device: "cuda", threads: 8, precision: "float16" })).toBe("cuda, float16");
});
