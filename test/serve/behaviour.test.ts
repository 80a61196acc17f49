/** A server and its clients when things go wrong or many ask: tokens, turns, hang-ups, retries, aborts, starting and stopping. */
import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "undici";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { multiDiffusion } from "#kernel-lib/methods/joint/joint-methods.js";
import { openModel } from "#kernel-lib/pipelines/open-model.js";
import { type OpenFunctions, openFunctions } from "#kernel-lib/pipelines/serving/open-functions.js";
import { openRemote } from "#kernel-lib/pipelines/serving/open-remote.js";
import { openClient, type ServerClient } from "#kernel-lib/pipelines/serving/server-client.js";
import type { WireTensor } from "#kernel-lib/pipelines/serving/wire.js";
import { type ModelServer, serveModel } from "#kernel-lib/serve/serve-model.js";
import { tinyCheckpoint } from "../fixtures/tiny-checkpoint.js";
import { heldModel, SERVE } from "./servers.js";

const tiny = tinyCheckpoint();
let functions: OpenFunctions;
const open: { close(): Promise<unknown> }[] = [];
beforeAll(async () => {
  const opened = await openFunctions(tiny.path, { device: "cpu", threads: 1 });
  functions = { ...opened, close: async () => {} }; // servers come and go, the model stays
  open.push(opened);
});
afterEach(async () => {
  for (const one of open.splice(1).reverse()) await one.close();
});
afterAll(async () => {
  await open[0]?.close();
  tiny.remove();
});

async function serve(
  model: OpenFunctions | Promise<OpenFunctions>,
  options: Partial<Parameters<typeof serveModel>[1]> = {},
): Promise<ModelServer> {
  const server = await serveModel(Promise.resolve(model), { ...SERVE, ...options });
  open.push(server);
  await sleep(0);
  return server;
}

async function client(address: string, token?: string, waits: number[] = []): Promise<ServerClient> {
  const made = await openClient(address, { token, sleep: async (milliseconds) => void waits.push(milliseconds) });
  open.push(made);
  return made;
}

const latent: WireTensor = { name: "latent", datatype: "FP32", shape: [1, 4, 8, 8], data: new Float32Array(256) };
const decode = (by: ServerClient, signal?: AbortSignal) => by.infer("decode", [latent], { signal });
const until = async (fits: () => boolean): Promise<void> => {
  for (let k = 0; !fits() && k < 2000; k++) await sleep(5);
  expect(fits()).toBe(true);
};

describe("tokens", () => {
  test("without one of the file's, nothing but health is answered; the client says which variable has it", async () => {
    const { address } = await serve(functions, { tokens: ["first", "second"] });
    const pool = new Pool(address);
    open.push(pool);
    const status = async (path: string, authorization?: string) => {
      const answer = await pool.request({ path, method: "GET", headers: authorization ? { authorization } : {} });
      await answer.body.dump();
      return answer.statusCode;
    };
    expect(
      await Promise.all(["/v2", "/metrics", "/v2/models/noise", "/v2/health/live", "/v2/health/ready"].map((path) => status(path))),
    ).toEqual([...[401, 401, 401, 200, 200]]);
    expect([await status("/v2", "Bearer first"), await status("/v2", "Bearer firs"), await status("/v2", "Basic first")]).toEqual([
      200, 401, 401,
    ]);
    await expect(decode(await client(address, "third"))).rejects.toThrow(/401, the token is wrong; set VEDUTA_TOKEN to a token of/);
    await expect(openModel(address)).rejects.toThrow(/401, want Authorization: Bearer TOKEN; set VEDUTA_TOKEN/);
  });

  test("openModel sends VEDUTA_TOKEN", async () => {
    const { address } = await serve(functions, { tokens: ["first"] });
    process.env.VEDUTA_TOKEN = "first";
    try {
      open.push(await openModel(address));
    } finally {
      delete process.env.VEDUTA_TOKEN;
    }
  });
});

describe("turns on the wire", () => {
  test("a client with many calls waiting does not keep the others: by connection, and with several tokens by token", async () => {
    for (const tokens of [[], ["greedy", "modest"]] as const) {
      const held = heldModel(functions);
      const { address } = await serve(held.model, { tokens: [...tokens] });
      const order: string[] = [];
      const call = (name: string, by: ServerClient) => decode(by).then(() => void order.push(name));
      // with tokens the greedy one has four connections, and is one client all the same
      const greedy = await Promise.all([0, 1, 2, 3].map(() => client(address, tokens[0])));
      const calls = [call("greedy", greedy[0])];
      await until(() => held.running() === 1);
      const waiting = async (count: number) => {
        const text = async () =>
          (await (await fetch(`${address}/metrics`, { headers: { authorization: "Bearer greedy" } })).text()).match(
            /veduta_waiting (\d+)/,
          )?.[1];
        for (let k = 0; (await text()) !== String(count) && k < 500; k++) await sleep(5);
      };
      for (const [k, one] of greedy.slice(1).entries()) {
        calls.push(call("greedy", one));
        await waiting(k + 1);
      }
      calls.push(call("modest", await client(address, tokens[1])));
      await waiting(4);
      for (let k = 0; k < 5; k++) {
        held.release();
        await until(() => order.length === k + 1);
      }
      await Promise.all(calls);
      expect(order.indexOf("modest")).toBe(tokens.length > 0 ? 2 : 4); // the greedy one's second call had come before
    }
  });

  test("a client that hangs up loses its waiting call, and its running one ends", async () => {
    const held = heldModel(functions);
    const { address } = await serve(held.model);
    const [a, b, c] = await Promise.all([client(address), client(address), client(address)]);
    const gone = new AbortController();
    const runs = decode(a, gone.signal).catch((error: Error) => error.name);
    await until(() => held.running() === 1);
    const waits = decode(b, gone.signal).catch((error: Error) => error.name);
    await sleep(100);
    gone.abort();
    expect(await Promise.all([runs, waits])).toEqual(["AbortError", "AbortError"]);
    const other = decode(c);
    await sleep(100);
    expect(held.running()).toBe(1);
    held.release(); // of a, whose answer nobody reads
    await until(() => held.running() === 1); // c's: b's was dropped
    held.release();
    expect((await other)[0].shape).toEqual([1, 3, 16, 16]);
  });

  test("more waiting calls than allowed are refused with 429, which the client tries again", async () => {
    const held = heldModel(functions);
    const { address } = await serve(held.model, { maxWaiting: 1 });
    const [a, b] = [decode(await client(address)), decode(await client(address))];
    await until(() => held.running() === 1);
    await sleep(200);
    const waits: number[] = [];
    await expect(decode(await client(address, undefined, waits))).rejects.toThrow(
      /429, 1 calls are waiting; ask again later, 5 times in a row/,
    );
    expect(waits.length).toBe(4);
    held.release();
    await a;
    await until(() => held.running() === 1);
    held.release();
    await b;
  });
});

describe("retries", () => {
  test("five tries, after a quarter of a second, then twice as long each, and up to a quarter more", async () => {
    const server = await serve(functions);
    await server.close();
    const waits: number[] = [];
    const nobody = await client(server.address, undefined, waits);
    await expect(decode(nobody)).rejects.toThrow(
      `${server.address}: nobody answers there, 5 times in a row; is veduta serve running there, and is the port open?`,
    );
    expect(waits.map((wait, k) => wait >= 250 * 2 ** k && wait <= 312.5 * 2 ** k)).toEqual([true, true, true, true]);
  });

  test("a server that is being started answers 503 but for health, and is asked again", async () => {
    let opened: (model: OpenFunctions) => void = () => {};
    const opening = new Promise<OpenFunctions>((resolve) => {
      opened = resolve;
    });
    const { address } = await serve(opening);
    const status = async (path: string) => (await fetch(`${address}${path}`)).status;
    expect([await status("/v2/health/live"), await status("/v2/health/ready"), await status("/v2/models/noise")]).toEqual([200, 503, 503]);
    const made = await openClient(address, { sleep: async () => opened(functions) });
    open.push(made);
    expect((await decode(made))[0].name).toBe("image");
  });

  test("a server that stops ends the running call with its answer, and refuses what waits with 503", async () => {
    const held = heldModel(functions);
    const server = await serve(held.model);
    const runs = decode(await client(server.address));
    await until(() => held.running() === 1);
    const waits = decode(await client(server.address));
    const refused = expect(waits).rejects.toThrow(/503, the server is being stopped|nobody answers|broke/);
    await sleep(200);
    const closed = server.close();
    await sleep(50);
    held.release();
    expect((await runs)[0].shape).toEqual([1, 3, 16, 16]);
    await Promise.all([closed, refused]);
  });
});

describe("aborts", () => {
  test("a run's signal ends a call under way, without waiting for the server", async () => {
    const held = heldModel(functions);
    const { address } = await serve(held.model);
    const remote = await openRemote(address, {});
    open.push(remote);
    const stop = new AbortController();
    const text = { data: new Float32Array(2 * 16 * 8), shape: [2, 16, 8] };
    const run = multiDiffusion(remote, { text, steps: 2, seed: 1, width: 32, signal: stop.signal } as never);
    const step = run.next().then(
      () => "done",
      (error: Error) => error.name,
    );
    await until(() => held.running() === 1);
    stop.abort();
    expect(await step).toBe("AbortError");
    held.release();
  });

  test("a closed model says so, and its connection is closed, the server's others are not", async () => {
    const { address } = await serve(functions);
    const [remote, other] = [await openRemote(address, {}), await openRemote(address, {})];
    open.push(other);
    await remote.close();
    await remote.close();
    await expect(remote.decode({ data: new Float32Array(256), shape: [1, 4, 8, 8] })).rejects.toThrow(
      "decode: the model is closed; open it again",
    );
    expect((await other.decode({ data: new Float32Array(256), shape: [1, 4, 8, 8] })).shape).toEqual([1, 3, 16, 16]);
  });
});

describe("addresses and options", () => {
  test.each([
    [
      "http://user:secret@gpu:8000",
      {},
      /^openModel: got an address of gpu:8000 with a name or a password, want it without; VEDUTA_TOKEN has the token$/,
    ],
    ["http://gpu:8000?x=1", {}, /want one without a query and a fragment$/],
    ["http://gpu:99999", {}, /want one such as http:\/\/gpu:8000$/],
    ["http://gpu:8000", { device: "cpu" }, /^device: the server of http:\/\/gpu:8000 has chosen it; leave the option out$/],
    ["http://gpu:8000", { lora: "a.safetensors" }, /^lora: the server of /],
  ] as const)("%s with %o is refused before anything is sent", async (url, options, says) => {
    await expect(openModel(url, options)).rejects.toThrow(says);
  });

  test("something else that answers HTTP is no model", async () => {
    const { createServer } = await import("node:http");
    const page = createServer((_, response) => response.end("<h1>hello</h1>"));
    await new Promise<void>((resolve) => page.listen(0, "127.0.0.1", resolve));
    open.push({ close: () => new Promise((resolve) => page.close(resolve)) });
    const { port } = page.address() as { port: number };
    await expect(openModel(`http://127.0.0.1:${port}`)).rejects.toThrow(/got "<h1>hello<\/h1>", want JSON of the Open Inference Protocol/);
  });
});
