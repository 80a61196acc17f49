/** @file What all joint methods share: the work before the first step and after the last, and the step records. */

import { isUsedAt, type ResolvedControl } from "../../conditions/control.js";
import type { Edge } from "../../core/edge.js";
import { NumericError } from "../../core/errors.js";
import { type DeviceTensor, rows, type Tensor } from "../../core/tensor.js";
import { unitImage } from "../../core/unit-image.js";
import type { DdimStep } from "../../diffusion/ddim.js";
import type { CallKind, JointModel } from "../../diffusion/joint-model.js";
import type { SamplerHop } from "../../diffusion/samplers/sampler.js";
import type { Batch, ResumeState } from "../method.js";
import type { Carried, Denoised } from "./carried.js";
import { controlNotices, controlSets } from "./control-calls.js";
import { expectFinite } from "./finite.js";
import { fuse } from "./fuse.js";
import { mergedWindows, type NetworkCalls, networkCalls, type PerceptualGradient } from "./network-calls.js";
import type { ResolvedOptions } from "./options.js";
import { pathOf } from "./path.js";
import { type SamplerSteps, samplerSteps } from "./sampler-steps.js";
import type { JointResult, StepRecord } from "./step-record.js";
import type { Window } from "./windows.js";
import { edgeOf } from "./wrap.js";

/** A gradient descent of the windows, for the step record. */
export interface Descent extends PerceptualGradient {
  readonly weight: number;
}

/** Numbers that a method adds to a step record. */
export interface OwnNumbers {
  /** index of the anchor's window; default −1: none */
  readonly anchor?: number;
  readonly descent?: Descent;
  /** numbers of the step, by series name */
  readonly step?: Readonly<Record<string, number>>;
  /** numbers of each window, [windows], by series name */
  readonly windows?: Readonly<Record<string, readonly number[]>>;
  /** the panorama that the step predicts, [1,c,H,W]; default the average of the windows' x0 */
  readonly foreseen?: Tensor;
  /** where the step's windows lie, if not where the run's do */
  readonly places?: readonly Window[];
  /** further tensors that the next step needs, by name; a run that goes on finds them in `carriedOver` */
  readonly state?: Readonly<Record<string, Tensor>>;
}

/** What asks the network: its calls, and the steps that make them. */
export type Asking = NetworkCalls & Pick<SamplerSteps, "predict" | "denoise">;

/** A prompt, and what it is called in a notice. */
export interface NamedPrompts {
  readonly prompt: string;
  readonly negativePrompt: string;
  /** such as "regions[0]."; default none */
  readonly prefix?: string;
}

/** What an algorithm works with: the starting noise, the steps, the network calls, and the way to record a step. */
export interface Running extends NetworkCalls, SamplerSteps {
  /** Embeds a prompt, [2,tokens,dim]: negative, then prompt. The first record has a notice of each that was cut. */
  embed(prompts: NamedPrompts): Promise<Tensor>;
  /** The network for some of the windows, under another text, [2,tokens,dim]; default the run's. */
  under(windows: readonly Window[], text?: Tensor): Promise<Asking>;
  /**
   * A sample of each picture's latent: [n,3,f·h,f·w] in [-1,1], with standard normal noise [n,c,h,w] -> [n,c,h,w].
   * @throws TypeError for a model without an encoder
   */
  encode(pictures: Tensor, noise: Tensor): Promise<Tensor>;
  /** the tensors that the last record kept as `state`; none at the beginning */
  readonly carriedOver: Readonly<Record<string, Tensor>>;
  /**
   * Makes the record of a step. A method that calls `ddimStep` itself gives a plain latent and DDIM's step.
   * @throws NumericError if a window's latent is not finite; RangeError for DDIM's step in a run with another sampler
   */
  record(hop: SamplerHop, panorama: Carried | Tensor, windows: Denoised | DdimStep, own?: OwnNumbers): StepRecord;
  /** Decodes the panorama; convolutions wrap if it is closed. */
  finish(panorama: Carried | Tensor): Promise<JointResult>;
}

/** Checks that the run fits into memory, embeds the prompts and draws the starting noise. Network calls go in batches, and `signal` stops them. */
export async function begin(
  model: JointModel,
  options: ResolvedOptions,
  {
    needs,
    attention,
    batch,
    signal,
    resume,
  }: {
    readonly needs: readonly CallKind[];
    readonly attention: "per window" | "merged";
    readonly batch: Batch;
    readonly signal?: AbortSignal;
    readonly resume?: ResumeState;
  },
): Promise<Running> {
  const { windows, height, width, wrap, control = [], prompt = "", negativePrompt = "" } = options;
  const { latentChannels, scaleFactor } = model.config;
  signal?.throwIfAborted();
  const edge = edgeOf(wrap);
  const panorama = { height: height / scaleFactor, width: width / scaleFactor };
  const merged = attention === "merged" && { merged: mergedWindows(options, scaleFactor, "all") };
  const need = { calls: needs, window: windows[0], panorama, edge, batch: options.batch === undefined ? {} : batch };
  model.expectFits?.({ ...need, ...merged, ...(control.length > 0 && { controls: controlSets(control, stepsOf(options, model)) }) });
  const notices: string[] = [...controlNotices(control, stepsOf(options, model))];
  const embed: Running["embed"] = async ({ prompt, negativePrompt, prefix = "" }) => {
    notices.push(...(await truncations(model, { prompt, negativePrompt, prefix })));
    return model.encodeText([negativePrompt, prompt]); // [2,tokens,dim]
  };
  const shape = [1, latentChannels, panorama.height, panorama.width];
  const sent = async (embedded: Tensor) => (await model.send?.(embedded)) ?? embedded;
  const own = await sent(options.text ?? (await embed({ prompt, negativePrompt })));
  const init = options.init && (await encodedInit(model, options.init, edge)); // [1,c,H,W]
  const asking = (places: readonly Window[], text: Tensor | DeviceTensor) => {
    const calls = networkCalls(model, { ...options, windows: places }, { text, batch, signal });
    return { ...calls, ...samplerSteps(model.config, options, { calls, shape, resume, init }) };
  };
  const under: Running["under"] = async (places, text) => asking(places, text ? await sent(text) : own);
  const encode: Running["encode"] = async (pictures, noise) => {
    signal?.throwIfAborted();
    return encoderOf("encode", model)(pictures, { noise });
  };
  const toImage = async (latent: Tensor) => unitImage(await model.decode(latent, { edge }));

  const record: Running["record"] = (hop, panorama, denoised, own = {}) => {
    const { anchor = -1, descent, step: ofStep, windows: ofWindows = {}, state, places = windows } = own;
    const { x: latent, history } = carriedOf(panorama);
    if ("prev" in denoised && options.sampler !== "ddim")
      throw new RangeError(`the sampler ${options.sampler}: this method takes DDIM's steps itself; want sampler "ddim"`);
    const { x0 } = denoised;
    expectFinite("latent", "prev" in denoised ? denoised.prev : denoised.x, hop, { windows: places });
    const foreseen = own.foreseen ?? fuse(x0, windows, shape); // [1,c,H,W]
    const descended = (k: number) => descent && { loss: descent.loss.data[k], gradientNorm: norm(rows(descent.gradient, k, k + 1)) };
    const numbers = (k: number) => Object.fromEntries(Object.entries(ofWindows).map(([name, values]) => [name, values[k]]));
    return {
      index: hop.index,
      timestep: hop.now.t,
      latent,
      ...(history.length > 0 && { history }),
      ...(state && { state }),
      foreseen,
      weight: descent?.weight ?? 0,
      anchor,
      ...(ofStep && { series: ofStep }),
      ...controlRecords(control, hop),
      windows: places.map((window, k) => ({ ...window, ...descended(k), ...numbers(k) })),
      ...(hop.index === 0 && notices.length > 0 ? { notices } : {}),
      preview: () => toImage(foreseen),
    };
  };
  const finish: Running["finish"] = async (panorama) => {
    const { x: latent } = carriedOf(panorama);
    signal?.throwIfAborted();
    const picture = await toImage(latent);
    if (picture.data.some(Number.isNaN)) throw new NumericError("NaN in the decoded panorama; the records of all steps stay usable");
    return { latent, panorama: picture, notices };
  };
  return { ...asking(windows, own), embed, under, encode, carriedOver: resume?.state ?? {}, record, finish };
}

/** The latent of the picture that a run starts from, the mean of its distribution. @throws TypeError for a model without an encoder */
async function encodedInit(model: JointModel, { data, shape }: Tensor, edge: Edge): Promise<Tensor> {
  return encoderOf("init", model)({ data: data.map((x) => 2 * x - 1), shape }, { edge });
}

/** @throws TypeError for a model without an encoder */
function encoderOf(who: string, model: JointModel): NonNullable<JointModel["encode"]> {
  if (!model.encode) throw new TypeError(`${who}: this model has no encoder; want one whose autoencoder has both halves`);
  return model.encode.bind(model);
}

const stepsOf = (options: ResolvedOptions, { config }: JointModel): number => pathOf(options, config).hops.length;

/** What a step's record says of the run's controls; nothing where there are none. */
const controlRecords = (control: readonly ResolvedControl[], { index, of }: SamplerHop): Pick<StepRecord, "control"> =>
  control.length === 0 ? {} : { control: control.map((one) => ({ scale: one.scale, used: isUsedAt(one, index, of) })) };

const carriedOf = (panorama: Carried | Tensor): Carried => ("data" in panorama ? { x: panorama, history: [] } : panorama);

/** A notice for each prompt that is longer than the text encoder's context. */
async function truncations(model: JointModel, { prompt, negativePrompt, prefix }: Required<NamedPrompts>): Promise<readonly string[]> {
  const notices: string[] = [];
  for (const [name, words] of [["prompt", prompt] as const, ["negativePrompt", negativePrompt] as const]) {
    const { ids, truncated } = await model.tokenize(words);
    if (truncated) notices.push(`${prefix}${name}: longer than the model's ${ids.length} tokens; the rest was cut off`);
  }
  return notices;
}

const norm = ({ data }: Tensor): number => Math.sqrt(data.reduce((sum, value) => sum + value * value, 0));
