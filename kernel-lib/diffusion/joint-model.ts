/** @file What a joint method needs of a model. */
import type { Edge } from "../core/edge.js";
import type { DeviceTensor, Tensor } from "../core/tensor.js";
import type {
  Autoencoder,
  Denoiser,
  MergedDenoiser,
  MergedWindows,
  NoiseControl,
  NoiseOptions,
  Perceptual,
  TextEncoder,
} from "./capabilities.js";
import type { SamplerChoice } from "./samplers/samplers.js";
import type { ScheduleConfig } from "./schedule.js";

/** The capabilities of a joint method's model. Batches of any size. */
export interface JointModel
  extends Denoiser,
    Partial<MergedDenoiser>,
    TextEncoder,
    Pick<Autoencoder, "decode">,
    Partial<Pick<Autoencoder, "encode">>,
    Pick<Perceptual, "perceptualGradient" | "decodedGradient"> {
  readonly config: JointModelConfig;
  /** Sends a tensor to the device for the calls of a run; absent where nothing can stay there. */
  send?(x: Tensor): Promise<DeviceTensor>;
  /** decode(x0(x_t, eps(x_t))) of one latent [1,c,h,w] in one call, [1,3,8h,8w], left on the device; absent where nothing can stay there. */
  foresee?(latent: Tensor, options: NoiseOptions): Promise<DeviceTensor>;
  /** Windows of this size (latent pixels) that one network call takes, from memory; all at once where a model does not say. */
  batchSize?(
    kind: CallKind,
    window: { readonly height: number; readonly width: number },
    controls?: readonly Pick<NoiseControl, "net" | "mode">[],
  ): number;
  /** what a model on another machine can be asked; absent where the networks are here */
  readonly offers?: OfferedCalls;
  /** @throws MemoryError where a run would not fit into the memory that is free: what it needs, and for what */
  expectFits?(run: MemoryNeed): void;
}

/** The calls of a run that take a batch of windows. */
export type CallKind = "noise" | "gradient";

/** What a model on another machine can be asked. */
export interface OfferedCalls {
  /** the server's address */
  readonly where: string;
  readonly functions: readonly string[];
}

/** What a run will call. Sizes in latent pixels. */
export interface MemoryNeed {
  readonly calls: readonly CallKind[];
  readonly window: { readonly height: number; readonly width: number };
  readonly panorama: { readonly height: number; readonly width: number };
  readonly edge: Edge;
  /** windows per call; 1 where absent, the least that a run can do with */
  readonly batch?: { readonly noise?: number; readonly gradient?: number };
  /** windows that one call takes together, since their attention is merged */
  readonly merged?: MergedWindows;
  /** the sets of ControlNets that calls use; default one, without any */
  readonly controls?: readonly (readonly Pick<NoiseControl, "net" | "mode">[])[];
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
  /** what the checkpoint names; default DDIM */
  readonly sampler?: SamplerChoice;
  /** the checkpoint's recommended SyncDiffusion weight, where it states one */
  readonly weight?: number;
  /** names of the ControlNets that the model was opened with; default none */
  readonly controlNets?: readonly string[];
}
