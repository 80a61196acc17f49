/** @file Stable Diffusion 1 and 2: a checkpoint's parts become a Model, one capability a function. */
import { once } from "../core/once.js";
import { expectShape, type Tensor } from "../core/tensor.js";
import type { ComparableFeatures, NoiseControl, Perceptual, TextEncoder } from "../diffusion/capabilities.js";
import type { Engine } from "../engine/engine.js";
import type { GuidedSize } from "../nets/guided-denoiser.js";
import { autoencoder } from "./autoencoder.js";
import { classifier } from "./classifier.js";
import { controlSize, denoiser, guided, mergedSize } from "./denoiser.js";
import { dualEncoder } from "./dual.js";
import type { Model } from "./model.js";
import type { Pipeline } from "./pipeline.js";
import { adaptersOf, expectPartsFit, STABLE_DIFFUSION, type StableDiffusionParts } from "./stable-diffusion-parts.js";
import { digestOf, jointConfigOf, type StableDiffusionPrograms, stableDiffusionPrograms } from "./stable-diffusion-programs.js";

/** U-Net, autoencoder and scheduler are checked at once, text encoder, tokenizer and perceptual network when a call first needs them. */
export const stableDiffusion: Pipeline<Model, StableDiffusionParts> = {
  ...STABLE_DIFFUSION,
  check: expectPartsFit,
  open(parts, engine) {
    const { device, precision, threads, notices } = engine;
    // the official code decodes in half precision under CUDA's autocast too; elsewhere half precision is no faster
    const decoderPrecision = device === "cuda" ? precision : "float32";
    const opened: Opened = { engine, ...stableDiffusionPrograms(parts, { precision, decoderPrecision, embedding: embeddingOn(device) }) };
    const digest = once(() => digestOf(parts));
    return {
      config: jointConfigOf(parts),
      unet: { channels: opened.unet.blockOutChannels, textWidth: opened.unet.crossAttentionDim },
      path: parts.path,
      ...adaptersOf(parts),
      device,
      precision,
      threads,
      notices,
      get digest() {
        return digest();
      },
      ...textEncoder(opened),
      ...denoiser(opened),
      ...autoencoder(engine, opened.vae, opened.programs),
      ...perceptual(opened),
      ...dualEncoder(parts, engine, textEncoder(opened)),
      ...classifier(parts, engine),
      ...onDevice(opened),
      ...memory(opened),
      close: () => engine.close(),
    };
  },
};

/** What the capabilities share. */
type Opened = StableDiffusionPrograms & { readonly engine: Engine };

/** Where the timestep's embedding is computed: WebGPU's sines are poor. */
export const embeddingOn = (device: Engine["device"]): "fed" | "computed" => (device === "webgpu" ? "fed" : "computed");

const textEncoder = ({ engine, text }: Opened): TextEncoder => ({
  async tokenize(prompt) {
    engine.expectOpen("tokenize");
    return text().tokenizer.encode(prompt);
  },
  async encodeText(prompts) {
    engine.expectOpen("encodeText");
    const { tokenizer, program } = text();
    const [list, tokens] = [typeof prompts === "string" ? [prompts] : prompts, tokenizer.contextLength];
    const ids = { data: Int32Array.from(list.flatMap((prompt) => [...tokenizer.encode(prompt).ids])), shape: [list.length, tokens] };
    return (await engine.call(program, { tokens }, { rows: { ids } })).text; // [n,tokens,D]
  },
});

const perceptual = (opened: Opened): Perceptual & ComparableFeatures => {
  const { engine, programs, scale } = opened;
  return {
    async perceptualGradient(latent, { anchor, distance, ...noise }) {
      const { size, rows, shared } = guided(opened, "perceptualGradient", latent, noise);
      expectShape("perceptualGradient: anchor", anchor, [1, 3, scale * size.height, scale * size.width]);
      return engine.call(programs.gradient(distance), size, { rows, shared: { ...shared, anchor } }, noise.batch, noise.signal);
    },
    async decodedGradient(latent, { anchor, distance, batch, signal }) {
      engine.expectOpen("decodedGradient");
      expectShape("decodedGradient", latent, ["N", opened.channels, "h", "w"]);
      const [, , height, width] = latent.shape;
      expectShape("decodedGradient: anchor", anchor, [1, 3, scale * height, scale * width]);
      return engine.call(programs.decodedGradient(distance), { height, width }, { rows: { latent }, shared: { anchor } }, batch, signal);
    },
    async perceptualDistance(image, reference, { batch, signal } = {}) {
      engine.expectOpen("perceptualDistance");
      expectShape("perceptualDistance", image, ["N", 3, "H", "W"]);
      const [n, , height, width] = image.shape;
      const many = reference.shape[0] !== 1;
      const want = [many ? n : 1, 3, height, width];
      expectShape("perceptualDistance: second image", reference, want, "give one image, or as many as there are first ones");
      if (many)
        return (await engine.call(programs.distanceToEach(), { height, width }, { rows: { image, reference } }, batch, signal)).distance;
      return (await engine.call(programs.distanceToOne(), { height, width }, { rows: { image }, shared: { reference } }, batch, signal))
        .distance;
    },
    async features(image, { batch } = {}) {
      engine.expectOpen("features");
      expectShape("features", image, ["N", 3, "H", "W"]);
      const [, , height, width] = image.shape;
      const maps = await engine.call(programs.features(), { height, width }, { rows: { image } }, batch);
      return Object.keys(maps).map((_, k) => maps[`map${k}`]);
    },
    async featureDistance(a, b) {
      engine.expectOpen("featureDistance");
      for (const [k, map] of a.entries()) expectShape(`featureDistance: map ${k}`, b[k], map.shape, "give features of images of one size");
      const named = (name: "a" | "b", maps: readonly Tensor[]) => Object.fromEntries(maps.map((map, k) => [`${name}${k}`, map]));
      const size = { maps: a.map(({ shape }) => shape.slice(1)) };
      return (await engine.call(programs.featureDistance(), size, { rows: { ...named("a", a), ...named("b", b) } })).distance;
    },
  };
};

/** What a run need not send again, on devices where it can stay. */
function onDevice(opened: Opened): Pick<Model, "send" | "foresee"> {
  const { engine, programs, channels } = opened;
  const { onDevice } = engine;
  if (!onDevice) return {};
  return {
    send: (x) => onDevice.toDevice(x),
    async foresee(latent, noise) {
      expectShape("foresee: latent", latent, [1, channels, "h", "w"]);
      const { size, rows, shared } = guided(opened, "foresee", latent, noise);
      return (await onDevice.call(programs.foresee, size, { rows, shared })).image;
    },
  };
}

/** The texts of a guided run, as long as CLIP's: for counting memory. */
const CLIP = { tokens: 77, texts: 2 } as const;

function memory({ engine, programs }: Opened): Required<Pick<Model, "batchSize" | "expectFits">> {
  type Controls = readonly Pick<NoiseControl, "net" | "mode">[];
  const sizeOf = ({ height, width }: { readonly height: number; readonly width: number }, controls: Controls): GuidedSize => ({
    height,
    width,
    ...CLIP,
    ...controlSize(controls),
  });
  const plan = (kind: "noise" | "gradient", size: GuidedSize) =>
    engine.plan<GuidedSize>(kind === "noise" ? programs.noise : programs.gradient(), size);
  return {
    batchSize(kind, window, controls = []) {
      engine.expectOpen("batchSize");
      return plan(kind, sizeOf(window, controls)).mostRows();
    },
    expectFits({ calls, window, panorama: { height, width }, edge, batch = {}, merged, controls: sets = [[]] }) {
      engine.expectOpen("expectFits");
      const withControl = (name: string, controls: Controls) => (controls.length > 0 ? `${name} with control` : name);
      const together = sets.map((controls) => ({
        name: withControl("merged noise", controls),
        plan: merged && engine.plan(programs.mergedNoise, mergedSize(sizeOf(window, controls), merged)),
        rows: 1,
        holds: merged && { count: merged.windows.length, of: "windows" },
      }));
      const apart = sets.flatMap((controls) =>
        calls.map((name) => ({
          name: withControl(name, controls),
          plan: plan(name, sizeOf(window, controls)),
          rows: batch[name] ?? 1,
        })),
      );
      engine.expectFit([
        ...apart,
        ...together.flatMap(({ plan, ...demand }) => (plan ? [{ plan, ...demand }] : [])),
        { name: "panorama", plan: engine.plan(programs.decode, { height, width, edge }), rows: 1 },
      ]);
    },
  };
}
