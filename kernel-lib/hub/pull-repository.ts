/** @file Pulls any repository of the hub: asks what it holds, chooses the files that are needed, and brings them as `pullModel` does. */
import { CheckpointError } from "../core/errors.js";
import { anything, list, nullish, object, optional, readForm, text, whole } from "../core/forms.js";
import { parseJson } from "../core/json.js";
import { chooseFiles } from "./choose-files.js";
import { type Http, NOT_FOUND, openHttp, refused } from "./http.js";
import type { HubModel } from "./manifest.js";
import { plainPath } from "./paths.js";
import { pinsOf } from "./pins.js";
import { type PullOptions, pullModel } from "./pull.js";
import type { RepositoryName } from "./repository-name.js";
import { type HubSettings, hubSettings, hubToken } from "./settings.js";

/** What the hub says of a repository. */
export interface RepositoryInfo {
  readonly commit: string;
  readonly files: readonly { readonly path: string; readonly bytes: number | undefined }[];
  /** of its card, such as creativeml-openrail-m */
  readonly licence: string | undefined;
  /** the pipeline's class that its model_index.json names */
  readonly className: string | undefined;
  readonly access: "public" | "gated" | "private";
}

/** What is known before the first byte of a file comes. */
export interface RepositoryPlan {
  readonly info: RepositoryInfo;
  readonly files: readonly string[];
  /** in all, where the hub says it */
  readonly bytes: number | undefined;
}

/** Options of `pullRepository`. */
export interface PullRepositoryOptions extends PullOptions {
  /** one file of it alone */
  readonly file?: string;
  /** Told what is about to be pulled. @throws to stop the pull */
  readonly plan?: (plan: RepositoryPlan) => void;
}

/**
 * Pulls a repository into the hub's cache. Its commit and its files' sha256 are recorded the first time, and later pulls stay with them.
 * @returns its folder
 * @throws CheckpointError where it is missing, private or gated; where it holds nothing that opens; and as `pullModel`
 */
export async function pullRepository(name: RepositoryName, options: PullRepositoryOptions = {}): Promise<string> {
  const { precision = "fp32", settings = hubSettings(), file, plan } = options;
  const pins = pinsOf(settings.ownCache, name.pinned);
  let files = Object.keys(pins.files);
  if (settings.network === "allowed") {
    const info = await askRepository({ ...name, revision: pins.commit ?? name.revision }, settings, options.http);
    files = [
      ...chooseFiles(
        name.id,
        info.files.map(({ path }) => path),
        precision,
        file,
      ),
    ];
    const sizes = info.files.filter(({ path }) => files.includes(path)).map(({ bytes }) => bytes);
    const known = sizes.every((bytes): bytes is number => bytes !== undefined);
    plan?.({ info, files, bytes: known ? sizes.reduce((sum, bytes) => sum + bytes, 0) : undefined });
  } else if (files.length === 0)
    throw new CheckpointError(name.id, {
      expected: "its files",
      found: "none here, and HF_HUB_OFFLINE forbids to fetch them",
      fix: "unset it",
    });
  return pullModel(repositoryModel(name, files), options);
}

/** A repository as a model of the manifest: its own name, and these files. */
export const repositoryModel = ({ id, revision, pinned }: RepositoryName, files: readonly string[]): HubModel => ({
  kind: "hub",
  name: pinned,
  title: id,
  id,
  revision,
  use: "pictures",
  mirrorOf: undefined,
  licences: [],
  bytes: {},
  files: files.map((path) => ({ path: plainPath(id, path), fp16: undefined })),
});

const INFO = object({
  sha: text(/^[0-9a-f]{40}$/, "a commit's 40 digits"),
  siblings: list(object({ rfilename: text(/./), size: nullish(whole({ min: 0, max: 1e13 })) })),
  private: optional(anything),
  gated: optional(anything),
  cardData: optional(anything),
  config: optional(anything),
});

/** Asks the hub what a repository holds. @throws CheckpointError where it is missing or private, or has no such revision */
export async function askRepository(
  { id, revision }: Pick<RepositoryName, "id" | "revision">,
  settings: HubSettings,
  options?: PullOptions["http"],
): Promise<RepositoryInfo> {
  const page = `${settings.endpoint}/${id}`;
  const url = `${settings.endpoint}/api/models/${id}/revision/${encodeURIComponent(revision)}?blobs=true`;
  const token = hubToken(settings);
  const http: Http = await openHttp(options);
  try {
    const body = await http.retry(url, async () => {
      const answer = await http.ask(url, { method: "GET", token });
      const { status, header } = answer;
      if (status === 200) return { done: await answer.body.text() };
      // without a code, 401 is what the hub says of names that it does not show to the asker
      const unseen = status === 401 && header("x-error-code") === "" && !/credentials/i.test(header("x-error-message"));
      if (unseen || (status === 404 && header("x-error-code") === ""))
        throw new CheckpointError(url, { expected: "the repository", found: `status ${status}`, fix: NOT_FOUND.RepoNotFound(page) });
      return refused(url, answer, page);
    });
    return infoOf(url, body);
  } finally {
    await http.close();
  }
}

function infoOf(url: string, body: string): RepositoryInfo {
  const { sha, siblings, ...rest } = readForm(url, INFO, parseJson(url, body));
  const inner = (value: unknown, ...names: readonly string[]): unknown =>
    names.reduce<unknown>((at, name) => (typeof at === "object" && at !== null ? (at as Record<string, unknown>)[name] : undefined), value);
  const word = (value: unknown) => (typeof value === "string" ? value : undefined);
  return {
    commit: sha,
    files: siblings.map(({ rfilename, size }) => ({ path: rfilename, bytes: size ?? undefined })),
    licence: word(inner(rest.cardData, "license")),
    className: word(inner(rest.config, "diffusers", "_class_name")),
    access: rest.private === true ? "private" : rest.gated === "auto" || rest.gated === "manual" ? "gated" : "public",
  };
}
