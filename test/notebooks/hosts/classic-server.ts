/** @file The classic Notebook of this machine, on a port of its own, with our kernel and nothing of the user's. */
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { installKernelspec } from "#kernel-lib/kernel/kernelspec.js";

const version = spawnSync("jupyter-notebook", ["--version"], { encoding: "utf8" }).stdout?.trim() ?? "";
/** Why it is not tested here, or an empty text. */
export const missing: string = version.startsWith("6.")
  ? ""
  : ` (not run: want the classic Notebook 6, found ${version || "none"}; Debian's package jupyter-notebook has it)`;

export interface ClassicServer {
  /** of a notebook in the folder */
  url(name: string): string;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

/**
 * @param folder of the notebooks; what Jupyter keeps, its signatures above all, lies in its `.jupyter`
 * @param environment of Python, whose extensions of the classic Notebook are used too; default none
 */
export async function startClassic(folder: string, environment?: string): Promise<ClassicServer> {
  const [port, token, own] = [await freePort(), randomBytes(16).toString("hex"), join(folder, ".jupyter")];
  mkdirSync(own, { recursive: true });
  installKernelspec(own);
  const words = ["--no-browser", "--allow-root", "--ip=127.0.0.1", `--port=${port}`, "--port-retries=0", `--notebook-dir=${folder}`];
  const env = {
    ...process.env,
    JUPYTER_PATH: [own, ...(environment === undefined ? [] : [join(environment, "share/jupyter")])].join(delimiter),
    ...(environment === undefined ? {} : { JUPYTER_CONFIG_PATH: join(environment, "etc/jupyter") }),
    JUPYTER_CONFIG_DIR: join(own, "config"),
    JUPYTER_DATA_DIR: join(own, "data"),
    JUPYTER_RUNTIME_DIR: join(own, "runtime"),
  };
  const server = spawn("jupyter-notebook", [...words, `--NotebookApp.token=${token}`], { env, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  server.stderr.on("data", (chunk) => {
    said += chunk;
  });
  const ended = once(server, "exit");
  const base = `http://127.0.0.1:${port}`;
  const answers = () =>
    fetch(`${base}/api/status?token=${token}`).then(
      ({ ok }) => ok,
      () => false,
    );
  for (const until = Date.now() + 60_000; !(await answers()); await sleep(100))
    if (server.exitCode !== null || Date.now() > until) throw new Error(`the classic Notebook does not answer:\n${said}`);
  return {
    url: (name) => `${base}/notebooks/${name}?token=${token}`,
    async stop() {
      server.kill("SIGTERM");
      await ended;
    },
  };
}
