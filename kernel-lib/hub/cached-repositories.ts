/** @file What lies in the hub's cache, whoever brought it. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { CheckpointError } from "../core/errors.js";
import { fileExists, listFolder, readText } from "../core/files.js";
import { snapshotIn } from "./hub-cache.js";
import { isCommit, pinsOf } from "./pins.js";
import { type RepositoryName, repositoryName } from "./repository-name.js";
import type { HubSettings } from "./settings.js";

/** A repository in the cache. */
export interface CachedRepository {
  /** OWNER/NAME, or a NAME alone */
  readonly id: string;
  readonly folder: string;
  /** commits that have files here */
  readonly snapshots: readonly string[];
  /** branches and tags, with the commits that they were */
  readonly refs: Readonly<Record<string, string>>;
  /** of all contents, each once; those that are still growing too */
  readonly bytes: number;
}

/** The repositories in the cache, by name. */
export function cachedRepositories({ hubCache }: HubSettings): readonly CachedRepository[] {
  const names = listFolder(hubCache)
    .filter((name) => name.startsWith("models--"))
    .sort();
  return names.map((name) => {
    const folder = join(hubCache, name);
    const sizes = listFolder(join(folder, "blobs")).map(
      (blob) => statSync(join(folder, "blobs", blob), { throwIfNoEntry: false })?.size ?? 0,
    );
    return {
      id: name.slice("models--".length).split("--").join("/"),
      folder,
      snapshots: listFolder(join(folder, "snapshots")).filter(isCommit).sort(),
      refs: Object.fromEntries(refsIn(join(folder, "refs"))),
      bytes: sizes.reduce((sum, bytes) => sum + bytes, 0),
    };
  });
}

/** References, those in folders such as refs/pr among them. */
function refsIn(folder: string, prefix = ""): readonly (readonly [name: string, commit: string])[] {
  return listFolder(folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      if (!fileExists(path)) return existsSync(path) && prefix.split("/").length < 4 ? refsIn(path, `${prefix}${name}/`) : [];
      const commit = readText(path, { maxBytes: 1000 }).trim();
      return isCommit(commit) ? [[prefix + name, commit] as const] : [];
    });
}

/**
 * The snapshot of a repository: that of its first pull, else of the revision.
 * @throws CheckpointError where it is not in the cache, with the command that pulls it
 */
export function cachedFolder({ id, revision, pinned }: RepositoryName, settings: HubSettings): string {
  const folder = join(settings.hubCache, `models--${id.split("/").join("--")}`);
  const found = cachedRepositories(settings).find((each) => each.folder === folder);
  const [refs, snapshots] = [found?.refs ?? {}, found?.snapshots ?? []];
  const commit = pinsOf(settings.ownCache, pinned).commit ?? refs[revision] ?? (isCommit(revision) ? revision : undefined);
  if (commit !== undefined && snapshots.includes(commit)) return join(folder, "snapshots", commit);
  if (revision === "main" && snapshots.length === 1) return snapshotIn(folder) ?? join(folder, "snapshots", snapshots[0]);
  const word = revision === "main" ? id : `${id}@${revision}`;
  throw new CheckpointError(word, {
    expected: `a folder, a file, or a repository of the hub in ${settings.hubCache}`,
    found: snapshots.length > 0 ? `other revisions alone (${Object.keys(refs).join(", ") || snapshots.join(", ")})` : "none of these",
    fix: `run "veduta models pull ${word}"`,
  });
}

/** Files that are a checkpoint, a ControlNet, a LoRA or a textual inversion by themselves, the better first. */
const SINGLE = [/\.(safetensors|ckpt)$/, /\.(pth?|bin)$/] as const;

/** What of a snapshot is opened: the folder, or its only single file. */
export function placeInSnapshot(folder: string): string {
  const files = listFolder(folder);
  if (files.includes("model_index.json") || files.includes("config.json")) return folder;
  const single = SINGLE.map((pattern) => files.filter((name) => pattern.test(name))).find((found) => found.length > 0) ?? [];
  return single.length === 1 ? join(folder, single[0]) : folder;
}

/**
 * Where a word beside a checkpoint's lies: the path that it is, or OWNER/NAME[@REVISION] in the hub's cache. Another word stays as it is.
 * @throws CheckpointError for a repository that is not in the cache, with the command that pulls it
 */
export function placeBeside(word: string, settings: HubSettings): string {
  const repository = existsSync(word) ? undefined : repositoryName(word);
  return repository ? placeInSnapshot(cachedFolder(repository, settings)) : word;
}
