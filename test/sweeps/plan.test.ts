/** Plans: which runs they name, in which order, and what is refused. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parsePlan, runCount, type SweepPlan } from "#kernel-lib/sweeps/plan.js";
import { plannedRuns } from "#kernel-lib/sweeps/plan-runs.js";
import { inShard, parseShard } from "#kernel-lib/sweeps/shard.js";

const runsOf = (plan: Omit<SweepPlan, "format">) => plannedRuns("plan.json", parsePlan("plan.json", { format: 1, ...plan }));

describe("the runs of a plan", () => {
  test("are every combination of the grid, its first key slowest, then the single runs", () => {
    const runs = runsOf({
      fixed: { prompt: "sea" },
      grid: { method: ["multi", "sync"], seed: { from: 3, count: 2 } },
      runs: [{ prompt: "hills", seed: 9 }],
    });
    expect(runs.map(({ method, options }) => [method, options.prompt, options.seed])).toEqual([
      ["multi", "sea", 3],
      ["multi", "sea", 4],
      ["sync", "sea", 3],
      ["sync", "sea", 4],
      ["sync", "hills", 9],
    ]);
  });

  test("leave out options that their method does not have, and the same run twice is one", () => {
    const runs = runsOf({
      grid: { prompt: ["lake", "city"], seed: { from: 0, count: 500 }, method: ["multi", "sync"], weight: [10, 20] },
      runs: [{ prompt: "forest", seed: 7, method: "sync" }],
    });
    expect(runs).toHaveLength(2 * 500 * (1 + 2) + 1);
    expect(runs.filter(({ method }) => method === "multi").every(({ options }) => options.weight === undefined)).toBe(true);
  });

  test("are as many as the product of the lists, no two the same, for any lists", () => {
    const list = <T>(values: readonly T[]) => fc.subarray([...values], { minLength: 1 });
    fc.assert(
      fc.property(
        list(["sea", "hills", "city"]),
        list([0, 1, 2, 5, 1e9]),
        list([1, 2.5, 7.5]),
        list(["multi", "sync"]),
        (prompt, seed, guidanceScale, method) => {
          const plan = { grid: { prompt, seed, guidanceScale, method } };
          const runs = runsOf(plan);
          expect(runs).toHaveLength(prompt.length * seed.length * guidanceScale.length * method.length);
          expect(runs).toHaveLength(runCount({ format: 1, ...plan }));
          expect(new Set(runs.map((run) => JSON.stringify(run))).size).toBe(runs.length);
        },
      ),
    );
  });

  test("take words of the command line where an option's value is no JSON, and the command's own methods", () => {
    const [edit] = runsOf({
      command: "edit",
      fixed: { image: "a.png", prompt: "night", sourcePrompt: "noon", seed: 1, weights: "night=2" },
    });
    expect(edit.method).toBe("cycle");
    expect(edit.options.weights).toEqual({ night: 2 });
    const [scene] = runsOf({ command: "scene", fixed: { labels: "boat, sun", seed: 1 } });
    expect([scene.method, scene.options.labels]).toEqual(["frido", ["boat", "sun"]]);
    expect(runsOf({ fixed: { prompt: "sea", seed: 1, control: "edges.png,scale=0.5" } })[0].options.control).toEqual([
      "edges.png,scale=0.5",
    ]);
  });

  test("fixed alone is one run", () => expect(runsOf({ fixed: { prompt: "sea", seed: 1 } })).toHaveLength(1));

  test("need a seed, so that the plan names the same runs each time", () =>
    expect(() => runsOf({ fixed: { prompt: "sea" } })).toThrow(
      /plan.json: got a run of sync without a seed, want one in fixed, grid or runs/,
    ));
});

describe("a plan that is none is refused with the place in it, what stands there and what is wanted", () => {
  test.each([
    [[], /^plan.json: got \[\], want an object$/],
    [{}, /format: got nothing, want 1/],
    [{ format: 1, gird: {} }, /got "gird", want grid, or another of/],
    [{ format: 1, command: "table" }, /command: got "table", want paint, edit, scene/],
    [{ format: 1, device: "gpu" }, /device: got "gpu", want auto, cpu, cuda, webgpu/],
    [{ format: 1, fixed: { widht: 512 } }, /fixed: got "widht", want width, or another of/],
    [{ format: 1, fixed: { width: [512, 1024] } }, /fixed.width: got \[512,1024\], want a number; lists of values belong into grid/],
    [{ format: 1, fixed: { steps: "many" } }, /fixed.steps: got "many", want a number/],
    [{ format: 1, fixed: { batch: 2 } }, /fixed: got "batch"/],
    [{ format: 1, grid: { seed: [] } }, /grid.seed: got \[\], want a list of values, at least one, or \{ from, count \}/],
    [{ format: 1, grid: { seed: 7 } }, /grid.seed: got 7, want a list of values/],
    [{ format: 1, grid: { seed: { from: 0 } } }, /grid.seed.count: got nothing, want a whole number >= 1/],
    [{ format: 1, grid: { seed: { from: 0, count: 2, step: 2 } } }, /grid.seed: got "step", want/],
    [{ format: 1, grid: { method: ["multi", "synk"] } }, /grid.method\[1\]: got "synk", want sync, or another of/],
    [{ format: 1, grid: { loop: [true, "maybe"] } }, /grid.loop\[1\]: got "maybe", want true, false or "official"/],
    [{ format: 1, runs: [] }, /runs: got \[\], want a list of objects, at least one/],
    [{ format: 1, runs: [{ seed: 1 }, { seed: -1 }] }, /runs\[1\].seed: got -1, want a whole number >= 0/],
    [{ format: 1, measure: { metric: ["intra-lpips"] } }, /measure: got "metric", want metrics/],
    [{ format: 1, measure: { networks: ["vgg"] } }, /measure.networks: got \["vgg"\], want a list of/],
    [{ format: 1, lora: "a.safetensors" }, /lora: got "a.safetensors", want a list of texts/],
    [{ format: 1, grid: { seed: { from: 0, count: 600_000 }, steps: [1, 2] } }, /the plan has 1200000 runs, want at most 1000000/],
  ])("%j", (plan, message) => expect(() => parsePlan("plan.json", plan)).toThrow(message));
});

describe("shards", () => {
  test("share out every run, each to one of them", () => {
    for (const of of [1, 3, 16])
      for (let place = 0; place < 40; place++)
        expect(Array.from({ length: of }, (_, index) => inShard(place, { index, of })).filter(Boolean)).toHaveLength(1);
    expect([3, 19, 35].every((place) => inShard(place, parseShard("3/16")))).toBe(true);
  });

  test.each(["16/16", "a/b", "1", "-1/4", "1/0", "0/0", "1/2/3", ""])("refuse %j", (word) =>
    expect(() => parseShard(word)).toThrow(`got ${word}, want I/N with 0 <= I < N, such as 0/16 for the first of 16`),
  );
});
