/**
 * @file Prints the folders of the npm packages that the programs for a GPU machine import, one per line: what pack.sh packs. onnxruntime-node and
 * onnxruntime-common are not among them, since pack.sh packs the version that the CUDA provider needs.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
/** @param {string} folder @param {RegExp} pattern */
const files = (folder, pattern) =>
  readdirSync(join(ROOT, folder))
    .filter((file) => pattern.test(file))
    .map((file) => join(folder, file));
/** Workers are started by their paths, not imported. */
const WORKERS = readdirSync(join(ROOT, "dist/kernel-lib")).flatMap((folder) =>
  folder.includes(".") ? [] : files(join("dist/kernel-lib", folder), /-(worker|runner)\.js$/),
);

const { metafile } = await build({
  absWorkingDir: ROOT,
  entryPoints: ["bench/prove-gpu.mjs", ...files("bench/gpu", /\.mjs$/), ...files("dist/models/train", /\.js$/), ...WORKERS],
  bundle: true,
  write: false,
  outdir: ".gpu",
  metafile: true,
  platform: "node",
  format: "esm",
  external: ["*.node", "onnxruntime-node"],
  logLevel: "error",
});
const packages = Object.keys(metafile.inputs).map((file) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]);
for (const folder of [...new Set(packages)].sort()) if (folder) console.log(folder);
