/**
 * @file Where one network call spends its time, per operator.
 * Arguments: the checkpoint's folder, device, kind (noise, gradient, decode), windows per call, precision, and optionally "stored" or
 * "checkpointed" activations; by default what the library plans. It prints seconds per call. With PROFILE=folder it prints ONNX Runtime's profile
 * instead; on CUDA its times are true only under CUDA_LAUNCH_BLOCKING=1. SIDE=n takes latents of n×n.
 */
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, parse } from "node:path";
import * as ort from "onnxruntime-node";
import { flopsOf, networkGraphs, onnxBytes, sizeOf } from "./internals.mjs";

/**
 * @typedef {import("./internals.mjs").NetworkGraph} NetworkGraph
 * @typedef {object} Event one of ONNX Runtime's profile; times in µs
 * @property {string} cat
 * @property {string} name
 * @property {number} ts
 * @property {number} dur
 * @property {EventArguments} args
 *
 * @typedef {object} EventArguments
 * @property {string} op_name
 * @property {string} provider
 * @property {readonly Readonly<Record<string, readonly number[]>>[]} [input_type_shape] one type and its shape each
 * @property {readonly Readonly<Record<string, readonly number[]>>[]} [output_type_shape]
 */

const [path, device, kind, batch, precision, activations] = process.argv.slice(2);
const { PROFILE: folder, SIDE } = process.env;
const graph = networkGraphs(path, /** @type {import("veduta").Precision} */ (precision)).graph(
  /** @type {import("./internals.mjs").Kind} */ (kind),
  {
    batch: Number(batch),
    side: SIDE === undefined ? undefined : Number(SIDE),
    activations: /** @type {import("./internals.mjs").Activations | undefined} */ (activations),
  },
);
const tera = flopsOf(graph) / 1e12;
const begun = performance.now();
const session = await open(graph);
console.log(
  `${kind} ×${batch}, ${precision}, activations ${graph.checkpointing ? "checkpointed" : "stored"}: ${graph.liveNodes().length} nodes, ${tera.toFixed(2)} TFLOP with what is computed again; ` +
    `opened in ${seconds(begun).toFixed(1)} s`,
);
await timeRuns(folder === undefined ? 4 : 2);
if (folder !== undefined) {
  session.endProfiling();
  printProfile(lastRun(folder));
}
await session.release();

/** As the library opens a session (session.ts), with the profiler where it is asked for. @param {NetworkGraph} graph */
function open(graph) {
  const { checkpointing } = graph;
  return ort.InferenceSession.create(onnxBytes(graph), {
    executionProviders: device === "cpu" ? ["cpu"] : [device, "cpu"],
    intraOpNumThreads: availableParallelism(),
    interOpNumThreads: 1,
    enableMemPattern: false,
    enableCpuMemArena: !checkpointing,
    graphOptimizationLevel: checkpointing ? "extended" : "all",
    logSeverityLevel: 3,
    ...(folder === undefined ? {} : { enableProfiling: true, profileFilePrefix: join(folder, "ort") }),
    extra: {
      session: {
        model_external_initializers_file_folder_path: parse(process.cwd()).root,
        disable_prepacking: checkpointing ? "1" : "0",
      },
    },
  });
}

/** Numbers of the sizes that a run feeds. @param {string} name */
function number(name) {
  if (name === "guidance") return () => 7.5;
  if (name === "timestep") return () => 501;
  if (name === "alpha" || name === "sigma") return () => Math.SQRT1_2;
  return (/** @type {unknown} */ _, /** @type {number} */ k) => Math.sin(k);
}

/** @param {number} runs */
async function timeRuns(runs) {
  const feeds = Object.fromEntries(
    graph.inputs.map(({ name, shape }) => [
      name,
      new ort.Tensor("float32", Float32Array.from({ length: sizeOf(shape) }, number(name)), shape),
    ]),
  );
  for (let k = 0; k < runs; k++) {
    const started = performance.now();
    const results = await session.run(feeds);
    const time = seconds(started);
    const bad = Object.keys(results).filter((name) => !(/** @type {Float32Array} */ (results[name].data).every(Number.isFinite)));
    const note = bad.length > 0 ? `; NOT FINITE: ${bad}` : "";
    console.log(
      `  run ${k}: ${time.toFixed(3)} s, ${(time / Number(batch)).toFixed(3)} s per window, ${(tera / time).toPrecision(3)} TFLOP/s${note}`,
    );
  }
}

/** @param {number} since */
function seconds(since) {
  return (performance.now() - since) / 1000;
}

/** The kernels of the last run that is in ONNX Runtime's newest profile; deletes the file. @param {string} folder @returns {Event[]} */
function lastRun(folder) {
  const names = readdirSync(folder).filter((name) => /^ort.*\.json$/.test(name));
  const file = join(folder, names.sort()[names.length - 1]);
  /** @type {Event[]} */
  const events = JSON.parse(readFileSync(file, "utf8"));
  rmSync(file);
  const [last] = events.filter(({ name }) => name === "model_run").slice(-1);
  return events.filter(({ cat, name, ts }) => cat === "Node" && name.endsWith("_kernel_time") && ts >= last.ts && ts <= last.ts + last.dur);
}

/** @param {readonly Event[]} events */
function printProfile(events) {
  const types = (/** @type {EventArguments["input_type_shape"]} */ list = []) =>
    list.flatMap((entry) => Object.entries(entry).map(([type, shape]) => `${type}[${shape}]`));
  if (device !== "cpu") {
    const left = events.filter(({ args }) => args.provider === "CPUExecutionProvider").map(({ args }) => args.op_name);
    console.log(
      `on the CPU instead of ${device}: ${left.length === 0 ? "nothing" : `${left.length} nodes (${[...new Set(left)].join(", ")})`}`,
    );
  }
  printTotals("per operator", events, 30, ({ args }) => {
    const [type = ""] = Object.keys(args.output_type_shape?.[0] ?? {});
    return `${args.op_name} ${type}`;
  });
  printTotals("per operator and shapes", events, 25, ({ args }) => {
    const [output = ""] = types(args.output_type_shape);
    return `${args.op_name} ${types(args.input_type_shape).slice(0, 2).join(" ")} -> ${output}`;
  });
}

/** Prints the `most` groups that take longest. @param {string} title @param {readonly Event[]} events @param {number} most @param {(event: Event) => string} group */
function printTotals(title, events, most, group) {
  const total = events.reduce((sum, { dur }) => sum + dur, 0);
  /** @type {Map<string, { count: number, time: number }>} */
  const groups = new Map();
  for (const event of events) {
    const { count, time } = groups.get(group(event)) ?? { count: 0, time: 0 };
    groups.set(group(event), { count: count + 1, time: time + event.dur });
  }
  console.log(`${title} (${events.length} nodes, ${(total / 1e3).toFixed(1)} ms)`);
  for (const [name, { count, time }] of [...groups].sort(([, a], [, b]) => b.time - a.time).slice(0, most)) {
    const share = ((100 * time) / total).toFixed(1).padStart(5);
    console.log(`  ${(time / 1e3).toFixed(1).padStart(8)} ms ${share} %  ${String(count).padStart(5)} ×  ${name}`);
  }
}
