/** @file The sampler of a joint run: its start, its fresh noise, its steps. */
import { createRng, randn } from "../../core/random.js";
import type { Shape, Tensor } from "../../core/tensor.js";
import type { MergedWindows } from "../../diffusion/capabilities.js";
import type { JointModelConfig } from "../../diffusion/joint-model.js";
import { addNoise, type Prediction } from "../../diffusion/notation.js";
import type { SamplerHop } from "../../diffusion/samplers/sampler.js";
import type { ResumeState } from "../method.js";
import { expectResumable } from "../resumable.js";
import { alignedStart } from "./aligned-start.js";
import type { Carried, Denoised } from "./carried.js";
import { cropAll } from "./fuse.js";
import type { NetworkCalls } from "./network-calls.js";
import type { ResolvedOptions } from "./options.js";
import { pathOf, samplerWith } from "./path.js";
import type { Window } from "./windows.js";

/** What a network says about windows. */
export interface Predicted {
  /** [n,c,h,w] */
  readonly output: Tensor;
  /** what it is */
  readonly prediction: Prediction;
}

/** What an algorithm does with its run's sampler. */
export interface SamplerSteps {
  /** the starting noise, or what a run goes on from, [1,c,H,W] */
  readonly start: Tensor;
  /** The standard normal noise that the run began with, also where it goes on: [1,c,H,W]. */
  firstNoise(): Tensor;
  /** the same, with what the sampler carries */
  readonly panorama: Carried;
  /** the steps that are left */
  readonly hops: readonly SamplerHop[];
  /** all steps of the run, those that a resumed one has behind it among them */
  readonly path: readonly SamplerHop[];
  /** So many starts, each of noise of its own; the first is that of `panorama`. [1,c,H,W] */
  starts(count: number): readonly Carried[];
  /**
   * Gives a panorama the fresh noise of a step, if the sampler draws any: the same at each place, whichever windows cover it. [1,c,H,W]
   * @param draw as in `fresh`
   */
  draw(panorama: Carried, hop: SamplerHop, draw?: number): Carried;
  /** The start of a window's latent beside the panorama's, from noise of its own: [1,c,h,w]. */
  startAt(noise: Tensor, window: Window): Tensor;
  /** Fresh noise of a step, of any shape. @param draw below 512: another number is other noise; default 0 */
  fresh(hop: Pick<SamplerHop, "index">, shape: Shape, draw?: number): Tensor;
  /** What the network says about windows, [n,c,h,w], as `step` takes it. @param merged as in `NetworkCalls.noise` */
  predict(windows: Carried, hop: SamplerHop, merged?: MergedWindows["attention"]): Promise<Predicted>;
  /** The sampler's step of windows: [n,c,h,w]. */
  step(windows: Carried, predicted: Predicted, hop: SamplerHop): Denoised;
  /** `predict` and `step`. */
  denoise(windows: Carried, hop: SamplerHop, merged?: MergedWindows["attention"]): Promise<Denoised>;
}

/** What a run's sampler is prepared with. */
interface SamplerContext {
  readonly calls: NetworkCalls;
  /** of the panorama's latent, [1,c,H,W] */
  readonly shape: Shape;
  readonly resume?: ResumeState;
  /** of the picture that the run starts from, [1,c,H,W]; absent where it starts from noise alone */
  readonly init?: Tensor;
}

/** Prepares the sampler of a run. @throws RangeError, ShapeError for a state that does not fit */
export function samplerSteps(
  config: JointModelConfig,
  options: ResolvedOptions,
  { calls, shape, resume, init }: SamplerContext,
): SamplerSteps {
  const sampler = samplerWith(options, config);
  const path = pathOf(options, config);
  if (resume) expectResumable(resume, shape, path.hops.length);
  const hops = path.hops.slice(resume ? resume.index + 1 : 0);
  const firstNoise = () => options.latent ?? drawnStart(options, shape, 0);
  // a picture is noised to the level of the first step that is taken; where none is, it stays as it is
  function noised(noise: Tensor, picture: Tensor | undefined): Tensor {
    if (!picture) return path.start === 1 ? noise : { ...noise, data: noise.data.map((x) => path.start * x) };
    const [first] = path.hops;
    return first ? addNoise(picture, noise, first.from ?? first.now) : picture;
  }
  const begun = (noise: Tensor): Carried => ({ x: noised(noise, init), history: sampler.init().history });
  const startAt: SamplerSteps["startAt"] = (noise, window) => noised(noise, init && cropAll(init, [window]));
  const starts: SamplerSteps["starts"] = (count) =>
    Array.from({ length: count }, (_, k) => begun(k === 0 && options.latent ? options.latent : drawnStart(options, shape, k)));
  const fresh: SamplerSteps["fresh"] = ({ index }, of, draw = 0) =>
    randn(createRng(noiseSeed(options.seed ?? 0, index + MOST_HOPS * draw)), of);
  const draw: SamplerSteps["draw"] = (panorama, hop, number) =>
    sampler.draws === "none" ? panorama : { ...panorama, noise: fresh(hop, shape, number) };
  const predict: SamplerSteps["predict"] = async ({ x }, hop, merged) => {
    // what a network of v itself says is wanted by a sampler that extrapolates it, and at a level that is noise alone
    const own = config.schedule.prediction === "v_prediction" && (sampler.keeps > 0 || hop.now.alpha === 0);
    return own
      ? { output: await calls.velocity(x, hop, merged), prediction: "v_prediction" }
      : { output: await calls.noise(x, hop, merged), prediction: "epsilon" };
  };
  const step: SamplerSteps["step"] = ({ x, history, noise }, { output, prediction }, hop) => {
    const { state, x0, prev } = sampler.step({ history }, x, output, hop, { prediction, noise });
    return { x: prev, history: state.history, x0 };
  };
  const denoise: SamplerSteps["denoise"] = async (x, hop, merged) => step(x, await predict(x, hop, merged), hop);
  const panorama = resume ? { x: resume.latent, history: resume.history ?? [] } : starts(1)[0];
  return { start: panorama.x, firstNoise, panorama, hops, path: path.hops, starts, startAt, fresh, draw, predict, step, denoise };
}

/** More than the steps of any run. */
const MOST_HOPS = 1024;

/** A starting noise: independent, or one window's noise under all windows. @param number of the run's starts, from 0 */
function drawnStart({ seed = 0, startAlign, windows: [window] }: ResolvedOptions, shape: Shape, number: number): Tensor {
  const noise = randn(createRng(number === 0 ? seed : noiseSeed(seed, 2 ** 20 - 2 * number)), shape);
  if (startAlign === 0) return noise;
  const patch = randn(createRng(noiseSeed(seed, 2 ** 20 - 1 - 2 * number)), [1, shape[1], window.height, window.width]);
  return alignedStart(noise, patch, startAlign);
}

/** The seed of a step's fresh noise: apart from the starting noise's and from every other step's. */
const noiseSeed = (seed: number, index: number): number => (seed % 2 ** 32) + 2 ** 32 * (1 + index);
