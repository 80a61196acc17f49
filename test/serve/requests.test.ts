/** Requests to `veduta serve`: the protocol's paths, and an answer that says what is wrong with each bad one, 10,000 spoiled ones among them. */

import { Pool } from "undici";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRng } from "#kernel-lib/core/random.js";
import { binaryMessage, HEAD_LENGTH, type WireTensor } from "#kernel-lib/pipelines/serving/wire.js";
import type { ModelServer } from "#kernel-lib/serve/serve-model.js";
import { tinyCheckpoint } from "../fixtures/tiny-checkpoint.js";
import { serveTiny } from "./servers.js";

const tiny = tinyCheckpoint();
let server: ModelServer;
let pool: Pool;
beforeAll(async () => {
  server = await serveTiny(tiny.path);
  pool = new Pool(server.address, { connections: 4 });
});
afterAll(async () => {
  await pool?.destroy();
  await server?.close();
  tiny.remove();
});

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, unknown>>;
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

async function ask(path: string, body?: Uint8Array | string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const asked = await pool.request({ path, method: body === undefined ? "GET" : "POST", headers, body: body as string | undefined });
  return { status: asked.statusCode, body: parsed(await asked.body.text()), headers: asked.headers };
}

const INFER = "/v2/models/decode/infer";
const latent = (data = new Float32Array(256).fill(0.1), shape = [1, 4, 8, 8]): WireTensor => ({
  name: "latent",
  datatype: "FP32",
  shape,
  data,
});
const numbers = (shape: readonly number[], datatype: "FP32" | "INT32" = "FP32"): WireTensor["data"] =>
  new (datatype === "FP32" ? Float32Array : Int32Array)(shape.reduce((a, b) => a * b, 1));
const tensor = (name: string, shape: readonly number[], datatype: "FP32" | "INT32" = "FP32"): WireTensor => ({
  ...{ name, datatype, shape, data: numbers(shape, datatype) },
});
const binary = (tensors: readonly WireTensor[], rest: object = {}): readonly [Buffer, Record<string, string>] => {
  const { parts, headLength } = binaryMessage("inputs", tensors, rest);
  return [Buffer.concat(parts), { [HEAD_LENGTH]: String(headLength) }];
};
const guided = () => [
  ...[tensor("latent", [2, 4, 8, 8]), tensor("timestep", [1]), tensor("text", [2, 16, 8])],
  ...["guidance", "alpha", "sigma"].map((name) => tensor(name, [1])),
];

describe("the protocol", () => {
  test("server, health, metadata, configuration and metrics", async () => {
    expect((await ask("/v2")).body).toEqual({
      name: "veduta",
      version: "0.0.0",
      extensions: ["binary_tensor_data", "model_configuration"],
    });
    for (const path of ["/v2/health/live", "/v2/health/ready", "/v2/models/noise/ready", "/v2/models/noise/versions/1/ready"])
      expect((await ask(path)).status, path).toBe(200);
    expect((await ask("/v2/models/decode")).body).toEqual({
      ...{ name: "decode", versions: ["1"], platform: "veduta" },
      inputs: [{ name: "latent", datatype: "FP32", shape: [-1, 4, -1, -1] }],
      outputs: [{ name: "image", datatype: "FP32", shape: [-1, 3, -1, -1] }],
    });
    const { body } = await ask("/v2/models/noise/config");
    expect(body).toMatchObject({
      name: "noise",
      max_batch_size: 0,
      parameters: { device: { string_value: "cpu" }, context: { string_value: "16" } },
    });
    const { body: text, headers } = await ask("/metrics");
    expect(headers["content-type"]).toBe("text/plain; version=0.0.4");
    expect(text).toMatch(/^# HELP veduta_requests_total .*\n# TYPE veduta_requests_total counter\n/);
    expect(text).toMatch(/\nveduta_waiting 0\n/);
    expect(text).toMatch(/\nprocess_resident_memory_bytes \d{7,}\n$/);
  });

  test("tensors in JSON, nested or flat, and answers in either form give the same numbers; the id comes back", async () => {
    const data = [...latent().data];
    const nested = [Array.from({ length: 4 }, () => Array.from({ length: 8 }, () => Array<number>(8).fill(data[0])))];
    const outputs: number[][] = [];
    for (const each of [data, nested]) {
      const { status, body } = await ask(INFER, JSON.stringify({ id: "7", inputs: [{ ...latent(), data: each }] }));
      const { id, outputs: list } = body as { id: string; outputs: { data: number[]; shape: number[] }[] };
      expect([status, id, list[0].shape]).toEqual([200, "7", [1, 3, 16, 16]]);
      outputs.push(list[0].data);
    }
    const [bytes, headers] = binary([latent()], { outputs: [{ name: "image", parameters: { binary_data: true } }] });
    const answer = await pool.request({ path: INFER, method: "POST", headers, body: bytes });
    const whole = Buffer.from(await answer.body.arrayBuffer());
    const floats = new Float32Array(Uint8Array.from(whole.subarray(Number(answer.headers[HEAD_LENGTH]))).buffer);
    for (const each of outputs) expect(Float32Array.from(each)).toEqual(floats);
  });

  test("one answer may have outputs in both forms, and those alone that were asked for", async () => {
    const [bytes, headers] = binary([...guided(), tensor("anchor", [1, 3, 16, 16])], {
      outputs: [{ name: "gradient", parameters: { binary_data: true } }, { name: "loss" }],
    });
    const answer = await pool.request({ path: "/v2/models/gradient/infer", method: "POST", headers, body: bytes });
    const whole = Buffer.from(await answer.body.arrayBuffer());
    const head = JSON.parse(whole.subarray(0, Number(answer.headers[HEAD_LENGTH])).toString());
    expect(head.outputs).toMatchObject([
      { name: "gradient", parameters: { binary_data_size: 2048 } },
      { name: "loss", shape: [2] },
    ]);
    expect([head.outputs[1].data.length, whole.length - Number(answer.headers[HEAD_LENGTH])]).toEqual([2, 2048]);
  });

  test("NaN passes: the run names it", async () => {
    const [bytes, headers] = binary([latent(new Float32Array(256).fill(Number.NaN))]);
    expect((await ask(INFER, bytes, headers)).status).toBe(200);
  });
});

const withHead = (headLength: string, length?: string) => ({ [HEAD_LENGTH]: headLength, ...(length && { "content-length": length }) });

describe("bad requests", () => {
  const cases: readonly [
    what: string,
    path: string,
    body: readonly [Uint8Array | string, Record<string, string>?],
    status: number,
    says: RegExp,
  ][] = [
    ["no such path", "/v3", ["{}"], 404, /^no such path: \/v3$/],
    ["an unknown model", "/v2/models/nope/infer", ["{}"], 404, /^Request for unknown model: 'nope' is not found$/],
    ["another version", "/v2/models/decode/versions/2/infer", ["{}"], 404, /^no such path/],
    ["not JSON", INFER, ["{inputs"], 400, /^failed to parse the request JSON buffer: /],
    ["JSON that is no object", INFER, ["[1]"], 400, /want an object$/],
    ["no inputs", INFER, ["{}"], 400, /^Unable to parse 'inputs'/],
    ["an unknown input", INFER, binary([tensor("later", [1])]), 400, /^unexpected inference input 'later' for model 'decode'$/],
    ["an input twice", INFER, binary([latent(), latent()]), 400, /^input 'latent' already exists in request$/],
    [
      "a missing input",
      "/v2/models/noise/infer",
      binary(guided().slice(1)),
      400,
      /^expected 6 inputs but got 5 inputs for model 'noise'\. .*\['latent'\]$/,
    ],
    [
      "another type",
      INFER,
      binary([tensor("latent", [1, 4, 8, 8], "INT32")]),
      400,
      /^inference input 'latent' data-type is 'INT32', but .* expects 'FP32'$/,
    ],
    [
      "another rank",
      INFER,
      binary([tensor("latent", [4, 8, 8])]),
      400,
      /^unexpected shape for input 'latent' .* Expected \[-1,4,-1,-1\], got \[4,8,8\]$/,
    ],
    ["other channels", INFER, binary([tensor("latent", [1, 3, 8, 8])]), 400, /Expected \[-1,4,-1,-1\], got \[1,3,8,8\]$/],
    ["no rows", INFER, binary([tensor("latent", [0, 4, 8, 8])]), 400, /got \[0,4,8,8\]$/],
    [
      "shapes that do not fit each other",
      "/v2/models/gradient/infer",
      binary([...guided(), tensor("anchor", [1, 3, 16, 18])]),
      400,
      /for input 'anchor'/,
    ],
    [
      "a size that the U-Net does not halve",
      "/v2/models/noise/infer",
      binary(guided().map((each) => (each.name === "latent" ? tensor("latent", [2, 4, 7, 7]) : each))),
      400,
      /7/,
    ],
    [
      "three texts",
      "/v2/models/noise/infer",
      binary(guided().map((each) => (each.name === "text" ? tensor("text", [3, 16, 8]) : each))),
      400,
      /^text: got 3 rows, want the negative/,
    ],
    [
      "too many tokens",
      "/v2/models/text/infer",
      binary([tensor("ids", [1, 17], "INT32")]),
      400,
      /^ids: got 17 tokens per prompt, want at most 16$/,
    ],
    [
      "a token that is none",
      "/v2/models/text/infer",
      binary([{ ...tensor("ids", [1, 16], "INT32"), data: new Int32Array(16).fill(-1) }]),
      400,
      /^input 'ids' for model 'text': want numbers from 0 to \d+$/,
    ],
    [
      "a shape beyond memory",
      INFER,
      [JSON.stringify({ inputs: [{ name: "latent", datatype: "FP32", shape: [1, 4, 2 ** 40, 1], data: [1] }] })],
      400,
      /^unexpected shape/,
    ],
    [
      "JSON numbers that are none",
      INFER,
      [JSON.stringify({ inputs: [{ ...latent(), data: ["a", ...Array(255).fill(0)] }] })],
      400,
      /^Unable to parse 'data' of input 'latent'/,
    ],
    [
      "too few JSON numbers",
      INFER,
      [JSON.stringify({ inputs: [{ ...latent(), data: [1, 2] }] })],
      400,
      /^unexpected shape for input 'latent'/,
    ],
    [
      "an unknown output",
      INFER,
      [JSON.stringify({ inputs: [{ ...latent(), data: [...latent().data] }], outputs: [{ name: "x" }] })],
      400,
      /^unexpected inference output 'x' for model 'decode'$/,
    ],
    ["a batch of none", INFER, binary([latent()], { parameters: { batch: 0 } }), 400, /^unexpected parameter 'batch': got 0/],
    [
      "a byte too many",
      INFER,
      [Buffer.concat([binary([latent()])[0], Buffer.from([0])]), binary([latent()])[1]],
      400,
      /^unexpected additional input data: the body has 1025 bytes after its head, and the inputs 1024$/,
    ],
    ["a byte too few", INFER, [binary([latent()])[0].subarray(0, -1), binary([latent()])[1]], 400, /the body has 1023 bytes/],
    [
      "bytes of another size",
      INFER,
      [Buffer.from(JSON.stringify({ inputs: [{ ...latent(), data: undefined, parameters: { binary_data_size: 4 } }] }))],
      400,
      /^unexpected total byte size 4 for input 'latent', expecting 1024$/,
    ],
    ["a head longer than the body", INFER, ["{}", withHead("3")], 400, /^inference-header-content-length is 3, and the body has 2 bytes$/],
    [
      "a head of 2 GB",
      INFER,
      ["{}", withHead("2147483648")],
      400,
      /^inference-header-content-length is 2147483648, and the body has 2 bytes$/,
    ],
    ["a head that is no length", INFER, ["{}", withHead("-1")], 400, /^inference-header-content-length is -1, want a whole number$/],
    ["a compressed body", INFER, ["{}", { "content-encoding": "gzip" }], 415, /^compressed requests are not read$/],
  ];
  test.each(cases)("%s: status and words", async (_, path, [body, headers], status, says) => {
    const answer = await ask(path, body, headers);
    expect((answer.body as { error: string }).error).toMatch(says);
    expect(answer.status).toBe(status);
  });

  test("a body of more than 1 GiB is refused before it is sent, and another method is named", async () => {
    const { connect } = await import("node:net");
    const { hostname, port } = new URL(server.address);
    const said = await new Promise<string>((resolve) => {
      const socket = connect(Number(port), hostname, () =>
        socket.write(`POST ${INFER} HTTP/1.1\r\nhost: a\r\ncontent-length: 1073741825\r\n\r\n`),
      );
      let text = "";
      socket.on("data", (chunk) => {
        text += chunk;
      });
      socket.on("close", () => resolve(text));
    });
    expect(said).toMatch(/^HTTP\/1\.1 413 [\s\S]*"request of 1\.07 GB, want at most 1\.07 GB"/);
    expect((await ask("/v2/models/decode", "{}")).body).toEqual({ error: "got POST, want GET" });
    expect((await ask(INFER)).body).toEqual({ error: "got GET, want POST" });
  });
});

describe("10,000 spoiled requests", () => {
  test("are each answered with 4xx, and the server goes on", async () => {
    const rng = createRng(42);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(rng.uniform() * list.length)];
    const whole = binary([latent()]);
    const head = JSON.parse(whole[0].subarray(0, Number(whole[1][HEAD_LENGTH])).toString());
    const values = [
      null,
      true,
      -1,
      0,
      Number.MAX_VALUE,
      1.5,
      "x",
      [],
      {},
      [[[]]],
      "latent",
      2 ** 53,
      { binary_data_size: -4 },
      [1, 4, 8, -8],
    ];
    /** Replaces one value somewhere in JSON. */
    const spoiled = (value: unknown): unknown => {
      if (typeof value !== "object" || value === null || rng.uniform() < 0.25) return pick(values);
      const entries = Object.entries(value);
      const at = Math.floor(rng.uniform() * entries.length);
      const changed = entries.flatMap(([key, each], k) => (k !== at ? [[key, each]] : rng.uniform() < 0.2 ? [] : [[key, spoiled(each)]]));
      return Array.isArray(value) ? changed.map(([, each]) => each) : Object.fromEntries(changed);
    };
    const requests: (() => readonly [string, Buffer, Record<string, string>])[] = [
      () => {
        const bytes = Buffer.from(JSON.stringify(spoiled(head)) ?? "");
        return [INFER, Buffer.concat([bytes, whole[0].subarray(Number(whole[1][HEAD_LENGTH]))]), { [HEAD_LENGTH]: String(bytes.length) }];
      },
      () => [INFER, whole[0].subarray(0, Math.floor(rng.uniform() * whole[0].length)), whole[1]],
      () => [
        INFER,
        whole[0],
        { [HEAD_LENGTH]: pick(["", "a", "0", "1", "1e3", "99999999999", " 5", "0x10", String(Math.floor(rng.uniform() * 2000))]) },
      ],
      () => [INFER, Buffer.from(Array.from({ length: 40 }, () => Math.floor(rng.uniform() * 256))), {}],
      () => [
        pick(["/", "/v2/models/", "/v2/models/%00/infer", "/v2/models/decode/infer/", `/v2/models/${"a".repeat(4000)}/infer`]),
        whole[0],
        whole[1],
      ],
    ];
    const statuses = new Map<number, number>();
    let passed = 0;
    for (let done = 0; done < 10_000; done += 50)
      await Promise.all(
        Array.from({ length: 50 }, async () => {
          const [path, body, headers] = pick(requests)();
          const { status, body: said } = await ask(path, body, headers);
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
          if (status === 200)
            passed++; // a change that does not matter, such as a key that nobody reads
          else if (status < 500) expect(typeof (said as { error: unknown }).error).toBe("string");
        }),
      );
    expect([...statuses.keys()].filter((status) => status !== 200 && (status < 400 || status >= 500))).toEqual([]);
    expect(passed).toBeLessThan(1000);
    expect((await ask(INFER, ...binary([latent()]))).status).toBe(200);
  });
});
