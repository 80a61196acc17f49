/** @file Brings a model's files here, each verified; what is here already is verified and kept. */
import { CheckpointError } from "../core/errors.js";
import { fileExists } from "../core/files.js";
import { download } from "./download.js";
import { withFileLock } from "./file-lock.js";
import { digestOfEtag } from "./hashing.js";
import { drop, type Http, type HttpOptions, openHttp, refused } from "./http.js";
import { type HubCache, hubCache } from "./hub-cache.js";
import { checkFile, commitOf } from "./installed.js";
import type { HubModel, ManifestModel, Precision } from "./manifest.js";
import { differs, isCommit, pin, pinsOf } from "./pins.js";
import { pullLpips } from "./pull-lpips.js";
import { pullWeights } from "./pull-weights.js";
import type { PullEvent, Pulling } from "./pulling.js";
import { type HubSettings, hubSettings, hubToken } from "./settings.js";

/** Options of `pullModel`. */
export interface PullOptions {
  /** default fp32 */
  readonly precision?: Precision;
  /** default what the environment says */
  readonly settings?: HubSettings;
  /** default no listener */
  readonly tell?: (event: PullEvent) => void;
  readonly http?: Pick<HttpOptions, "silence" | "sleep">;
}

/**
 * Pulls a model: from where it is published into the hub's cache (LPIPS: converted, into ours). Its files' sha256 are recorded the first time and
 * compared every other time.
 * @returns its folder
 * @throws CheckpointError where a server refuses, a file is not what it was or says, or the cache is not as it should be
 */
export async function pullModel(model: ManifestModel, options: PullOptions = {}): Promise<string> {
  const { precision = "fp32", settings = hubSettings(), tell = () => {} } = options;
  let http: Promise<Http> | undefined;
  const pulling: Pulling = {
    settings,
    tell,
    pins: pinsOf(settings.ownCache, model.name),
    online(path) {
      if (settings.network === "offline")
        throw new CheckpointError(path, {
          expected: "the file",
          found: "no such file, and HF_HUB_OFFLINE forbids to fetch it",
          fix: "unset it",
        });
      const onRetry: HttpOptions["onRetry"] = (url, failed, milliseconds) => tell({ kind: "retry", url, failed, milliseconds });
      http ??= openHttp({ ...options.http, onRetry });
      return http;
    },
  };
  try {
    if (model.kind === "weights") return await pullWeights(model, pulling);
    return model.kind === "lpips" ? await pullLpips(model, pulling) : await pullHub(model, precision, pulling);
  } finally {
    await (await http)?.close();
  }
}

async function pullHub(model: HubModel, precision: Precision, pulling: Pulling): Promise<string> {
  const { settings, pins, tell } = pulling;
  const cache = hubCache(settings.hubCache, model.id);
  let commit = commitOf(model, cache, pins);
  for (const choice of model.files) {
    const path = (precision === "fp16" ? choice.fp16 : undefined) ?? choice.path;
    const file = commit === undefined ? undefined : cache.file(commit, path);
    let sha256: string;
    if (file !== undefined) {
      sha256 = await checkFile(model, settings, pins, { path, file });
      tell({ kind: "here", path, how: "kept" });
    } else {
      const remote = await lookUp(model, commit, path, pulling);
      commit = remote.commit;
      sha256 = await fetchBlob(model, cache, remote, path, pulling);
      cache.place(commit, path, cache.blob(remote.etag));
      if (!cache.commitOf(model.revision)) cache.keepCommit(model.revision, commit);
    }
    await pin(settings.ownCache, model.name, { id: model.id, commit, files: { [path]: sha256 } });
  }
  return cache.snapshot(commit ?? model.revision);
}

/** What the hub says of a file before it is sent. */
interface Remote {
  readonly url: string;
  readonly page: string;
  readonly token: string | undefined;
  readonly commit: string;
  readonly etag: string;
  readonly bytes: number;
  /** Whether the etag is that of the very server which sends the file. */
  readonly resumable: boolean;
}

// Large files are redirected to where they are stored; the hub's own answer names commit, content and size.
async function lookUp(model: HubModel, commit: string | undefined, path: string, { settings, online }: Pulling): Promise<Remote> {
  const [revision, ...names] = [commit ?? model.revision, ...path.split("/")].map(encodeURIComponent);
  const url = `${settings.endpoint}/${model.id}/resolve/${revision}/${names.join("/")}`;
  const page = `${settings.endpoint}/${model.id}`;
  const token = hubToken(settings);
  const http = await online(path);
  return http.retry(url, async () => {
    const named = ["x-repo-commit", "x-linked-etag", "x-linked-size"];
    const answer = await http.ask(url, { method: "HEAD", token, stop: ({ header }) => named.every((name) => header(name) !== "") });
    const { status, header } = answer;
    if (status >= 400) return refused(url, answer, page);
    await drop(answer);
    const quoted = header("x-linked-etag") || header("etag");
    const said = {
      commit: header("x-repo-commit"),
      etag: quoted.replace(/^W\//, "").replaceAll('"', ""),
      size: header("x-linked-size") || (status === 200 ? header("content-length") : ""),
    };
    if (!isCommit(said.commit) || said.etag === "" || !/^\d+$/.test(said.size) || (commit !== undefined && commit !== said.commit))
      throw new CheckpointError(url, {
        expected: `a hub's answer (X-Repo-Commit${commit ? ` ${commit}` : ""}, ETag, size)`,
        found: JSON.stringify(said),
        fix: `see whether ${settings.endpoint} is a hub, or a mirror of one`,
      });
    const resumable = status === 200 && !answer.elsewhere && quoted.startsWith('"');
    return { done: { url, page, token, commit: said.commit, etag: said.etag, bytes: Number(said.size), resumable } };
  });
}

/** The file's content in the cache's blobs; its sha256. */
async function fetchBlob(model: HubModel, cache: HubCache, remote: Remote, path: string, pulling: Pulling): Promise<string> {
  const { settings, pins, tell } = pulling;
  const { url, page, token, bytes, etag } = remote;
  const blob = cache.blob(etag);
  const [pinned, said] = [pins.files[path], digestOfEtag(etag)];
  if (pinned && said?.kind === "sha256" && said.hex !== pinned)
    throw differs(settings.ownCache, model.name, url, pinned, said.hex, `it has changed where it is published: look at ${page}`);
  const http = await pulling.online(path);
  return withFileLock(
    `${blob}.lock`,
    async () => {
      if (fileExists(blob)) {
        const sha256 = await checkFile(model, settings, pins, { path, file: blob });
        tell({ kind: "here", path, how: "kept" });
        return sha256;
      }
      const sha256 = await download(http, {
        url,
        page,
        token,
        bytes,
        target: blob,
        partial: `${blob}.incomplete`,
        digest: pinned ? { kind: "sha256", hex: pinned } : said,
        etag: remote.resumable ? etag : undefined,
        onBytes: (have) => tell({ kind: "bytes", path, have, bytes }),
      });
      tell({ kind: "here", path, how: "downloaded" });
      return sha256;
    },
    () => tell({ kind: "waiting", path }),
  );
}
