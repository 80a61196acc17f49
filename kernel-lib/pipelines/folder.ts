/** @file A checkpoint's folder in the layout of diffusers: model_index.json says its kind, and each part has a folder of its own. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { CheckpointError } from "../core/errors.js";
import { fileExists, listFolder } from "../core/files.js";
import { brief, type JsonObject, readJson } from "../core/json.js";
import { once } from "../core/once.js";
import { openWeights, type Weights } from "../weights/weights.js";
import type { CheckpointKind, OpenParts, PartReader } from "./pipeline.js";

type Kind = CheckpointKind<Readonly<Record<string, unknown>>>;

/**
 * Recognises a folder.
 * @param kinds those that are supported
 * @returns the folder's kind, whose parts can then be opened
 * @throws CheckpointError (file, expected, found) where it is no such folder, or of a kind, or with a part, that is not supported
 */
export function recognise<K extends Kind>(path: string, kinds: readonly K[]): K {
  if (!isFolder(path))
    throw new CheckpointError(path, { expected: "a diffusers folder", found: fileExists(path) ? "a file" : "no such folder" });
  const file = join(path, "model_index.json");
  if (!fileExists(file)) throw new CheckpointError(path, { expected: "model_index.json", found: listing(path) });
  const index = readJson(file);
  const kind = kinds.find(({ classes }) => classes.some((name) => name === index._class_name));
  if (!kind) {
    const supported = kinds.map(({ name, classes }) => `${name} (${classes.join(" or ")})`).join(", ");
    const found = `${brief(index._class_name)}${typeof index._class_name === "string" ? ", which is not supported" : ""}`;
    throw new CheckpointError(file, { expected: `_class_name of a kind that is supported: ${supported}`, found });
  }
  expectClasses(file, index, kind.parts);
  return kind;
}

function expectClasses(file: string, index: JsonObject, parts: Kind["parts"]): void {
  for (const [name, { classes }] of Object.entries(parts)) {
    const entry = index[name];
    // [null, null] and an absent key both mean that the part is left out.
    if (!classes || entry === undefined || (Array.isArray(entry) && entry[1] === null)) continue;
    if (!Array.isArray(entry) || !classes.includes(entry[1]))
      throw new CheckpointError(file, { expected: `${name}: ${classes.join(" or ")}`, found: brief(entry) });
  }
}

/** The parts of a folder of this kind. */
export function openParts<Parts>(path: string, { parts }: CheckpointKind<Parts>): OpenParts<Parts> {
  const entries = Object.entries<PartReader<unknown>>(parts);
  const readers = new Map(entries.map(([name, reader]) => [name, once(() => reader.read(partFolder(path, name, reader.fix)))]));
  return {
    path,
    has: (name) => isFolder(join(path, name)),
    part: <Name extends keyof Parts & string>(name: Name) => readers.get(name)?.() as Parts[Name],
  };
}

/** The same parts, with one that stands in for the folder's own. */
export const replacePart = <Parts, Name extends keyof Parts & string>(
  parts: OpenParts<Parts>,
  name: Name,
  part: Parts[Name],
): OpenParts<Parts> => ({
  ...parts,
  has: (asked) => asked === name || parts.has(asked),
  part: ((asked: Name) => (asked === name ? part : parts.part(asked))) as OpenParts<Parts>["part"],
});

/** A part that is config.json and weight files of these names. */
export const networkReader = <Config>(
  config: (file: string, json: JsonObject) => Config,
  weights: readonly string[],
  classes?: readonly string[],
): PartReader<Weights & { readonly config: Config }> => ({
  classes,
  read(folder) {
    const file = join(folder, "config.json");
    return { config: config(file, readJson(file)), ...openWeights(folder, weights) };
  },
});

/** @throws CheckpointError where the folder is missing */
/** A part of a checkpoint out of its own folder. */
export function partFolder(path: string, name: string, fix?: string): string {
  const folder = join(path, name);
  if (isFolder(folder)) return folder;
  const found = `no such folder; ${path} holds ${listing(path)}`;
  throw new CheckpointError(folder, { expected: `the checkpoint's ${name} folder`, found, fix });
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

const listing = (folder: string): string => listFolder(folder).sort().slice(0, 12).join(", ") || "nothing";
