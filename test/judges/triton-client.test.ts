/** NVIDIA's tritonclient of today against `veduta serve`: it reads our metadata, and every function answers it with the product's own bits. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openModel } from "#kernel-lib/pipelines/open-model.js";
import type { ModelServer } from "#kernel-lib/serve/serve-model.js";
import { scratchFolder } from "../fixtures/checkpoint-folder.js";
import { pythonEnv } from "../fixtures/python-env.js";
import { writeTinyCheckpoint } from "../fixtures/tiny-checkpoint.js";
import { exportedCalls } from "../pipelines/serving/exported.js";
import { serveTiny } from "../serve/servers.js";
import { writeCalls } from "./call-files.js";
import { runPython } from "./run-python.js";

const env = pythonEnv("tritonclient", ["tritonclient==2.73.0", "geventhttpclient==2.6.1", "numpy==2.4.6"]);

describe.skipIf(env.missing)(`tritonclient and veduta serve${env.missing}`, () => {
  const scratch = scratchFolder();
  let server: ModelServer;
  beforeAll(async () => {
    const tiny = join(scratch.path, "tiny");
    writeTinyCheckpoint(tiny);
    const model = await openModel(tiny, { device: "cpu", threads: 1 });
    const { decode_48x16, decode_wrap_48x16, ...calls } = await exportedCalls(model);
    writeCalls(join(scratch.path, "calls"), { ...calls, decode: decode_48x16, decode_wrap: decode_wrap_48x16 });
    await model.close();
    server = await serveTiny(tiny, { tokens: ["secret"] });
  });
  afterAll(async () => {
    await server?.close();
    scratch.remove();
  });

  test("reads metadata and configuration, and gets the same bits in binary and in JSON", async () => {
    const address = server.address.replace("http://", "");
    const said = JSON.parse(await runPython(env.bin, "triton_client.py", [address, join(scratch.path, "calls")], { TOKEN: "secret" }));
    expect(said).toEqual({
      ...{ live: true, ready: true, server: "veduta" },
      differences: Object.fromEntries(
        ["text", "noise", "gradient", "decode", "decode_wrap", "encode", "distance"].map((name) => [name, [0, 0]]),
      ),
      "without a token": ["401", "want Authorization: Bearer TOKEN"],
      unknown: ["404", "Request for unknown model: 'nope' is not found"],
    });
  });
});
