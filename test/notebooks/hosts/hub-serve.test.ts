/** A class on one server: JupyterHub starts `veduta serve` as a service, and two students' notebooks ask it without naming it. */
import { createHash } from "node:crypto";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePorts } from "#kernel-lib/ipynb/runner/connection-file.js";
import { syncDiffusion } from "#kernel-lib/methods/joint/joint-methods.js";
import { openModel } from "#kernel-lib/pipelines/open-model.js";
import { drained } from "../../serve/servers.js";
import { type Hub, missing, startHub } from "./hub-server.js";
import { type Student, startStudent } from "./hub-student.js";

const CLI = fileURLToPath(new URL("../../../dist/kernel-lib/cli.js", import.meta.url));
const NAMES = ["ada", "ben"];
const SEEDS = [7, 8];

/** As docs/serving.md has it, with another port. */
const settings = (port: number, tokens: string): string => `
c.JupyterHub.services.append({
    "name": "veduta",
    "command": [${JSON.stringify(process.execPath)}, ${JSON.stringify(CLI)}, "serve", "--model", "tiny-landscapes", "--port", "${port}",
                "--device", "cpu", "--threads", "1", "--token-file", ${JSON.stringify(tokens)}],
})
c.Spawner.environment = {"VEDUTA_MODEL": "http://127.0.0.1:${port}", "VEDUTA_TOKEN": "of-the-class", "VEDUTA_DEVICE": "cpu"}
`;

describe.skipIf(missing !== "")(`JupyterHub with a model's server${missing}`, () => {
  let folder: string;
  let hub: Hub;
  let address: string;
  let students: Student[];
  beforeAll(async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "veduta-class-")));
    const { shell: port } = await freePorts();
    address = `http://127.0.0.1:${port}`;
    const tokens = join(folder, "tokens");
    writeFileSync(tokens, "of-the-class\n", { mode: 0o600 });
    hub = await startHub(folder, settings(port, tokens));
    students = await Promise.all(NAMES.map((name) => startStudent(hub, name)));
  });
  afterAll(async () => {
    for (const student of students ?? []) student.leave();
    await hub?.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  test("a notebook that opens the model without a name is answered by the server, with the same bits as a model here", async () => {
    const options = (seed: number) => `{ prompt: "hills", width: 384, steps: 2, batch: 4, seed: ${seed} }`;
    const code = (seed: number) => `import { openModel, syncDiffusion, track } from "veduta";
import { createHash } from "node:crypto";
const model = await openModel();
const { latent } = await track(syncDiffusion(model, ${options(seed)}));
console.log(model.path, createHash("sha256").update(latent.data).digest("hex"), Math.round(process.memoryUsage.rss() / 2 ** 20));
await model.close();`;
    const seen = await Promise.all(students.map((student, k) => student.cell(code(SEEDS[k]))));
    const local = await openModel("tiny-landscapes", { device: "cpu", threads: 1 });
    for (const [k, seed] of SEEDS.entries()) {
      const { latent } = await drained(syncDiffusion(local, { prompt: "hills", width: 384, steps: 2, batch: 4, seed }));
      const [path, digest, mebibytes] = seen[k].printed.trim().split("\n").at(-1)?.split(" ") ?? [];
      expect([seen[k].status, path, digest]).toEqual(["ok", address, createHash("sha256").update(latent.data).digest("hex")]);
      console.log(`${NAMES[k]}'s kernel: ${mebibytes} MiB resident`);
    }
    await local.close();
  });
});
