/** @file What a joint method needs of a model: functions over tensors. Sessions, files and devices stay behind them. */
import type { DeviceTensor, Tensor } from "../core/tensor.js";
import type { ScheduleConfig } from "./schedule.js";

/** Options of a noise prediction. */
export interface NoiseOptions {
  /** training timestep, 0..999 */
  readonly timestep: number;
  /** [2,tokens,dim]: negative prompt, then prompt; or [1,tokens,dim] for an unguided prediction */
  readonly text: Tensor | DeviceTensor;
  /** eps = eps_negative + guidanceScale · (eps_prompt − eps_negative); ignored for [1,…] text. Default 7.5. */
  readonly guidanceScale?: number;
  /** windows that one network call takes; from memory when absent */
  readonly batch?: number;
}

/** Options of a perceptual gradient. */
export interface PerceptualOptions extends NoiseOptions {
  /** the anchor's foreseen image, [1,3,H,W] in [-1,1] */
  readonly anchor: Tensor | DeviceTensor;
}

/** Range of a decoded image is [-1,1], of a latent: VAE latent × scaling factor. Batches of any size. */
export interface JointModel {
  readonly config: JointModelConfig;
  /** Embeddings of prompts: [n,tokens,dim]. */
  encodeText(prompts: string | readonly string[]): Promise<Tensor>;
  /** How the tokenizer takes a prompt: `truncated` when it is longer than the context. */
  tokenize(prompt: string): Promise<{ readonly ids: readonly number[]; readonly truncated: boolean }>;
  /** Guided noise eps of latents [N,c,h,w] -> [N,c,h,w], whatever the network predicts (eps, v or x0). */
  predictNoise(latent: Tensor, options: NoiseOptions): Promise<Tensor>;
  /** [N,c,h,w] -> [N,3,8h,8w], not clamped. `edge: "wrap"` closes left onto right in every convolution. */
  decode(latent: Tensor, options?: { readonly edge?: "open" | "wrap"; readonly batch?: number }): Promise<Tensor>;
  /**
   * Distance of each window's foreseen image to the anchor's, and its gradient with respect to the window's latent:
   * loss [N], gradient [N,c,h,w] of L(clamp(decode(x0(x_t, eps(x_t)))), anchor).
   */
  perceptualGradient(latent: Tensor, options: PerceptualOptions): Promise<{ readonly loss: Tensor; readonly gradient: Tensor }>;
  /** Sends a tensor to the device for the calls of a run; absent where nothing can stay there. */
  send?(x: Tensor): Promise<DeviceTensor>;
  /** decode(x0(x_t, eps(x_t))) of one latent [1,c,h,w] in one call, [1,3,8h,8w], left on the device; absent where nothing can stay there. */
  foresee?(latent: Tensor, options: NoiseOptions): Promise<DeviceTensor>;
  /** Windows of this size (latent pixels) that one network call takes, from memory; all at once where a model does not say. */
  batchSize?(kind: "noise" | "gradient", window: { readonly height: number; readonly width: number }): number;
  /** @throws MemoryError where a run would not fit into the memory that is free: what it needs, and for what */
  expectFits?(run: MemoryNeed): void;
}

/** What a run will call. Sizes in latent pixels. */
export interface MemoryNeed {
  readonly calls: readonly ("noise" | "gradient")[];
  readonly window: { readonly height: number; readonly width: number };
  readonly panorama: { readonly height: number; readonly width: number };
  readonly edge: "open" | "wrap";
  /** windows per call of each kind; 1 where absent, the least that a run can do with */
  readonly batch?: { readonly noise?: number; readonly gradient?: number };
}

/** What joint methods need to know of a model. */
export interface JointModelConfig {
  /** channels of the latent */
  readonly latentChannels: number;
  /** pixels per latent pixel, 8 for Stable Diffusion */
  readonly scaleFactor: number;
  /** the window the network was trained on, in latent pixels */
  readonly window: number;
  /** heights and widths of windows are multiples of it, in latent pixels, since the network halves them; default 1 */
  readonly windowMultiple?: number;
  readonly schedule: ScheduleConfig;
  /** the checkpoint's recommended SyncDiffusion weight, where it states one */
  readonly weight?: number;
}
