/** @file An opened checkpoint, as the one who paints with it sees it. */
import type { Tensor } from "../core/tensor.js";
import type { JointModel } from "../diffusion/joint-model.js";
import type { Device } from "../engine/device.js";
import type { Precision } from "../graph/half.js";

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
