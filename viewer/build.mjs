/** @file Builds the viewer to one script, dist/viewer/veduta-viewer.js: no loader, no network, licences kept. Run: node viewer/build.mjs */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const MOST = 180_000; // gzipped bytes: what a notebook carries once as base64

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const outfile = here("../dist/viewer/veduta-viewer.js");
await build({
  entryPoints: [here("src/mount.ts")],
  outfile,
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  charset: "ascii",
  legalComments: "inline",
  tsconfig: here("tsconfig.json"),
  logLevel: "warning",
});
const script = readFileSync(outfile);
const gzipped = gzipSync(script, { level: 9 }).length;
console.log(`dist/viewer/veduta-viewer.js ${script.length} bytes, ${gzipped} gzipped`);
if (gzipped > MOST) {
  console.error(`viewer: ${gzipped} bytes gzipped, want at most ${MOST}`);
  process.exitCode = 1;
}
