/**
 * @file Loaded graphs by name, the least recently used released first, and batches of any size through graphs of a static one.
 */
import { totalmem } from "node:os";
import { type Shape, sizeOf, type Tensor } from "../core/tensor.js";
import type { Graph } from "./graph.js";
import { weightBytes } from "./memory.js";
import type { Runtime } from "./runtime.js";
import type { Feed, Feeds, Results, Session } from "./session.js";

export interface SessionPool {
  /**
   * Runs a batch, `plan.size` rows a network call; the last call repeats its last row to be full.
   * @param key names graph and shape, without the size of a call
   * @param feeds `rows`: cut along the first axis, N rows each; `shared`: whole in every call. Those that the graph does not take are left out.
   * @returns the outputs, N rows each
   */
  run(key: string, build: (size: number) => Graph, plan: BatchPlan, feeds: BatchFeeds): Promise<Readonly<Record<string, Tensor>>>;
}

export interface BatchPlan {
  /** rows of one call */
  readonly size: number;
  readonly calls: number;
}

export interface BatchFeeds {
  readonly rows: Readonly<Record<string, Feed>>;
  readonly shared?: Feeds;
}

/** How many sessions stay loaded, whatever their size. */
const MOST_SESSIONS = 8;

/**
 * N rows in as few calls as `most` rows a call allow, the calls of one size: 21 rows of at most 8 are three calls of 7. A call that would be
 * at least three quarters of `most` is filled up to it, so that the last part of a batch that was cut before shares the others' graph.
 */
export function planBatch(n: number, most: number): BatchPlan {
  const calls = Math.ceil(n / most);
  const even = Math.ceil(n / calls);
  return { calls, size: calls === 1 && even >= 0.75 * most ? most : even };
}

interface Loaded {
  readonly session: Promise<Session>;
  readonly inputs: ReadonlySet<string>;
  readonly bytes: number;
  users: number;
}

/**
 * Sessions on a runtime; together their weights take at most half of the memory, where one alone does not take more.
 * @param memory bytes; default the machine's
 */
export function sessionPool(runtime: Runtime, memory: number = totalmem()): SessionPool {
  const loaded = new Map<string, Loaded>(); // in order of last use

  const shrink = (incoming: number): void => {
    const total = () => [...loaded.values()].reduce((sum, { bytes }) => sum + bytes, incoming);
    for (const [key, { session, users }] of [...loaded]) {
      if (loaded.size < MOST_SESSIONS && total() <= memory / 2) return;
      if (users > 0) continue;
      loaded.delete(key);
      session.then((open) => open.release()).catch(() => undefined); // a session that never opened, or ended with its worker
    }
  };

  const open = (key: string, build: () => Graph): Loaded => {
    const known = loaded.get(key);
    if (known) {
      loaded.delete(key);
      loaded.set(key, known);
      return known;
    }
    const graph = build();
    const bytes = weightBytes(graph);
    shrink(bytes);
    const made: Loaded = { session: runtime.open(graph), inputs: new Set(graph.inputs.map(({ name }) => name)), bytes, users: 0 };
    loaded.set(key, made);
    made.session.catch(() => loaded.delete(key));
    return made;
  };

  return {
    async run(key, build, { size, calls }, { rows, shared = {} }) {
      const entry = open(`${key} ×${size}`, () => build(size));
      entry.users++;
      try {
        const session = await entry.session;
        const results: Results[] = [];
        for (let call = 0; call < calls; call++) {
          const all = { ...shared, ...mapValues(rows, (feed) => cut(feed, call * size, size)) };
          results.push(await session.run(mapValues(pick(all, entry.inputs), owned)));
        }
        const [{ shape }] = Object.values(rows);
        return join(results, shape[0]);
      } finally {
        entry.users--;
      }
    },
  };
}

/** Rows [from, from + size); past the end the last row again. */
function cut({ data, shape }: Feed, from: number, size: number): Feed {
  const stride = sizeOf(shape.slice(1));
  const part = data.slice(from * stride, (from + size) * stride);
  if (part.length === size * stride) return { data: part, shape: [size, ...shape.slice(1)] };
  const full = data instanceof Int32Array ? new Int32Array(size * stride) : new Float32Array(size * stride);
  full.set(part);
  for (let at = part.length; at < full.length; at += stride) full.set(part.subarray(part.length - stride), at);
  return { data: full, shape: [size, ...shape.slice(1)] };
}

/** Crossing to the worker copies the whole buffer behind a view: a part is copied out first. */
const owned = (feed: Feed): Feed => (feed.data.byteLength === feed.data.buffer.byteLength ? feed : { ...feed, data: feed.data.slice() });

/** The first n rows of each output, calls one after the other. */
function join(results: readonly Results[], n: number): Record<string, Tensor> {
  return mapValues(results[0], ({ data, shape }, name) => {
    const rest: Shape = shape.slice(1);
    if (results.length === 1 && shape[0] === n) return { data, shape };
    const whole = new Float32Array(n * sizeOf(rest));
    let at = 0;
    for (const result of results) {
      const part = result[name].data.subarray(0, whole.length - at);
      whole.set(part, at);
      at += part.length;
    }
    return { data: whole, shape: [n, ...rest] };
  });
}

const mapValues = <T, U>(record: Readonly<Record<string, T>>, f: (value: T, key: string) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, f(value, key)]));

const pick = <T>(record: Readonly<Record<string, T>>, keys: ReadonlySet<string>): Record<string, T> =>
  Object.fromEntries(Object.entries(record).filter(([key]) => keys.has(key)));
