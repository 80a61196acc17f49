/** @file CLIP's vocabulary for a single file, which holds none: beside it, of `clip-tokenizer`, or of any other pulled model that has it. */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { CheckpointError } from "../../core/errors.js";
import { fileExists, readText } from "../../core/files.js";
import { installed } from "../../hub/installed.js";
import { readManifest } from "../../hub/manifest.js";
import { type HubSettings, hubSettings } from "../../hub/settings.js";

const CLIP_TOKENIZER = "clip-tokenizer";
const FILES = ["vocab.json", "merges.txt"] as const;
/** transformers 5 saves this file alone. */
const WHOLE = ["tokenizer.json"] as const;

/** The files of a folder's vocabulary; none where it holds none. */
const filesIn = (folder: string): readonly string[] =>
  [FILES, WHOLE].find((files) => files.every((name) => fileExists(join(folder, name)))) ?? [];

/**
 * A folder with CLIP's vocabulary: tokenizer/ beside the file where it is there, else a pulled one.
 * @throws CheckpointError that names the command which pulls it
 */
export function clipVocabulary(file: string, settings: HubSettings = hubSettings()): string {
  const beside = join(dirname(file), "tokenizer");
  if (filesIn(beside).length > 0) return beside;
  const models = readManifest();
  const first = models.filter(({ name }) => name === CLIP_TOKENIZER);
  for (const model of [...first, ...models.filter((each) => !first.includes(each))]) {
    const files = new Map(installed(model, settings).files.map(({ path, file }) => [path, file]));
    for (const folder of ["", "tokenizer/"]) {
      const vocabulary = files.get(`${folder}${FILES[0]}`);
      if (vocabulary && files.get(`${folder}${FILES[1]}`)) return join(installed(model, settings).folder, folder);
    }
  }
  throw new CheckpointError(CLIP_TOKENIZER, {
    expected: "CLIP's vocabulary, which a single file does not hold, in tokenizer/ beside it or among the pulled models",
    found: "neither",
    fix: `run "veduta models pull ${CLIP_TOKENIZER}" (1.5 MB)`,
  });
}

/** sha256 of the vocabulary's files, in hex. */
export function vocabularyDigest(folder: string): string {
  const hash = createHash("sha256");
  for (const name of filesIn(folder)) hash.update(readText(join(folder, name)));
  return hash.digest("hex");
}
