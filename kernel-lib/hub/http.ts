/**
 * @file Requests that end: redirects followed by hand (a token stays with its host), proxies from the environment, silence cut off, failures that
 * may pass tried again a few times. undici is loaded when the first request is made: Node's own fetch knows no proxies before Node 24.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Dispatcher } from "undici";
import { CheckpointError } from "../core/errors.js";

/** Options of `openHttp`. */
export interface HttpOptions {
  /** Milliseconds without a byte after which a connection counts as lost; default 30 000. */
  readonly silence?: number;
  /** Waits between tries; default the clock's. */
  readonly sleep?: (milliseconds: number) => Promise<unknown>;
  /** Told of each try that failed. */
  readonly onRetry?: (url: string, failed: string, milliseconds: number) => void;
}

/** A request. */
export interface Ask {
  readonly method: "GET" | "HEAD";
  readonly headers?: Readonly<Record<string, string>>;
  /** Goes to the address's own host alone. */
  readonly token?: string;
  /** A redirect that is the answer itself. */
  readonly stop?: (answer: Answer) => boolean;
}

/** A response. */
export interface Answer {
  readonly status: number;
  /** One header's value; "" where it is absent. */
  header(name: string): string;
  readonly body: Dispatcher.ResponseData["body"];
  /** Whether a redirect was followed to another host. */
  readonly elsewhere: boolean;
}

/** A try's result: done, or failed in a way that may pass. */
export type Try<T> = { readonly done: T } | { readonly failed: string; readonly wait?: number; readonly moved?: boolean };

/** An HTTP client. */
export interface Http {
  /** One answer, whatever its status, after redirects. @throws what the network does */
  ask(url: string, ask: Ask): Promise<Answer>;
  /** Tries until it is done. A try that moved on begins the count anew. @throws CheckpointError after the last */
  retry<T>(url: string, attempt: () => Promise<Try<T>>): Promise<T>;
  close(): Promise<void>;
}

/** Tries in a row without success; the waits between them are 1, 2, 4 and 8 s. */
const TRIES = 5;
/** A server that asks for more patience than this, in milliseconds, is told to the user. */
const MOST_PATIENCE = 120_000;
const MOST_REDIRECTS = 5;

/** Makes an HTTP client. */
export async function openHttp({ silence = 30_000, sleep = delay, onRetry }: HttpOptions = {}): Promise<Http> {
  const { EnvHttpProxyAgent, request } = await import("undici");
  const dispatcher = new EnvHttpProxyAgent({ headersTimeout: silence, bodyTimeout: silence, connect: { timeout: silence } });
  return {
    close: () => dispatcher.destroy(),

    async ask(url, { method, headers = {}, token, stop }) {
      let at = new URL(url);
      const home = at.origin;
      for (let hops = 0; ; hops++) {
        const authorization = token !== undefined && at.origin === home ? { authorization: `Bearer ${token}` } : {};
        const {
          statusCode: status,
          headers: received,
          body,
        } = await request(at, {
          dispatcher,
          method,
          headers: { "user-agent": "veduta", "accept-encoding": "identity", ...headers, ...authorization },
        });
        const header = (name: string) => String(received[name] ?? "");
        const answer: Answer = { status, header, body, elsewhere: at.origin !== home };
        if (![301, 302, 303, 307, 308].includes(status) || header("location") === "" || stop?.(answer)) return answer;
        await drop(answer);
        const next = new URL(header("location"), at);
        if (!/^https?:$/.test(next.protocol) || (at.protocol === "https:" && next.protocol === "http:"))
          throw new CheckpointError(url, { expected: "a redirect to https", found: next.href });
        if (hops === MOST_REDIRECTS) throw new CheckpointError(url, { expected: `at most ${MOST_REDIRECTS} redirects`, found: "more" });
        at = next;
      }
    },

    async retry(url, attempt) {
      for (let failures = 1; ; failures++) {
        const result = await attempt().catch((error: unknown) => ({ failed: networkReason(error) }));
        if ("done" in result) return result.done;
        if ("moved" in result && result.moved) failures = 1;
        const wait = ("wait" in result ? result.wait : undefined) ?? 1000 * 2 ** (failures - 1);
        if (failures >= TRIES || wait > MOST_PATIENCE)
          throw new CheckpointError(url, {
            expected: "the file",
            found:
              failures >= TRIES
                ? `${result.failed}, ${TRIES} times in a row`
                : `${result.failed}, try again in ${Math.ceil(wait / 60_000)} minutes`,
            fix: "what was downloaded so far is kept; the same command goes on from there",
          });
        onRetry?.(url, result.failed, wait);
        await sleep(wait);
      }
    },
  };
}

/** Lets go of an answer's body. */
export async function drop({ body }: Answer): Promise<void> {
  body.on("error", () => {});
  await body.dump().catch(() => {});
}

/**
 * What a status that is no success means: tried again where it may pass.
 * @throws CheckpointError for one that will not
 */
export async function refused(url: string, answer: Answer, page: string): Promise<{ failed: string; wait?: number }> {
  await drop(answer);
  const { status, header } = answer;
  const found = [`status ${status}`, header("x-error-message").slice(0, 200)].filter(Boolean).join(": ");
  const refuse = (fix: string): never => {
    throw new CheckpointError(url, { expected: "the file", found, fix });
  };
  const code = header("x-error-code"); // of the hub alone
  if (code === "GatedRepo")
    return refuse(`the repository is gated: accept its terms at ${page}, and set HF_TOKEN to a token of the account that did`);
  if (code === "RepoNotFound" || code === "RevisionNotFound") return refuse(NOT_FOUND[code](page));
  if (status === 401 || status === 403)
    return refuse(`the server wants to know who asks: set HF_TOKEN to a token of an account that has accepted the terms at ${page}`);
  if (status === 404 || status === 410)
    return refuse(`it is not there any more: look at ${page}, and name another copy in models/manifest.json`);
  if (status !== 408 && status !== 429 && status < 500) return refuse(`look at ${page}`);
  const after = header("retry-after");
  const wait = /^\d+$/.test(after) ? 1000 * Number(after) : Date.parse(after) - Date.now();
  return { failed: found, ...(after !== "" && wait >= 0 ? { wait } : {}) };
}

/** What the hub says where there is no such repository, or none that the asker may see: it tells the two apart for nobody who may not. */
export const NOT_FOUND: Readonly<Record<"RepoNotFound" | "RevisionNotFound", (page: string) => string>> = {
  RepoNotFound: (page) =>
    `there is no such repository, or it is private: look whether ${page} has that name; for a private one set HF_TOKEN to a token of an account that may read it`,
  RevisionNotFound: (page) => `the repository has no such revision: look at ${page}, and give a branch, a tag or a commit after the @`,
};

/** The network's own errors may pass; ours, and those of a certificate, will not. */
export function networkReason(error: unknown): string {
  const { code = "", message } = error as Error & { code?: string };
  if (code === "" || /^E(NOSPC|ACCES|PERM|ROFS|ISDIR|NOENT|LOOP|FBIG|DQUOT)$|CERT|SIGNED|TLS|VERIFY|INVALID/.test(code)) throw error;
  const words: Record<string, string> = {
    ENOTFOUND: "no such host",
    EAI_AGAIN: "no answer about the host's address",
    ECONNREFUSED: "nobody answers there",
    ECONNRESET: "the connection broke",
    UND_ERR_SOCKET: "the connection broke",
    UND_ERR_BODY_TIMEOUT: "silence",
    UND_ERR_HEADERS_TIMEOUT: "silence",
    UND_ERR_CONNECT_TIMEOUT: "no connection",
  };
  return words[code] ?? `${code} ${message}`;
}
