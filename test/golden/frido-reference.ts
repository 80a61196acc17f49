/** @file What the tests of golden/frido share: its config, its weights, the limits of golden/frido/README.md ("Tolerances"), and how a graph is run. */
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import type { Tensor } from "#kernel-lib/core/tensor.js";
import type { Runtime } from "#kernel-lib/engine/runtime.js";
import type { Feeds } from "#kernel-lib/engine/session.js";
import { Graph, type Value } from "#kernel-lib/graph/graph.js";
import { cast } from "#kernel-lib/graph/ops/elementwise.js";
import { inputParameters, type Parameters } from "#kernel-lib/nets/parameters.js";
import { golden, has, maxOverStd, relativeL2, unless } from "./golden.mjs";
import { hashWeights } from "./hash-weights.js";

const CONFIG = "frido/config.json";
export const skipped = !has(CONFIG);
/** What a title adds when its test is skipped. */
export const why = unless(CONFIG);
/** golden/frido/config.json: constructor arguments of the official classes, and the list of cases. */
export const config = skipped ? undefined : JSON.parse(readFileSync(golden(CONFIG), "utf8"));

/** Three times the distance between the official float32 and float64 runs: [max/std, relative L2]. */
const LIMITS = {
  encoder: [3e-5, 4.5e-6],
  image: [3.6e-5, 4.8e-6],
  gradient: [1.1e-4, 1.1e-5],
  sample: [3.9e-5, 3.9e-6],
  noise: [3.3e-5, 6.3e-6],
  noiseGradient: [9.9e-5, 1.5e-5],
  time: [4.8e-5, 9.6e-6],
  context: [8.1e-6, 1.44e-6],
} as const;
/** of a loss, relative */
export const LOSS = 2.5e-6;

export function expectNear(got: Tensor, want: Tensor, what: keyof typeof LIMITS, name: string): void {
  expect(got.shape, name).toEqual(want.shape);
  expect(maxOverStd(got.data, want.data), `${name}, max/std`).toBeLessThan(LIMITS[what][0]);
  expect(relativeL2(got.data, want.data), `${name}, relative L2`).toBeLessThan(LIMITS[what][1]);
}

/** Runs a graph whose parameters are inputs. */
export async function run(
  runtime: Runtime,
  weights: ReadonlyMap<string, Tensor>,
  feeds: Feeds,
  build: (p: Parameters, graph: Graph) => Readonly<Record<string, Value>>,
): Promise<Readonly<Record<string, Tensor>>> {
  const graph = new Graph();
  const p = inputParameters(graph, "");
  for (const [name, value] of Object.entries(build(p, graph))) graph.output(name, cast(value, "float32"));
  const session = await runtime.open(graph);
  const parameters = [...p.all.keys()].map((name) => [name, weights.get(name) as Tensor]);
  const results = await session.run({ ...feeds, ...Object.fromEntries(parameters) });
  await session.release();
  return results as Readonly<Record<string, Tensor>>;
}

const noWeights = { weights: new Map<string, Tensor>(), asOfficial: false };
/** The weights of a network, and whether they are those of the official run. */
export const weightsOf = (network: string) => (skipped ? noWeights : hashWeights("frido/weights.json", network));

/** Channels [from, to) of [N,C,h,w]. */
export function channels({ data, shape: [N, C, H, W] }: Tensor, from: number, to: number): Tensor {
  const out = new Float32Array(N * (to - from) * H * W);
  for (let n = 0; n < N; n++) out.set(data.subarray((n * C + from) * H * W, (n * C + to) * H * W), n * (to - from) * H * W);
  return { data: out, shape: [N, to - from, H, W] };
}

/** Names and shapes, to compare parameters with a state dict. */
export const shapesOf = (list: ReadonlyMap<string, { readonly shape: readonly number[] }>): Record<string, readonly number[]> =>
  Object.fromEntries([...list].map(([name, { shape }]) => [name, [...shape]]));
