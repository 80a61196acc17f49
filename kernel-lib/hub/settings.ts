/** @file Where checkpoints from elsewhere are kept and asked for: the variables that Python's huggingface_hub reads, and our own. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { CheckpointError } from "../core/errors.js";
import { readText } from "../core/files.js";

/** Where checkpoints are kept and asked for. */
export interface HubSettings {
  /** The hub's cache, shared with Python's tools: models--org--name/{blobs,refs,snapshots}. */
  readonly hubCache: string;
  /** Ours: the lock file, and models that are not on the hub. */
  readonly ownCache: string;
  /** The hub, or a mirror of it. */
  readonly endpoint: string;
  /** Where Python's tools keep the user's token. */
  readonly tokenFile: string;
  readonly token: string | undefined;
  readonly network: "allowed" | "offline";
}

/**
 * HF_HOME, HF_HUB_CACHE, HF_ENDPOINT, HF_TOKEN, HF_TOKEN_PATH, HF_HUB_OFFLINE as huggingface_hub's constants.py reads them; VEDUTA_CACHE, else
 * $XDG_CACHE_HOME/veduta, else ~/.cache/veduta.
 */
export function hubSettings(env: Readonly<Record<string, string | undefined>> = process.env): HubSettings {
  const set = (...names: readonly string[]): string | undefined => names.map((name) => env[name]?.trim()).find(Boolean);
  const home = (path: string): string => (/^~(?=[/\\]|$)/.test(path) ? join(homedir(), path.slice(1)) : path);
  const caches = set("XDG_CACHE_HOME") ?? join(homedir(), ".cache");
  const hfHome = home(set("HF_HOME") ?? join(caches, "huggingface"));
  const endpoint = (set("HF_ENDPOINT") ?? "https://huggingface.co").replace(/\/+$/, "");
  if (!/^https?:\/\/[^/\s]/.test(endpoint)) throw new CheckpointError("HF_ENDPOINT", { expected: "an http(s) address", found: endpoint });
  return {
    hubCache: home(set("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE") ?? join(hfHome, "hub")),
    ownCache: home(set("VEDUTA_CACHE") ?? join(caches, "veduta")),
    endpoint,
    token: set("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"),
    tokenFile: home(set("HF_TOKEN_PATH") ?? join(hfHome, "token")),
    network: /^(1|on|yes|true)$/i.test(set("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE") ?? "") ? "offline" : "allowed",
  };
}

/** The user's token for the hub, from HF_TOKEN or the file that `hf auth login` writes. @throws CheckpointError where it is no token */
export function hubToken({ token, tokenFile }: HubSettings): string | undefined {
  const found = token ?? (existsSync(tokenFile) ? readText(tokenFile, { maxBytes: 4096 }).trim() : "");
  if (!/^[\x21-\x7e]*$/.test(found))
    throw new CheckpointError(token ? "HF_TOKEN" : tokenFile, { expected: "a token", found: "other text" });
  return found === "" ? undefined : found;
}
