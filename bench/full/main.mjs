/**
 * @file `npm run bench:full [-- --model DIR | --control]`: Stable Diffusion 2.0-base at its size on the CPU, on a checkpoint of random weights: time and
 * memory of one window's synchronised step, exports, and what the gradient's segments and mapped weights save; with --control instead Stable Diffusion
 * 1.5 with a ControlNet. Exit code 1 where a bound is missed.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createRng, randn } from "#kernel-lib/core/random.js";
import { flopsOf } from "#kernel-lib/graph/flops.js";
import { Graph } from "#kernel-lib/graph/graph.js";
import { conv } from "#kernel-lib/graph/ops/conv.js";
import { openModel } from "#kernel-lib/pipelines/open-model.js";
import { ARCHITECTURES } from "#kernel-lib/pipelines/random-weights/architectures.js";
import { writeRandomWeights } from "#kernel-lib/pipelines/random-weights/write-random-weights.js";
import { measureGemm } from "../gemm.mjs";
import { race, THREADS } from "../race.mjs";
import { printTable, verdict } from "../table.mjs";
import { measureControl } from "./control.mjs";
import { measureExports } from "./exports.mjs";
import { probe } from "./probe.mjs";

const { values } = parseArgs({ options: { model: { type: "string" }, control: { type: "boolean", default: false } } });
const [processor] = cpus();
console.log(
  `${cpus().length} × ${processor?.model ?? "unknown processor"}, load ${loadavg()[0].toFixed(1)} before the start, ${THREADS} threads`,
);

/** @type {import("../table.mjs").Row[]} */
const rows = [];
/** @param {string} what @param {number} value @param {string} unit @param {Partial<import("../table.mjs").Row>} [more] */
const row = (what, value, unit, more) => rows.push({ what, value, unit, ...more });

async function convolutionRate() {
  const graph = new Graph();
  const weights = graph.constant(randn(createRng(1), [320, 320, 3, 3]).data, [320, 320, 3, 3]);
  graph.output("y", conv(graph.input("x", [2, 320, 64, 64]), weights, undefined, { padding: 1 }));
  const [ms] = await race([graph], 10);
  row("convolution, 320 channels, 3×3, 64×64, batch 2", flopsOf(graph) / ms / 1e6, "GFLOP/s", { note: `${ms.toFixed(1)} ms` });
}

/** What gradient checkpointing saves, and what it costs. @param {string} folder @param {"gradient" | "block"} program @param {number} side @param {string} what */
function segments(folder, program, side, what) {
  const [plain, lean] = [false, true].map((checkpointing) => probe(folder, { program, side, checkpointing, weights: "mapped", runs: 3 }));
  row(`${what}: peak with checkpointing, of the plain graph's`, lean.peak / plain.peak, "", {
    bound: 0.4,
    note: `${lean.peak.toFixed(0)} of ${plain.peak.toFixed(0)} MiB besides the weights`,
  });
  row(`${what}: time with checkpointing, of the plain graph's`, lean.run / plain.run, "", {
    bound: 1.4,
    note: `${lean.run.toFixed(2)} s, plain ${plain.run.toFixed(2)} s`,
  });
}

/** @param {import("./probe.mjs").Probe} of */
const loaded = ({ loaded: { own, mapped } }) => `${own.toFixed(0)} MiB of its own, ${mapped.toFixed(0)} MiB of files`;

/** @param {string} folder */
function sessions(folder) {
  const shape = { side: 32, checkpointing: true };
  for (const weights of /** @type {const} */ (["mapped", "packed", "blocked"])) {
    const [noise, gradient] = /** @type {const} */ (["noise", "gradient"]).map((program) =>
      probe(folder, { ...shape, program, weights, runs: 1 }),
    );
    row(`two sessions, weights ${weights}: resident after loading`, noise.loaded.own + gradient.loaded.own, "MiB", {
      note: `noise ${loaded(noise)}, ${noise.load.toFixed(1)} s; gradient ${loaded(gradient)}, ${gradient.load.toFixed(1)} s`,
    });
    if (weights === "mapped")
      row("one session run for both: what a noise prediction would cost", gradient.run / noise.run, "times its own", {
        note: `gradient ${gradient.run.toFixed(1)} s, noise ${noise.run.toFixed(1)} s at 32×32 latents`,
      });
  }
  const gated = probe(folder, { ...shape, program: "gated", weights: "mapped", runs: 0 });
  row("one session, its gradient behind an If, weights mapped: resident", gated.loaded.own, "MiB", { note: `${gated.load.toFixed(1)} s` });
}

/** @param {string} folder */
async function fullSize(folder) {
  const gradient = probe(folder, { program: "gradient", side: 64, checkpointing: true, weights: "mapped", runs: 1 });
  row("full U-Net, decoder and LPIPS with gradient, 64×64: building", gradient.build, "s", { bound: 5, note: `${gradient.nodes} nodes` });
  row("the same: loading", gradient.load, "s", { bound: 60, note: loaded(gradient) });
  row("the same: a run's peak besides the weights", gradient.peak, "MiB", {
    note: `${gradient.estimate.toFixed(0)} MiB are alive together`,
  });
  row("the same: a run", gradient.flops / gradient.run / 1e9, "GFLOP/s", {
    note: `${gradient.run.toFixed(1)} s, ${(gradient.flops / 1e9).toFixed(0)} GFLOP`,
  });
}

/** One window's step as a run takes it, in this process. @param {string} folder */
async function windowStep(folder) {
  const model = await openModel(folder, { device: "cpu", threads: THREADS });
  const rng = createRng(5);
  const text = randn(rng, [2, 77, 1024]);
  const latent = randn(rng, [1, 4, 64, 64]);
  const anchor = randn(rng, [1, 3, 512, 512]);
  const step = async () => {
    await model.perceptualGradient(latent, { timestep: 501, text, anchor });
    await model.predictNoise(latent, { timestep: 501, text });
  };
  const begun = performance.now();
  await step();
  const first = (performance.now() - begun) / 1000;
  const started = performance.now();
  await step();
  row("one synchronised step of one 512 px window", (performance.now() - started) / 1000, "s", {
    note: `gradient and noise; ${first.toFixed(0)} s the first, with loading`,
  });
  const highest = Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 2 ** 20;
  row("its process: resident at most", highest, "GiB", { bound: 20, note: "weights in files that are mapped among it" });
  await model.close();
}

/** @param {(folder: string) => Promise<void>} use */
async function withModel(use) {
  if (values.model) return use(values.model);
  const parent = mkdtempSync(join(tmpdir(), "veduta-full-"));
  try {
    console.log("Writing random weights of sd2-base, 5.2 GB …");
    await writeRandomWeights(ARCHITECTURES["sd2-base"], join(parent, "sd2-base"));
    await use(join(parent, "sd2-base"));
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
}

const whole = async (/** @type {string} */ folder) => {
  console.log("Measuring exports …");
  rows.push(...(await measureExports(folder)));
  rows.push(...(await measureGemm()));
  await convolutionRate();
  console.log("Measuring what segments save …");
  segments(folder, "block", 64, "largest 64×64 block");
  segments(folder, "gradient", 32, "whole gradient at 32×32");
  console.log("Measuring sessions …");
  sessions(folder);
  console.log("Measuring the full size …");
  await fullSize(folder);
  await windowStep(folder);
};
if (values.control) rows.push(...(await measureControl()));
else await withModel(whole);
console.log();
printTable(rows);
process.exitCode = rows.some((each) => verdict(each) === "MISSED") ? 1 : 0;
