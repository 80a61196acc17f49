/** @file Shows the site on this computer while its pages are written: whatever changes is built again, and the browser loads it. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, statSync, watch } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { ROOT, StepError } from "../scripts/paths.mjs";

/** Content types by a file's ending. @type {Record<string, string>} */
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".webp": "image/webp",
  ".png": "image/png",
  ".svg": "image/svg+xml",
};
const LIVE = `new EventSource("/live").onmessage = () => location.reload();`;
/** What is watched, in the repository. */
const WATCHED = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs", "notebooks", "site"];
/** Milliseconds without a change before the site is built. */
const QUIET = 300;

/**
 * Serves a folder and watches the sources.
 * @param {string} folder @param {number} port
 * @returns {Promise<import("node:http").Server>} once it listens
 * @throws StepError if the port is in use
 */
export async function serve(folder, port) {
  /** @type {Set<import("node:http").ServerResponse>} */
  const pages = new Set();
  const server = createServer(({ url = "/" }, response) => {
    const path = decodeURIComponent(new URL(url, "http://localhost").pathname);
    if (path === "/live") {
      response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
      response.write("\n");
      pages.add(response);
      response.on("close", () => pages.delete(response));
      return;
    }
    if (path === "/live.js") return response.writeHead(200, { "content-type": TYPES[".js"] }).end(LIVE);
    answer(folder, path, response);
  });
  await new Promise((resolve, reject) => {
    server.once("error", (error) => reject(new StepError(`port ${port}: ${error.message}; name another: npm run docs -- --serve 4000`)));
    server.listen(port, "127.0.0.1", () => resolve(undefined));
  });
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  console.log(`http://localhost:${address.port} shows it, and follows what is written. Ctrl-C ends it.`);
  watchSources(() => {
    for (const page of pages) page.write("data: new\n\n");
  });
  return server;
}

/** @param {string} folder @param {string} path @param {import("node:http").ServerResponse} response */
function answer(folder, path, response) {
  const asked = join(folder, normalize(path));
  const file = existsSync(asked) && statSync(asked).isDirectory() ? join(asked, "index.html") : asked;
  if (!file.startsWith(folder) || !existsSync(file))
    return response.writeHead(404, { "content-type": "text/plain" }).end(`no page ${path}`);
  const type = TYPES[extname(file)] ?? "application/octet-stream";
  const bytes = readFileSync(file);
  response.writeHead(200, { "content-type": type, "cache-control": "no-store" });
  return response.end(type.startsWith("text/html") ? `${bytes}<script src="/live.js"></script>` : bytes);
}

/** @param {() => void} built is called after each build without an error */
function watchSources(built) {
  /** @type {NodeJS.Timeout | undefined} */
  let waiting;
  let state = /** @type {"idle" | "building" | "changed"} */ ("idle");
  const build = () => {
    if (state !== "idle") {
      state = "changed";
      return;
    }
    state = "building";
    // a process of its own, since the site's scripts may have changed too
    spawn(process.execPath, [fileURLToPath(new URL("build.mjs", import.meta.url))], { cwd: ROOT, stdio: "inherit" }).on("exit", (code) => {
      const again = state === "changed";
      state = "idle";
      if (code === 0) built();
      if (again) build();
    });
  };
  for (const name of WATCHED)
    watch(join(ROOT, name), { recursive: statSync(join(ROOT, name)).isDirectory() }, () => {
      clearTimeout(waiting);
      waiting = setTimeout(build, QUIET);
    });
}
