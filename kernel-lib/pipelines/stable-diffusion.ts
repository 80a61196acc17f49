/** @file Stable Diffusion 1 and 2: a checkpoint's parts become a Model. Sessions, devices and batches stay behind its functions. */
import { ClosedError, MemoryError, ShapeError } from "../core/errors.js";
import { expectShape, type Tensor } from "../core/tensor.js";
import { bytesInWords } from "../core/words.js";
import type { NoiseOptions } from "../diffusion/joint-model.js";
import { createSchedule } from "../diffusion/schedule.js";
import type { DeviceChoice } from "../engine/device.js";
import { openDevice } from "../engine/devices.js";
import { freeGpuBytes } from "../engine/gpu-memory.js";
import { availableBytes } from "../engine/memory.js";
import { type Build, planner } from "../engine/plan.js";
import type { Feed } from "../engine/session.js";
import { type BatchFeeds, planBatch, sessionPool } from "../engine/session-pool.js";
import type { Precision } from "../graph/half.js";
import type { Part } from "../nets/parameters.js";
import type { PerceptualConfig } from "../nets/perceptual.js";
import * as programs from "../nets/programs.js";
import { timestepWaves } from "../nets/timestep-waves.js";
import { checkedParts } from "./checked-parts.js";
import { digestCheckpoint } from "./digest.js";
import type { Checkpoint } from "./folder.js";
import type { Model } from "./model.js";

/** Where a model runs. */
export interface EngineOptions {
  readonly device: DeviceChoice;
  /** of the U-Net; default by device */
  readonly precision?: Precision;
  readonly threads: number;
}

/** Shapes of calls without their rows, and the names of their plans. */
type GuidedShape = Omit<programs.NoiseShape, "batch" | "keeps">;
type DecodeShape = Omit<Parameters<typeof programs.decodeProgram>[1], "batch" | "keeps">;
const guidedKey = (kind: "noise" | "gradient" | "foresee", { height, width, rows, tokens }: GuidedShape): string =>
  `${kind} ${height}×${width}, ${rows} texts of ${tokens}`;
const decodeKey = ({ height, width, edge }: DecodeShape): string => `decode ${height}×${width} ${edge}`;
/** the texts of a guided run, as long as CLIP's: for counting memory */
const CLIP = { tokens: 77, rows: 2 };

/**
 * Opens Stable Diffusion 1 or 2 on a device. U-Net, autoencoder and scheduler are checked against their configs at once, text encoder,
 * tokenizer and perceptual network when a call first needs them.
 * @param replaced the perceptual network that stands in for the checkpoint's own
 * @throws CheckpointError where a part does not fit; DeviceError for a device that is not there
 */
export async function openStableDiffusion(
  checkpoint: Checkpoint,
  replaced: Part<PerceptualConfig> | undefined,
  options: EngineOptions,
): Promise<Model> {
  const { threads } = options;
  const parts = checkedParts(checkpoint, replaced);
  const { unet, vae, prediction, schedule: scheduleConfig, scale } = parts;
  const schedule = createSchedule(scheduleConfig);
  const { runtime, precision, notices } = await openDevice(options.device, { threads, precision: options.precision });
  const gpuBytes = runtime.options.device === "cuda" ? freeGpuBytes() : undefined; // before anything is loaded
  const freeBytes = gpuBytes === undefined ? availableBytes : () => gpuBytes;
  const pool = sessionPool(runtime, gpuBytes);
  const channels = vae.config.latentChannels;
  let closed = false;
  let digest: string | undefined;

  const expectOpen = (who: string): void => {
    if (closed) throw new ClosedError(`${who}: the model is closed; open it again`);
  };

  const waves = runtime.options.device === "webgpu" ? "fed" : "computed";
  const plans = planner(freeBytes);
  const run = (key: string, build: Build, n: number, batch: number | undefined, feeds: BatchFeeds) => {
    if (n < 1) throw new ShapeError(key, { got: "no rows", want: "at least one" });
    if (batch !== undefined) expectCount("batch", batch);
    const plan = plans(key, build);
    return pool.run(key, plan.graph, planBatch(n, batch ?? (n === 1 ? 1 : plan.mostRows())), feeds);
  };

  /** What the noise and the gradient program have in common: their shape and their inputs. */
  const guided = (who: string, latent: Tensor, { timestep, text, guidanceScale = 7.5 }: NoiseOptions) => {
    expectOpen(who);
    expectShape(`${who}: latent`, latent, ["N", channels, "h", "w"]);
    const [, , height, width] = latent.shape;
    const [rows, tokens] = text.shape;
    const dim = unet.config.crossAttentionDim;
    expectShape(`${who}: text`, text, [rows === 1 ? 1 : 2, "tokens", dim], "stack the negative prompt's embeddings and the prompt's");
    if (!Number.isInteger(timestep) || timestep < 0 || timestep >= scheduleConfig.trainTimesteps)
      throw new RangeError(`${who}: timestep ${timestep}, want a whole number from 0 to ${scheduleConfig.trainTimesteps - 1}`);
    if (!Number.isFinite(guidanceScale)) throw new RangeError(`${who}: guidanceScale ${guidanceScale}, want a number`);
    const { alpha, sigma } = schedule.level(timestep);
    const shared = {
      timestep: scalar(timestep),
      waves: timestepWaves(unet.config, [timestep]),
      guidance: scalar(guidanceScale),
      alpha: scalar(alpha),
      sigma: scalar(sigma),
      text,
    };
    return { shape: { height, width, tokens, rows }, rows: { latent }, shared };
  };
  const noiseBuild =
    (shape: GuidedShape): Build =>
    (batch, keeps) =>
      programs.noiseProgram({ unet, prediction, precision, waves }, { ...shape, batch, keeps });
  const gradientBuild =
    (shape: GuidedShape): Build =>
    (batch, keeps) =>
      programs.perceptualGradientProgram(
        { unet, vae, prediction, precision, waves, perceptual: parts.perceptual() },
        { ...shape, batch, keeps },
      );

  const decodeBuild =
    (shape: DecodeShape): Build =>
    (batch, keeps) =>
      programs.decodeProgram(vae, { ...shape, batch, keeps });
  const foreseeBuild =
    (shape: GuidedShape): Build =>
    (batch, keeps) =>
      programs.foreseeProgram({ unet, vae, prediction, precision, waves }, { ...shape, batch, keeps });
  const guidedPlan = (kind: "noise" | "gradient", shape: GuidedShape) =>
    plans(guidedKey(kind, shape), kind === "noise" ? noiseBuild(shape) : gradientBuild(shape));

  /** What a run need not send again, on devices where it can stay. */
  const holding = (hold: NonNullable<typeof pool.hold>): Pick<Model, "send" | "foresee"> => ({
    async send(x) {
      expectOpen("send");
      return (await hold(`send ${x.shape}`, () => programs.sendProgram(x.shape), { given: x })).sent;
    },
    async foresee(latent, noise) {
      expectShape("foresee: latent", latent, [1, channels, "h", "w"]);
      const { shape, rows, shared } = guided("foresee", latent, noise);
      const key = guidedKey("foresee", shape);
      return (await hold(key, () => plans(key, foreseeBuild(shape)).graph(1), { ...rows, ...shared })).image;
    },
  });

  return {
    config: {
      latentChannels: channels,
      scaleFactor: scale,
      window: unet.config.sampleSize,
      windowMultiple: 2 ** (unet.config.blockOutChannels.length - 1),
      schedule: scheduleConfig,
      ...(parts.weight === undefined ? {} : { weight: parts.weight }),
    },
    path: checkpoint.path,
    device: runtime.options.device,
    precision,
    threads,
    notices,
    get digest() {
      digest ??= digestCheckpoint(checkpoint, replaced);
      return digest;
    },

    async tokenize(prompt) {
      expectOpen("tokenize");
      return parts.text().tokenizer.encode(prompt);
    },

    async encodeText(prompts) {
      expectOpen("encodeText");
      const { tokenizer, encoder } = parts.text();
      const list = typeof prompts === "string" ? [prompts] : prompts;
      const tokens = tokenizer.contextLength;
      const ids = { data: Int32Array.from(list.flatMap((prompt) => [...tokenizer.encode(prompt).ids])), shape: [list.length, tokens] };
      const build = (batch: number) => programs.textProgram(encoder, { batch, tokens });
      return (await run("encodeText", build, list.length, undefined, { rows: { ids } })).text; // [n,tokens,D]
    },

    async predictNoise(latent, noise) {
      const { shape, ...feeds } = guided("predictNoise", latent, noise);
      return (await run(guidedKey("noise", shape), noiseBuild(shape), latent.shape[0], noise.batch, feeds)).noise;
    },

    async perceptualGradient(latent, { anchor, ...noise }) {
      const { shape, ...feeds } = guided("perceptualGradient", latent, noise);
      expectShape("perceptualGradient: anchor", anchor, [1, 3, scale * shape.height, scale * shape.width]);
      const shared = { ...feeds.shared, anchor };
      const { loss, gradient } = await run(guidedKey("gradient", shape), gradientBuild(shape), latent.shape[0], noise.batch, {
        ...feeds,
        shared,
      });
      return { loss, gradient };
    },

    ...(pool.hold && holding(pool.hold)),

    async decode(latent, { edge = "open", batch } = {}) {
      expectOpen("decode");
      expectShape("decode", latent, ["N", channels, "h", "w"]);
      const [n, , height, width] = latent.shape;
      return (await run(decodeKey({ height, width, edge }), decodeBuild({ height, width, edge }), n, batch, { rows: { latent } })).image;
    },

    async encode(image, { batch } = {}) {
      expectOpen("encode");
      expectShape("encode", image, ["N", 3, "H", "W"]);
      const [n, , H, W] = image.shape;
      if (H % scale || W % scale) throw new RangeError(`encode: got an image of ${H}×${W}, want multiples of ${scale}`);
      const build: Build = (batch, keeps) => programs.encodeProgram(vae, { batch, height: H / scale, width: W / scale, keeps });
      return (await run(`encode ${H}×${W}`, build, n, batch, { rows: { image } })).latent;
    },

    async perceptualDistance(a, b, { batch } = {}) {
      expectOpen("perceptualDistance");
      expectShape("perceptualDistance", a, ["N", 3, "H", "W"]);
      const [n, , height, width] = a.shape;
      const references = b.shape[0] === 1 ? 1 : n;
      expectShape(
        "perceptualDistance: second image",
        b,
        [references, 3, height, width],
        "give one image, or as many as there are first ones",
      );
      const perceptual = parts.perceptual();
      const build = (size: number) =>
        programs.distanceProgram(perceptual, { batch: size, references: references === 1 ? 1 : size, height, width });
      const feeds: BatchFeeds = references === 1 ? { rows: { image: a }, shared: { reference: b } } : { rows: { image: a, reference: b } };
      return (await run(`perceptualDistance ${height}×${width} to ${references === 1 ? "one" : "each"}`, build, n, batch, feeds)).distance;
    },

    batchSize(kind, { height, width }) {
      expectOpen("batchSize");
      return guidedPlan(kind, { height, width, ...CLIP }).mostRows();
    },

    expectFits({ calls, window, panorama, edge, batch = {} }) {
      expectOpen("expectFits");
      const whole = plans(decodeKey({ ...panorama, edge }), decodeBuild({ ...panorama, edge }));
      const needs = [
        ...calls.map((name) => ({ name, plan: guidedPlan(name, { ...window, ...CLIP }), rows: batch[name] ?? 1 })),
        { name: "panorama", plan: whole, rows: 1 },
      ].map(({ name, plan, rows }) => ({ name, rows, weights: plan.weights, row: plan.call, activations: rows * plan.call }));
      const largest = needs.reduce((a, b) => (b.activations > a.activations ? b : a));
      const weights = needs.reduce((sum, need) => sum + need.weights, 0);
      const free = freeBytes();
      const fitting = Math.floor((free - weights) / largest.row);
      if (weights + largest.activations > free)
        throw new MemoryError(
          `this run needs ${bytesInWords(weights + largest.activations)} of memory: ${bytesInWords(weights)} for the weights of ${needs.map(({ name }) => name).join(", ")}, ` +
            `${bytesInWords(largest.activations)} for one call of ${largest.name}${largest.rows > 1 ? ` with a batch of ${largest.rows}` : ""}; ${bytesInWords(free)} are free` +
            (largest.rows > 1 && fitting >= 1 ? `; a batch of ${fitting} would fit` : ""),
        );
    },

    async close() {
      closed = true;
      await runtime.close();
    },
  };
}

const scalar = (x: number): Feed => ({ data: Float32Array.of(x), shape: [1] });

function expectCount(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`${name} ${value}: want a whole number >= 1`);
}
