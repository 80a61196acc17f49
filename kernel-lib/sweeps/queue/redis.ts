/** @file Connections to the Redis of a queue. ioredis is loaded with the first one. */
import type { Redis } from "ioredis";

/** A queue's Redis does not answer, or refuses. The message names it without its password. */
export class QueueError extends Error {
  override name = "QueueError";
}

/** Milliseconds that the first connection may take. */
const PATIENCE = 10_000;
/** Milliseconds between two tries. */
const RETRY_APART = { first: 200, most: 2000 };

/** An address that may be shown: without its password. */
export function shownUrl(url: string): string {
  const { protocol, username, host, pathname } = parsed(url);
  return `${protocol}//${username === "" ? "" : `${username}@`}${host}${pathname === "/" ? "" : pathname}`;
}

/** @throws RangeError for an address that is none of a Redis; the address is not repeated, since it may hold a password */
function parsed(url: string): URL {
  const found = URL.canParse(url) ? new URL(url) : undefined;
  if (found === undefined || !["redis:", "rediss:"].includes(found.protocol) || found.host === "")
    throw new RangeError("--queue: got no address of a Redis, want redis://HOST, redis://USER:PASSWORD@HOST:6379/0, or rediss:// with TLS");
  return found;
}

/**
 * Connects. Later the connection comes back by itself: a Redis that is away is waited for, and `say` is told once each time.
 * @throws RangeError for an address that is none; QueueError where no Redis answers within 10 s
 */
export async function connectRedis(url: string, say: (text: string) => void): Promise<Redis> {
  const shown = shownUrl(url);
  const { Redis } = await import("ioredis");
  const connection = new Redis(url, {
    maxRetriesPerRequest: null, // BullMQ asks for it
    lazyConnect: true,
    retryStrategy: (tries) => Math.min(RETRY_APART.most, tries * RETRY_APART.first),
  });
  let reason = "no answer";
  let state: "new" | "here" | "away" = "new";
  connection.on("error", (error: Error) => {
    reason = reasonIn(error);
  });
  connection.on("reconnecting", () => {
    if (state !== "here") return;
    state = "away";
    say(`${shown} is away; it is waited for`);
  });
  connection.on("ready", () => {
    if (state === "away") say(`${shown} is back`);
    state = "here";
  });
  await new Promise<void>((resolve, reject) => {
    const give = (why: string) => {
      connection.disconnect();
      reject(new QueueError(why));
    };
    const late = setTimeout(
      () =>
        give(`${shown}: ${reason}, for ${PATIENCE / 1000} s; is redis-server running, and does it listen there (bind, protected-mode)?`),
      PATIENCE,
    );
    connection.once("ready", resolve);
    connection.on("error", (error: Error) => {
      if (state === "new" && /NOAUTH|WRONGPASS|NOPERM/.test(error.message))
        give(`${shown}: ${error.message}; is the user's password right?`);
    });
    connection.connect().catch(() => {}); // told by "error", and tried again
    connection.once("ready", () => clearTimeout(late));
    connection.once("end", () => clearTimeout(late));
  });
  return connection;
}

const reasonIn = (error: Error): string => {
  const { errors } = error as { readonly errors?: readonly Error[] }; // of a name with several addresses
  return error.message || errors?.map(({ message }) => message).join("; ") || error.name;
};

/** What of a Redis' settings is not as a queue wants it: a line for each, with what to set. */
export async function settingNotes(connection: Redis): Promise<readonly string[]> {
  const info = await connection.info();
  const of = (name: string): string => new RegExp(`^${name}:(.*?)\r?$`, "m").exec(info)?.[1] ?? "";
  const [major, minor] = of("redis_version").split(".").map(Number);
  const policy = of("maxmemory_policy");
  return [
    ...(major < 6 || (major === 6 && minor < 2) ? [`Redis ${of("redis_version")}: want 6.2 or later`] : []),
    ...(policy === "" || policy === "noeviction"
      ? []
      : [`Redis may drop waiting runs when its memory is full (${policy}): want "maxmemory-policy noeviction"`]),
    ...(of("aof_enabled") === "0"
      ? ['Redis forgets the queue when it restarts; a restart costs a look at the folder, no run. "appendonly yes" keeps it']
      : []),
  ];
}
