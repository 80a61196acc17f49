/**
 * @file The picture of the floors in ARCHITECTURE.md, made from the import rule and from the imports that there are. `node scripts/floors.mjs` writes
 * it; a test compares it.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { FOLDERS, folderOf, importsOf, readSources } from "./arrows.mjs";
import { ROOT } from "./paths.mjs";

/** What lives in each folder. @type {Record<string, string>} */
const SENTENCES = {
  core: "tensors, random numbers, images, errors, files, JSON, words for bytes and times",
  panorama: "pure geometry: coverage in degrees, GPano, projections, colours",
  graph: "the ONNX graph builder and the gradient; each operator whole",
  engine: "ONNX Runtime: devices, sessions in a worker, memory, batches",
  weights: "bytes to tensors: safetensors, .pth, number formats",
  text: "tokenizers",
  diffusion: "notation, schedule, guidance, samplers; what a method needs of a model",
  nets: "layers, and one architecture a file with its config and its programs",
  hub: "published checkpoints: download, cache, verify",
  conditions: "what a user gives beside a prompt, as numbers: layouts, labels, scene graphs",
  pipelines: "a checkpoint's folder becomes a model; one kind a file",
  methods: "the contract of a method, its table, and one method a file",
  metrics: "one metric a file",
  runs: "a run on disk: write, open, repeat",
  pages: "HTML that stands alone: report, view page",
  sweeps: "many runs from one plan: its folder, workers here, queues, shards",
  display: "what a cell shows: progress, plots, the viewer, tables",
  ipynb: "notebook files: format, runner, export, script",
  kernel: "the Jupyter kernel",
  serve: "a model over HTTP, for other machines",
  cli: "one command a file",
};

/** The floors from the top to the bottom: what lives there, and which others it imports. */
export function floors() {
  const sources = readSources(ROOT);
  /** @type {Map<string, Set<string>>} */
  const uses = new Map();
  for (const [file, text] of Object.entries(sources)) {
    const from = folderOf(file);
    if (!FOLDERS.includes(from)) continue;
    const targets = importsOf(file, text).flatMap(({ specifier }) =>
      specifier.startsWith(".") ? [folderOf(posix.normalize(posix.join(posix.dirname(file), specifier)))] : [],
    );
    uses.set(from, new Set([...(uses.get(from) ?? []), ...targets.filter((to) => to !== from && FOLDERS.includes(to))]));
  }
  const width = Math.max(...FOLDERS.map((name) => name.length));
  const lines = FOLDERS.filter((name) => uses.has(name)).map((name) => {
    const below = FOLDERS.filter((other) => uses.get(name)?.has(other));
    return `${name.padEnd(width)}  ${SENTENCES[name]}\n${" ".repeat(width)}  ↓ ${below.join(", ") || "nothing"}`;
  });
  return ["```text", ...lines.reverse(), "```"].join("\n");
}

/** @param {string} text */
export const withFloors = (text) => text.replace(/<!-- floors -->[\s\S]*?<!-- end -->/, `<!-- floors -->\n${floors()}\n<!-- end -->`);

export const PAGE = join(ROOT, "ARCHITECTURE.md");

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(PAGE, withFloors(readFileSync(PAGE, "utf8")));
