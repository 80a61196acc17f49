/**
 * @file The graph under construction: values with shapes, ONNX nodes, and the tape that `gradient` walks.
 * Shapes are static and known when a node is added, so a wrong one throws where it is written.
 */
import { ShapeError } from "../core/errors.js";
import type { Shape } from "../core/tensor.js";
import { sizeOf } from "../core/tensor.js";
import { constantBytes } from "./constant-bytes.js";

/** Number formats of values. */
export type DType = "float32" | "float16" | "bfloat16" | "int64" | "int32" | "bool";

/** A value of a graph: what a node computes, an input, or an initializer. */
export interface Value {
  readonly graph: Graph;
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** An initializer's bytes where they lie: `length` bytes from `offset` of `file`. */
export interface ExternalData {
  readonly file: string;
  readonly offset: number;
  readonly length: number;
}

/** A value whose numbers are known before a run, and where they are. */
export interface Initializer {
  readonly value: Value;
  readonly data: Uint8Array | ExternalData;
}

/** One ONNX node; an input "" is an optional one left out. */
export interface Node {
  /** ONNX's name of the operator; one that is not ONNX's own has its domain and a dot before it */
  readonly type: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
}
/** A number that is to be written as float although it is whole is `{ float }`. */
export type Attribute = number | { readonly float: number } | string | readonly number[];
/** Attributes of a node by name. */
export type Attributes = Readonly<Record<string, Attribute>>;

/** One application of an operator, as its pull-back sees it. */
export interface Call<A> {
  readonly inputs: readonly Value[];
  readonly attrs: A;
  readonly outputs: readonly Value[];
  /** what the forward pass stored for the pull-back */
  readonly saved: readonly Value[];
  /** gradient of the first output */
  readonly dy: Value;
  /** gradients of all outputs; undefined where an output does not reach the result */
  readonly dys: readonly (Value | undefined)[];
  /** inputs whose gradient is asked for */
  readonly needed: readonly Value[];
}

/** One thunk an input; null where an input is not differentiable (an index, a mask). */
export type PullBack<A> = (call: Call<A>) => readonly ((() => Value) | null)[];

/** An operator: how it becomes nodes, and its pull-back. */
export interface Operator<A> {
  readonly name: string;
  /** Builds the nodes. Whatever it applies inside is off the tape. */
  readonly build: (
    inputs: readonly Value[],
    attrs: A,
    graph: Graph,
  ) => { readonly outputs: readonly Value[]; readonly saved?: readonly Value[] };
  readonly pullBack: PullBack<A> | "none";
}

/** One application of an operator, as the reverse mode needs it. */
export interface TapeEntry {
  readonly operator: Operator<unknown>;
  readonly inputs: readonly Value[];
  readonly attrs: unknown;
  readonly outputs: readonly Value[];
  readonly saved: readonly Value[];
}

/** Options of a graph. */
export interface GraphOptions {
  /**
   * Which activations the forward pass stores for the gradient: all of them (false, the default), or only segment boundaries and what segments
   * store (gradient checkpointing; see segment.ts).
   */
  readonly checkpointing?: boolean;
  /** with checkpointing, bytes of attention scores that are alive at once; default 128 MiB */
  readonly scoreBytes?: number;
  /**
   * Channels that lie together in ONNX Runtime's blocked convolutions on this processor (probeConvBlock). Where it is given, convolutions
   * over multiples of it are emitted in that layout: for graphs on the CPU provider whose weights are inputs. Default: none are.
   */
  readonly convBlock?: number;
}
/** Gives a value that a segment stores: builds it in the forward pass, takes the stored one in the recomputation. */
export type Keeper = (build: () => Value) => Value;

/** An ONNX graph under construction, with the tape that `gradient` walks. */
export class Graph {
  readonly checkpointing: boolean;
  readonly scoreBytes: number;
  readonly convBlock: number | undefined;
  readonly nodes: Node[] = [];
  readonly initializers: Initializer[] = [];
  readonly inputs: Value[] = [];
  readonly outputs: { readonly name: string; readonly value: Value }[] = [];
  /** every value by its name: inputs, initializers and what nodes compute */
  readonly values = new Map<string, Value>();
  readonly #constants = new Map<string, Value>();
  readonly #weights = new Map<string, Value>();
  #names = 0;
  #tape: TapeEntry[] | undefined = [];
  #keeper: Keeper = (build) => build();

  constructor({ checkpointing = false, scoreBytes = 2 ** 27, convBlock }: GraphOptions = {}) {
    this.checkpointing = checkpointing;
    this.scoreBytes = scoreBytes;
    this.convBlock = convBlock;
  }

  /** What was applied so far; empty while nothing is recorded. */
  get tape(): readonly TapeEntry[] {
    return this.#tape ?? [];
  }

  /** A value that each run is fed with. */
  input(name: string, shape: Shape, dtype: DType = "float32"): Value {
    if (this.inputs.some((value) => value.name === name))
      throw new Error(`Graph.input: "${name}" is already an input; choose another name`);
    const value = this.#value(name, shape, dtype);
    this.inputs.push(value);
    return value;
  }

  /** Names what a run returns. */
  output(name: string, value: Value): void {
    if (this.outputs.some((output) => output.name === name)) throw new Error(`Graph.output: "${name}" is already an output`);
    this.outputs.push({ name, value });
  }

  /** Numbers written into the graph; equal ones of up to 16 elements are shared. */
  constant(numbers: number | readonly number[] | Float32Array, shape: Shape = [], dtype: DType = "float32"): Value {
    const list = typeof numbers === "number" ? [numbers] : numbers;
    if (list.length !== sizeOf(shape)) throw new ShapeError("Graph.constant", { got: `${list.length} numbers`, want: `shape [${shape}]` });
    const key = list.length <= 16 ? `${dtype}|${shape}|${Array.from(list, (x) => (Object.is(x, -0) ? "-0" : x))}` : undefined;
    const known = key === undefined ? undefined : this.#constants.get(key);
    if (known) return known;
    const value = this.#value(`constant${this.#names++}`, shape, dtype);
    this.initializers.push({ value, data: constantBytes(list, dtype) });
    if (key !== undefined) this.#constants.set(key, value);
    return value;
  }

  /** An initializer whose bytes stay in their file; the same key twice is the same value. */
  weight(key: string, shape: Shape, dtype: DType, data: ExternalData): Value {
    const known = this.#weights.get(key);
    if (known) return known;
    const value = this.#value(key, shape, dtype);
    this.initializers.push({ value, data });
    this.#weights.set(key, value);
    return value;
  }

  /** Adds one ONNX node; operators call this, networks call operators. */
  node(
    type: string,
    inputs: readonly (Value | null)[],
    attributes: Attributes,
    outputs: readonly { shape: Shape; dtype: DType }[],
  ): Value[] {
    const values = outputs.map(({ shape, dtype }) => this.#value(`${type}${this.#names++}`, shape, dtype));
    this.nodes.push({ type, inputs: inputs.map((value) => value?.name ?? ""), outputs: values.map((value) => value.name), attributes });
    return values;
  }

  /** The nodes that an output needs, in order. */
  liveNodes(): Node[] {
    const wanted = new Set(this.outputs.map(({ value }) => value.name));
    const live: Node[] = [];
    for (const node of this.nodes.toReversed()) {
      if (!node.outputs.some((name) => wanted.has(name))) continue;
      for (const name of node.inputs) wanted.add(name);
      live.push(node);
    }
    return live.reverse();
  }

  record(entry: TapeEntry): void {
    this.#tape?.push(entry);
  }

  /** Runs `build` without recording: the nodes inside an operator that has a pull-back of its own. */
  offTape<T>(build: () => T): T {
    return this.#onTape(undefined, build);
  }

  /** Runs `build` and records it on a tape of its own. */
  taped<T>(build: () => T): { readonly result: T; readonly tape: readonly TapeEntry[] } {
    const tape: TapeEntry[] = [];
    return { result: this.#onTape(tape, build), tape };
  }

  /** A value that is expensive to compute and small: a segment stores it in the forward pass and does not recompute it. */
  keep(build: () => Value): Value {
    return this.#keeper(build);
  }

  /** Runs `build` with another answer to `keep`. */
  keeping<T>(keeper: Keeper, build: () => T): T {
    const before = this.#keeper;
    this.#keeper = keeper;
    try {
      return build();
    } finally {
      this.#keeper = before;
    }
  }

  #onTape<T>(tape: TapeEntry[] | undefined, build: () => T): T {
    const before = this.#tape;
    this.#tape = tape;
    try {
      return build();
    } finally {
      this.#tape = before;
    }
  }

  #value(name: string, shape: Shape, dtype: DType): Value {
    if (!shape.every((d) => Number.isInteger(d) && d >= 0))
      throw new ShapeError(`Graph ("${name}")`, { got: `[${shape}]`, want: "whole numbers >= 0" });
    const value = { graph: this, name, shape: [...shape], dtype };
    this.values.set(name, value);
    return value;
  }
}
