/**
 * @file veduta-lock.json in our cache: what each model's files hashed to when they were first pulled. Later pulls and `verify` compare with it;
 * it outlives the files, so that what comes back under the same name is the same.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { CheckpointError } from "../core/errors.js";
import { fileExists } from "../core/files.js";
import { form, object, optional, readForm, record, text } from "../core/forms.js";
import { readJson } from "../core/json.js";
import { replaceFileSync } from "../core/write-whole.js";
import { withFileLock } from "./file-lock.js";
import { plainPath } from "./paths.js";

/** What is known of a model since its first pull. */
export interface Pins {
  /** The commit of a hub's repository, where the model is one. */
  readonly commit?: string;
  readonly id?: string;
  /** sha256 in hex, by path. */
  readonly files: Readonly<Record<string, string>>;
}

const NONE: Pins = { files: {} };
/** The path of the lock file. */
export const lockFile = (cache: string): string => join(cache, "veduta-lock.json");

const PINS = object({
  files: record(text(/^[0-9a-f]{64}$/, "a sha256"), "sha256 by path"),
  commit: optional(form<string>("a commit's 40 digits", (value) => isCommit(value))),
  id: optional(text(/^/, "a repository")),
});

/** All models' pins. @throws CheckpointError where the lock file is not one of ours */
export function readPins(cache: string): Readonly<Record<string, Pins>> {
  const file = lockFile(cache);
  if (!fileExists(file)) return {};
  const { models } = readForm(file, object({ models: record(PINS, "models by name") }), readJson(file));
  for (const [name, { files }] of Object.entries(models)) for (const path of [name, ...Object.keys(files)]) plainPath(file, path);
  return models;
}

/** Whether a value is a git commit's 40 hexadecimal digits. */
export const isCommit = (value: unknown): value is string => typeof value === "string" && /^[0-9a-f]{40}$/.test(value);

/** A model's pins. */
export const pinsOf = (cache: string, name: string): Pins => readPins(cache)[name] ?? NONE;

/** Records what was pulled, after it was compared with what had been. The file is replaced whole. */
export async function pin(cache: string, name: string, news: Pins): Promise<void> {
  const known = pinsOf(cache, name);
  const isNew = known.commit !== news.commit || known.id !== news.id;
  if (!isNew && Object.entries(news.files).every(([path, sha256]) => known.files[path] === sha256)) return;
  mkdirSync(cache, { recursive: true });
  await withFileLock(`${lockFile(cache)}.lock`, async () => {
    const models = readPins(cache);
    const old = models[name] ?? NONE;
    const next = { ...old, ...news, files: { ...old.files, ...news.files } };
    replaceFileSync(lockFile(cache), `${JSON.stringify({ models: { ...models, [name]: next } }, null, 2)}\n`);
  });
}

/** What to do where a file is not what was pulled first. */
export const differs = (cache: string, name: string, file: string, expected: string, found: string, fix: string): CheckpointError =>
  new CheckpointError(file, {
    expected: `sha256 ${expected}, as when it was first pulled`,
    found: `sha256 ${found}`,
    fix: `${fix}; to trust it as it is now, remove "${name}" from ${lockFile(cache)}`,
  });
