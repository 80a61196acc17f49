/** @file JupyterHub on this machine: anybody may log in, and each user's server is a process of this user in a folder of its own. */
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePorts } from "#kernel-lib/ipynb/runner/connection-file.js";
import { npmFolder } from "../../fixtures/npm-folder.js";
import { pythonEnv } from "../../fixtures/python-env.js";

const CLI = fileURLToPath(new URL("../../../dist/kernel-lib/cli.js", import.meta.url));
const env = pythonEnv("hub", ["jupyterhub>=5,<6", "jupyterlab>=4.5,<5"]);
const proxy = env.missing === "" ? npmFolder("hub", ["configurable-http-proxy@5.3.0"]) : undefined;
/** Why it is not tested here, or an empty text. */
export const missing: string = env.missing || (proxy?.missing ?? "");

/** A hub that runs. */
export interface Hub {
  /** asks its REST interface, or with `user/NAME/…` that of a user's server. @throws where the answer is an error */
  ask(method: "GET" | "POST" | "PUT", path: string, body?: unknown): Promise<unknown>;
  readonly address: string;
  readonly token: string;
  stop(): Promise<void>;
}

/** The configuration, as docs/notebooks.md has it, and what the test needs beside: ports, and a token for its own requests. */
const configuration = (folder: string, token: string, ports: readonly [number, number, number]): string => `
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = ${JSON.stringify(`${folder}/{username}`)}
c.ConfigurableHTTPProxy.command = [${JSON.stringify(process.execPath)}, ${JSON.stringify(join(proxy?.bin ?? "", "configurable-http-proxy"))}]

c.Spawner.args = ["--allow-root"]
c.JupyterHub.bind_url = "http://127.0.0.1:${ports[0]}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:${ports[1]}"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:${ports[2]}"
c.JupyterHub.db_url = ${JSON.stringify(`sqlite:///${folder}/hub.sqlite`)}
c.JupyterHub.cookie_secret_file = ${JSON.stringify(`${folder}/cookie`)}
c.JupyterHub.services = [{"name": "test", "api_token": "${token}"}]
c.JupyterHub.load_roles = [{"name": "test", "services": ["test"], "scopes": ["admin:users", "admin:servers", "access:servers"]}]
`;

/** @param folder in which each user gets one @param more lines of the configuration */
export async function startHub(folder: string, more = ""): Promise<Hub> {
  mkdirSync(folder, { recursive: true });
  const installed = spawnSync(process.execPath, [CLI, "kernel", "install", "--prefix", join(env.bin, "..")], { encoding: "utf8" });
  if (installed.status !== 0) throw new Error(`veduta kernel install: ${installed.stderr}`);
  const token = randomBytes(16).toString("hex");
  const { shell, iopub, stdin } = await freePorts();
  const file = join(folder, "jupyterhub_config.py");
  writeFileSync(file, `${configuration(folder, token, [shell, iopub, stdin])}${more}`);
  const hub = spawn(join(env.bin, "jupyterhub"), ["--config", file], {
    cwd: folder,
    env: { ...process.env, PATH: `${env.bin}:${process.env.PATH}` },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  hub.stderr.on("data", (chunk) => {
    said += chunk;
  });
  const ended = once(hub, "exit");
  const address = `http://127.0.0.1:${shell}`;
  const ask: Hub["ask"] = async (method, path, body) => {
    const answer = await fetch(`${address}/${path}`, {
      method,
      headers: { authorization: `token ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text.slice(0, 300)}\n${said.slice(-3000)}`);
    return text === "" ? undefined : JSON.parse(text);
  };
  const answers = () =>
    ask("GET", "hub/api/").then(
      () => true,
      () => false,
    );
  for (const until = Date.now() + 90_000; !(await answers()); await sleep(200))
    if (hub.exitCode !== null || Date.now() > until) throw new Error(`JupyterHub does not answer:\n${said}`);
  return {
    address,
    token,
    ask,
    async stop() {
      hub.kill("SIGTERM"); // ends its proxy and all servers
      await ended;
    },
  };
}
