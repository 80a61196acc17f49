/** What a network does to a download, and what comes of it. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, utimesSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { put, scratchFolder } from "../fixtures/checkpoint-folder.js";
import { noise, pull, repository, settingsIn } from "./fixtures.js";
import { COMMIT, type Hub, listen, type Misbehave, type Seen, sha256, startHub } from "./server.js";

let scratch: ReturnType<typeof scratchFolder>;
let hub: Hub;
beforeEach(async () => {
  scratch = scratchFolder();
  hub = await startHub({ files: repository() });
});
afterEach(async () => {
  await hub.close();
  scratch.remove();
});
const WEIGHTS = "unet/weights.safetensors";
const BYTES = repository()[WEIGHTS];
const blobs = () => join(scratch.path, "hf/hub/models--org--name/blobs");
const partial = () => join(blobs(), `${sha256(BYTES)}.incomplete`);
const weights = () => readFileSync(join(scratch.path, "hf/hub/models--org--name/snapshots", COMMIT, WEIGHTS));
const gets = () => hub.seen.filter(({ at, method }) => at === "store" && method === "GET");
const isData = ({ at, method }: Seen) => at === "store" && method === "GET";

/** Misbehaves towards the first `times` requests for the weights' bytes. */
const first =
  (times: number, how: (response: ServerResponse, bytes: Buffer, seen: Seen) => void): Misbehave =>
  (seen, response, bytes) => {
    if (!isData(seen) || times-- <= 0) return false;
    how(response, bytes, seen);
    return true;
  };
const whole = (bytes: Buffer) => ({ "content-length": String(bytes.length) });
const send = (response: ServerResponse, status: number, headers: Record<string, string>, bytes: Uint8Array) =>
  void response.writeHead(status, headers).write(bytes, () => response.destroy());

/** Passes, and the file is right in the end. */
const PASSING: readonly [string, Misbehave, { readonly ranges?: readonly (string | undefined)[]; readonly waits?: readonly number[] }][] = [
  [
    "a connection that drops three times is taken up where it broke",
    first(3, (response, bytes, { range }) => {
      const from = Number(/\d+/.exec(range ?? "0")?.[0]);
      send(
        response,
        range ? 206 : 200,
        range ? { "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` } : whole(bytes),
        bytes.subarray(from, from + 50_000),
      );
    }),
    { ranges: [undefined, "bytes=50000-", "bytes=100000-", "bytes=150000-"], waits: [1000, 2000, 4000] },
  ],
  [
    "a connection that falls silent is given up and taken up again",
    first(1, (response, bytes) => void response.writeHead(200, whole(bytes)).write(bytes.subarray(0, 40_000))),
    { ranges: [undefined, "bytes=40000-"], waits: [1000] },
  ],
  ["a server that never begins to answer is asked again", first(1, () => {}), { ranges: [undefined, undefined] }],
  [
    "status 500, 502 and 503 are tried again, later each time",
    first(3, (response) => void response.writeHead(503).end("busy")),
    { waits: [1000, 2000, 4000] },
  ],
  [
    "status 429 is tried again when it says",
    first(1, (response) => void response.writeHead(429, { "retry-after": "7" }).end()),
    { waits: [7000] },
  ],
  [
    "a body that ends before its Content-Length",
    first(1, (response, bytes) => send(response, 200, whole(bytes), bytes.subarray(0, 10))),
    { ranges: [undefined, "bytes=10-"] },
  ],
  [
    "a Content-Length that is too small",
    first(1, (response, bytes) => void response.writeHead(200, { "content-length": "1000" }).end(bytes.subarray(0, 1000))),
    { ranges: [undefined, undefined] },
  ],
  [
    "a Content-Length that is too large",
    first(1, (response, bytes) => send(response, 200, { "content-length": String(bytes.length + 1) }, bytes)),
    { ranges: [undefined, undefined] },
  ],
  ["no Content-Length at all", first(1, (response, bytes) => void response.writeHead(200).end(bytes)), { ranges: [undefined, undefined] }],
  [
    "packed bytes that nobody asked for",
    first(1, (response, bytes) => void response.writeHead(200, { ...whole(bytes), "content-encoding": "gzip" }).end(bytes)),
    { ranges: [undefined, undefined] },
  ],
  [
    "wrong bytes once",
    first(1, (response, bytes) => void response.writeHead(200, whole(bytes)).end(noise(bytes.length, 8))),
    { ranges: [undefined, undefined] },
  ],
];

describe("passes", () => {
  test.each(PASSING)("%s", async (_, misbehave, { ranges, waits }) => {
    hub.options.misbehave = misbehave;
    const told = await pull(settingsIn(scratch.path, hub));
    expect(weights().equals(BYTES)).toBe(true);
    if (ranges) expect(gets().map(({ range }) => range)).toEqual(ranges);
    if (waits) expect(told.waits).toEqual(waits);
    expect(readdirSync(blobs()).filter((name) => /incomplete|lock/.test(name))).toEqual([]);
  });
});

describe("a part that is there", () => {
  const here = (bytes: Uint8Array) => put(partial(), bytes);
  test.each<[string, Uint8Array, Misbehave | undefined, readonly (string | undefined)[]]>([
    ["is gone on with", BYTES.subarray(0, 123_456), undefined, ["bytes=123456-"]],
    ["that is whole is verified and not fetched again", BYTES, undefined, []],
    ["that is longer than the file is dropped", Buffer.concat([BYTES, BYTES]), undefined, [undefined]],
    ["that holds other bytes is found out in the end, and the file fetched anew", noise(1000, 7), undefined, ["bytes=1000-", undefined]],
    [
      "is dropped where the server sends all (200 for a Range)",
      BYTES.subarray(0, 1000),
      first(1, (response, bytes) => void response.writeHead(200, whole(bytes)).end(bytes)),
      ["bytes=1000-"],
    ],
    [
      "is dropped where the server knows no such place (416)",
      BYTES.subarray(0, 1000),
      first(1, (response) => void response.writeHead(416).end()),
      ["bytes=1000-", undefined],
    ],
    [
      "is not continued with bytes from elsewhere (a lie in Content-Range)",
      BYTES.subarray(0, 1000),
      first(
        1,
        (response, bytes) => void response.writeHead(206, { "content-range": `bytes 0-999/${bytes.length}` }).end(bytes.subarray(0, 1000)),
      ),
      ["bytes=1000-", "bytes=1000-"],
    ],
    [
      "is not continued where the file has another size now",
      BYTES.subarray(0, 1000),
      first(1, (response) => void response.writeHead(206, { "content-range": "bytes 1000-1999/2000" }).end(noise(1000))),
      ["bytes=1000-", "bytes=1000-"],
    ],
  ])("%s", async (_, bytes, misbehave, ranges) => {
    here(bytes);
    hub.options.misbehave = misbehave;
    await pull(settingsIn(scratch.path, hub));
    expect(weights().equals(BYTES)).toBe(true);
    expect(gets().map(({ range }) => range)).toEqual(ranges);
  });

  test("of a file that the hub itself sends goes on under If-Range, and begins anew where the etag is another by then", async () => {
    hub.options.files["model_index.json"] = noise(5000);
    let drops = 2;
    hub.options.misbehave = ({ at, method, path, range }, response, bytes) => {
      if (at !== "hub" || method !== "GET" || path !== "model_index.json" || drops-- <= 0) return false;
      if (!range) send(response, 200, whole(bytes), bytes.subarray(0, 1000));
      else response.writeHead(200, whole(bytes)).end(bytes); // as where If-Range does not match
      return true;
    };
    await pull(settingsIn(scratch.path, hub));
    const asked = hub.seen.filter(({ at, method, path }) => at === "hub" && method === "GET" && path === "model_index.json");
    expect(asked.map(({ range }) => range)).toEqual([undefined, "bytes=1000-"]);
    expect(asked[1].ifRange).toMatch(/^"[0-9a-f]{40}"$/);
    expect(gets().every(({ ifRange }) => ifRange === undefined)).toBe(true); // the store's etag is not the hub's
  });
});

describe("does not pass", () => {
  const failing = async (misbehave: Misbehave) => {
    hub.options.misbehave = misbehave;
    const error = await pull(settingsIn(scratch.path, hub)).then(
      () => undefined,
      (thrown: Error & { waits: number[] }) => thrown,
    );
    expect(existsSync(join(blobs(), sha256(BYTES)))).toBe(false);
    return error ?? expect.fail("the pull came through");
  };
  test.each<[string, number, Record<string, string>, RegExp]>([
    [
      "401",
      401,
      { "x-error-message": "Invalid credentials" },
      /status 401: Invalid credentials; .*set HF_TOKEN .* accepted the terms at http.*\/org\/name$/,
    ],
    ["403", 403, {}, /status 403; .*HF_TOKEN/],
    [
      "404",
      404,
      { "x-error-message": "Repository not found" },
      /status 404: Repository not found; it is not there any more: .*models\/manifest\.json/,
    ],
    ["400", 400, {}, /status 400; look at/],
    ["429 for ten minutes", 429, { "retry-after": "600" }, /status 429, try again in 10 minutes; what was downloaded so far is kept/],
  ])("status %s, at once", async (_, status, headers, answer) => {
    const { message, waits } = await failing((_seen, response) => Boolean(response.writeHead(status, headers).end()));
    expect(message).toMatch(answer);
    expect([waits, hub.seen.length]).toEqual([[], 1]);
  });

  test("status 500 five times in a row", async () => {
    const { message, waits } = await failing((_seen, response) => Boolean(response.writeHead(500).end()));
    expect(message).toMatch(/status 500, 5 times in a row/);
    expect([waits, hub.seen.length]).toEqual([[1000, 2000, 4000, 8000], 5]);
  });

  test("a date in Retry-After is understood", async () => {
    hub.options.misbehave = first(
      1,
      (response) => void response.writeHead(503, { "retry-after": new Date(Date.now() + 60_000).toUTCString() }).end(),
    );
    const [wait] = (await pull(settingsIn(scratch.path, hub))).waits;
    expect(wait).toBeGreaterThan(50_000);
    expect(wait).toBeLessThanOrEqual(60_000);
  });

  test("connections that always break keep what came, and the next pull goes on from there", async () => {
    const { message } = await failing(
      first(99, (response, bytes, { range }) => {
        const from = Number(/\d+/.exec(range ?? "0")?.[0]);
        send(
          response,
          range ? 206 : 200,
          range ? { "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` } : whole(bytes),
          bytes.subarray(from, from + 20_000),
        );
      }),
    );
    expect(message).toMatch(/5 times in a row; what was downloaded so far is kept/);
    expect(readFileSync(partial()).equals(BYTES.subarray(0, 100_000))).toBe(true);
    hub.options.misbehave = undefined;
    await pull(settingsIn(scratch.path, hub));
    expect(gets().at(-1)?.range).toBe("bytes=100000-");
    expect(weights().equals(BYTES)).toBe(true);
  });

  test("nobody there", async () => {
    await hub.close();
    await expect(pull(settingsIn(scratch.path, hub))).rejects.toThrow(/nobody answers there, 5 times in a row/);
  });

  test("redirects without end, and one to a place that is none", async () => {
    expect(
      (
        await failing(({ path }, response) =>
          Boolean(response.writeHead(302, { location: `${hub.url}/org/name/resolve/main/${path}` }).end()),
        )
      ).message,
    ).toMatch(/at most 5 redirects, found more/);
    expect(
      (await failing((_seen, response) => Boolean(response.writeHead(302, { location: "file:///etc/passwd" }).end()))).message,
    ).toMatch(/a redirect to https, found file:/);
  });

  test("another commit than the one that was asked for", async () => {
    hub.options.misbehave = ({ path }, response) =>
      path === WEIGHTS && Boolean(response.writeHead(200, { "x-repo-commit": "b".repeat(40), etag: '"abc"', "content-length": "3" }).end());
    await expect(pull(settingsIn(scratch.path, hub))).rejects.toThrow(/a hub's answer \(X-Repo-Commit a{40}/);
  });
});

describe("who learns what", () => {
  test("the token goes to the hub alone: not to the server that it redirects to", async () => {
    await pull(settingsIn(scratch.path, hub, { HF_TOKEN: "hf_secret" }));
    expect(hub.seen.filter(({ at }) => at === "hub").every(({ authorization }) => authorization === "Bearer hf_secret")).toBe(true);
    expect(gets().map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  test("a renamed repository is followed on the same hub, with the token", async () => {
    hub.options.misbehave = ({ at, path }, response) => {
      const renamed = at === "hub" && hub.seen.length === 1;
      return (
        renamed && Boolean(response.writeHead(307, { location: `/new/name/resolve/main/${path}`, "x-linked-etag": '"of-the-old"' }).end())
      );
    };
    await pull(settingsIn(scratch.path, hub, { HF_TOKEN: "hf_secret" }));
    expect(hub.seen.slice(0, 2).map(({ authorization }) => authorization)).toEqual(["Bearer hf_secret", "Bearer hf_secret"]);
  });

  test("a proxy of the environment is used, and NO_PROXY is respected", async () => {
    const asked: string[] = [];
    const proxy = createServer();
    proxy.on("connect", (request, socket) => {
      asked.push(request.url ?? "");
      const [host, port] = (request.url ?? "").split(":");
      const upstream = connect(Number(port), host, () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        upstream.pipe(socket).pipe(upstream);
      });
      for (const end of [upstream, socket]) end.on("error", () => upstream.destroy());
    });
    process.env.HTTP_PROXY = await listen(proxy);
    try {
      await pull(settingsIn(scratch.path, hub));
      expect(new Set(asked)).toEqual(new Set([hub.url, hub.store].map((url) => url.slice("http://".length))));
      expect(weights().equals(BYTES)).toBe(true);
      process.env.NO_PROXY = "127.0.0.1";
      const before = asked.length;
      await pull(settingsIn(join(scratch.path, "again"), hub));
      expect(asked).toHaveLength(before);
    } finally {
      for (const name of ["HTTP_PROXY", "NO_PROXY"]) delete process.env[name];
      proxy.closeAllConnections();
      proxy.close();
    }
  });
});

test("a lock that a process left behind is taken over, and one that is held is waited for", async () => {
  const lockOf = (folder: string) => join(folder, "hf/hub/models--org--name/blobs", `${sha256(BYTES)}.lock`);
  const waited = async (folder: string) => (await pull(settingsIn(folder, hub))).events.filter(({ kind }) => kind === "waiting").length;
  mkdirSync(lockOf(scratch.path), { recursive: true });
  utimesSync(lockOf(scratch.path), 0, 0); // not touched since 1970
  expect(await waited(scratch.path)).toBe(0);

  const other = join(scratch.path, "other");
  mkdirSync(lockOf(other), { recursive: true });
  setTimeout(() => rmdirSync(lockOf(other)), 250);
  expect(await waited(other)).toBe(1);
});
