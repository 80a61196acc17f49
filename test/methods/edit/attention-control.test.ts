/** Laws of cross-attention control: alignments of token lists, its options, and edits under control on a checkpoint of random numbers. */
import { createRng, cycleDiffusion, type Model, openModel, randn, rows, type Tensor } from "veduta";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { alignContexts, alignTokens, wordTokens } from "#kernel-lib/methods/edit/align-tokens.js";
import { CONTROL_OPTIONS, crossMaps } from "#kernel-lib/methods/edit/attention-control.js";
import { methodInfo } from "#kernel-lib/methods/methods.js";
import { repeatCommand } from "#kernel-lib/pages/repeat-command.js";
import type { RunInfo } from "#kernel-lib/runs/run-data.js";
import { TINY, tinyCheckpoint } from "../../fixtures/tiny-checkpoint.js";
import { apart, fail, finish } from "../joint/toy.js";
import { editToy } from "./edit-toy.js";

describe("an alignment of tokens", () => {
  test.each([
    ["of equal prompts pairs every token with itself", [5, 6, 7], [5, 6, 7], [0, 1, 2]],
    ["leaves a new token without a partner", [5, 6], [5, 9, 6], [0, -1, 1]],
    ["leaves a changed token without a partner", [5, 6, 7], [5, 9, 7], [0, -1, 2]],
    ["passes over a token that was dropped", [5, 6, 7], [5, 7], [0, 2]],
    ["keeps the order", [5, 6, 7], [6, 7, 5], [1, 2, -1]],
    ["pairs repeated tokens one to one", [5, 5, 6], [5, 5, 5, 6], [-1, 0, 1, 2]],
    ["with an empty prompt has no pairs", [], [5, 6], [-1, -1]],
    ["of an empty prompt is empty", [5], [], []],
  ])("%s", (_, source, target, want) => {
    expect(alignTokens(source, target)).toEqual(want);
  });

  test("has as many pairs as the longest common subsequence, on 200 random lists", () => {
    const rng = createRng(3);
    const list = () => Array.from({ length: rng.below(7) }, () => rng.below(3));
    const common = (a: readonly number[], b: readonly number[]): number => {
      if (a.length === 0 || b.length === 0) return 0;
      const [x, y] = [a.slice(1), b.slice(1)];
      return a[0] === b[0] ? 1 + common(x, y) : Math.max(common(x, b), common(a, y));
    };
    for (let k = 0; k < 200; k++) {
      const [a, b] = [list(), list()];
      expect(alignTokens(a, b).filter((i) => i >= 0).length, `${a} | ${b}`).toBe(common(a, b));
    }
  });

  test("of whole contexts pairs begins, ends and the paddings after them", () => {
    // source: begin a b end pad pad pad; target: begin a x b end pad pad
    expect(alignContexts([0, -1, 1], 2, 7)).toEqual([0, 1, -1, 2, 3, 4, 5]);
    // source: begin a x b end pad pad; target: begin a b end pad pad pad, one padding more than the source has
    expect(alignContexts([0, 2], 3, 7)).toEqual([0, 1, 3, 4, 5, 6, 6]);
  });
});

describe("the maps of cross-attention", () => {
  test("take a paired token's probability from the source, a new token's from its own, both times the token's weight", () => {
    const { fromSource, fromOwn } = crossMaps([0, -1, 1], [1, 3, 0.5]);
    expect(Array.from(fromSource.data)).toEqual([1, 0, 0, 0, 0, 0.5, 0, 0, 0]);
    expect(Array.from(fromOwn.data)).toEqual([0, 3, 0]);
  });
});

const { path, remove } = tinyCheckpoint();
let model: Model;
let bundled: Model;
beforeAll(async () => {
  model = await openModel(path, { device: "cpu", threads: 1 });
  bundled = await openModel(undefined, { device: "cpu", threads: 1 });
});
afterAll(async () => {
  await model.close();
  await bundled.close();
  remove();
});

const contentOf = (on: Model) => async (text: string) => {
  const [{ ids }, empty] = [await on.tokenize(text), await on.tokenize("")];
  return ids.slice(1, ids.indexOf(empty.ids[1], 1));
};

describe("a word's tokens", () => {
  test("are found in the bundled model's prompts, wherever the word stands and however it is written", async () => {
    const of = (word: string, prompt: string) => wordTokens(prompt, word, contentOf(bundled));
    const prompt = "mountains at night, mountains in snow";
    const count = (await contentOf(bundled)("mountains")).length;
    const first = await of("Mountains", prompt);
    expect(first.length).toBe(2 * count);
    expect(first.slice(0, count)).toEqual(Array.from({ length: count }, (_, k) => k));
    for (const absent of ["mount", "tain", "sea", "", " ", "mountains at noon"]) expect(await of(absent, prompt), absent).toEqual([]);
  });

  test("are all of them where byte pairs split it, and none where only a longer word ends like it", async () => {
    const tokensOf = contentOf(model); // knows "cat", "low", "er", "mountain" and single letters
    const prompt = "a lower cat, a dog";
    const ids = await tokensOf(prompt);
    const lower = await tokensOf("lower");
    expect(lower.length).toBeGreaterThan(1);
    const found = await wordTokens(prompt, "lower", tokensOf);
    expect(found.map((k) => ids[k])).toEqual(lower);
    const ending = await tokensOf("er"); // also the last piece of "lower"
    expect(ending).toEqual(lower.slice(-ending.length));
    expect(await wordTokens(prompt, "er", tokensOf)).toEqual([]);
    expect(await wordTokens(prompt, "lower cat", tokensOf)).toEqual([...found, found[found.length - 1] + 1]);
    expect((await wordTokens(prompt, ",", tokensOf)).map((k) => ids[k])).toEqual(await tokensOf(","));
    expect((await wordTokens(prompt, "a", tokensOf)).length).toBe(2);
  });
});

describe("the options", () => {
  const { weights, control, crossSteps } = CONTROL_OPTIONS;
  test("have flags that read what the run's command writes", () => {
    const parsed = weights.flag?.parse?.("snow=2, palm tree=-0.5,=3=1");
    expect(parsed).toEqual({ snow: 2, "palm tree": -0.5, "=3": 1 });
    expect(weights.flag?.parse?.(weights.flag.word?.(parsed ?? {}) ?? "")).toEqual(parsed);
    expect(control.flag?.parse?.("refine")).toBe("refine");
    for (const wrong of ["", "snow", "snow=", "snow=x", "=2", "snow=1,"])
      expect(() => weights.flag?.parse?.(wrong), wrong).toThrow(/want finite/);
    expect(() => control.flag?.parse?.("swap")).toThrow("want one of replace, refine, reweight");
    expect(() => crossSteps.flag?.parse?.("1.1")).toThrow("want a number from 0 to 1");
    const options = { control: "reweight", weights: parsed, sourcePrompt: "noon", prompt: "snow" };
    const info = { method: "cycle", family: "edit", options, model: { device: "cpu", threads: 1 } } as unknown as RunInfo;
    expect(repeatCommand(info)).toContain("--control reweight --weights 'snow=2,palm tree=-0.5,=3=1'");
    expect(Object.keys(methodInfo("cycle")?.options ?? {})).toEqual(expect.arrayContaining(Object.keys(CONTROL_OPTIONS)));
  });
});

const latent = randn(createRng(4), [2, TINY.channels, 8, 8]);
const base = { latent, prompt: "cat at night", sourcePrompt: "cat at noon", seed: 5, steps: 6, guidanceScale: 3, eta: 0.3 };
type Options = Partial<Parameters<typeof cycleDiffusion>[1]>;
const edit = async (options: Options = {}, on = model): Promise<Tensor> =>
  (await finish(cycleDiffusion(on, { ...base, ...options }))).result.latent;
const refine = { control: "refine" } as const;

describe("bad options", () => {
  test.each<[object, unknown, RegExp]>([
    [{ weights: { cat: 2 } }, TypeError, /got weights without control; add control "reweight"/],
    [{ control: "reweight" }, TypeError, /control "reweight" without weights/],
    [{ control: "swap" }, RangeError, /control swap: want one of replace, refine, reweight/],
    [{ ...refine, crossSteps: 1.5 }, RangeError, /crossSteps 1.5: want a number from 0 to 1/],
    [{ ...refine, selfSteps: -1 }, RangeError, /selfSteps -1: want a number from 0 to 1/],
    [{ ...refine, weights: { cat: Number.NaN } }, RangeError, /weights .*: want finite numbers by word/],
    [{ ...refine, weights: {} }, RangeError, /weights .*: want finite numbers by word/],
    [
      { ...refine, text: randn(createRng(1), [2, TINY.tokens, TINY.dim]) },
      TypeError,
      /control aligns the tokens of prompt and sourcePrompt/,
    ],
    [{ ...refine, sourceText: randn(createRng(1), [2, TINY.tokens, TINY.dim]) }, TypeError, /give these instead of text and sourceText/],
  ])("%# %j are refused at once", (options, kind, message) => {
    expect(() => cycleDiffusion(model, { ...base, ...options })).toThrow(kind as never);
    expect(() => cycleDiffusion(model, { ...base, ...options })).toThrow(message);
  });

  test.each<[object, RegExp]>([
    [{ control: "replace", prompt: "a cat at noon" }, /prompts of \d+ and \d+ tokens; use refine/],
    [{ ...refine, weights: { snow: 2 } }, /weights: "snow" is no word of the prompt "cat at night"/],
    [{ ...refine, weights: { noon: 2 } }, /weights: "noon" is no word of the prompt "cat at night"/],
  ])("that need the prompts' tokens are refused before the first step: %j", async (options, message) => {
    const { steps, error } = await fail(cycleDiffusion(model, { ...base, ...options }));
    expect([steps.length, error.name]).toEqual([0, "RangeError"]);
    expect(error.message).toMatch(message);
  });

  test("and a model that cannot control attention is named", async () => {
    const toy = { ...editToy(), tokenize: async () => ({ ids: [0, 1, 1], truncated: false }) };
    const run = cycleDiffusion(toy, { ...base, latent: randn(createRng(4), [1, 4, 8, 8]), ...refine });
    expect((await fail(run)).error.message).toMatch(/control: this model cannot control attention/);
  });
});

describe("an edit under control", () => {
  test.each([0, 1, 2.5])("of no steps and no weights equals the plain edit; source guidance %s", async (sourceGuidanceScale) => {
    for (const guidanceScale of [0, 1, 3]) {
      const guided = { sourceGuidanceScale, guidanceScale };
      const off = await edit({ ...guided, ...refine, crossSteps: 0, selfSteps: 0 });
      expect(apart(off.data, (await edit(guided)).data), `guidance ${guidanceScale}`).toBeLessThan(1e-5);
    }
  });

  test("with the source's prompt and guidance returns the picture, as the plain edit does", async () => {
    const same = { prompt: base.sourcePrompt, guidanceScale: 2, sourceGuidanceScale: 2 };
    const replaced = await edit({ ...same, control: "replace", crossSteps: 1, selfSteps: 1 });
    expect(apart(replaced.data, (await edit(same)).data)).toBeLessThan(1e-5);
    expect(apart(replaced.data, latent.data)).toBeLessThan(1e-4);
  });

  test("differs from the plain edit, and by kind, by its steps and by weights", async () => {
    const found = [
      await edit(),
      await edit({ control: "replace", prompt: "low at noon", sourcePrompt: "cat at noon", crossSteps: 1, selfSteps: 0 }),
      await edit({ control: "refine", prompt: "low at noon", sourcePrompt: "cat at noon", crossSteps: 1, selfSteps: 0 }),
      await edit({ ...refine }),
      await edit({ ...refine, selfSteps: 1 }),
      await edit({ control: "reweight", weights: { night: 4 } }),
    ];
    for (const [k, a] of found.entries()) for (const b of found.slice(k + 1)) expect(apart(a.data, b.data)).toBeGreaterThan(1e-4);
    expect(await edit({ control: "reweight", weights: { night: 1 } })).toEqual(await edit(refine)); // a weight of 1 is none
  });

  test("is the same for a picture alone and beside others, and for any number of rows per call; groups are never divided", async () => {
    const calls: (readonly number[])[] = [];
    const watched: Model = {
      ...model,
      predictControlledNoise: (x, options) => {
        calls.push(x.shape);
        return model.predictControlledNoise(x, options);
      },
    };
    const noise = randn(createRng(6), [6, 2, TINY.channels, 8, 8]);
    const half = Float32Array.from(
      [0, 1, 2, 3, 4, 5].flatMap((k) => [...rows({ data: noise.data, shape: [12, 4, 8, 8] }, 2 * k, 2 * k + 1).data]),
    );
    const both = await edit({ ...refine, noise });
    const alone = await edit({ ...refine, latent: rows(latent, 0, 1), noise: { data: half, shape: [6, 1, 4, 8, 8] } });
    expect(apart(rows(both, 0, 1).data, alone.data)).toBeLessThan(1e-5);
    for (const [batch, groups] of [
      [1, 1],
      [5, 1],
      [6, 2],
    ]) {
      calls.length = 0;
      expect(apart((await edit({ ...refine, noise, batch }, watched)).data, both.data)).toBeLessThan(1e-5);
      expect(calls).toEqual(Array.from({ length: (6 * 2) / groups }, () => [groups, 3, 4, 8, 8])); // source, negative, edit
    }
  });

  test("in one window that covers everything equals that of the whole picture; each window follows its own part of the source", async () => {
    const one = rows(latent, 0, 1);
    const whole = await edit({ ...refine, latent: one, windows: [{ top: 0, left: 0, height: 8, width: 8 }] });
    expect(apart(whole.data, (await edit({ ...refine, latent: one })).data)).toBeLessThan(1e-6);
    const wide = { data: new Float32Array(2 * 4 * 64), shape: [1, 4, 8, 16] };
    const noise = { data: new Float32Array(6 * 2 * 4 * 64), shape: [6, 1, 4, 8, 16] };
    const draws = randn(createRng(7), [6, 2, 4, 8, 8]);
    const place = (to: Float32Array, from: Float32Array, side: number) => {
      for (let k = 0; k < from.length; k++) to[Math.floor(k / 8) * 16 + 8 * side + (k % 8)] = from[k];
    };
    const beside = (step: number, side: number) => draws.data.slice((step * 2 + side) * 256, (step * 2 + side + 1) * 256);
    for (const side of [0, 1]) {
      place(wide.data, rows(latent, side, side + 1).data, side);
      for (let step = 0; step < 6; step++) place(noise.data.subarray(step * 512, (step + 1) * 512), beside(step, side), side);
    }
    const windows = [0, 8].map((left) => ({ top: 0, left, height: 8, width: 8 }));
    const panorama = await edit({ ...refine, latent: wide, noise, windows });
    const pair = await edit({ ...refine, noise: draws });
    const want = new Float32Array(512);
    for (const side of [0, 1]) place(want, rows(pair, side, side + 1).data, side);
    expect(apart(panorama.data, want)).toBeLessThan(1e-5);
  });

  test("goes on from a finished step with the control of the steps that are left", async () => {
    const options = { ...base, ...refine, crossSteps: 0.5, selfSteps: 0.8, keepCode: false };
    const whole = await finish(cycleDiffusion(model, options));
    const { index, latent: at, source } = whole.steps[1];
    const rest = await finish(cycleDiffusion(model, { ...options, resume: { index, latent: at, source } }));
    expect(rest.steps.length).toBe(4);
    expect(rest.result.latent).toEqual(whole.result.latent);
  });

  test("records its options; an edit without control records none of them", () => {
    const keys = (options: Options) => Object.keys(cycleDiffusion(model, { ...base, ...options }).options);
    expect(keys(refine)).toEqual(expect.arrayContaining(["control", "crossSteps", "selfSteps"]));
    for (const key of Object.keys(CONTROL_OPTIONS)) expect(keys({})).not.toContain(key);
  });

  test("repeats bit for bit from its resolved options, also as JSON", async () => {
    const run = cycleDiffusion(model, { ...base, control: "reweight", weights: { night: 2 } });
    const { result } = await finish(run);
    const { latent: _, ...rest } = run.options;
    const again = await finish(cycleDiffusion(model, { ...JSON.parse(JSON.stringify(rest)), latent }));
    expect(again.result.latent).toEqual(result.latent);
  });
});
