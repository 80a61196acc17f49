/**
 * @file The growth law: an operator, a sampler's step, a method, metrics and a pipeline are added from outside the package, each in one place, and
 * each shows up where it should. (test/methods/register.test.ts and test/pipelines/pipelines.test.ts follow a method and a pipeline further.)
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  allMethods,
  createRng,
  cropAll,
  ddimStep,
  editMethod,
  findMethod,
  fuse,
  jointMethod,
  lincomb,
  openModel,
  randn,
  realOption,
  registerMethod,
} from "veduta";
import { apply, Graph, gradient, mul, type Operator, type Pipeline, plain, registerPipeline, startRuntime, sub } from "veduta/graph";
import {
  type Features,
  type Metric,
  measure,
  measurePair,
  metrics,
  type PairMetric,
  pairMetrics,
  registerMetric,
  registerPairMetric,
} from "veduta/metrics";
import { afterAll, describe, expect, test } from "vitest";
import { methodFlags } from "#kernel-lib/cli/method-flags.js";
import { TABLES } from "../../scripts/option-tables.mjs";
import { finish, schedule, toy } from "../methods/joint/toy.js";

const folder = mkdtempSync(join(tmpdir(), "veduta-growth-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("one thing in one place", () => {
  test("an operator: its node runs, and `gradient` finds its rule", async () => {
    const Tanh: Operator<undefined> = plain({
      name: "Tanh",
      shape: ([x]) => [x],
      pullBack: ({ inputs: [x], dy }) => [
        () => {
          const y = apply(Tanh, [x], undefined);
          return mul(dy, sub(1, mul(y, y)));
        },
      ],
    });
    const graph = new Graph();
    const x = graph.input("x", [5]);
    const y = apply(Tanh, [x], undefined);
    graph.output("y", y);
    graph.output("dx", gradient(graph, y, x));
    const runtime = startRuntime({ device: "cpu", threads: 1 });
    const session = await runtime.open(graph);
    const data = Float32Array.of(-2, -0.5, 0, 0.5, 2);
    const results = await session.run({ x: { data, shape: [5] } });
    await runtime.close();
    for (const [k, value] of data.entries()) {
      expect(results.y.data[k]).toBeCloseTo(Math.tanh(value), 5);
      expect(results.dx.data[k]).toBeCloseTo((Math.tanh(value + 1e-3) - Math.tanh(value - 1e-3)) / 2e-3, 3);
    }
  });

  test("a sampler's step: a pure function that a method calls instead of DDIM's", async () => {
    // the exact step of data N(0.3, 1), whose every x_t is N(alpha·0.3, 1): keep the distance to the mean
    const exact = (xt: { data: Float32Array; shape: readonly number[] }, now: number, next: number) => ({
      data: xt.data.map((x) => 0.3 * next + (x - 0.3 * now)),
      shape: xt.shape,
    });
    const method = jointMethod({
      name: "exact",
      title: "Exact steps",
      summary: "steps in closed form",
      source: "this test",
      async *steps(run, { windows }) {
        let z = run.start;
        for (const hop of run.hops) {
          const xt = cropAll(z, windows);
          const prev = exact(xt, hop.now.alpha, hop.next.alpha);
          z = fuse(prev, windows, z.shape);
          yield run.record(hop, z, { x0: xt, prev });
        }
        return run.finish(z);
      },
    });
    const latent = randn(createRng(2), [1, 4, 8, 48]);
    const { result } = await finish(method.run(toy(), { prompt: "hills", latent, steps: 7 }));
    const [first, last] = [schedule.path(7)[0].now.alpha, schedule.path(7)[6].next.alpha];
    for (const [k, x] of latent.data.entries()) expect(result.latent.data[k]).toBeCloseTo(x + 0.3 * (last - first), 5);
  });

  test("a method: it is known by name, and the command line's flags and the documentation's tables have it", () => {
    const method = jointMethod({
      name: "grown",
      title: "Grown",
      summary: "a method of this test",
      source: "this test",
      options: { sway: realOption({ means: "how far it sways", least: 0, default: 0.5 }) },
      async *steps(run, { windows }) {
        let z = run.start;
        for (const hop of run.hops) {
          const xt = cropAll(z, windows);
          const denoised = ddimStep(xt, await run.noise(xt, hop), hop.now, hop.next);
          z = fuse(denoised.prev, windows, z.shape);
          yield run.record(hop, z, denoised);
        }
        return run.finish(lincomb(1, z, 0, z));
      },
    });
    registerMethod(method);
    expect(findMethod("grown")).toBe(method);
    expect(methodFlags(allMethods()).get("--sway")).toMatchObject({ key: "sway", methods: [method] });
    expect(TABLES.paint()).toContain("| `--sway X` | `grown`: how far it sways | 0.5 |");
    expect(TABLES.methods()).toContain("## Grown: `grown`");
  });

  test("a method that edits: it is known in its family, and a flag that others read too keeps a meaning and a default for each", () => {
    const method = editMethod({
      name: "grown-edit",
      title: "Grown edit",
      who: "grownEdit",
      summary: "an edit of this test",
      source: "this test",
      options: { eta: realOption({ means: "how rough it is", least: 0, default: 0.5 }) },
      series: [],
      async *steps(run, { guidanceScale }) {
        let latent = run.x0;
        for (const hop of run.hops) {
          const [eps] = await run.predict([{ latent, text: run.text, guidanceScale }], hop.now.t);
          const { x0, prev } = ddimStep(latent, eps, hop.now, hop.next);
          latent = prev;
          yield run.record(hop, { latent, x0 });
        }
        return run.finish(latent);
      },
    });
    registerMethod(method);
    expect(findMethod("grown-edit", "edit")).toBe(method);
    expect(findMethod("grown-edit")).toBeUndefined();
    expect(TABLES.edits()).toContain("## Grown edit: `grown-edit`");
    const row = TABLES.edit()
      .split("\n")
      .find((line) => line.includes("`--eta X`"));
    expect(row).toContain("`cycle`: how stochastic the sampler is");
    expect(row).toContain("`grown-edit`: how rough it is");
    expect(row).toContain("| 0.1 for `cycle`; 1 for `sdedit`; 0.5 for `grown-edit` |");
  });

  test("a metric: `measure` computes it where the model has what it needs, and only there", async () => {
    const brightness: Metric<Features> = {
      name: "mean-feature",
      title: "Mean feature",
      source: "this test",
      better: "higher",
      needs: ["features"],
      measure: async (panorama, { features }) => (await features(panorama))[0].data[0],
    };
    registerMetric(brightness);
    expect(metrics().map(({ name }) => name)).toContain("mean-feature");
    const panorama = randn(createRng(1), [1, 3, 4, 8]);
    const model = { features: async () => [{ data: Float32Array.of(0.25), shape: [1, 1, 1, 1] }] };
    expect(await measure(panorama, model)).toMatchObject({ "mean-feature": 0.25 });
    expect(await measure(panorama, {})).not.toHaveProperty("mean-feature");
  });

  test("a metric of edits: `measurePair` computes it beside the others, one number a picture", async () => {
    const brighter: PairMetric<object> = {
      name: "brighter",
      title: "Brighter",
      source: "this test",
      better: "lower",
      needs: [],
      measure: async (source, edited) => [edited.data[0] - source.data[0]],
    };
    registerPairMetric(brighter);
    expect(pairMetrics().map(({ name }) => name)).toContain("brighter");
    const grey = (value: number) => ({ data: new Float32Array(3 * 16 * 16).fill(value), shape: [1, 3, 16, 16] });
    expect(await measurePair(grey(0.25), grey(0.75))).toMatchObject({ brighter: [0.5] });
  });

  test("a pipeline: openModel opens the folders of its class", async () => {
    const pipeline: Pipeline<{ readonly greeting: string; close(): Promise<void> }, Record<never, never>> = {
      name: "Greeting",
      classes: ["GreetingPipeline"],
      parts: {},
      open: (_, engine) => ({ greeting: `on ${engine.device}`, close: () => engine.close() }),
    };
    registerPipeline(pipeline);
    const path = join(folder, "greeting");
    mkdirSync(path);
    writeFileSync(join(path, "model_index.json"), JSON.stringify({ _class_name: "GreetingPipeline" }));
    const model = await openModel<{ readonly greeting: string; close(): Promise<void> }>(path, { device: "cpu" });
    expect(model.greeting).toBe("on cpu");
    await model.close();
  });
});
