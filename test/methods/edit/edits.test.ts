/** Laws of every edit of the table, and of CycleDiffusion's halves, on a model in closed form. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  allMethods,
  createRng,
  cycleDiffusion,
  dpmDecode,
  dpmEncode,
  editGrid,
  type LatentCode,
  openCode,
  randn,
  rows,
  saveCode,
  type Tensor,
  translate,
  writeSafetensors,
} from "veduta";
import { afterAll, describe, expect, test } from "vitest";
import { apart, config, fail, finish } from "../joint/toy.js";
import { editToy } from "./edit-toy.js";

const folder = mkdtempSync(join(tmpdir(), "veduta-edit-"));
afterAll(() => rmSync(folder, { recursive: true }));

const x0 = randn(createRng(4), [2, 4, 8, 8]);
const one = rows(x0, 0, 1);
const base = { latent: x0, prompt: "night", sourcePrompt: "a noon", seed: 5, steps: 9 };
const methods = allMethods("edit").map((method) => [method.name, method] as const);

describe.each(methods)("%s", (_name, method) => {
  const run = (options: object = {}, model = editToy()) => method.run(model, { ...base, ...options } as never);

  test("yields as many records as it says, counted from 0, with finite latents of the pictures' shape", async () => {
    const started = run();
    const { steps, result } = await finish(started);
    expect(steps.length).toBe(started.stepCount);
    expect(steps.map(({ index }) => index)).toEqual(steps.map((_, k) => k));
    for (const { latent, foreseen, pictures } of steps) {
      expect([latent.shape, foreseen.shape, pictures.length]).toEqual([x0.shape, x0.shape, 2]);
      expect(latent.data.every(Number.isFinite)).toBe(true);
    }
    expect(result.latent).toEqual(steps[steps.length - 1].latent);
    expect(result.image.shape).toEqual([2, 3, 16, 16]);
    expect((await steps[0].preview()).shape).toEqual([2, 3, 16, 16]);
  });

  test("repeats bit for bit from its resolved options, and another seed gives another picture where it draws noise", async () => {
    const started = run();
    const { result } = await finish(started);
    expect((await finish(method.run(editToy(), started.options as never))).result.latent).toEqual(result.latent);
    if (method.name !== "ddib")
      expect(apart((await finish(run({ seed: 6 }))).result.latent.data, result.latent.data)).toBeGreaterThan(0.01);
  });

  test("one window that covers everything is the plain edit, bit for bit; windows give a panorama of the same size", async () => {
    const plain = (await finish(run({ latent: one }))).result;
    const whole = (await finish(run({ latent: one, windows: [{ top: 0, left: 0, height: 8, width: 8 }] }))).result;
    expect(whole.latent).toEqual(plain.latent);
    const wide = randn(createRng(8), [1, 4, 8, 32]);
    const { result } = await finish(run({ latent: wide, loop: true }));
    expect(result.latent.shape).toEqual(wide.shape);
  });

  test("a closed panorama turned by some columns gives the turned edit", async () => {
    const wide = randn(createRng(8), [1, 4, 8, 32]);
    const by = 6;
    const draws = method.name === "cycle" ? randn(createRng(9), [9, 4, 8, 32]) : undefined;
    if (method.name !== "ddib" && !draws) return; // their noise is drawn, so it cannot be turned
    const options = { loop: true, stride: 2 };
    const straight = await finish(run({ ...options, latent: wide, noise: draws }));
    const turned = await finish(run({ ...options, latent: rolled(wide, by), noise: draws && rolled(draws, by) }));
    expect(apart(turned.result.latent.data, rolled(straight.result.latent, by).data)).toBeLessThan(2e-5);
  });

  test("decodes and encodes a closed panorama with wrapped edges", async () => {
    const model = editToy();
    const edges: unknown[] = [];
    const encode = (image: Tensor, options?: { edge?: string }) => {
      edges.push(options?.edge);
      return model.encode(image);
    };
    const watched = { ...model, encode };
    const image = { data: randn(createRng(1), [1, 3, 16, 64]).data.map((x) => Math.tanh(x)), shape: [1, 3, 16, 64] };
    await finish(run({ latent: undefined, image, loop: true }, watched));
    expect(edges).toEqual(["wrap"]);
    expect(model.calls.filter(({ kind }) => kind === "decode").map(({ edge }) => edge)).toEqual(["wrap"]);
  });

  test("stops within one network call, and keeps its records", async () => {
    const stop = new AbortController();
    let calls = 0;
    const model = editToy({
      watch: () => {
        if (++calls === 3) stop.abort(new Error("enough"));
      },
    });
    const { steps, error } = await fail(run({ signal: stop.signal }, model));
    expect(error.message).toBe("enough");
    expect(steps.length).toBe(3);
  });

  test("names the step and the picture of the first NaN", async () => {
    const spoil = (_: string, x: Tensor) => ({ data: x.data.map((v, k) => (k >= x.data.length - 10 ? Number.NaN : v)), shape: x.shape });
    const { error } = await fail(run({ guidanceScale: 1 }, editToy({ spoil })));
    expect(error.name).toBe("NumericError");
    expect(error.message).toMatch(/^step 0 \(timestep \d+\): NaN in the latent of picture 1; no step was finished/);
  });

  test.each([
    [{ latent: undefined }, TypeError, /got no picture, want image/],
    [{ image: one }, TypeError, /got image and latent, want one of them/],
    [{ latent: undefined, image: randn(createRng(1), [1, 4, 16, 16]) }, Error, /image: got \[1,4,16,16\], want \[N,3,H,W\]/],
    [
      { latent: undefined, image: { data: new Float32Array(768).fill(200), shape: [1, 3, 16, 16] } },
      RangeError,
      /image has 200, want numbers in \[-1,1\]/,
    ],
    [{ latent: undefined, image: { data: new Float32Array(768).fill(Number.NaN), shape: [1, 3, 16, 16] } }, RangeError, /image has NaN/],
    [{ latent: undefined, image: randn(createRng(1), [1, 3, 15, 16]) }, RangeError, /16×15 px, want .* multiples of 2; nearest: 16×16/],
    [{ prompt: undefined }, TypeError, /got prompt undefined, want a prompt/],
    [{ steps: 0 }, RangeError, /steps 0: want a whole number/],
    [{ steps: 1001 }, RangeError, /steps 1001: want a whole number from 1 to 1000/],
    [{ windows: [{ top: 0, left: 0, height: 8, width: 8 }] }, Error, /got 2 pictures, want one panorama/],
  ])("refuses %j", (options, kind, message) => {
    expect(() => run(options)).toThrow(kind);
    expect(() => run(options)).toThrow(message);
  });
});

describe("CycleDiffusion", () => {
  test.each([0.01, 0.1, 0.5, 1])("with the source's prompt and guidance it returns the picture, at eta %s", async (eta) => {
    for (const guidanceScale of [1, 3, 5]) {
      const { steps, result } = await finish(
        cycleDiffusion(editToy(), { ...base, eta, prompt: "a noon", guidanceScale, sourceGuidanceScale: guidanceScale }),
      );
      expect(apart(result.latent.data, x0.data)).toBeLessThan(1e-6);
      expect(steps.every(({ series }) => series.distance === 0)).toBe(true); // both paths round alike, so that nothing can grow
    }
  });

  test("its halves, one after the other, are the interleaved run", async () => {
    const { result } = await finish(cycleDiffusion(editToy(), { ...base, skipSteps: 2 }));
    const { result: encoded } = await finish(dpmEncode(editToy(), { ...base, prompt: base.sourcePrompt, skipSteps: 2 }));
    expect(encoded.code.noise.length).toBe(7);
    for (const [k, z] of encoded.code.noise.entries()) expect(apart(z.data, result.code?.noise[k].data ?? [])).toBeLessThan(1e-6);
    const { result: decoded } = await finish(dpmDecode(editToy(), encoded.code, { prompt: base.prompt }));
    expect(apart(decoded.latent.data, result.latent.data)).toBeLessThan(1e-6);
  });

  test("one network call a step, one row for the source and two for the guided target, for each picture", async () => {
    const model = editToy();
    await finish(cycleDiffusion(model, base));
    expect(model.rowCalls).toEqual(Array(9).fill(2 * (1 + 2)));
    const unguided = editToy();
    await finish(cycleDiffusion(unguided, { ...base, guidanceScale: 1 }));
    expect(unguided.rowCalls).toEqual(Array(9).fill(2 * 2));
    const batched = editToy();
    await finish(cycleDiffusion(batched, { ...base, batch: 2 }));
    expect(batched.rowCalls).toEqual(Array(9 * 3).fill(2));
  });

  test("takes a prompt for each picture: each comes out as it does alone", async () => {
    const model = editToy();
    const pairs = async (...prompts: string[]) => {
      const texts = await Promise.all(prompts.map((prompt) => model.encodeText(["", prompt])));
      return { data: Float32Array.from(texts.flatMap(({ data }) => [...data])), shape: [prompts.length, 2, 2, 3] };
    };
    const noise = randn(createRng(3), [9, 2, 4, 8, 8]);
    const both = await finish(
      cycleDiffusion(model, { ...base, noise, text: await pairs("night", "a long day"), sourceText: await pairs("a noon", "x") }),
    );
    const of = (k: number) => ({
      data: Float32Array.from({ length: 9 * 256 }, (_, i) => noise.data[(Math.floor(i / 256) * 2 + k) * 256 + (i % 256)]),
      shape: [9, 4, 8, 8],
    });
    for (const [k, prompt, sourcePrompt] of [[0, "night", "a noon"] as const, [1, "a long day", "x"] as const]) {
      const alone = await finish(cycleDiffusion(model, { ...base, latent: rows(x0, k, k + 1), noise: of(k), prompt, sourcePrompt }));
      expect(rows(both.result.latent, k, k + 1).data).toEqual(alone.result.latent.data);
    }
    const three = await pairs("a", "b", "c");
    expect(() => cycleDiffusion(model, { ...base, text: three })).toThrow(/text of prompt: got \[3,2,2,3\], want \[2,2,tokens,dim\]/);
  });

  test("given noise replaces the seed; the first draw is the start's, the last hop draws none", async () => {
    const noise = randn(createRng(3), [9, 2, 4, 8, 8]);
    const run = cycleDiffusion(editToy(), { ...base, noise });
    expect(run.options.seed).toBeUndefined();
    const { result, steps } = await finish(run);
    expect(result.code?.start).not.toEqual(x0);
    expect(apart(steps[8].source?.data ?? [], x0.data)).toBeLessThan(1e-7);
    expect(() => cycleDiffusion(editToy(), { ...base, noise: randn(createRng(3), [8, 2, 4, 8, 8]) })).toThrow(/noise: got 8 draws, want 9/);
    expect(() => cycleDiffusion(editToy(), { ...base, noise: randn(createRng(3), [9, 4, 8, 8]) })).toThrow(
      /noise: got \[9,4,8,8\], want \[9,2,4,8,8\]/,
    );
  });

  test("records distance and noise of every step and picture, and keeps the noise unless told, or in windows", async () => {
    const { steps, result } = await finish(cycleDiffusion(editToy(), base));
    for (const { series, pictures, noise } of steps) {
      expect(series.distance ** 2).toBeCloseTo((pictures[0].distance as number) ** 2 / 2 + (pictures[1].distance as number) ** 2 / 2, 8);
      expect(noise?.shape).toEqual(x0.shape);
    }
    expect(result.code).toBeDefined();
    for (const options of [{ keepCode: false }, { latent: randn(createRng(8), [1, 4, 8, 32]), loop: true }]) {
      const run = await finish(cycleDiffusion(editToy(), { ...base, ...options }));
      expect(run.result.code).toBeUndefined();
      expect(run.steps.every(({ noise }) => noise === undefined)).toBe(true);
    }
  });

  test("a schedule that ends without noise ends at timestep 0's level instead, says so, and still reconstructs", async () => {
    const clean = { config: { schedule: { ...config.schedule, setAlphaToOne: true } } };
    const { steps, result } = await finish(cycleDiffusion(editToy(clean), { ...base, prompt: "a noon", guidanceScale: 1 }));
    expect(steps[0].notices?.[0]).toMatch(/set_alpha_to_one/);
    expect(apart(result.latent.data, x0.data)).toBeLessThan(2e-5);
  });

  test.each([
    [{ sourcePrompt: undefined }, TypeError, /got sourcePrompt undefined, want a prompt; "" says nothing/],
    [{ eta: 0 }, RangeError, /eta 0 records no noise; DDIB is the deterministic method/],
    [{ eta: 1.5 }, RangeError, /eta 1.5, want a number above 0, at most 1/],
    [{ skipSteps: 9 }, RangeError, /skipSteps 9: want a whole number from 0 to 8/],
    [{ skipSteps: -1 }, RangeError, /skipSteps -1: want a whole number/],
    [{ skipSteps: 1.5 }, RangeError, /skipSteps 1.5: want a whole number/],
  ])("refuses %j", (options, kind, message) => {
    expect(() => cycleDiffusion(editToy(), { ...base, ...options })).toThrow(kind);
    expect(() => cycleDiffusion(editToy(), { ...base, ...options })).toThrow(message);
  });
});

describe("a latent code", () => {
  const encode = async (): Promise<LatentCode> =>
    (await finish(dpmEncode(editToy(), { ...base, prompt: "a noon", skipSteps: 3 }))).result.code;

  test("is the same after it was saved and opened, and belongs to its model", async () => {
    const code = await encode();
    const file = join(folder, "code.safetensors");
    saveCode(file, code, { digest: "a" });
    expect(openCode(file, { digest: "a" })).toEqual(code);
    expect(() => openCode(file, { digest: "b" })).toThrow(/expected a code of the model with digest b, found one of a/);
    writeSafetensors(join(folder, "other.safetensors"), { x: one });
    expect(() => openCode(join(folder, "other.safetensors"), { digest: "a" })).toThrow(/expected a latent code that saveCode wrote/);
    writeFileSync(join(folder, "broken.safetensors"), "12345");
    expect(() => openCode(join(folder, "broken.safetensors"), { digest: "a" })).toThrow(/broken.safetensors: expected a safetensors file/);
  });

  test("is refused where its noises are not one for each of its steps", async () => {
    const code = await encode();
    expect(() => dpmDecode(editToy(), { ...code, noise: code.noise.slice(1) }, { prompt: "night" })).toThrow(/code: got 5 noises, want 6/);
    expect(() => dpmDecode(editToy(), { ...code, start: one }, { prompt: "night" })).toThrow(/noise 0: got \[2,4,8,8\], want \[1,4,8,8\]/);
  });
});

describe("editGrid", () => {
  const score = async (image: Tensor) => -Math.abs(image.data.reduce((a, b) => a + b, 0) / image.data.length - 0.5);
  const grid = { ...base, latent: one, guidanceScales: [1, 4], skipSteps: [0, 4], trials: 2, score };

  test("gives every combination, the best first, each equal to the plain edit", async () => {
    const { steps, result } = await finish(editGrid(editToy(), grid));
    expect(steps.length).toBe(8);
    expect(result.map((candidate) => candidate.score)).toEqual(steps.map((candidate) => candidate.score).sort((a, b) => b - a));
    for (const { guidanceScale, skipSteps, seed, latent } of result) {
      const plain = await finish(cycleDiffusion(editToy(), { ...base, latent: one, guidanceScale, skipSteps, seed }));
      expect(apart(latent.data, plain.result.latent.data)).toBeLessThan(1e-6);
    }
  });

  test.each([[{ guidanceScales: [] }], [{ skipSteps: [] }], [{ trials: 0 }], [{ latent: x0 }]])("refuses %j", async (options) => {
    await expect(finish(editGrid(editToy(), { ...grid, ...options }))).rejects.toThrow(RangeError);
  });
});

describe("translate", () => {
  const of = (mean: number) => {
    const model = editToy({ mean: () => mean });
    return { ...model, predictNoise: model.predictNoise as (x: Tensor, o: { timestep: number }) => Promise<Tensor> };
  };
  const options = { latent: x0, seed: 5, steps: 9 };

  test("with one model for both it returns the picture; with two it moves towards the target's data", async () => {
    expect(apart((await finish(translate(of(0.3), of(0.3), options))).result.latent.data, x0.data)).toBeLessThan(2e-5);
    const { result } = await finish(translate(of(0.3), of(2), options));
    const mean = (x: Tensor) => x.data.reduce((a, b) => a + b, 0) / x.data.length;
    expect(mean(result.latent) - mean(x0)).toBeGreaterThan(1);
  });

  test("refines by the target, as often as it is told, and counts these steps", async () => {
    const run = translate(of(0.3), of(2), { ...options, refineSteps: 2, refineIterations: 3 });
    const { steps } = await finish(run);
    expect([steps.length, run.stepCount]).toEqual([15, 15]);
    expect(() => translate(of(0), of(1), { ...options, refineSteps: 10 })).toThrow(/refineSteps 10, want at most the 9 steps/);
  });

  test("refuses models whose latents, sizes or schedules differ, naming both values", () => {
    const changed = (config: object) => ({ ...of(1), config: { ...of(1).config, ...config } });
    expect(() => translate(of(0), changed({ latentChannels: 8 }), options)).toThrow(
      /expected channels of the latent 4, the source's, found 8/,
    );
    expect(() => translate(of(0), changed({ scaleFactor: 4 }), options)).toThrow(/pixels per latent pixel 2, the source's, found 4/);
    expect(() => translate(of(0), changed({ schedule: { ...config.schedule, betaEnd: 0.02 } }), options)).toThrow(/schedule/);
  });
});

/** Columns moved to the right by `by`, around the edge. */
function rolled(x: Tensor, by: number): Tensor {
  const width = x.shape[x.shape.length - 1];
  return { data: x.data.map((_, k) => x.data[k - (k % width) + (((k % width) - by + width) % width)]), shape: x.shape };
}
