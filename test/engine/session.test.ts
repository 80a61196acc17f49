import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { ClosedError } from "#kernel-lib/core/errors.js";
import { setKernelHost } from "#kernel-lib/core/host.js";
import { type Runtime, startRuntime } from "#kernel-lib/engine/runtime.js";
import type { Feed } from "#kernel-lib/engine/session.js";
import { type DType, Graph, type Value } from "#kernel-lib/graph/graph.js";
import { add, cast, mul } from "#kernel-lib/graph/ops/elementwise.js";
import { matmul } from "#kernel-lib/graph/ops/matmul.js";
import { reshape } from "#kernel-lib/graph/ops/shape.js";
import { openSafetensors } from "#kernel-lib/weights/safetensors.js";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "veduta-session-")));
const runtime = startRuntime({ device: "cpu", threads: 1 });
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

const feed = (...numbers: number[]): Feed => ({ data: Float32Array.from(numbers), shape: [numbers.length] });

/** x [n] -> y = build(x) */
function graphOf(size: number, build: (x: Value) => Value): Graph {
  const graph = new Graph();
  graph.output("y", build(graph.input("x", [size])));
  return graph;
}
const doubling = () => graphOf(3, (x) => mul(x, 2));

/** A safetensors file of these parts, in this order; what lies after one byte lies at an odd place. */
function safetensors(
  name: string,
  parts: Readonly<Record<string, { readonly dtype: string; readonly shape: readonly number[]; readonly bytes: Uint8Array }>>,
): string {
  let at = 0;
  const header = Object.entries(parts).map(([key, { dtype, shape, bytes }]) => {
    at += bytes.length;
    return [key, { dtype, shape, data_offsets: [at - bytes.length, at] }];
  });
  const text = Buffer.from(JSON.stringify(Object.fromEntries(header)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const file = join(folder, name);
  writeFileSync(file, Buffer.concat([length, text, ...Object.values(parts).map(({ bytes }) => bytes)]));
  return file;
}
const float32 = (...numbers: number[]) => new Uint8Array(Float32Array.from(numbers).buffer);
/** The upper half of a float32 is a bfloat16. */
const bfloat16 = (...numbers: number[]) =>
  new Uint8Array(Uint16Array.from(new Uint32Array(Float32Array.from(numbers).buffer), (bits) => bits >>> 16).buffer);
/** Half precision of 0 and powers of two. */
const float16 = (...numbers: number[]) =>
  new Uint8Array(Uint16Array.from(numbers, (x) => (x === 0 ? 0 : ((Math.log2(Math.abs(x)) + 15) << 10) | (x < 0 ? 0x8000 : 0))).buffer);

/** x + the tensor `key` of a file, widened to float32. */
function plusWeight(file: string, key: string, dtype: DType): Graph {
  const ref = openSafetensors(file).tensors.get(key);
  if (!ref) throw new Error(`no ${key} in ${file}`);
  return graphOf(3, (x) => add(x, cast(x.graph.weight(key, ref.shape, dtype, ref), "float32")));
}

async function runOnce(on: Runtime, graph: Graph, x: Feed): Promise<number[]> {
  const session = await on.open(graph);
  const { y } = await session.run({ x });
  await session.release();
  return [...y.data];
}

describe("weights are read where they lie in a .safetensors", () => {
  const file = safetensors("odd.safetensors", {
    first: { dtype: "U8", shape: [1], bytes: Uint8Array.of(7) },
    single: { dtype: "F32", shape: [3], bytes: float32(0.1, -20, 300) },
    half: { dtype: "F16", shape: [3], bytes: float16(0.5, -2, 1024) },
    brain: { dtype: "BF16", shape: [3], bytes: bfloat16(0.5, -3, 300) },
  });
  const offset = (key: string) => (openSafetensors(file).tensors.get(key)?.offset ?? 0) % 2;

  test("32 bits, at an odd place", async () => {
    const single = offset("single");
    const moved = safetensors("even.safetensors", {
      ...(single ? {} : { more: { dtype: "U8", shape: [1], bytes: Uint8Array.of(7) } }),
      single: { dtype: "F32", shape: [3], bytes: float32(0.1, -20, 300) },
    });
    const odd = [file, moved].filter((path) => (openSafetensors(path).tensors.get("single")?.offset ?? 0) % 2);
    expect(odd.length).toBeGreaterThan(0);
    for (const path of odd)
      expect(await runOnce(runtime, plusWeight(path, "single", "float32"), feed(1, 2, 3))).toEqual(
        [1 + Math.fround(0.1), -18, 303].map(Math.fround),
      );
  });

  test("half precision, widened in the graph", async () =>
    expect(await runOnce(runtime, plusWeight(file, "half", "float16"), feed(1, 2, 3))).toEqual([1.5, 0, 1027]));

  test("bfloat16, widened in the graph", async () =>
    expect(await runOnce(runtime, plusWeight(file, "brain", "bfloat16"), feed(1, 2, 3))).toEqual([1.5, -1, 303]));

  test("through the links of a hub cache, several files in one graph", async () => {
    const [snapshot, blobs] = [join(folder, "snapshots/abc/unet"), join(folder, "blobs")];
    for (const path of [snapshot, blobs]) mkdirSync(path, { recursive: true });
    const blob = safetensors("blobs/0123abcd", { w: { dtype: "F32", shape: [3], bytes: float32(1, 2, 3) } });
    const link = join(snapshot, "diffusion_pytorch_model.safetensors");
    symlinkSync("../../../blobs/0123abcd", link);
    const ref = openSafetensors(link).tensors.get("w");
    const other = openSafetensors(file).tensors.get("single");
    if (!ref || !other) throw new Error("no such tensor");
    expect(ref.file).toBe(blob);
    const graph = graphOf(3, (x) => add(add(x, x.graph.weight("w", [3], "float32", ref)), x.graph.weight("single", [3], "float32", other)));
    expect(await runOnce(runtime, graph, feed(0, 20, 0))).toEqual([Math.fround(1.1), 2, 303]);
  });

  test("one tensor's bytes in two shapes", async () => {
    const ref = openSafetensors(file).tensors.get("single");
    if (!ref) throw new Error("no such tensor");
    const graph = graphOf(3, (x) =>
      add(add(x, x.graph.weight("a", [3], "float32", ref)), reshape(x.graph.weight("b", [3, 1], "float32", ref), [3])),
    );
    expect(await runOnce(runtime, graph, feed(0, 0, 0))).toEqual([0.1, -20, 300].map((w) => Math.fround(2 * Math.fround(w))));
  });

  test("a file that is gone, or was cut short, after its header was read is an error that names file or tensor", async () => {
    const parts = { w: { dtype: "F32", shape: [3], bytes: float32(1, 2, 3) } };
    const [gone, short] = [safetensors("gone.safetensors", parts), safetensors("short.safetensors", parts)];
    const graphs = [gone, short].map((path) => plusWeight(path, "w", "float32"));
    rmSync(gone);
    truncateSync(short, 70);
    await expect(runtime.open(graphs[0])).rejects.toThrow(/gone\.safetensors/);
    await expect(runtime.open(graphs[1])).rejects.toThrow(/short\.safetensors|initializer: w /);
    expect(await runOnce(runtime, doubling(), feed(1, 2, 3))).toEqual([2, 4, 6]); // and the worker lives on
  });
});

/** Takes a third of a second on one core. */
function longGraph(): Graph {
  const graph = new Graph();
  let y = graph.input("x", [512, 512]);
  const w = graph.constant(new Float32Array(512 * 512).fill(1 / 512), [512, 512]);
  for (let k = 0; k < 60; k++) y = matmul(y, w);
  graph.output("y", y);
  return graph;
}
const threes: Feed = { data: new Float32Array(512 * 512).fill(3), shape: [512, 512] };

describe("a session in its worker", () => {
  test("leaves the calling thread free while it runs", async () => {
    const session = await runtime.open(longGraph());
    let ticks = 0;
    const timer = setInterval(() => ticks++, 5);
    const started = performance.now();
    const { y: result } = await session.run({ x: threes });
    const took = performance.now() - started;
    clearInterval(timer);
    await session.release();
    expect(result.data[0]).toBeCloseTo(3, 4);
    expect(took).toBeGreaterThan(30); // else nothing was shown
    expect(ticks).toBeGreaterThan(took / 50);
  });

  test("answers calls in their order, from several sessions", async () => {
    const sessions = await Promise.all([2, 3].map((factor) => runtime.open(graphOf(1, (x) => mul(x, factor)))));
    const order: number[] = [];
    const answers = [0, 1, 0, 1].map(async (k, n) => {
      const { y } = await sessions[k].run({ x: feed(n + 1) });
      order.push(n);
      return y.data[0];
    });
    expect(await Promise.all(answers)).toEqual([2, 6, 6, 12]);
    expect(order).toEqual([0, 1, 2, 3]);
    for (const session of sessions) await session.release();
  });

  test("gives results of their own: a later run does not change them, nor do they change what was fed", async () => {
    const graph = graphOf(3, (x) => mul(x, 2));
    graph.output("same", graph.outputs[0].value);
    graph.output("input", graph.inputs[0]);
    const session = await runtime.open(graph);
    const x = feed(1, 2, 3);
    const first = await session.run({ x });
    const second = await session.run({ x: feed(10, 20, 30) });
    expect([first.y, first.same, first.input].map(({ data }) => [...data])).toEqual([
      [2, 4, 6],
      [2, 4, 6],
      [1, 2, 3],
    ]);
    expect(first.y.shape).toEqual([3]);
    first.y.data.fill(0);
    first.input.data.fill(0);
    expect([...second.y.data]).toEqual([20, 40, 60]);
    expect([...first.same.data]).toEqual([2, 4, 6]);
    expect([...x.data]).toEqual([1, 2, 3]);
    await session.release();
  });

  test("takes a part of a larger array", async () => {
    const all = Float32Array.from({ length: 9 }, (_, k) => k);
    expect(await runOnce(runtime, doubling(), { data: all.subarray(4, 7), shape: [3] })).toEqual([8, 10, 12]);
  });

  test("says what ONNX Runtime says where a run goes wrong, and runs on", async () => {
    const session = await runtime.open(doubling());
    await expect(session.run({ x: feed(1, 2) })).rejects.toThrow(/input: x .*Got: 2 Expected: 3/s);
    await expect(session.run({})).rejects.toThrow(/x/);
    expect([...(await session.run({ x: feed(1, 2, 3) })).y.data]).toEqual([2, 4, 6]);
    await session.release();
  });

  test("says what ONNX Runtime says where a graph cannot be", async () => {
    const graph = graphOf(3, (x) => x.graph.node("NoSuchOperator", [x], {}, [{ shape: [3], dtype: "float32" }])[0]);
    await expect(runtime.open(graph)).rejects.toThrow(/NoSuchOperator/);
    await expect(runtime.open(new Graph())).rejects.toThrow(/no output/);
  });

  test("refuses to run once it was released", async () => {
    const session = await runtime.open(doubling());
    await session.release();
    await expect(session.run({ x: feed(1, 2, 3) })).rejects.toThrow(/released/);
  });

  test("gives up at once when the notebook's cell is stopped, and works in the next cell", async () => {
    let cell = new AbortController();
    setKernelHost({
      display() {},
      waitFor() {},
      cell: "a",
      get signal() {
        return cell.signal;
      },
    });
    try {
      const [session, other] = [await runtime.open(longGraph()), await runtime.open(doubling())];
      const order: string[] = [];
      const running = session.run({ x: threes }).finally(() => order.push("stopped"));
      cell.abort(new RangeError("the stop button"));
      await expect(running).rejects.toThrow("the stop button");
      await expect(other.run({ x: feed(1, 2, 3) })).rejects.toThrow("the stop button"); // what begins after it too
      cell = new AbortController();
      const { y } = await other.run({ x: feed(1, 2, 3) });
      expect([...y.data]).toEqual([2, 4, 6]);
      expect(order).toEqual(["stopped"]);
    } finally {
      setKernelHost(undefined);
    }
  });

  test("ends with its runtime: what waits and what comes later is a ClosedError", async () => {
    const own = startRuntime({ device: "cpu", threads: 1 });
    const session = await own.open(longGraph());
    const waiting = [1, 2, 3].map(() => expect(session.run({ x: threes })).rejects.toThrow(ClosedError));
    await new Promise((resolve) => setTimeout(resolve, 50)); // the first is under way
    const closing = own.close();
    await Promise.all(waiting);
    await closing;
    await expect(session.run({ x: threes })).rejects.toThrow(ClosedError);
    await expect(own.open(doubling())).rejects.toThrow(ClosedError);
    await own.close(); // twice is once
  });

  test("lets the process end by itself, without a close, in a program given with -e too", async () => {
    const program = `
      import { Graph } from "#kernel-lib/graph/graph.js";
      import { mul } from "#kernel-lib/graph/ops/elementwise.js";
      import { startRuntime } from "#kernel-lib/engine/runtime.js";
      const graph = new Graph();
      graph.output("y", mul(graph.input("x", [1]), 2));
      const session = await startRuntime({ device: "cpu", threads: 1 }).open(graph);
      const { y } = await session.run({ x: { data: Float32Array.of(21), shape: [1] } });
      console.log(y.data[0]);`;
    const cwd = fileURLToPath(new URL("../..", import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program], { cwd, timeout: 30_000 });
    expect(stdout.trim()).toBe("42");
  });
});
