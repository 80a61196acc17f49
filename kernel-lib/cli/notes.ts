/** @file What a command says before it works: the device, and words of the prompt that the model does not know. */
import { basename } from "node:path";
import { wordsKnown } from "../text/known-words.js";
import type { CliDeps, PaintModel } from "./command.js";

/** Prepositions and articles, which a list of what can be painted does without. */
const SMALL = new Set(["an", "and", "at", "by", "during", "in", "of", "on", "over", "the", "under", "with"]);

/** "the CPU (2 threads), float32". */
export const deviceInWords = ({ device, threads, precision }: Pick<PaintModel, "device" | "threads" | "precision">): string =>
  `${device === "cpu" ? `the CPU (${threads} ${threads === 1 ? "thread" : "threads"})` : device}, ${precision}`;

/** Says which words of the prompts the model does not know, and which it does. Models with a general vocabulary know all. */
export function noteUnknownWords(
  { path }: Pick<PaintModel, "path">,
  prompts: readonly unknown[],
  { stderr }: Pick<CliDeps, "stderr">,
): void {
  const found = wordsKnown(path, prompts.filter((prompt) => typeof prompt === "string").join(" "));
  if (!found || found.unknown.length === 0) return;
  const known = found.known.filter((word) => !SMALL.has(word)).join(", ");
  stderr.write(
    `note: ${basename(path)} does not know ${found.unknown.map((word) => JSON.stringify(word)).join(", ")}; it knows ${known}\n`,
  );
}
