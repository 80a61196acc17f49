/** @file What a model may offer: functions over tensors. A method or a metric takes only what it needs; sessions, files and devices stay behind. */
import type { Edge } from "../core/edge.js";
import type { DeviceTensor, Tensor } from "../core/tensor.js";

/** Of every call that takes rows. */
export interface BatchOption {
  /** rows that one network call takes; from memory when absent */
  readonly batch?: number;
  /** aborts a call on another machine; one on this machine ends by itself */
  readonly signal?: AbortSignal;
}

/** Options of a noise prediction without text. */
export interface TimestepOptions extends BatchOption {
  /** training timestep, 0..999 */
  readonly timestep: number;
}

/**
 * Which rows a ControlNet sees and how its residuals count. "balanced": both rows, all residuals alike. "guess": the prompt's row alone, the coarse
 * residuals more than the fine ones. "prompt": both rows, the residuals as in "guess", so that the prompt decides more; it is ours.
 */
export type ControlMode = (typeof CONTROL_MODES)[number];

/** The values of `ControlMode`. */
export const CONTROL_MODES = ["balanced", "guess", "prompt"] as const;

/** One use of a ControlNet in a prediction (Zhang et al., arXiv:2302.05543). */
export interface NoiseControl {
  /** which of the model's ControlNets, from 0 */
  readonly net: number;
  /** the condition of each row, [N,3,f·h,f·w] in [0,1], RGB */
  readonly image: Tensor;
  /** factor of the residuals */
  readonly scale: number;
  readonly mode: ControlMode;
}

/** Options of a noise prediction. */
export interface NoiseOptions extends TimestepOptions {
  /** [2,tokens,dim]: negative prompt, then prompt; or [1,tokens,dim] for an unguided prediction */
  readonly text: Tensor | DeviceTensor;
  /** eps = eps_negative + guidanceScale · (eps_prompt − eps_negative); ignored for [1,…] text. Default 7.5. */
  readonly guidanceScale?: number;
  /** ControlNets whose residuals are added, each once or more; default none */
  readonly controls?: readonly NoiseControl[];
}

/** What images are compared with, and how. */
export interface ComparisonOptions extends BatchOption {
  /** the anchor's foreseen image, [1,3,H,W] in [-1,1] */
  readonly anchor: Tensor | DeviceTensor;
  /** "lpips" (default), or "style": the mean squared difference of the Gram matrices of the same network's features */
  readonly distance?: "lpips" | "style";
}

/** Options of a perceptual gradient. */
export interface PerceptualOptions extends NoiseOptions, ComparisonOptions {}

/** Options of a decode. */
export interface DecodeOptions extends BatchOption {
  /** which edges meet, in every convolution: "wrap" closes left onto right; default "open" */
  readonly edge?: Edge;
}

/** Options of an encoding. */
export interface EncodeOptions extends BatchOption {
  /** which edges meet, in every convolution: "wrap" closes left onto right; default "open" */
  readonly edge?: Edge;
  /** standard normal, [N,c,H/f,W/f]: draws a sample of the posterior; absent: the posterior's mean */
  readonly noise?: Tensor;
}

/** Options of a noise prediction in which every row has a text of its own. */
export interface RowNoiseOptions extends TimestepOptions {
  /** [N,tokens,dim], one per row; there is no guidance */
  readonly text: Tensor;
}

/** How the attention of an edited row follows its source's, for all layers alike (Hertz et al., arXiv:2208.01626). */
export interface ControlMaps {
  /** [tokens,tokens]: weight of the source's token (first axis) in the edited row's probability of a token (second axis) */
  readonly fromSource: Tensor;
  /** [tokens]: weight of the edited row's own probability of a token */
  readonly fromOwn: Tensor;
  /** in [0,1]: weight of the source's self-attention */
  readonly selfBlend: number;
}

/** Options of a noise prediction under attention control. */
export interface ControlledNoiseOptions extends TimestepOptions {
  /** [G,R,tokens,dim], one per row; there is no guidance */
  readonly text: Tensor;
  readonly control: ControlMaps;
  /** groups that one network call takes */
  readonly batch?: number;
}

/** Predicts noise. A latent is the VAE latent × scaling factor. */
export interface Denoiser {
  /** Guided noise eps of latents [N,c,h,w] -> [N,c,h,w], whatever the network predicts (eps, v or x0). */
  predictNoise(latent: Tensor, options: NoiseOptions): Promise<Tensor>;
  /**
   * Guided v of latents [N,c,h,w] -> [N,c,h,w]: what the network itself predicts. It has an x0 at a level that is noise alone, where eps has none.
   * Absent in a model that predicts something else.
   */
  predictVelocity?(latent: Tensor, options: NoiseOptions): Promise<Tensor>;
}

/** The windows of one panorama, in latent pixels, and which attention is merged on it. */
export interface MergedWindows {
  /** one for each row of the latent; a window that passes the right edge goes on at column 0 */
  readonly windows: readonly { readonly top: number; readonly left: number }[];
  readonly panorama: { readonly height: number; readonly width: number };
  /** "all": queries, keys and values of self-attention, and queries of cross-attention; "queries": those of cross-attention alone */
  readonly attention: "all" | "queries";
}

/** Options of a noise prediction with merged attention. */
export interface MergedNoiseOptions extends Omit<NoiseOptions, "batch"> {
  readonly merged: MergedWindows;
}

/** Predicts the noise of windows that attend to their whole panorama (Merge-Attend-Diffuse, Quattrini et al., arXiv:2408.15660). */
export interface MergedDenoiser {
  /** Guided noise eps of all windows of a panorama [n,c,h,w] -> [n,c,h,w], in one network call. */
  predictMergedNoise(latent: Tensor, options: MergedNoiseOptions): Promise<Tensor>;
  /** Guided v of them; absent as `Denoiser.predictVelocity` is. */
  predictMergedVelocity?(latent: Tensor, options: MergedNoiseOptions): Promise<Tensor>;
}

/** Predicts the noise of rows that have different texts, in one network call. */
export interface RowDenoiser {
  /** Noise eps of latents [N,c,h,w] with a text each -> [N,c,h,w]. */
  predictRowNoise(latent: Tensor, options: RowNoiseOptions): Promise<Tensor>;
  /**
   * Noise eps of G groups of R >= 2 latents [G,R,c,h,w] -> [G,R,c,h,w]. In each group the attention of the last row follows that of the first as
   * `control` says; rows between them are predicted as they are. Absent where a model has no attention to control.
   */
  predictControlledNoise?(latent: Tensor, options: ControlledNoiseOptions): Promise<Tensor>;
}

/** Pulls cotangents back through the networks: products with a transposed Jacobian. */
export interface JacobianProducts {
  /** Jᵀ · cotangent of the guided noise at latents [N,c,h,w], with cotangent [N,c,h,w] -> [N,c,h,w]. */
  pullNoise(latent: Tensor, options: NoiseOptions & { readonly cotangent: Tensor }): Promise<Tensor>;
  /** Jᵀ · cotangent of the decoded image at latents [N,c,h,w], with cotangent [N,3,f·h,f·w] -> [N,c,h,w]. */
  pullDecode(latent: Tensor, options: DecodeOptions & { readonly cotangent: Tensor }): Promise<Tensor>;
}

/** Measures what ControlNets add. */
export interface ResidualMeter {
  /**
   * Root mean squares of the U-Net's L skips and middle block under the prompt, and of the sum of what the ControlNets add to each, of latents [N,c,h,w]:
   * [N,L+1] both. Guidance plays no part.
   */
  residualSizes(latent: Tensor, options: NoiseOptions): Promise<{ readonly skips: Tensor; readonly residuals: Tensor }>;
}

/** Predicts noise without text. */
export interface UnconditionalDenoiser {
  /** Noise eps of latents [N,c,h,w] -> [N,c,h,w], whatever the network predicts (eps, v or x0). */
  predictNoise(latent: Tensor, options: TimestepOptions): Promise<Tensor>;
}

/** Goes between images and latents. */
export interface Autoencoder {
  /** Image [N,3,H,W] in [-1,1] -> latent [N,c,H/f,W/f]: the mean of the posterior, or a sample of it, × scaling factor. */
  encode(image: Tensor, options?: EncodeOptions): Promise<Tensor>;
  /** [N,c,h,w] -> [N,3,f·h,f·w], about [-1,1], not clamped. */
  decode(latent: Tensor, options?: DecodeOptions): Promise<Tensor>;
}

/** Reads prompts. */
export interface TextEncoder {
  /** Embeddings of prompts: [n,tokens,dim]. */
  encodeText(prompts: string | readonly string[]): Promise<Tensor>;
  /** How the tokenizer takes a prompt: `truncated` when it is longer than the context. */
  tokenize(prompt: string): Promise<{ readonly ids: readonly number[]; readonly truncated: boolean }>;
}

/** Compares images as people see them. */
export interface Perceptual {
  /** LPIPS of images [N,3,H,W] to one or N others, [1|N,3,H,W], all in [-1,1] -> [N], unitless, 0 where they are equal. */
  perceptualDistance(a: Tensor, b: Tensor, options?: BatchOption): Promise<Tensor>;
  /**
   * Distance of each window's foreseen image to the anchor's, and its gradient with respect to the window's latent:
   * loss [N], gradient [N,c,h,w] of L(clamp(decode(x0(x_t, eps(x_t)))), anchor).
   */
  perceptualGradient(latent: Tensor, options: PerceptualOptions): Promise<{ readonly loss: Tensor; readonly gradient: Tensor }>;
  /**
   * Distance of each clean latent's image to the anchor's, and its gradient with respect to that latent, through the decoder alone: loss [N], gradient
   * [N,c,h,w] of L(clamp(decode(x0)), anchor).
   */
  decodedGradient?(x0: Tensor, options: ComparisonOptions): Promise<{ readonly loss: Tensor; readonly gradient: Tensor }>;
}

/** Describes images by what a network makes of them: Inception, CLIP, LPIPS's backbone. For metrics. */
export interface Features {
  /** Images [N,3,H,W] in [-1,1] -> features, N rows each: one tensor, or one per depth of the network. */
  features(images: Tensor, options?: BatchOption): Promise<readonly Tensor[]>;
}

/** Features with a distance of their own: computed once per image, they compare it with many. */
export interface ComparableFeatures extends Features {
  /** The distance of images from their features: [N]. */
  featureDistance(a: readonly Tensor[], b: readonly Tensor[]): Promise<Tensor>;
}

/** Describes the style of images by how the channels of a network's features go together: VGG19, for Intra-Style-L. */
export interface StyleNetwork {
  /** Images [N,3,H,W] in [-1,1] -> Gram matrices [N,C_k,C_k], one per layer. */
  grams(images: Tensor, options?: BatchOption): Promise<readonly Tensor[]>;
}

/** Puts pictures and prompts into one space: unit vectors whose cosine says how well they fit. CLIP, and the bundled dual encoder. */
export interface DualEncoder {
  /** Images [N,3,H,W] in [-1,1] -> unit vectors [N,E]. What lies outside [-1,1] counts as the range's end. */
  embedImages(images: Tensor, options?: BatchOption): Promise<Tensor>;
  /** Prompts -> unit vectors [n,E]. */
  embedPrompts(prompts: string | readonly string[]): Promise<Tensor>;
}

/** Energies of pictures, [N], low where a picture is what is asked for, and their gradients [N,3,H,W]. */
export interface EnergyGradient {
  readonly energy: Tensor;
  readonly gradient: Tensor;
}

/** Energies of a dual encoder. Images are [N,3,H,W] in [-1,1]; outside, where they count as the range's end, the gradient is 0. */
export interface TextEnergies {
  /** 1 − cosine of each image and one text, the unit vector [1,E] that `embedPrompts` gives. */
  textEnergyGradient(images: Tensor, text: Tensor, options?: BatchOption): Promise<EnergyGradient>;
  /** −log softmax over texts, unit vectors [K,E], of the cosines by the learned temperature, at the one that is wanted (from 0). */
  choiceEnergyGradient(images: Tensor, texts: Tensor, wanted: number, options?: BatchOption): Promise<EnergyGradient>;
}

/** Tells what a picture shows. */
export interface Classifier {
  /**
   * Cross-entropy −log p(label) of each image [N,3,H,W] in [-1,1], among the classes of the label's group (times of day, terrains). Outside
   * [-1,1], where an image counts as the range's end, the gradient is 0.
   * @throws RangeError for a label that it does not know, with those that it knows
   */
  classEnergyGradient(images: Tensor, label: string, options?: BatchOption): Promise<EnergyGradient>;
}
