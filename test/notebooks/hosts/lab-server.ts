/** @file A ready-made JupyterLab 4 (JupyterLite: all in the browser, no kernel of ours), served from node_modules. */
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { dirname, extname, join, normalize } from "node:path";

const ROOT = folder();
function folder(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve("@galaxyproject/jupyterlite/package.json")), "static/dist/_output");
  } catch {
    return "";
  }
}
/** Why it is not tested here, or an empty text. */
export const missing: string = existsSync(join(ROOT, "lab/index.html"))
  ? ""
  : " (not run: no JupyterLab page; npm ci installs @galaxyproject/jupyterlite)";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/** Its configuration: the application in reach of a test, and without extensions, which would ask for kernels elsewhere. */
function configuration(text: string): string {
  const { "jupyter-config-data": data, ...rest } = JSON.parse(text) as { "jupyter-config-data": Record<string, unknown> };
  return JSON.stringify({ ...rest, "jupyter-config-data": { ...data, exposeAppInBrowser: true, federated_extensions: [] } });
}

export interface LabServer {
  readonly url: string;
  stop(): void;
}

export async function startLab(): Promise<LabServer> {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? "/", "http://host").pathname));
    const file = join(ROOT, path);
    if (!file.startsWith(ROOT) || !existsSync(file) || extname(file) === "") return response.writeHead(404).end();
    const whole = readFileSync(file);
    response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" });
    response.end(path === "/jupyter-lite.json" ? configuration(whole.toString()) : whole);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}/lab/index.html`,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
