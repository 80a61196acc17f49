/** @file The actions of `veduta models list | pull | verify`. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { CheckpointError } from "../core/errors.js";
import { listFolder } from "../core/files.js";
import { readJson } from "../core/json.js";
import { bytesInWords } from "../core/words.js";
import { type CachedRepository, cachedRepositories } from "../hub/cached-repositories.js";
import { installed } from "../hub/installed.js";
import { findModel, type HubModel, type ManifestModel, type Precision, readManifest } from "../hub/manifest.js";
import { readPins } from "../hub/pins.js";
import { pullModel } from "../hub/pull.js";
import { pullRepository, type RepositoryPlan, repositoryModel } from "../hub/pull-repository.js";
import type { PullEvent } from "../hub/pulling.js";
import { type RepositoryName, repositoryName } from "../hub/repository-name.js";
import { type HubSettings, hubSettings } from "../hub/settings.js";
import { verifyModel } from "../hub/verify.js";
import { pipelines } from "../pipelines/pipelines.js";
import { createByteProgress, showPull } from "./byte-progress.js";
import { type CliDeps, UsageError } from "./command.js";

/** What the actions need. */
export type HubDeps = Pick<CliDeps, "stdout" | "stderr">;

/** One model of `veduta models list`. */
interface Listed {
  readonly name: string;
  /** its folder, if it is there whole */
  readonly folder?: string;
  readonly facts: readonly string[];
}

/** Lists the models that can be pulled, and what else lies in the cache. @param json as one JSON list, for scripts */
export function list({ json = false }: { readonly json?: boolean }, { stdout }: HubDeps): void {
  const settings = hubSettings();
  const manifest = readManifest();
  const ids = manifest.flatMap((model) => (model.kind === "hub" ? [model.id] : []));
  const all: readonly Listed[] = [
    ...manifest.map((model) => listed(model, settings)),
    ...cachedRepositories(settings).flatMap((repository) =>
      ids.includes(repository.id) ? [] : [{ name: repository.id, folder: repository.folder, facts: cachedFacts(repository) }],
    ),
  ];
  if (json) stdout.write(`${JSON.stringify(all, undefined, 2)}\n`);
  else for (const { name, facts } of all) stdout.write(`${name}\n${facts.map((fact) => `  ${fact}\n`).join("")}\n`);
}

function listed(model: ManifestModel, settings: HubSettings): Listed {
  const { complete, folder, files } = installed(model, settings);
  const onDisk = files.reduce((sum, { file }) => sum + (file ? statSync(file).size : 0), 0);
  const { fp32, fp16 } = model.bytes;
  const sizes = [...(fp32 ? [bytesInWords(fp32)] : []), ...(fp16 ? [`fp16 ${bytesInWords(fp16)}`] : [])].join(", ");
  const state = complete ? `pulled, ${bytesInWords(onDisk)}: ${folder}` : `not pulled; to download: about ${sizes}`;
  const facts = [model.title, state, ...sourceOf(model), ...licencesOf(model)];
  return { name: model.name, ...(complete && folder !== undefined ? { folder } : {}), facts };
}

/** What is said of a repository in the cache. */
function cachedFacts({ folder, snapshots, refs, bytes }: CachedRepository): readonly string[] {
  const places = snapshots.map((commit) => {
    const names = Object.keys(refs).filter((name) => refs[name] === commit);
    const snapshot = join(folder, "snapshots", commit);
    return `${names.join(", ") || "revision"} ${commit.slice(0, 12)}: ${holds(snapshot)}, in ${snapshot}`;
  });
  return [`in the cache, ${bytesInWords(bytes)}`, ...(places.length > 0 ? places : ["no snapshot; a download that was not finished"])];
}

/** What a snapshot is, by its first files. */
function holds(snapshot: string): string {
  const names = listFolder(snapshot).filter((name) => name !== "README.md");
  for (const file of ["model_index.json", "config.json"]) {
    if (!names.includes(file)) continue;
    try {
      const { _class_name: name, architectures } = readJson(join(snapshot, file));
      const kind = name ?? (Array.isArray(architectures) ? architectures[0] : undefined);
      if (typeof kind === "string") return kind;
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      return `${file} that cannot be read`; // one of them shall not hide the others
    }
  }
  return names.sort().slice(0, 4).join(", ") || "no files";
}

/** The flags of `veduta models pull`. */
export interface PullFlags {
  readonly precision: Precision;
  readonly file?: string;
}

/** Pulls a model and prints its folder. @throws UsageError for an unknown name or a precision that is not published */
export async function pull(name: string, { precision, file }: PullFlags, deps: HubDeps): Promise<void> {
  const { stdout, stderr } = deps;
  const repository = findModel(name) ? undefined : repositoryName(name);
  if (repository) return pullFromHub(repository, { precision, file }, deps);
  const model = modelOf(name);
  if (file !== undefined) throw new UsageError(`--file ${file}: ${name} is pulled whole; --file is for OWNER/NAME`);
  if (!model.bytes[precision]) throw new UsageError(`--precision ${precision}: ${name} is published only in fp32`);
  for (const fact of [...sourceOf(model), ...licencesOf(model)]) stderr.write(`${fact}\n`);
  const progress = createByteProgress(stderr);
  const folder = await pullModel(model, { precision, tell: (event) => showPull(progress, event) }).finally(progress.end);
  stdout.write(`${folder}\n`);
}

/** Pulls a repository and prints its folder. A pipeline that does not open here is refused before its files come. */
async function pullFromHub(name: RepositoryName, { precision, file }: PullFlags, { stdout, stderr }: HubDeps): Promise<void> {
  const progress = createByteProgress(stderr);
  const plan = ({ info, files, bytes }: RepositoryPlan): void => {
    const classes = pipelines().flatMap((pipeline) => pipeline.classes);
    if (info.className !== undefined && file === undefined && !classes.includes(info.className))
      throw new CheckpointError(name.id, {
        expected: `a pipeline that is supported: ${classes.join(", ")}`,
        found: info.className,
        fix: "--file PATH pulls one of its files all the same",
      });
    const size = bytes === undefined ? "" : `, ${bytesInWords(bytes)}`;
    const access = info.access === "public" ? "" : `, ${info.access}`;
    stderr.write(`from ${name.id} at ${info.commit.slice(0, 12)}${access}: ${files.length} files${size}\n`);
    stderr.write(`licence ${info.licence ?? "not said; see its page"}\n`);
  };
  const tell = (event: PullEvent) => showPull(progress, event);
  const folder = await pullRepository(name, { precision, file, plan, tell }).finally(progress.end);
  stdout.write(`${folder}\n`);
}

/** Hashes files and prints the result of each. @throws CheckpointError if one has changed */
export async function verify(name: string | undefined, { stdout }: HubDeps): Promise<void> {
  const settings = hubSettings();
  const named = readManifest().filter((model) => installed(model, settings).complete);
  const models = name === undefined ? [...named, ...pinnedRepositories(settings)] : [pinnedRepository(name, settings) ?? modelOf(name)];
  if (models.length === 0) stdout.write("Nothing has been pulled.\n");
  const wrong: string[] = [];
  for (const model of models)
    for await (const { path, state, file, expected, found } of verifyModel(model, settings)) {
      stdout.write(
        `${model.name} ${path}: ${state === "different" ? `different: expected ${expected}, found ${found}, in ${file}` : state}\n`,
      );
      if (state === "different" || state === "missing") wrong.push(`${model.name} ${path}`);
    }
  if (wrong.length > 0)
    throw new CheckpointError(name ?? "models", {
      expected: "every file unchanged since it was first pulled",
      found: `${wrong.length} changed: ${wrong.join(", ")}`,
      fix: "delete these files and pull the model again",
    });
}

/** The repositories that were pulled. */
const pinnedRepositories = (settings: HubSettings): readonly HubModel[] =>
  Object.entries(readPins(settings.ownCache)).flatMap(([pinned, { id, commit, files }]) =>
    id !== undefined && commit !== undefined && pinned.startsWith(id)
      ? [repositoryModel({ id, revision: commit, pinned }, Object.keys(files))]
      : [],
  );

const pinnedRepository = (name: string, settings: HubSettings): HubModel | undefined =>
  pinnedRepositories(settings).find((model) => model.name === repositoryName(name)?.pinned);

function modelOf(name: string): ManifestModel {
  const model = findModel(name);
  if (model) return model;
  throw new UsageError(
    `no model ${JSON.stringify(name)}; there are ${readManifest()
      .map((known) => known.name)
      .join(", ")}; or OWNER/NAME of the hub`,
  );
}

const sourceOf = (model: ManifestModel): string[] => {
  if (model.kind === "weights") return [`from ${model.file.url}`];
  if (model.kind === "lpips") return [`from ${model.backbone.url}`, `and  ${model.linear.url}`];
  return [`from ${model.id}${model.mirrorOf ? `, a mirror by others: its authors' ${model.mirrorOf} is gone` : ""}`];
};

const licencesOf = ({ licences }: ManifestModel): string[] =>
  licences.map(
    ({ name, url, uses }) => `licence ${name}${uses === "restricted" ? ", which restricts what it may be used for" : ""}: ${url}`,
  );
