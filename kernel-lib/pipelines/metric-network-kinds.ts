/** @file The networks that metrics look through, each opened by its name: FID's Inception, CLIP, VGG19, and the bundled judge. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { resizeBicubic } from "../core/bicubic.js";
import { CheckpointError } from "../core/errors.js";
import { readJson } from "../core/json.js";
import { expectShape, type Tensor } from "../core/tensor.js";
import type { BatchOption, DualEncoder, Features, StyleNetwork } from "../diffusion/capabilities.js";
import type { Engine } from "../engine/engine.js";
import { hashFile } from "../hub/hashing.js";
import { pulledFolder } from "../hub/installed.js";
import { findModel } from "../hub/manifest.js";
import { hubSettings } from "../hub/settings.js";
import { type ClipConfig, clipConfig, clipImageProgram, clipTextVectorsProgram } from "../nets/clip.js";
import { INCEPTION_SIDE, inceptionProgram } from "../nets/inception.js";
import type { Part } from "../nets/parameters.js";
import { type PerceptualConfig, perceptualConfig } from "../nets/perceptual.js";
import { pooledFeaturesProgram } from "../nets/perceptual-programs.js";
import { vgg19GramsProgram } from "../nets/vgg19.js";
import { loadTokenizer } from "../text/tokenizer.js";
import { openSafetensors } from "../weights/safetensors.js";
import { openTorch } from "../weights/torch-file.js";
import { clipPixels } from "./clip-pixels.js";
import { METRIC_NETWORKS, type MetricNetworkName } from "./metric-network-names.js";
import { type OpenModelOptions, openPlainEngine } from "./open-checkpoint.js";
import { writeRandomNetwork } from "./random-weights/random-network.js";

/** What a network for metrics can do: at least one of them. */
export type MetricAbilities = Partial<Features & StyleNetwork & DualEncoder>;

/** A network for metrics that is open. */
export interface MetricNetwork extends MetricAbilities {
  /** in tables: the network, and whether its weights are random */
  readonly title: string;
  /** sha256 of its weights, in hex: features that are kept belong to these alone */
  readonly digest: string;
  close(): Promise<void>;
}

/** Options of `openMetricNetwork`. */
export interface MetricNetworkOptions extends Pick<OpenModelOptions, "device" | "threads"> {
  /**
   * "random": seeded random weights at full size, for measuring time and memory, whose numbers mean nothing; or a file (.pth, .safetensors) or
   * folder of weights with the published names. Default: the pulled or bundled ones
   */
  readonly weights?: string;
}

interface Kind {
  readonly title: string;
  /** of the manifest; absent for one that is bundled */
  readonly published?: string;
  /** Opens what lies in a folder, or in a file of weights. @throws CheckpointError */
  open(path: string, engine: Engine): MetricAbilities;
}

const signedToBytes = ({ data, shape }: Tensor): Tensor => ({
  data: data.map((x) => (255 * (Math.min(1, Math.max(-1, x)) + 1)) / 2),
  shape,
});

const inception: Kind = {
  title: "FID's Inception",
  published: "fid-inception",
  open(path, engine) {
    const program = inceptionProgram({ config: {}, ...weightsIn(path) });
    return {
      async features(images, { batch } = {}) {
        expectShape("features", images, ["N", 3, "H", "W"]);
        // clean-fid: bicubic in floats, clipped but not rounded
        const { data, shape } = resizeBicubic(signedToBytes(images), { height: INCEPTION_SIDE, width: INCEPTION_SIDE }, "floats");
        const image = { data: data.map((x) => (2 * x) / 255 - 1), shape };
        return [(await engine.call(program, {}, { rows: { image } }, batch)).features]; // [N,2048]
      },
    };
  },
};

const vgg19: Kind = {
  title: "VGG19",
  published: "vgg19",
  open(path, engine) {
    const program = vgg19GramsProgram({ config: {}, ...weightsIn(path) });
    return {
      async grams(image: Tensor, { batch }: BatchOption = {}) {
        expectShape("grams", image, ["N", 3, "H", "W"]);
        const [, , height, width] = image.shape;
        return Object.values(await engine.call(program, { height, width }, { rows: { image } }, batch));
      },
    };
  },
};

const clipOf = (title: string, published: string): Kind => ({
  title,
  published,
  open(folder, engine) {
    const file = join(folder, "config.json");
    const part: Part<ClipConfig> = { config: clipConfig(file, readJson(file)), ...weightsIn(folder) };
    const tokenizer = loadTokenizer(folder);
    const [images, texts] = [clipImageProgram(part), clipTextVectorsProgram(part)];
    return {
      async embedImages(pictures, { batch } = {}) {
        expectShape("embedImages", pictures, ["N", 3, "H", "W"]);
        const unit = { data: pictures.data.map((x) => (x + 1) / 2), shape: pictures.shape };
        const image = clipPixels(unit, part.config.vision.imageSize);
        return (await engine.call(images, {}, { rows: { image } }, batch)).vector; // [N,E]
      },
      async embedPrompts(prompts) {
        const list = (typeof prompts === "string" ? [prompts] : prompts).map((prompt) => tokenizer.encode(prompt).ids);
        const shape = [list.length, tokenizer.contextLength];
        const ids = { data: Int32Array.from(list.flatMap((row) => [...row])), shape };
        const end = {
          data: Float32Array.from(list.flatMap((row) => row.map((_, k) => Number(k === row.indexOf(Math.max(...row)))))),
          shape,
        };
        return (await engine.call(texts, { tokens: tokenizer.contextLength }, { rows: { ids, end } })).vector; // [n,E]
      },
    };
  },
});

/**
 * About the root mean square of the judge's features over drawings (`npm run models:check -- judge` prints it). Divided by it they are about 1, the
 * size at which neither term of KID's kernel (xᵀy/d + 1)³ drowns the other.
 */
const JUDGE_SIZE = 10;

const judge: Kind = {
  title: "the bundled judge",
  open(folder, engine) {
    const file = join(folder, "config.json");
    const part: Part<PerceptualConfig> = { config: perceptualConfig(file, readJson(file)), ...weightsIn(folder) };
    const program = pooledFeaturesProgram(part);
    return {
      async features(image, { batch } = {}) {
        expectShape("features", image, ["N", 3, "H", "W"]);
        const [, , height, width] = image.shape;
        const { data, shape } = (await engine.call(program, { height, width }, { rows: { image } }, batch)).features; // [N,C]
        return [{ data: data.map((x) => x / JUDGE_SIZE), shape }];
      },
    };
  },
};

/** The networks by name. A new one is one more entry, and its name in METRIC_NETWORKS. */
const KINDS = {
  inception,
  vgg19,
  "clip-b16": clipOf("CLIP ViT-B/16", "clip-b16"),
  "clip-b32": clipOf("CLIP ViT-B/32", "clip-b32"),
  judge,
} satisfies Record<MetricNetworkName, Kind>;

/** Opens a network for metrics; see `openMetricNetwork`. */
export async function openMetricNetworkKind(name: MetricNetworkName, { weights, ...where }: MetricNetworkOptions): Promise<MetricNetwork> {
  const kind: Kind | undefined = KINDS[name];
  if (!kind) throw new RangeError(`openMetricNetwork: got ${name}, want one of ${METRIC_NETWORKS.join(", ")}`);
  const scratch = weights === "random" ? mkdtempSync(join(tmpdir(), "veduta-random-")) : undefined;
  const discard = () => scratch && rmSync(scratch, { recursive: true, force: true });
  try {
    const path = scratch ? await writeRandomNetwork(name, scratch) : (weights ?? folderOf(kind));
    if (!existsSync(path)) throw new CheckpointError(path, { expected: `the weights of ${kind.title}`, found: "no such file or folder" });
    const engine = await openPlainEngine(where);
    const close = async () => {
      await engine.close();
      discard();
    };
    const { sha256: digest } = await hashFile(weightFile(path));
    return { title: scratch ? `${kind.title}, random weights` : kind.title, digest, ...kind.open(path, engine), close };
  } catch (error) {
    discard();
    throw error;
  }
}

const BUNDLED_JUDGE = fileURLToPath(new URL("../../../models/tiny-landscapes/judge", import.meta.url));

function folderOf({ published }: Kind): string {
  if (published === undefined) return BUNDLED_JUDGE;
  const model = findModel(published);
  if (!model) throw new CheckpointError(published, { expected: "a model of the manifest", found: "no such name" });
  return pulledFolder(model, hubSettings());
}

/** The weights in a file, or in a folder's one file of weights. @throws CheckpointError */
function weightsIn(path: string): Pick<Part<unknown>, "file" | "weights"> {
  const file = weightFile(path);
  const opened = file.endsWith(".safetensors") ? openSafetensors(file) : openTorch(file);
  return { file: opened.file, weights: opened.tensors };
}

/** The file of weights itself, or a folder's. @throws CheckpointError where a folder has none */
function weightFile(path: string): string {
  const names = ["model.safetensors", "backbone.safetensors", "pytorch_model.bin", "weights.pth"];
  const file = /\.(safetensors|pth?|bin)$/.test(path) ? path : names.map((name) => join(path, name)).find((name) => existsSync(name));
  if (file === undefined) throw new CheckpointError(path, { expected: names.join(", "), found: "none of them" });
  return file;
}
