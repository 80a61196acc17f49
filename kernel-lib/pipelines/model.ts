/** @file An opened checkpoint, as the one who paints or edits with it sees it. */
import type {
  Autoencoder,
  Classifier,
  ComparableFeatures,
  DualEncoder,
  JacobianProducts,
  MergedDenoiser,
  Perceptual,
  ResidualMeter,
  RowDenoiser,
  TextEnergies,
  UnconditionalDenoiser,
} from "../diffusion/capabilities.js";
import type { JointModel, JointModelConfig } from "../diffusion/joint-model.js";
import type { PyramidModel } from "../diffusion/pyramid-model.js";
import type { Device } from "../engine/device.js";
import type { Precision } from "../graph/half.js";
import type { Adapters } from "./adapters/with-adapters.js";

/** What every opened checkpoint has. Every call after `close` throws a ClosedError. */
export interface OpenedCheckpoint {
  readonly device: Device;
  /** of the U-Net */
  readonly precision: Precision;
  readonly threads: number;
  /** what "auto" chose and why not the others */
  readonly notices: readonly string[];
  /** sha256 over configs and weights, in hex; computed when first asked for */
  readonly digest: string;
  /** the checkpoint's folder, or its single file */
  readonly path: string;
  /** Ends the sessions and frees their memory; twice is once. */
  close(): Promise<void>;
}

/** How large a U-Net is. */
export interface UNetSize {
  /** of each level, from the finest */
  readonly channels: readonly number[];
  /** numbers of a token's embedding */
  readonly textWidth: number;
}

/** A checkpoint with text on a device. */
export interface Model
  extends OpenedCheckpoint,
    JointModel,
    Required<RowDenoiser>,
    Autoencoder,
    Perceptual,
    ComparableFeatures,
    JacobianProducts,
    ResidualMeter,
    DualEncoder,
    TextEnergies,
    Classifier,
    Adapters {
  readonly unet: UNetSize;
  predictMergedNoise: MergedDenoiser["predictMergedNoise"];
  encode: Autoencoder["encode"];
  batchSize: NonNullable<JointModel["batchSize"]>;
}

/** A checkpoint without text on a device, such as `tiny-noon`. Latents and images of DDPM's are one and the same. */
export interface UnconditionalModel extends OpenedCheckpoint, UnconditionalDenoiser, Autoencoder {
  readonly config: Omit<JointModelConfig, "weight">;
  batchSize(kind: "noise", window: { readonly height: number; readonly width: number }): number;
}

/** A checkpoint of Frido on a device, such as `tiny-scenes`. */
export interface FridoModel extends OpenedCheckpoint, PyramidModel {}
