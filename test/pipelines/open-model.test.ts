import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CheckpointError, ClosedError, ShapeError } from "#kernel-lib/core/errors.js";
import { createRng, randn } from "#kernel-lib/core/random.js";
import { rows, stack, type Tensor, tensor } from "#kernel-lib/core/tensor.js";
import { epsFromX0, lincomb } from "#kernel-lib/diffusion/notation.js";
import { createSchedule } from "#kernel-lib/diffusion/schedule.js";
import { intraLpips } from "#kernel-lib/metrics/intra-lpips.js";
import type { Model } from "#kernel-lib/pipelines/model.js";
import { BUNDLED_MODELS, openModel } from "#kernel-lib/pipelines/open-model.js";
import { readSafetensors } from "#kernel-lib/weights/safetensors.js";
import { TINY, tinyCheckpoint } from "../fixtures/tiny-checkpoint.js";
import { GOLDEN, goldenVgg, hasGolden, relativeL2, unlessGolden } from "../golden/golden.mjs";

const folders: { remove: () => void }[] = [];
const folder = (...options: Parameters<typeof tinyCheckpoint>): string => {
  const made = tinyCheckpoint(...options);
  folders.push(made);
  return made.path;
};
const noise = (seed: number, shape: readonly number[]): Tensor => randn(createRng(seed), shape);
const largest = (a: Tensor, b: Tensor): number => a.data.reduce((most, x, k) => Math.max(most, Math.abs(x - b.data[k])), 0);
const std = ({ data }: Tensor): number => {
  const mean = data.reduce((sum, x) => sum + x, 0) / data.length;
  return Math.sqrt(data.reduce((sum, x) => sum + (x - mean) ** 2, 0) / data.length);
};
/** The panorama, turned by half its width. */
const rolled = ({ data, shape }: Tensor): Tensor => {
  const width = shape[3];
  return { data: data.map((_, k) => data[k - (k % width) + (((k % width) + width / 2) % width)]), shape };
};
const rolledDown = ({ data, shape: [n, c, height, width] }: Tensor): Tensor => {
  const row = (k: number) => Math.floor(k / width) % height;
  return { data: data.map((_, k) => data[k + width * (((row(k) + height / 2) % height) - row(k))]), shape: [n, c, height, width] };
};
/** What a call refuses with. */
const refusal = async (call: Promise<unknown>): Promise<Error> =>
  call.then(
    () => Promise.reject(new Error("the call returned")),
    (error) => error,
  );

const latents = (n: number): Tensor => noise(n, [n, TINY.channels, TINY.window, TINY.window]);
const text = noise(100, [2, TINY.tokens, TINY.dim]);

let model: Model;
beforeAll(async () => {
  model = await openModel(folder(), { device: "cpu", threads: 2 });
});
afterAll(async () => {
  await model.close();
  for (const { remove } of folders) remove();
});

describe("a checkpoint's numbers", () => {
  test("the config tells window, channels, pixels a latent pixel, schedule and recommended weight", () => {
    expect(model.config).toMatchObject({ latentChannels: 4, scaleFactor: TINY.scale, window: TINY.window, weight: 5 });
    expect(model.config.schedule).toMatchObject({ betaSchedule: "scaled_linear", stepsOffset: 1, prediction: "epsilon" });
    expect([model.device, model.threads]).toEqual(["cpu", 2]);
  });

  test("encodeText gives a row a prompt; equal prompts give equal rows, another prompt another row", async () => {
    const { shape } = await model.encodeText("mountain");
    expect(shape).toEqual([1, TINY.tokens, TINY.dim]);
    const three = await model.encodeText(["mountain", "lower", "mountain"]);
    expect(three.shape).toEqual([3, TINY.tokens, TINY.dim]);
    expect(rows(three, 0, 1).data).toEqual(rows(three, 2, 3).data);
    expect(largest(rows(three, 0, 1), rows(three, 1, 2))).toBeGreaterThan(0.01);
  });

  test("tokenize says that a prompt longer than the context was cut", async () => {
    expect((await model.tokenize("mountain")).truncated).toBe(false);
    const long = await model.tokenize("mountain ".repeat(40));
    expect(long.truncated).toBe(true);
    expect(long.ids).toHaveLength(TINY.tokens);
  });

  test("encode and decode have the shapes of image and latent", async () => {
    const image = await model.decode(latents(2));
    expect(image.shape).toEqual([2, 3, 16, 16]);
    expect((await model.encode(image)).shape).toEqual([2, 4, 8, 8]);
    expect((await model.decode(noise(1, [1, 4, 8, 24]))).shape).toEqual([1, 3, 16, 48]);
  });
});

describe("noise prediction", () => {
  test("batches of 1, 3 and 8 give equal rows", async () => {
    const x = latents(8);
    const all = await model.predictNoise(x, { timestep: 500, text, batch: 8 });
    expect(std(all)).toBeGreaterThan(0.1);
    for (const batch of [1, 3]) expect(largest(await model.predictNoise(x, { timestep: 500, text, batch }), all)).toBeLessThan(1e-6 * 4);
    const one = await model.predictNoise(rows(x, 4, 5), { timestep: 500, text });
    expect(largest(one, rows(all, 4, 5))).toBeLessThan(1e-6 * 4);
  });

  test("a last call that is not full gives the same rows as full ones", async () => {
    const x = latents(7);
    const whole = await model.predictNoise(x, { timestep: 20, text, batch: 4 }); // 4 + 3 and one repeated
    expect(whole.shape).toEqual([7, 4, 8, 8]);
    expect(largest(rows(whole, 4, 7), await model.predictNoise(rows(x, 4, 7), { timestep: 20, text, batch: 1 }))).toBeLessThan(4e-6);
  });

  test("guidance 1 is the prompt alone, guidance 0 the negative prompt alone, unguided text neither needs", async () => {
    const x = latents(2);
    const alone = (row: number) => model.predictNoise(x, { timestep: 700, text: rows(text, row, row + 1), guidanceScale: 3 });
    const guided = (guidanceScale: number) => model.predictNoise(x, { timestep: 700, text, guidanceScale });
    const [negative, prompt] = [await alone(0), await alone(1)];
    expect(largest(negative, prompt)).toBeGreaterThan(1e-3);
    expect(largest(await guided(1), prompt)).toBeLessThan(1e-5);
    expect(largest(await guided(0), negative)).toBeLessThan(1e-5);
    expect(largest(await guided(4), lincomb(-3, negative, 4, prompt))).toBeLessThan(1e-4);
    // absent, it is 7.5
    expect((await model.predictNoise(x, { timestep: 700, text })).data).toEqual((await guided(7.5)).data);
  });

  test.each(["v_prediction", "sample"] as const)("the same network that predicts %s gives the eps that this means", async (prediction) => {
    const other = await openModel(folder({ prediction }), { device: "cpu", threads: 2 });
    const x = latents(2);
    const output = await model.predictNoise(x, { timestep: 300, text });
    const eps = await other.predictNoise(x, { timestep: 300, text });
    await other.close();
    const level = createSchedule(model.config.schedule).level(300);
    const want = prediction === "sample" ? epsFromX0(x, output, level) : lincomb(level.sigma, x, level.alpha, output);
    expect(relativeL2(eps.data, want.data)).toBeLessThan(1e-6);
  });
});

describe("the perceptual gradient", () => {
  const timestep = 400;
  const anchor = noise(9, [1, 3, 16, 16]);
  const foresee = async (x: Tensor, of: Model): Promise<Tensor> => {
    const { alpha, sigma } = createSchedule(of.config.schedule).level(timestep);
    return of.decode(lincomb(1 / alpha, x, -sigma / alpha, await of.predictNoise(x, { timestep, text })));
  };
  const clamped = ({ data, shape }: Tensor): Tensor => ({ data: data.map((v) => Math.min(1, Math.max(-1, v))), shape });

  test("the loss is the distance of the clamped foreseen image to the clamped anchor, a row each", async () => {
    const x = latents(3);
    const { loss, gradient } = await model.perceptualGradient(x, { timestep, text, anchor });
    expect([loss.shape, gradient.shape]).toEqual([[3], x.shape]);
    const distance = await model.perceptualDistance(clamped(await foresee(x, model)), clamped(anchor));
    expect(relativeL2(loss.data, distance.data)).toBeLessThan(1e-5);
  });

  test.each(["epsilon", "v_prediction", "sample"] as const)(
    "it agrees with central differences of the loss along it (%s)",
    async (prediction) => {
      const of = await openModel(folder({ prediction }), { device: "cpu", threads: 2 });
      const x = latents(1);
      const options = { timestep, text, anchor };
      const { gradient } = await of.perceptualGradient(x, options);
      const norm = Math.hypot(...gradient.data);
      expect(norm).toBeGreaterThan(1e-4);
      const h = 2e-3;
      const at = async (step: number) => (await of.perceptualGradient(lincomb(1, x, step / norm, gradient), options)).loss.data[0];
      const slope = ((await at(h)) - (await at(-h))) / (2 * h);
      await of.close();
      expect(Math.abs(slope - norm) / norm).toBeLessThan(2e-2);
    },
  );

  test.each(["lpips", "style"] as const)(
    "through the decoder alone it agrees with central differences of the loss along it (%s)",
    async (distance) => {
      const x0 = latents(1);
      const of = (at: Tensor) => model.decodedGradient?.(at, { anchor, distance }) as ReturnType<NonNullable<typeof model.decodedGradient>>;
      const { gradient } = await of(x0);
      const norm = Math.hypot(...gradient.data);
      expect(norm).toBeGreaterThan(1e-9);
      const h = 2e-3;
      const at = async (step: number) => (await of(lincomb(1, x0, step / norm, gradient))).loss.data[0];
      const slope = ((await at(h)) - (await at(-h))) / (2 * h);
      expect(Math.abs(slope - norm) / norm).toBeLessThan(2e-2);
    },
  );

  test("of style: it agrees with central differences, and an image has no distance to itself", async () => {
    const x = latents(1);
    const options = { timestep, text, anchor, distance: "style" } as const;
    const { gradient } = await model.perceptualGradient(x, options);
    const norm = Math.hypot(...gradient.data);
    const h = 2e-3;
    const at = async (step: number) => (await model.perceptualGradient(lincomb(1, x, step / norm, gradient), options)).loss.data[0];
    expect(Math.abs(((await at(h)) - (await at(-h))) / (2 * h) - norm) / norm).toBeLessThan(2e-2);
    const own = await foresee(x, model);
    expect((await model.perceptualGradient(x, { ...options, anchor: own })).loss.data[0]).toBeLessThan(1e-9);
  });

  test("a row's gradient does not depend on the other rows, nor on the batch", async () => {
    const x = latents(5);
    const all = await model.perceptualGradient(x, { timestep, text, anchor, batch: 5 });
    for (const batch of [1, 3]) {
      const parts = await model.perceptualGradient(x, { timestep, text, anchor, batch });
      expect(relativeL2(parts.gradient.data, all.gradient.data)).toBeLessThan(1e-4);
      expect(relativeL2(parts.loss.data, all.loss.data)).toBeLessThan(1e-5);
    }
  });

  test("the distance of an image to itself is 0; one reference serves all rows as N equal ones do", async () => {
    const images = noise(3, [3, 3, 16, 16]);
    expect([...(await model.perceptualDistance(images, images)).data]).toEqual([0, 0, 0]);
    const one = await model.perceptualDistance(images, anchor);
    expect(one.data.every((d) => d > 0)).toBe(true);
    expect(relativeL2((await model.perceptualDistance(images, stack([anchor, anchor, anchor]))).data, one.data)).toBeLessThan(1e-6);
  });
});

describe("features", () => {
  const images = noise(7, [3, 3, 16, 16]);

  test("are maps of unit length per pixel, or 0, a row per image whatever the batch", async () => {
    const maps = await model.features(images);
    expect(maps.length).toBeGreaterThan(1);
    for (const { data, shape } of maps) {
      const [n, channels, height, width] = shape;
      const pixels = height * width;
      expect(n).toBe(3);
      for (let at = 0; at < n * pixels; at++) {
        const [row, pixel] = [Math.floor(at / pixels), at % pixels];
        const length = Math.hypot(...Array.from({ length: channels }, (_, c) => data[(row * channels + c) * pixels + pixel]));
        expect(length).toBeLessThan(1 + 1e-5);
        expect(length === 0 || length > 0.9).toBe(true);
      }
    }
    const alone = await model.features(rows(images, 1, 2), { batch: 1 });
    for (const [k, map] of alone.entries()) expect(largest(map, rows(maps[k], 1, 2))).toBeLessThan(1e-5);
  });

  test("their distance is that of their images", async () => {
    const [a, b] = [images, noise(8, [3, 3, 16, 16])];
    const distance = await model.featureDistance(await model.features(a), await model.features(b));
    expect(relativeL2(distance.data, (await model.perceptualDistance(a, b)).data)).toBeLessThan(1e-6);
  });

  test("Intra-LPIPS by features is Intra-LPIPS by distance", async () => {
    const panorama = { ...noise(9, [1, 3, 16, 64]) };
    const byDistance = await intraLpips(panorama, model.perceptualDistance);
    expect(byDistance).toBeGreaterThan(0.01);
    expect(Math.abs((await intraLpips(panorama, model)) / byDistance - 1)).toBeLessThan(1e-6);
  });

  test("of images of two sizes cannot be compared", async () => {
    const [a, b] = [await model.features(noise(1, [1, 3, 16, 16])), await model.features(noise(1, [1, 3, 16, 32]))];
    await expect(model.featureDistance(a, b)).rejects.toThrow("featureDistance: map 0: got");
  });
});

test("a wrapped decode turns with the latent, an open one does not", async () => {
  const latent = noise(5, [1, 4, 8, 48]);
  const turned = async (edge: "open" | "wrap") =>
    largest(rolled(await model.decode(latent, { edge })), await model.decode(rolled(latent), { edge }));
  expect(await turned("wrap")).toBeLessThan(1e-4);
  expect(await turned("open")).toBeGreaterThan(1e-2);
});

test.each([
  ["open", false, false],
  ["wrap", true, false],
  ["wrap-y", false, true],
  ["wrap-xy", true, true],
] as const)(
  "decoder and encoder at the edge %s turn with what they get, sideways: %s, downwards: %s",
  async (edge, sideways, downwards) => {
    const [latent, picture] = [noise(5, [1, 4, 16, 24]), noise(6, [1, 3, 32, 48])];
    for (const [call, x] of [[model.decode, latent] as const, [model.encode, picture] as const])
      for (const [turn, goes] of [[rolled, sideways] as const, [rolledDown, downwards] as const]) {
        const apart = largest(turn(await call(x, { edge })), await call(turn(x), { edge }));
        if (goes) expect(apart).toBeLessThan(1e-4);
        else expect(apart).toBeGreaterThan(5e-3);
      }
  },
);

test("more shapes than sessions are kept: what was released opens again and gives the same", async () => {
  const first = await model.decode(noise(1, [1, 4, 8, 8]));
  for (let width = 9; width < 21; width++) expect((await model.decode(noise(1, [1, 4, 8, width]))).shape).toEqual([1, 3, 16, 2 * width]);
  expect((await model.decode(noise(1, [1, 4, 8, 8]))).data).toEqual(first.data);
});

test("calls that are made at once are all answered", async () => {
  const widths = [8, 9, 10, 11, 12, 13, 14, 15, 16, 17];
  const images = await Promise.all(widths.map((width) => model.decode(noise(2, [2, 4, 8, width]), { batch: 1 })));
  expect(images.map(({ shape }) => shape[3])).toEqual(widths.map((width) => 2 * width));
});

test("batchSize is a whole number from 1 to 8, and not larger for larger windows", () => {
  for (const kind of ["noise", "gradient"] as const) {
    const sizes = [8, 64, 256].map((side) => model.batchSize(kind, { height: side, width: side }));
    expect(sizes.every((n) => Number.isInteger(n) && n >= 1 && n <= 8)).toBe(true);
    expect(sizes[0]).toBeGreaterThanOrEqual(sizes[1]);
    expect(sizes[1]).toBeGreaterThanOrEqual(sizes[2]);
  }
});

test("a run that would not fit into memory is refused with what it needs, for what, and what is free", () => {
  const run = { calls: ["noise", "gradient"], window: { height: 8, width: 8 }, panorama: { height: 8, width: 32 }, edge: "open" } as const;
  expect(() => model.expectFits?.(run)).not.toThrow();
  expect(() => model.expectFits?.({ ...run, panorama: { height: 4096, width: 8192 } })).toThrow(
    /^this run needs [\d.]+ [kMG]B of memory: [\d.]+ [kMG]B for the weights of noise, gradient, panorama, [\d.]+ [kMG]B for one call of panorama; [\d.]+ [kMG]B are free$/,
  );
  expect(() => model.expectFits?.({ ...run, batch: { gradient: 1e9 } })).toThrow(
    /for one call of gradient with a batch of 1000000000; .* are free; a batch of \d+ would fit$/,
  );
});

describe("the digest", () => {
  const digestOf = async (path: string): Promise<string> => {
    const opened = await openModel(path, { device: "cpu" });
    await opened.close();
    return opened.digest;
  };

  test("is a sha256 that does not depend on where the folder lies", async () => {
    const copy = folder();
    expect(model.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(await digestOf(copy)).toBe(model.digest);
  });

  test.each([
    "unet/diffusion_pytorch_model",
    "vae/diffusion_pytorch_model",
    "text_encoder/model",
    "perceptual/backbone",
    "perceptual/linear",
  ])("changes with the last byte of %s", async (name) => {
    const path = folder();
    const file = join(path, `${name}.safetensors`);
    const bytes = readFileSync(file);
    bytes[bytes.length - 1] ^= 1;
    writeFileSync(file, bytes);
    expect(await digestOf(path)).not.toBe(model.digest);
  });

  test("changes with a config and with the tokenizer", async () => {
    const path = folder({ prediction: "sample" });
    const other = await digestOf(path);
    expect(other).not.toBe(model.digest);
    writeFileSync(join(path, "tokenizer/merges.txt"), "#version: 0.2\n");
    expect(await digestOf(path)).not.toBe(other);
  });
});

test.each(BUNDLED_MODELS)("the bundled %s opens by its name; its window is a multiple of what its levels halve", async (name) => {
  const opened = await openModel(name, { device: "cpu", threads: 1 });
  expect(opened.path).toMatch(new RegExp(`${name}$`));
  const { window, windowMultiple = 1 } = opened.config;
  expect(window % windowMultiple).toBe(0);
  await opened.close();
});

describe("bad input", () => {
  test("an unknown name: what is known", async () => {
    const error = await refusal(openModel("mona-lisa"));
    expect(error).toBeInstanceOf(CheckpointError);
    expect(error.message).toMatch(/mona-lisa.*tiny-landscapes/);
  });

  test.each(["unet", "vae", "scheduler"])("a folder without %s is refused, naming the folder", async (part) => {
    const path = folder();
    rmSync(join(path, part), { recursive: true });
    const error = await refusal(openModel(path));
    expect(error).toBeInstanceOf(CheckpointError);
    expect((error as CheckpointError).file).toBe(join(path, part));
  });

  test("a folder without tokenizer/ and perceptual/ opens; the call that needs one says which is missing", async () => {
    const path = folder();
    rmSync(join(path, "tokenizer"), { recursive: true });
    rmSync(join(path, "perceptual"), { recursive: true });
    const partial = await openModel(path, { device: "cpu" });
    expect(partial.config.weight).toBeUndefined();
    expect((await partial.predictNoise(latents(1), { timestep: 5, text })).shape).toEqual([1, 4, 8, 8]);
    for (const [part, call] of [
      ["tokenizer", partial.encodeText("a")],
      ["tokenizer", partial.tokenize("a")],
      ["perceptual", partial.perceptualDistance(noise(1, [1, 3, 16, 16]), noise(2, [1, 3, 16, 16]))],
      ["perceptual", partial.perceptualGradient(latents(1), { timestep: 5, text, anchor: noise(1, [1, 3, 16, 16]) })],
    ] as const) {
      const error = await refusal(call);
      expect(error).toBeInstanceOf(CheckpointError);
      expect((error as CheckpointError).file).toBe(join(path, part));
    }
    await partial.close();
  });

  test("weights of another network are refused when the folder opens: key, shape wanted, shape found", async () => {
    const path = folder();
    const config = join(path, "unet/config.json");
    writeFileSync(config, readFileSync(config, "utf8").replace(/"cross_attention_dim": 8/, '"cross_attention_dim": 16'));
    const error = (await refusal(openModel(path))) as CheckpointError;
    expect(error).toBeInstanceOf(CheckpointError);
    expect(error.expected).toMatch(/attn2\.to_k\.weight \[8,16\]/);
    expect(error.found).toMatch(/\[8,8\]/);
  });

  test("a U-Net and an autoencoder, or a text encoder and a tokenizer, that do not fit each other are refused", async () => {
    const path = folder();
    const config = join(path, "text_encoder/config.json");
    writeFileSync(config, readFileSync(config, "utf8").replace(/"vocab_size": \d+/, '"vocab_size": 20'));
    const opened = await openModel(path, { device: "cpu" });
    expect((await refusal(opened.encodeText("a"))).message).toMatch(/vocab_size of at least \d+.*found 20/);
    await opened.close();
    const vae = join(path, "vae/config.json");
    writeFileSync(vae, readFileSync(vae, "utf8").replace(/"latent_channels": 4/, '"latent_channels": 8'));
    expect((await refusal(openModel(path))).message).toMatch(/in_channels 8.*found 4/);
  });

  test("a truncated weight file is refused", async () => {
    const path = folder();
    const file = join(path, "vae/diffusion_pytorch_model.safetensors");
    writeFileSync(file, readFileSync(file).subarray(0, -100));
    expect(await refusal(openModel(path))).toBeInstanceOf(CheckpointError);
  });

  test("options that are none: RangeError naming those that are", async () => {
    const path = folder();
    for (const [options, message] of [
      [{ device: "tpu" }, /device tpu: want auto, cpu, cuda, webgpu/],
      [{ precision: "float8" }, /precision float8: want float32, float16/],
      [{ threads: 0 }, /threads 0: want a whole number >= 1/],
    ] as const) {
      const error = await refusal(openModel(path, options as object));
      expect(error).toBeInstanceOf(RangeError);
      expect(error.message).toMatch(message);
    }
  });

  test("shapes and numbers that do not fit a call: who, got, want", async () => {
    const x = latents(1);
    const anchor = noise(1, [1, 3, 16, 16]);
    for (const [call, kind, message] of [
      [
        model.predictNoise(noise(1, [1, 3, 8, 8]), { timestep: 1, text }),
        ShapeError,
        /predictNoise: latent: got \[1,3,8,8\], want \[N,4,h,w\]/,
      ],
      [model.predictNoise(x, { timestep: 1, text: noise(1, [3, 16, 8]) }), ShapeError, /text: got \[3,16,8\], want \[2,tokens,8\]/],
      [model.predictNoise(noise(1, [0, 4, 8, 8]), { timestep: 1, text }), ShapeError, /no rows/],
      [model.predictNoise(x, { timestep: 1000, text }), RangeError, /timestep 1000, want a number from 0 to 999/],
      [model.predictNoise(x, { timestep: -1, text }), RangeError, /timestep -1/],
      [model.predictNoise(x, { timestep: 1, text, guidanceScale: Number.NaN }), RangeError, /guidanceScale NaN/],
      [model.predictNoise(x, { timestep: 1, text, batch: 0.5 }), RangeError, /batch 0.5: want a whole number >= 1/],
      [model.predictNoise(noise(1, [1, 4, 8, 9]), { timestep: 1, text }), RangeError, /8×9, want multiples of 2/],
      [model.decode(noise(1, [1, 5, 8, 8])), ShapeError, /decode: got \[1,5,8,8\]/],
      [model.encode(noise(1, [1, 3, 16, 17])), RangeError, /16×17, want multiples of 2/],
      [model.perceptualDistance(anchor, noise(1, [2, 3, 16, 16])), ShapeError, /second image/],
      [model.perceptualGradient(x, { timestep: 1, text, anchor: noise(1, [1, 3, 16, 18]) }), ShapeError, /anchor: got \[1,3,16,18\]/],
    ] as const) {
      const error = await refusal(call);
      expect(error).toBeInstanceOf(kind);
      expect(error.message).toMatch(message);
    }
  });

  test("after close every call throws ClosedError, those under way too, and closing twice is once", async () => {
    const closing = await openModel(folder(), { device: "cpu" });
    const underWay = refusal(closing.decode(latents(1)));
    await closing.close();
    await closing.close();
    const x = latents(1);
    const image = noise(1, [1, 3, 16, 16]);
    const calls = [
      underWay,
      refusal(closing.decode(x)),
      refusal(closing.encode(image)),
      refusal(closing.encodeText("a")),
      refusal(closing.tokenize("a")),
      refusal(closing.predictNoise(x, { timestep: 1, text })),
      refusal(closing.perceptualDistance(image, image)),
      refusal(closing.perceptualGradient(x, { timestep: 1, text, anchor: image })),
    ];
    for (const call of calls) expect(await call).toBeInstanceOf(ClosedError);
    expect(() => closing.batchSize("noise", { height: 8, width: 8 })).toThrow(ClosedError);
  });
});

describe("precision", () => {
  test("in float16 the network is the same but for its rounding, gradients too", async () => {
    const half = await openModel(folder(), { device: "cpu", precision: "float16", threads: 2 });
    expect([model.precision, half.precision]).toEqual(["float32", "float16"]);
    expect(half.notices.join()).toMatch(/float16: on the cpu it is slower/);
    const x = latents(2);
    const anchor = await model.decode(latents(1));
    const [eps, halfEps] = [await model.predictNoise(x, { timestep: 400, text }), await half.predictNoise(x, { timestep: 400, text })];
    const apart = relativeL2(halfEps.data, eps.data);
    expect(apart).toBeGreaterThan(1e-5);
    expect(apart).toBeLessThan(1e-2);
    const pull = await model.perceptualGradient(x, { timestep: 400, text, anchor });
    const halfPull = await half.perceptualGradient(x, { timestep: 400, text, anchor });
    expect(relativeL2(halfPull.loss.data, pull.loss.data)).toBeLessThan(1e-2);
    expect(relativeL2(halfPull.gradient.data, pull.gradient.data)).toBeLessThan(0.2); // ReLUs that flip
    await half.close();
  });
});

describe.skipIf(!hasGolden).each(["sd1-tiny", "sd2-tiny", "sd21v-tiny"])(
  `%s through the model equals the official code${unlessGolden}`,
  (name) => {
    const golden = hasGolden ? readSafetensors(join(GOLDEN, `units/${name}.safetensors`)) : {};
    let official: Model;
    beforeAll(async () => {
      official = await openModel(join(GOLDEN, name), { device: "cpu", threads: 2 });
    });
    afterAll(() => official.close());

    test.each(["a", "b", "c"])("predictNoise %s", async (unit) => {
      const [sample, context, timestep, out] = ["sample", "context", "timestep", "out"].map((key) => golden[`unet.${unit}.${key}`]);
      const [t] = timestep.data;
      const level = createSchedule(official.config.schedule).level(t);
      for (let k = 0; k < sample.shape[0]; k++) {
        // each row of the unit has a text of its own
        const [x, output] = [rows(sample, k, k + 1), rows(out, k, k + 1)];
        const eps = await official.predictNoise(x, { timestep: t, text: rows(context, k, k + 1) });
        const want = name === "sd21v-tiny" ? lincomb(level.sigma, x, level.alpha, output) : output;
        expect(relativeL2(eps.data, want.data)).toBeLessThan(2e-5);
      }
    });

    test.each(["a", "b"])("decode and encode %s", async (unit) => {
      const [image, z, mean, decoded] = ["image", "z", "mean", "decoded"].map((key) => golden[`vae.${unit}.${key}`]);
      const scaled = ({ data, shape }: Tensor, by: number): Tensor =>
        tensor(
          data.map((v) => v * by),
          shape,
        );
      expect(relativeL2((await official.decode(scaled(z, 0.18215))).data, decoded.data)).toBeLessThan(2e-5);
      expect(relativeL2((await official.encode(image)).data, scaled(mean, 0.18215).data)).toBeLessThan(2e-5);
    });
  },
);

describe.skipIf(!hasGolden)(`LPIPS through the model equals the official code${unlessGolden}`, () => {
  test.each(["vgg", "alex", "squeeze"] as const)("over %s from files of its own", async (net) => {
    const golden = readSafetensors(join(GOLDEN, `lpips/golden_${net}.safetensors`));
    const backbone =
      net === "vgg" ? goldenVgg() : join(GOLDEN, "lpips", `${{ alex: "alexnet", squeeze: "squeezenet1_1" }[net]}.features.safetensors`);
    const linear = join(GOLDEN, `lpips/lpips_lin_${net}.safetensors`);
    const official = await openModel(join(GOLDEN, "sd2-tiny"), { device: "cpu", threads: 2, perceptual: { net, backbone, linear } });
    const distance = await official.perceptualDistance(golden["s64.in0"], golden["s64.in1"]);
    await official.close();
    expect(distance.shape).toEqual([2]);
    expect(relativeL2(distance.data, golden["s64.dist"].data)).toBeLessThan(2e-5);
  });
});

test.skipIf(!hasGolden)(`a wrapped decode of the official autoencoder turns with the latent${unlessGolden}`, async () => {
  const official = await openModel(join(GOLDEN, "sd2-tiny"), { device: "cpu", threads: 2 });
  const latent = noise(5, [1, 4, 16, 64]);
  const difference = largest(
    rolled(await official.decode(latent, { edge: "wrap" })),
    await official.decode(rolled(latent), { edge: "wrap" }),
  );
  await official.close();
  expect(difference).toBeLessThan(1e-4);
});
