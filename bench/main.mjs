/**
 * @file `npm run bench [-- name …]`: what the project promises about time and memory, measured here. Exit code 1 where a bound is missed.
 */
import { cpus, loadavg } from "node:os";
import { measureEdit } from "./edit.mjs";
import { measureFeatures } from "./features.mjs";
import { measureGemm } from "./gemm.mjs";
import { measureInteract } from "./interact.mjs";
import { measureKernel } from "./kernel.mjs";
import { measureMeasuring } from "./measuring.mjs";
import { measureMemory } from "./memory.mjs";
import { measureMethods } from "./methods.mjs";
import { measurePaint } from "./paint.mjs";
import { measurePeers } from "./peers/main.mjs";
import { measureBlock, measureVgg } from "./ratios.mjs";
import { measureServing } from "./serving.mjs";
import { measureSweep, measureSweepOverhead } from "./sweep/main.mjs";
import { printTable, verdict } from "./table.mjs";
import { measureViewer } from "./viewer.mjs";

/** @type {Record<string, () => Promise<import("./table.mjs").Row[]>>} */
const BENCHMARKS = {
  gemm: measureGemm,
  block: measureBlock,
  vgg: measureVgg,
  memory: measureMemory,
  paint: measurePaint,
  peers: measurePeers,
  methods: measureMethods,
  edit: measureEdit,
  viewer: measureViewer,
  features: measureFeatures,
  measuring: measureMeasuring,
  kernel: measureKernel,
  interact: measureInteract,
  serving: measureServing,
  sweep: measureSweep,
  "sweep-overhead": measureSweepOverhead,
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in BENCHMARKS));
if (unknown.length > 0) {
  console.error(`bench: got ${unknown.join(", ")}, want ${Object.keys(BENCHMARKS).join(", ")}; none runs all`);
  process.exit(2);
}

const [processor] = cpus();
const load = loadavg()[0];
console.log(
  `${cpus().length} × ${processor?.model ?? "unknown processor"}, Node ${process.versions.node}, load ${load.toFixed(1)} before the start`,
);
if (load > 0.5) console.log("Other programs are at work: times are upper bounds; ratios hold.");
const rows = [];
for (const name of asked.length > 0 ? asked : Object.keys(BENCHMARKS)) {
  console.log(`Measuring ${name} …`);
  rows.push(...(await BENCHMARKS[name]()));
}
console.log();
printTable(rows);
process.exitCode = rows.some((row) => verdict(row) === "MISSED") ? 1 : 0;
