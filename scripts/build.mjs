/** @file `npm run build`: dist/ from kernel-lib, models and viewer. Files without a source are removed from dist. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureNode, ensurePackages } from "./ensure.mjs";
import { bin, command, ROOT, run } from "./paths.mjs";

const DIST = join(ROOT, "dist");
/** Records from which sources dist was built. */
const STAMP = join(DIST, ".built");
const RESULTS = [
  "kernel-lib/index.js",
  "kernel-lib/index.d.ts",
  "kernel-lib/graph.js",
  "kernel-lib/metrics.js",
  "kernel-lib/cli.js",
  "viewer/veduta-viewer.js",
  "viewer/veduta-plots.js",
];

/** @param {string} folder @returns {string[]} files below it, by name */
const filesIn = (folder) =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();

function sourceDigest() {
  const sources = ["kernel-lib", "models", "viewer"].flatMap((folder) =>
    filesIn(join(ROOT, folder)).filter((file) => /\.(ts|mjs|html)$/.test(file)),
  );
  const files = [...sources, ...["package-lock.json", "tsconfig.json", "viewer/tsconfig.json"].map((name) => join(ROOT, name))];
  const hash = createHash("sha256");
  for (const file of files)
    hash
      .update(`${relative(ROOT, file)}\0`)
      .update(readFileSync(file))
      .update("\0");
  return hash.digest("hex");
}

export const isBuilt = () =>
  existsSync(STAMP) && RESULTS.every((name) => existsSync(join(DIST, name))) && readFileSync(STAMP, "utf8") === sourceDigest();

export function build() {
  console.log("Building dist/ …");
  const digest = sourceDigest();
  rmSync(STAMP, { force: true });
  run(process.execPath, [bin("tsc"), "-p", ROOT]);
  sweep();
  run(process.execPath, [join(ROOT, "viewer/build.mjs")]);
  mkdirSync(DIST, { recursive: true });
  writeFileSync(STAMP, digest);
}

/** Builds dist/ if its sources have changed since the last build. */
export function ensureBuild() {
  if (!isBuilt()) build();
}

/** Removes files from dist whose source no longer exists. */
function sweep() {
  for (const folder of ["kernel-lib", "models", "bench"].filter((name) => existsSync(join(DIST, name))))
    for (const file of filesIn(join(DIST, folder))) {
      const source = relative(DIST, file).replace(/(\.d\.ts|\.js)$/, ".ts");
      if (!existsSync(join(ROOT, source))) rmSync(file);
    }
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await command(async () => {
    ensureNode();
    ensurePackages();
    if (isBuilt()) console.log("dist/ is built from these sources.");
    else build();
  });
