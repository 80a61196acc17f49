/** @file The words of a model that was trained on few: a prompt with others is painted as if they were not there. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readJson } from "../core/json.js";

/** CLIP's own vocabulary has 49,408 entries, and spells every word; one with fewer than this was made for the words of its captions. */
const FEW = 5000;
const WORD = /^([a-z]{2,})<\/w>$/;

/** What a model makes of a prompt's words. */
export interface WordsKnown {
  /** words of the prompt that it does not know, in their order, each once */
  readonly unknown: readonly string[];
  /** all that it knows, sorted */
  readonly known: readonly string[];
}

/**
 * Which words of a prompt a checkpoint's tokenizer has no entry for.
 * @param folder the checkpoint's
 * @returns undefined where the vocabulary is a general one, or there is none
 */
export function wordsKnown(folder: string, prompt: string): WordsKnown | undefined {
  const file = join(folder, "tokenizer", "vocab.json");
  if (!existsSync(file)) return undefined;
  const entries = Object.keys(readJson(file));
  if (entries.length >= FEW) return undefined;
  const known = entries.flatMap((entry) => WORD.exec(entry)?.[1] ?? []).sort();
  const words = prompt.toLowerCase().match(/\p{L}{2,}/gu) ?? [];
  return { unknown: [...new Set(words)].filter((word) => !known.includes(word)), known };
}
