/** @file Converts a run's options to JSON and back. A tensor becomes { shape, float32: base64, little endian }. */
import { join } from "node:path";
import { CheckpointError } from "../core/errors.js";
import { type Tensor, tensor } from "../core/tensor.js";
import type { EditOptions } from "../methods/edit/options.js";
import type { JointOptions } from "../methods/joint/options.js";
import type { PyramidOptions } from "../methods/pyramid/options.js";
import { isKept, readKept } from "./kept-tensor.js";
import { withKeptControl } from "./run-control.js";
import type { RunInfo } from "./run-data.js";
import { withKeptPictures } from "./run-given.js";

/** Converts options to JSON; functions and signals are left out, and conditions of ControlNets and given pictures are named by their files. */
export function plainOptions(options: object): Record<string, unknown> {
  const entries = Object.entries(withKeptPictures(withKeptControl(options))).filter(
    ([key, value]) => value !== undefined && key !== "signal" && typeof value !== "function",
  );
  return Object.fromEntries(entries.map(([key, value]) => [key, plain(value)]));
}

/** A value as JSON, tensors within it too. */
function plain(value: unknown): unknown {
  if (isTensor(value)) return { shape: value.shape, float32: base64(value.data) };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}

const isTensor = (value: unknown): value is Tensor =>
  typeof value === "object" && value !== null && "data" in value && value.data instanceof Float32Array;
const base64 = (data: Float32Array): string => Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64");

/**
 * Reads a saved run's options, batch included, so that its method repeats the run.
 * @throws CheckpointError for a tensor with missing or surplus bytes
 */
export function savedOptions(run: { readonly info: RunInfo; readonly dir: string }): JointOptions;
export function savedOptions(run: { readonly info: RunInfo; readonly dir: string }, family: "edit"): EditOptions;
export function savedOptions(run: { readonly info: RunInfo; readonly dir: string }, family: "pyramid"): PyramidOptions;
export function savedOptions(run: { readonly info: RunInfo; readonly dir: string }): JointOptions | EditOptions | PyramidOptions {
  const revive = (key: string, value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map((each, k) => revive(`${key}[${k}]`, each));
    if (isKept(value)) return readKept(run.dir, `options.${key}`, value);
    if (!("float32" in value && "shape" in value))
      return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, revive(`${key}.${name}`, each)]));
    const bytes = new Uint8Array(Buffer.from(String(value.float32), "base64")); // a new buffer, so that float32 is aligned
    const shape = value.shape as readonly number[];
    const count = Array.isArray(shape) ? shape.reduce((n, d) => n * d, 1) : Number.NaN;
    if (bytes.length !== count * 4)
      throw new CheckpointError(join(run.dir, "run.json"), {
        expected: `options.${key}: ${count} float32 numbers`,
        found: `${bytes.length} bytes`,
      });
    return tensor(new Float32Array(bytes.buffer), shape);
  };
  const options = Object.fromEntries(Object.entries(run.info.options).map(([key, value]) => [key, revive(key, value)]));
  const rows = run.info.family === "edit" || run.info.family === "pyramid"; // the batch is one number
  return rows ? { batch: run.info.batch.noise, ...options } : { batch: run.info.batch, ...options };
}
