/** @file The training loop: a task's loss graph, its gradient, AdamW, a log and a state to resume from. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Rng } from "../../../kernel-lib/core/random.js";
import { createRng } from "../../../kernel-lib/core/random.js";
import type { Shape, Tensor } from "../../../kernel-lib/core/tensor.js";
import { sizeOf, tensor } from "../../../kernel-lib/core/tensor.js";
import type { Device } from "../../../kernel-lib/engine/device.js";
import type { Feeds, Session } from "../../../kernel-lib/engine/session.js";
import { openSession } from "../../../kernel-lib/engine/session.js";
import { gradient } from "../../../kernel-lib/graph/gradient.js";
import type { Value } from "../../../kernel-lib/graph/graph.js";
import { Graph } from "../../../kernel-lib/graph/graph.js";
import { onnxBytes } from "../../../kernel-lib/graph/onnx.js";
import type { Parameters } from "../../../kernel-lib/nets/parameters.js";
import { inputParameters } from "../../../kernel-lib/nets/parameters.js";
import { readSafetensors, writeSafetensors } from "../../../kernel-lib/weights/safetensors.js";
import { lossPlot } from "./loss-plot.js";
import type { AdamState, Arrays } from "./optimizer.js";
import { adamState, adamStep } from "./optimizer.js";

/** What is trained: loss graphs (several where batches have several shapes), batches, and how a parameter begins. */
export interface Task {
  readonly name: string;
  readonly learningRate: number;
  readonly weightDecay?: number;
  readonly losses: readonly LossGraph[];
  /** the batch of a step, and which loss graph takes it */
  batch(step: number, rng: Rng): { readonly loss: number; readonly feeds: Feeds };
  initial(key: string, shape: Shape, rng: Rng): Float32Array;
  /** called with the averaged parameters now and then, and at the end */
  save(average: Readonly<Record<string, Tensor>>): void;
}
/** Builds the loss (a scalar) over trained parameters; every further value is logged by its name. */
export type LossGraph = (graph: Graph, parameters: Parameters) => { readonly loss: Value } & Readonly<Record<string, Value>>;

export interface TrainOptions {
  /** where the state lies (not in the repository) */
  readonly stateFolder: string;
  /** where log and loss plot lie (in the repository) */
  readonly logFolder: string;
  /** the learning rate falls over this time, counted over all sittings */
  readonly minutes: number;
  readonly device: Device;
  readonly threads: number;
  readonly seed: number;
}

const PREFIX = "parameter:";
const SAVE_SECONDS = 60;

/** Trains until the minutes are over. Stops cleanly, state saved, on SIGINT and SIGTERM; run again, it goes on. */
export async function train(task: Task, options: TrainOptions): Promise<void> {
  mkdirSync(options.stateFolder, { recursive: true });
  mkdirSync(options.logFolder, { recursive: true });
  const programs = await Promise.all(task.losses.map((loss) => openProgram(loss, options)));
  const shapes = programs[0].shapes;
  const { state, seconds: before } = loadState(task, options, shapes);
  const log = join(options.logFolder, `${task.name}.csv`);
  const started = Date.now();
  const elapsed = () => before + (Date.now() - started) / 1000;
  let stopping = false;
  const stop = () => {
    stopping = true;
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
  let saved = Date.now();
  let broken = 0;
  const running: Record<string, number> = {};
  const save = () => {
    saveState(task, options, state, shapes, elapsed());
    task.save(named(state.average, shapes));
    writeFileSync(join(options.logFolder, `${task.name}.svg`), lossPlot(task.name, readFileSync(log, "utf8")));
    saved = Date.now();
  };
  while (!stopping && elapsed() < options.minutes * 60) {
    const progress = elapsed() / (options.minutes * 60);
    const learningRate = task.learningRate * Math.min(1, (state.step + 1) / 200) * Math.max(0.01, 0.5 + 0.5 * Math.cos(Math.PI * progress));
    const { loss, feeds } = task.batch(state.step, createRng(options.seed * 1_000_003 + state.step + broken));
    const { gradients, values } = await runProgram(programs[loss], feeds, state.parameters, shapes);
    const norm = adamStep(state, gradients, { learningRate, weightDecay: task.weightDecay });
    if (!Number.isFinite(norm) && ++broken > 100)
      throw new Error(`train ${task.name}: 100 batches gave no finite gradient; lower the learning rate`);
    for (const [name, value] of Object.entries({ ...values, norm }))
      running[name] = running[name] === undefined ? value : 0.97 * running[name] + 0.03 * value;
    if (state.step % 50 === 0) {
      if (!existsSync(log)) writeFileSync(log, `step,seconds,rate,${Object.keys(running).join(",")}\n`);
      appendFileSync(
        log,
        `${state.step},${elapsed().toFixed(0)},${learningRate.toExponential(2)},${Object.values(running)
          .map((x) => x.toPrecision(5))
          .join(",")}\n`,
      );
      const shown = Object.entries(running).map(([name, x]) => `${name} ${x.toPrecision(4)}`);
      console.log(`${task.name} step ${state.step} · ${(elapsed() / 60).toFixed(1)} of ${options.minutes} min · ${shown.join(" · ")}`);
    }
    if (Date.now() - saved > SAVE_SECONDS * 1000 && existsSync(log)) save();
  }
  if (existsSync(log)) save();
  process.off("SIGINT", stop).off("SIGTERM", stop);
  for (const { session } of programs) await session.release();
  if (stopping) {
    console.log(`${task.name}: stopped at step ${state.step}; run the same command to go on`);
    process.exit(130);
  }
}

interface Program {
  readonly session: Session;
  readonly shapes: Readonly<Record<string, Shape>>;
}

async function openProgram(build: LossGraph, { device, threads }: TrainOptions): Promise<Program> {
  const graph = new Graph();
  const parameters = inputParameters(graph, PREFIX);
  const logged = build(graph, parameters);
  const keys = [...parameters.all.keys()];
  for (const [name, value] of Object.entries(logged)) graph.output(name, value);
  for (const [k, d] of gradient(graph, logged.loss, [...parameters.all.values()]).entries()) graph.output(`gradient:${keys[k]}`, d);
  return {
    session: await openSession(onnxBytes(graph), { device, threads }),
    shapes: Object.fromEntries([...parameters.all].map(([key, value]) => [key, value.shape])),
  };
}

async function runProgram({ session }: Program, feeds: Feeds, parameters: Arrays, shapes: Readonly<Record<string, Shape>>) {
  const all = {
    ...feeds,
    ...Object.fromEntries(Object.entries(parameters).map(([key, data]) => [PREFIX + key, { data, shape: shapes[key] }])),
  };
  const gradients: Arrays = {};
  const values: Record<string, number> = {};
  for (const [name, { data }] of Object.entries(await session.run(all)))
    if (name.startsWith("gradient:")) gradients[name.slice("gradient:".length)] = data;
    else values[name] = data[0];
  return { gradients, values };
}

function loadState(
  task: Task,
  { stateFolder, seed }: TrainOptions,
  shapes: Readonly<Record<string, Shape>>,
): { state: AdamState; seconds: number } {
  const file = join(stateFolder, `${task.name}.safetensors`);
  const rng = createRng(seed);
  if (!existsSync(file))
    return {
      state: adamState(Object.fromEntries(Object.entries(shapes).map(([key, shape]) => [key, task.initial(key, shape, rng)]))),
      seconds: 0,
    };
  const tensors = readSafetensors(file);
  const part = (prefix: string): Arrays => Object.fromEntries(Object.keys(shapes).map((key) => [key, tensors[`${prefix}/${key}`].data]));
  const state = {
    parameters: part("parameters"),
    first: part("first"),
    second: part("second"),
    average: part("average"),
    step: tensors.step.data[0],
  };
  return { state, seconds: tensors.seconds.data[0] };
}

function saveState(
  task: Task,
  { stateFolder }: TrainOptions,
  state: AdamState,
  shapes: Readonly<Record<string, Shape>>,
  seconds: number,
): void {
  const all: Record<string, Tensor> = { step: tensor([state.step], [1]), seconds: tensor([seconds], [1]) };
  for (const part of ["parameters", "first", "second", "average"] as const)
    for (const [key, x] of Object.entries(named(state[part], shapes))) all[`${part}/${key}`] = x;
  const file = join(stateFolder, `${task.name}.safetensors`);
  writeSafetensors(`${file}.new`, all);
  renameSync(`${file}.new`, file);
}

const named = (arrays: Arrays, shapes: Readonly<Record<string, Shape>>): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(arrays).map(([key, data]) => [key, { data, shape: shapes[key] }]));

/** PyTorch's default for layers, ones for norms' gains, zeros for biases; what ends a residual branch begins at zero. */
export function initialParameter(key: string, shape: Shape, rng: Rng): Float32Array {
  const data = new Float32Array(sizeOf(shape));
  if (key.endsWith(".bias")) return data;
  if (shape.length === 1) return data.fill(1);
  if (/conv2\.weight$|proj_out\.weight$/.test(key)) return data;
  if (key.includes("embedding.weight")) return data.map(() => 0.1 * rng.normal());
  const bound = Math.sqrt((/features\./.test(key) ? 6 : 3) / sizeOf(shape.slice(1)));
  return data.map(() => (2 * rng.uniform() - 1) * bound);
}
