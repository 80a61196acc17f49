/**
 * @file Builds the scripts of pages, each a single file without loader or network access, with licences: dist/viewer/veduta-viewer.js,
 * dist/viewer/veduta-anywidget.js for notebooks of other languages, and dist/viewer/veduta-plots.js with all of Plotly. Run: node viewer/build.mjs
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

/** Maximum size of each script in a notebook, in bytes: gzipped, then base64. */
const MOST = { "veduta-viewer.js": 240_000, "veduta-plots.js": 2_050_000 };

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const dist = (/** @type {string} */ name) => here(`../dist/viewer/${name}`);
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
await build({ ...common, entryPoints: [here("src/mount.ts")], outfile: dist("veduta-viewer.js") });
await build({ ...common, format: "esm", entryPoints: [here("src/anywidget.ts")], outfile: dist("veduta-anywidget.js") });
const sample = `data:image/webp;base64,${readFileSync(here("../docs/with.webp"), "base64")}`;
await build({
  ...common,
  entryPoints: [here("src/open/main.ts")],
  outfile: dist("veduta-open.js"),
  define: { SAMPLE: JSON.stringify(sample) },
});
await build({ ...common, entryPoints: [here("src/playground/main.ts")], outfile: dist("veduta-playground.js") });
await build({ ...common, entryPoints: [here("src/plots/main.ts")], outfile: dist("veduta-plots.js"), logLevel: "error" });
// The pages, with their scripts inlined.
const inside = (/** @type {string} */ file) =>
  readFileSync(file, "utf8")
    .replace(/<\/(script)/gi, "<\\/$1")
    .replace(/<!--/g, "<\\!--");
for (const name of ["index.html", "playground.html"]) {
  const page = readFileSync(here(name), "utf8").replace(
    /<script src="[^"]*\/([\w-]+\.js)"><\/script>/g,
    (_, script) => `<script>${inside(dist(script))}</script>`,
  );
  writeFileSync(dist(name), page);
}
for (const [name, most] of Object.entries(MOST)) {
  const script = readFileSync(dist(name));
  const carried = Math.ceil(gzipSync(script, { level: 9 }).length / 3) * 4;
  console.log(`dist/viewer/${name} ${script.length} bytes, ${carried} in a notebook`);
  if (carried <= most) continue;
  console.error(`${name}: ${carried} bytes gzipped and in base64, want at most ${most}`);
  process.exitCode = 1;
}
