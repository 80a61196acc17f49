/** @file Builds the viewer to one script, dist/viewer/veduta-viewer.js: no loader, no network, licences kept. Run: node viewer/build.mjs */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const MOST = 180_000; // gzipped bytes: what a notebook carries once as base64

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const outfile = here("../dist/viewer/veduta-viewer.js");
const common = /** @type {const} */ ({
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  charset: "ascii",
  legalComments: "inline",
  tsconfig: here("tsconfig.json"),
  logLevel: "warning",
});
const opener = here("../dist/viewer/veduta-open.js");
await build({ ...common, entryPoints: [here("src/mount.ts")], outfile });
await build({ ...common, entryPoints: [here("src/open-page.ts")], outfile: opener });
// The page that opens what is dropped on it, whole: viewer/index.html with its scripts inside.
const inside = (/** @type {string} */ file) =>
  readFileSync(file, "utf8")
    .replace(/<\/(script)/gi, "<\\/$1")
    .replace(/<!--/g, "<\\!--");
const page = readFileSync(here("index.html"), "utf8").replace(
  /<script src="[^"]*\/([\w-]+\.js)"><\/script>/g,
  (_, name) => `<script>${inside(here(`../dist/viewer/${name}`))}</script>`,
);
writeFileSync(here("../dist/viewer/index.html"), page);
const script = readFileSync(outfile);
const gzipped = gzipSync(script, { level: 9 }).length;
console.log(`dist/viewer/veduta-viewer.js ${script.length} bytes, ${gzipped} gzipped`);
if (gzipped > MOST) {
  console.error(`viewer: ${gzipped} bytes gzipped, want at most ${MOST}`);
  process.exitCode = 1;
}
