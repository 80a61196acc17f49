/** @file What all edits share: the work before the first step and after the last, and the step records. */
import { NumericError } from "../../core/errors.js";
import { createRng, randn } from "../../core/random.js";
import { rows, type Tensor } from "../../core/tensor.js";
import { unitImage } from "../../core/unit-image.js";
import type { Hop } from "../../diffusion/schedule.js";
import type { ResumeState } from "../method.js";
import { expectResumable } from "../resumable.js";
import type { PictureModel } from "./edit-model.js";
import type { EditResult, EditStep } from "./edit-step.js";
import type { LatentCode } from "./latent-code.js";
import type { ResolvedEditOptions } from "./options.js";

/** What a step hands to its record. */
export interface StepParts {
  /** the edited path after the step, [N,c,h,w] */
  readonly latent: Tensor;
  /** its predicted x0, [N,c,h,w] */
  readonly x0: Tensor;
  /** the source's path, where it is followed */
  readonly source?: { readonly latent: Tensor; readonly x0: Tensor };
  /** the step's noise z_i, [N,c,h,w]; `keep`: whether the record holds it */
  readonly noise?: { readonly z: Tensor; readonly keep: boolean };
}

/** What an algorithm works with. */
export interface Editing {
  /** the pictures' latents, [N,c,h,w] */
  readonly x0: Tensor;
  /** how many steps were finished before the run was resumed; 0 for a run that begins */
  readonly done: number;
  /** the state after them */
  readonly resumed?: ResumeState;
  /** The next standard normal noise, [N,c,h,w]: drawn for whole latents, so that windows share it where they overlap. */
  fresh(): Tensor;
  /** Makes the record of a step. @throws NumericError if a latent is not finite */
  record(hop: Hop, parts: StepParts): EditStep;
  /** Decodes the pictures; convolutions wrap if they are closed panoramas. */
  finish(latent: Tensor, code?: LatentCode): Promise<EditResult>;
}

/** Options of `beginEdit`. */
export interface BeginOptions {
  /** said in the first record and the result */
  readonly notices: readonly string[];
  readonly signal?: AbortSignal;
  /** decodes the result; default the model that encodes */
  readonly decoder?: Pick<PictureModel, "decode">;
  readonly resume?: ResumeState;
  readonly stepCount: number;
}

/** Encodes the pictures, and prepares noise and records. */
export async function beginEdit(
  model: PictureModel,
  { image, latent, seed = 0, loop }: ResolvedEditOptions,
  { notices, signal, decoder = model, resume, stepCount }: BeginOptions,
): Promise<Editing> {
  signal?.throwIfAborted();
  const edge = loop ? "wrap" : "open";
  const x0 = latent ?? (await model.encode(image as Tensor, { edge })); // [N,c,h,w]
  const broken = x0.data.findIndex((value) => !Number.isFinite(value));
  if (broken >= 0) throw new NumericError(`the picture's latent has ${x0.data[broken]}; want finite numbers`);
  if (resume) expectResumable(resume, x0.shape, stepCount);
  const rng = createRng(seed);
  const toImage = async (z: Tensor) => unitImage(await decoder.decode(z, { edge }));
  return {
    x0,
    done: resume ? resume.index + 1 : 0,
    resumed: resume,
    fresh: () => randn(rng, x0.shape),
    record(hop, { latent: edited, x0: foreseen, source, noise }) {
      expectFiniteEdit(edited, hop);
      const numbers = (from: number, to: number) => ({
        ...(source && { distance: rootMeanSquare(difference(rows(edited, from, to), rows(source.latent, from, to))) }),
        ...(noise && { noiseStd: deviation(rows(noise.z, from, to)) }),
      });
      return {
        index: hop.index,
        timestep: hop.now.t,
        latent: edited,
        foreseen,
        ...(source && { source: source.latent, sourceForeseen: source.x0, sourcePreview: () => toImage(source.x0) }),
        ...(noise?.keep && { noise: noise.z }),
        series: numbers(0, x0.shape[0]),
        pictures: Array.from({ length: x0.shape[0] }, (_, k) => numbers(k, k + 1)),
        ...(hop.index === 0 && notices.length > 0 ? { notices } : {}),
        preview: () => toImage(foreseen),
      };
    },
    async finish(last, code) {
      signal?.throwIfAborted();
      const picture = await toImage(last); // [N,3,H,W]
      if (picture.data.some(Number.isNaN)) throw new NumericError("NaN in the decoded picture; the records of all steps stay usable");
      return { latent: last, image: picture, ...(code && { code }), notices };
    },
  };
}

/** Refuses NaN and infinity, and names the step and the picture. */
function expectFiniteEdit(x: Tensor, hop: Hop): void {
  const wrong = x.data.findIndex((value) => !Number.isFinite(value));
  if (wrong < 0) return;
  const picture = Math.floor(wrong / rows(x, 0, 1).data.length);
  const kept = hop.index === 0 ? "no step was finished" : `the records of steps 0 to ${hop.index - 1} stay usable`;
  throw new NumericError(`step ${hop.index} (timestep ${hop.now.t}): ${x.data[wrong]} in the latent of picture ${picture}; ${kept}`);
}

const difference = (a: Tensor, b: Tensor): Float32Array => a.data.map((value, k) => value - b.data[k]);

const rootMeanSquare = (values: Float32Array): number => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);

function deviation({ data }: Tensor): number {
  const mean = data.reduce((sum, x) => sum + x, 0) / data.length;
  return Math.sqrt(data.reduce((sum, x) => sum + (x - mean) ** 2, 0) / data.length);
}
