/** @file The key of a run: a digest of all that its picture depends on, so that the same run has the same key everywhere. */
import { createHash } from "node:crypto";
import type { Tensor } from "../core/tensor.js";
import type { Precision } from "../graph/half.js";

/** Goes up when the same options give other pictures. */
const NUMBERS = 1;

/** What a run's picture depends on. */
export interface RunIdentity {
  readonly method: string;
  /** all options of the method, defaults filled in */
  readonly options: Readonly<Record<string, unknown>>;
  /** the model's */
  readonly digest: string;
  /** where it was asked for; absent: the device's own */
  readonly precision?: Precision;
}

/** Options that change where and how fast a run is computed, not its picture. */
const WITHOUT: ReadonlySet<string> = new Set(["batch", "threads", "signal"]);

/** The first 16 hex digits of the sha256 over a run's identity as canonical JSON. */
export function runKey({ method, options, digest, precision }: RunIdentity): string {
  const counted = Object.fromEntries(Object.entries(options).filter(([name]) => !WITHOUT.has(name)));
  const text = canonicalJson({ numbers: NUMBERS, method, options: counted, model: digest, precision });
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

/** What a key looks like. */
export const KEY_FORM: RegExp = /^[0-9a-f]{16}$/;

/**
 * JSON with sorted keys and without spaces; keys without a value are left out. A tensor stands as its shape and the sha256 of its float32 numbers.
 * @throws TypeError for a function, and for a number that JSON has no word for
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (isTensor(value)) return canonicalJson({ shape: value.shape, sha256: sha256(value.data) });
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, each]) => each !== undefined);
    return `{${entries
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => `${JSON.stringify(key)}:${canonicalJson(each)}`)
      .join(",")}}`;
  }
  if (typeof value === "number" && !Number.isFinite(value)) throw new TypeError(`canonicalJson: got ${value}, want a finite number`);
  const text = JSON.stringify(value);
  if (text === undefined) throw new TypeError(`canonicalJson: got a ${typeof value}, want what JSON can hold`);
  return text;
}

const isTensor = (value: unknown): value is Tensor =>
  typeof value === "object" && value !== null && "data" in value && value.data instanceof Float32Array;

const sha256 = (data: Float32Array): string =>
  createHash("sha256")
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest("hex");
