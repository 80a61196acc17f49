/** @file An opened checkpoint, as the one who paints with it sees it. */
import type {
  Autoencoder,
  Classifier,
  ComparableFeatures,
  DualEncoder,
  JacobianProducts,
  Perceptual,
  RowDenoiser,
  TextEnergies,
} from "../diffusion/capabilities.js";
import type { CallKind, JointModel } from "../diffusion/joint-model.js";
import type { Device } from "../engine/device.js";
import type { Precision } from "../graph/half.js";

/** A checkpoint on a device. Every call after `close` throws a ClosedError. */
export interface Model
  extends JointModel,
    RowDenoiser,
    Autoencoder,
    Perceptual,
    ComparableFeatures,
    JacobianProducts,
    DualEncoder,
    TextEnergies,
    Classifier {
  batchSize(kind: CallKind, window: { readonly height: number; readonly width: number }): number;
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
