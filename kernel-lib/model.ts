/** @file The composition root: a checkpoint becomes a Model. Sessions, files, devices and batches stay behind its functions. */
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import type { PerceptualConfig } from "./checkpoint/configs.js";
import { digestCheckpoint } from "./checkpoint/digest.js";
import {
  openCheckpoint,
  type Part,
  PERCEPTUAL_MODEL,
  type PerceptualFiles,
  perceptualFromFiles,
  perceptualFromFolder,
} from "./checkpoint/folder.js";
import { installed, pulledFolder } from "./checkpoint/hub/installed.js";
import { findModel, readManifest } from "./checkpoint/hub/manifest.js";
import { hubSettings } from "./checkpoint/hub/settings.js";
import { CheckpointError, ClosedError, MemoryError, ShapeError } from "./core/errors.js";
import { expectShape, type Tensor } from "./core/tensor.js";
import { createSchedule } from "./diffusion/schedule.js";
import { DEVICE_CHOICES, type DeviceChoice, openDevice } from "./graph/devices.js";
import { freeGpuBytes } from "./graph/gpu-memory.js";
import { PRECISIONS, type Precision } from "./graph/half.js";
import { availableBytes } from "./graph/memory.js";
import { type Build, planner } from "./graph/plan.js";
import type { Device, Feed } from "./graph/session.js";
import { type BatchFeeds, planBatch, sessionPool } from "./graph/session-pool.js";
import type { JointModel, NoiseOptions } from "./joint/joint-model.js";
import { checkedParts } from "./nets/checked-parts.js";
import * as programs from "./nets/programs.js";
import { timestepWaves } from "./nets/timestep-waves.js";

export interface OpenModelOptions {
  /** default "auto": cuda where it works, else webgpu where it is faster than the cpu, else cpu; `notices` says which and why */
  readonly device?: DeviceChoice;
  /**
   * Of the U-Net's weights and activations; its norms, softmaxes and all that is outside of it are in float32. Default float16 on cuda, float32
   * elsewhere. On the cpu float16 is slower, and most of its arithmetic is in float32 all the same.
   */
  readonly precision?: Precision;
  /** threads of the cpu; default all that the system lets this process use */
  readonly threads?: number;
  /**
   * LPIPS, for a folder without perceptual/ or instead of its own: files with torchvision's and LPIPS's keys, or the name of a pulled one. Default
   * for a folder without: lpips-vgg, where it has been pulled
   */
  readonly perceptual?: PerceptualFiles | string;
}

/** A checkpoint on a device. Every call after `close` throws a ClosedError. */
export interface Model extends JointModel {
  /** Image [N,3,H,W] in [-1,1] -> latent [N,c,H/8,W/8]: the mean of the autoencoder's posterior × scaling factor. */
  encode(image: Tensor, options?: { readonly batch?: number }): Promise<Tensor>;
  /** LPIPS of images [N,3,H,W] to one or N others, [1|N,3,H,W], all in [-1,1] -> [N], unitless, 0 where they are equal. */
  perceptualDistance(a: Tensor, b: Tensor, options?: { readonly batch?: number }): Promise<Tensor>;
  batchSize(kind: "noise" | "gradient", window: { readonly height: number; readonly width: number }): number;
  readonly device: Device;
  /** of the U-Net */
  readonly precision: Precision;
  readonly threads: number;
  /** what "auto" chose and why not the others */
  readonly notices: readonly string[];
  /** sha256 over configs and weights, in hex; computed when first asked for */
  readonly digest: string;
  /** the checkpoint's folder */
  readonly path: string;
  /** Ends the sessions and frees their memory; twice is once. */
  close(): Promise<void>;
}

/** Checkpoints that come with Veduta, by name. `veduta models list` names those that can be pulled. */
export const BUNDLED_MODELS: readonly string[] = ["tiny-landscapes"];

/** Shapes of calls without their rows, and the names of their plans. */
type GuidedShape = Omit<programs.NoiseShape, "batch" | "keeps">;
type DecodeShape = Omit<Parameters<typeof programs.decodeProgram>[1], "batch" | "keeps">;
const guidedKey = (kind: "noise" | "gradient" | "foresee", { height, width, rows, tokens }: GuidedShape): string =>
  `${kind} ${height}×${width}, ${rows} texts of ${tokens}`;
const decodeKey = ({ height, width, edge }: DecodeShape): string => `decode ${height}×${width} ${edge}`;
/** the texts of a guided run, as long as CLIP's: for counting memory */
const CLIP = { tokens: 77, rows: 2 };

/**
 * Opens a checkpoint: one that is bundled or has been pulled, by name, or a folder in the layout of diffusers. U-Net, autoencoder and scheduler are checked
 * against their configs at once, text encoder, tokenizer and perceptual network when a call first needs them.
 * @throws CheckpointError (file, expected, found) for an unknown name, or a folder whose files do not fit
 * @throws DeviceError for a device that is not there; RangeError for an option that is none
 */
export async function openModel(pathOrName: string = BUNDLED_MODELS[0], options: OpenModelOptions = {}): Promise<Model> {
  const { device = "auto", threads = availableParallelism() } = options;
  if (!DEVICE_CHOICES.includes(device)) throw new RangeError(`device ${device}: want ${DEVICE_CHOICES.join(", ")}`);
  if (options.precision !== undefined && !PRECISIONS.includes(options.precision))
    throw new RangeError(`precision ${options.precision}: want ${PRECISIONS.join(", ")}`);
  expectCount("threads", threads);
  const checkpoint = openCheckpoint(folderOf(pathOrName));
  const replaced = checkpoint.has("perceptual") && !options.perceptual ? undefined : perceptualOf(options.perceptual);
  const parts = checkedParts(checkpoint, replaced);
  const { unet, vae, prediction, schedule: scheduleConfig, scale } = parts;
  const schedule = createSchedule(scheduleConfig);
  const { runtime, precision, notices } = await openDevice(device, { threads, precision: options.precision });
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

    expectFits({ calls, window, panorama, edge, batch = 1 }) {
      expectOpen("expectFits");
      const whole = plans(decodeKey({ ...panorama, edge }), decodeBuild({ ...panorama, edge }));
      const needs = [
        ...calls.map((name) => ({ name, plan: guidedPlan(name, { ...window, ...CLIP }), rows: batch })),
        { name: "panorama", plan: whole, rows: 1 },
      ].map(({ name, plan, rows }) => ({ name, rows, weights: plan.weights, row: plan.call, activations: rows * plan.call }));
      const largest = needs.reduce((a, b) => (b.activations > a.activations ? b : a));
      const weights = needs.reduce((sum, need) => sum + need.weights, 0);
      const free = freeBytes();
      const fitting = Math.floor((free - weights) / largest.row);
      if (weights + largest.activations > free)
        throw new MemoryError(
          `this run needs ${gib(weights + largest.activations)} of memory: ${gib(weights)} for the weights of ${needs.map(({ name }) => name).join(", ")}, ` +
            `${gib(largest.activations)} for one call of ${largest.name}${largest.rows > 1 ? ` with a batch of ${largest.rows}` : ""}; ${gib(free)} are free` +
            (largest.rows > 1 && fitting >= 1 ? `; a batch of ${fitting} would fit` : ""),
        );
    },

    async close() {
      closed = true;
      await runtime.close();
    },
  };
}

/** A bundled model's folder, from the package's root beside dist/; the folder itself; or a pulled model's. */
function folderOf(pathOrName: string): string {
  if (BUNDLED_MODELS.includes(pathOrName)) return fileURLToPath(new URL(`../../models/${pathOrName}`, import.meta.url));
  if (existsSync(pathOrName)) return pathOrName;
  const published = findModel(pathOrName);
  if (published?.kind === "hub") return pulledFolder(published, hubSettings());
  const names = readManifest().filter(({ kind }) => kind === "hub");
  throw new CheckpointError(pathOrName, {
    expected: `a folder in the layout of diffusers, a bundled model (${BUNDLED_MODELS}) or a pulled one (${names.map(({ name }) => name).join(", ")})`,
    found: "no such folder or name",
  });
}

const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
/** LPIPS from files, or pulled; nothing where neither is asked for and the default has not been pulled. */
function perceptualOf(asked: PerceptualFiles | string | undefined): Part<PerceptualConfig> | undefined {
  if (typeof asked === "object") return perceptualFromFiles(asked);
  const published = findModel(asked ?? PERCEPTUAL_MODEL);
  if (published?.kind !== "lpips") {
    const names = readManifest().filter(({ kind }) => kind === "lpips");
    throw new CheckpointError(`perceptual ${asked}`, { expected: names.map(({ name }) => name).join(", "), found: "no such name" });
  }
  if (asked === undefined && !installed(published, hubSettings()).complete) return undefined;
  return perceptualFromFolder(pulledFolder(published, hubSettings()));
}

const scalar = (x: number): Feed => ({ data: Float32Array.of(x), shape: [1] });

function expectCount(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`${name} ${value}: want a whole number >= 1`);
}
