/**
 * @file Loaded graphs by name, the least recently used released first, and batches of any size through graphs of a static one.
 */
import { totalmem } from "node:os";
import { type DeviceTensor, type Shape, sizeOf, type Tensor } from "../core/tensor.js";
import type { Graph } from "../graph/graph.js";
import { arenaBytes, weightBytes } from "./memory.js";
import type { Runtime } from "./runtime.js";
import type { DeviceBuffer, Feed, Feeds, Results, Session } from "./session.js";

export interface SessionPool {
  /**
   * Runs a batch, `plan.size` rows per network call; the last call repeats its last row to be full. Each runtime takes the next call as soon as it is
   * free, so that one on a busy core only takes fewer.
   * @param key names graph and shape, without the size of a call
   * @param feeds `rows`: cut along the first axis, N rows each; `shared`: whole in every call. Those that the graph does not take are left out.
   * @returns the outputs, N rows each
   */
  run(key: string, build: (size: number) => Graph, plan: BatchPlan, feeds: BatchFeeds): Promise<Readonly<Record<string, Tensor>>>;
  /**
   * Runs one call whose results stay on the device; absent where they cannot.
   * @param key names the graph
   * @param feeds those that the graph does not take are left out
   */
  runOnDevice?(key: string, build: () => Graph, feeds: Feeds): Promise<Readonly<Record<string, DeviceTensor>>>;
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
 * Splits n rows into the fewest equal calls of at most `most` rows: 21 rows, most 8, gives three calls of 7. A single call of at least ¾ · most
 * rows is padded to `most`, so that it reuses the graph already loaded for full batches.
 */
export function planBatch(n: number, most: number): BatchPlan {
  const calls = Math.ceil(n / most);
  const even = Math.ceil(n / calls);
  return { calls, size: calls === 1 && even >= 0.75 * most ? most : even };
}

interface Loaded<Out> {
  /** one on each runtime */
  readonly sessions: Promise<readonly Session<Out>[]>;
  readonly inputs: ReadonlySet<string>;
  readonly bytes: number;
  users: number;
}

/** What loaded sessions may take. */
export interface PoolMemory {
  readonly bytes: number;
  /** what a session holds until it is released: its weights, or on a GPU the arena of its activations too */
  readonly of: (graph: Graph) => number;
  /** whether what is released is gone before the next session is loaded */
  readonly releases: "in the background" | "first";
}

/** On the CPU: weights take at most half of the machine's memory. */
const HOST: PoolMemory = { bytes: totalmem() / 2, of: weightBytes, releases: "in the background" };

/** On a GPU: weights and arenas take at most nine tenths of what was free; the rest is for cuDNN's workspaces. @param free bytes */
export const gpuPool = (free: number): PoolMemory => ({ bytes: 0.9 * free, of: arenaBytes, releases: "first" });

/**
 * Sessions on one runtime, or on several that share the work; together they take at most `memory`, where one alone does not take more.
 * @param memory default the machine's
 */
export function sessionPool(runtimes: readonly Runtime[], memory: PoolMemory = HOST): SessionPool {
  type Known = Loaded<Results> | Loaded<Readonly<Record<string, DeviceTensor>>>;
  const loaded = new Map<string, Known>(); // in order of last use

  /** Releases what is idle until the incoming bytes fit. @returns when it is gone */
  const shrink = async (incoming: number): Promise<void> => {
    const gone: Promise<unknown>[] = [];
    const total = () => [...loaded.values()].reduce((sum, { bytes }) => sum + bytes, incoming);
    for (const [key, { sessions, users }] of [...loaded]) {
      if (loaded.size < MOST_SESSIONS && total() <= memory.bytes) break;
      if (users > 0) continue;
      loaded.delete(key);
      gone.push(released(sessions));
    }
    if (memory.releases === "first") await Promise.all(gone);
  };

  /** @param load of each runtime that takes part; one key is always loaded by the same */
  const use = async <Out, T>(
    key: string,
    build: () => Graph,
    load: readonly ((graph: Graph) => Promise<Session<Out>>)[],
    call: (sessions: readonly Session<Out>[], taken: (feeds: Feeds) => Feeds) => Promise<T>,
  ): Promise<T> => {
    let entry = loaded.get(key) as Loaded<Out> | undefined;
    loaded.delete(key);
    if (!entry) {
      const graph = build();
      const bytes = load.length * memory.of(graph);
      const room = shrink(bytes);
      entry = {
        sessions: room.then(() => Promise.all(load.map((open) => open(graph)))),
        inputs: new Set(graph.inputs.map(({ name }) => name)),
        bytes,
        users: 0,
      };
      entry.sessions.catch(() => loaded.delete(key));
    }
    loaded.set(key, entry as Known & Loaded<Out>);
    entry.users++;
    try {
      const { inputs } = entry;
      return await call(await entry.sessions, (feeds) => mapValues(pick(feeds, inputs), owned));
    } finally {
      entry.users--;
    }
  };

  const [{ openOnDevice }] = runtimes;
  return {
    run: (key, build, { size, calls }, { rows, shared = {} }) =>
      use(
        `${key} ×${size}`,
        () => build(size),
        runtimes.map(({ open }) => open),
        async (sessions, taken) => {
          const results: Results[] = [];
          let next = 0;
          const takeTurns = async (session: Session): Promise<void> => {
            try {
              for (let call = next++; call < calls; call = next++)
                results[call] = await session.run(taken({ ...shared, ...mapValues(rows, (feed) => cut(feed, call * size, size)) }));
            } catch (error) {
              next = calls; // the others begin no other call
              throw error;
            }
          };
          await Promise.all(sessions.map(takeTurns));
          const [{ shape }] = Object.values(rows);
          return joinRows(results, shape[0]);
        },
      ),
    ...(openOnDevice && {
      runOnDevice: (key, build, feeds) =>
        use(`${key} on the device`, build, [openOnDevice], ([session], taken) => session.run(taken(feeds))),
    }),
  };
}

/** Releases sessions. One that never opened, or ended with its worker, is gone already. */
const released = (sessions: Promise<readonly Pick<Session, "release">[]>): Promise<unknown> =>
  sessions.then((open) => Promise.all(open.map((session) => session.release()))).catch(() => undefined);

/** Rows [from, from + size); past the end the last row again. */
export function cut({ data, shape }: Feed, from: number, size: number): Feed {
  const stride = sizeOf(shape.slice(1));
  const part = data.slice(from * stride, (from + size) * stride);
  if (part.length === size * stride) return { data: part, shape: [size, ...shape.slice(1)] };
  const full = data instanceof Int32Array ? new Int32Array(size * stride) : new Float32Array(size * stride);
  full.set(part);
  for (let at = part.length; at < full.length; at += stride) full.set(part.subarray(part.length - stride), at);
  return { data: full, shape: [size, ...shape.slice(1)] };
}

/** Crossing to the worker copies the whole buffer behind a view: a part is copied out first. */
const owned = (feed: Feed | DeviceBuffer): Feed | DeviceBuffer =>
  "buffer" in feed || feed.data.byteLength === feed.data.buffer.byteLength ? feed : { ...feed, data: feed.data.slice() };

/** The first n rows of each output, calls one after the other. */
export function joinRows(results: readonly Results[], n: number): Record<string, Tensor> {
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
