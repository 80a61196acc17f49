/**
 * A hub on this machine, as huggingface.co answers: /ORG/NAME/resolve/REVISION/PATH, small files itself with git's sha1 as ETag, large ones as a redirect
 * to a second server with X-Linked-Etag and X-Linked-Size; /api/models/ORG/NAME/revision/REVISION lists the files. Both can be told to misbehave, and keep a record of what they were asked and what they sent.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export const COMMIT = "a".repeat(40);
export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
export const gitSha1 = (bytes: Uint8Array): string => createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");

export interface Seen {
  readonly at: "hub" | "store";
  readonly method: string;
  /** Path within the repository; of the store, the file's too. */
  readonly path: string;
  readonly revision: string;
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
  readonly authorization: string | undefined;
}

/** Takes a request over from the server: true where it has answered, or will. */
export type Misbehave = (seen: Seen, response: ServerResponse, bytes: Buffer) => boolean;

export interface HubOptions {
  /** Content by path; those that end in .safetensors are in large file storage. */
  readonly files: Record<string, Uint8Array>;
  /** what the hub says of the repository beside its files; default nothing */
  info?: Readonly<Record<string, unknown>>;
  /** default it behaves */
  misbehave?: Misbehave;
}

export interface Hub {
  readonly url: string;
  readonly store: string;
  readonly seen: Seen[];
  /** May be changed between requests. */
  readonly options: HubOptions;
  /** Bytes of content that were handed to the network. */
  sent(): number;
  close(): Promise<void>;
}

export async function startHub(options: HubOptions): Promise<Hub> {
  const seen: Seen[] = [];
  let sent = 0;
  const note = (at: Seen["at"], request: IncomingMessage, revision: string, path: string): Seen => {
    const { range, authorization } = request.headers;
    const entry = { at, method: request.method ?? "", path, revision, range, ifRange: request.headers["if-range"], authorization };
    seen.push({ ...entry, ifRange: entry.ifRange === undefined ? undefined : String(entry.ifRange) });
    return seen[seen.length - 1];
  };
  const send = (entry: Seen, response: ServerResponse, bytes: Buffer, headers: Record<string, string>) => {
    const from = Number(/^bytes=(\d+)-$/.exec(entry.range ?? "")?.[1] ?? 0);
    const asked = entry.range !== undefined && (entry.ifRange === undefined || entry.ifRange === headers.etag);
    if (asked && from >= bytes.length) {
      response.writeHead(416, { "content-range": `bytes */${bytes.length}` }).end();
      return;
    }
    const part = asked ? bytes.subarray(from) : bytes;
    const place: Record<string, string> = asked ? { "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` } : {};
    response.writeHead(asked ? 206 : 200, { ...headers, ...place, "content-length": String(part.length) });
    if (entry.method === "HEAD") return void response.end();
    sent += part.length;
    response.end(part);
  };

  const store = createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? "").slice(1));
    const entry = note("store", request, "", path);
    const bytes = Buffer.from(options.files[path] ?? []);
    if (!(path in options.files)) return void response.writeHead(404).end();
    if (options.misbehave?.(entry, response, bytes)) return;
    send(entry, response, bytes, { etag: '"of-the-store"' });
  });
  const storeUrl = await listen(store);

  const hub = createServer((request, response) => {
    const asked = /^\/api\/models\/([\w.-]+\/[\w.-]+)\/revision\/([^/?]+)(\?blobs=true)?$/.exec(request.url ?? "");
    if (asked) {
      const entry = note("hub", request, decodeURIComponent(asked[2]), "api");
      if (options.misbehave?.(entry, response, Buffer.alloc(0))) return;
      const siblings = Object.entries(options.files).map(([rfilename, bytes]) => ({ rfilename, size: bytes.length }));
      const body = { id: asked[1], sha: COMMIT, private: false, gated: false, siblings, ...options.info };
      return void response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
    }
    const match = /^\/[\w.-]+\/[\w.-]+\/resolve\/([^/]+)\/(.+)$/.exec(decodeURI(request.url ?? ""));
    const [, revision = "", path = ""] = match ?? [];
    const entry = note("hub", request, revision, path);
    const bytes = Buffer.from(options.files[path] ?? []);
    if (options.misbehave?.(entry, response, bytes)) return;
    if (!(path in options.files))
      return void response.writeHead(404, { "x-error-code": "EntryNotFound", "x-error-message": "Entry not found" }).end();
    const headers = { "x-repo-commit": COMMIT };
    if (!path.endsWith(".safetensors")) return send(entry, response, bytes, { ...headers, etag: `"${gitSha1(bytes)}"` });
    response
      .writeHead(302, {
        ...headers,
        location: `${storeUrl}/${path}`,
        "x-linked-etag": `"${sha256(bytes)}"`,
        "x-linked-size": String(bytes.length),
      })
      .end();
  });
  const url = await listen(hub);
  return {
    url,
    store: storeUrl,
    seen,
    options,
    sent: () => sent,
    close: async () => {
      for (const server of [hub, store]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}

export async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
