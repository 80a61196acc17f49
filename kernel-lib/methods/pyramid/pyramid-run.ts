/** @file The work around a run over a pyramid: noise, resolutions of stages, what is kept, records and result. */
import { NumericError } from "../../core/errors.js";
import { createRng, randn } from "../../core/random.js";
import type { Tensor } from "../../core/tensor.js";
import { unitImage } from "../../core/unit-image.js";
import { lincomb } from "../../diffusion/notation.js";
import type { PyramidModel } from "../../diffusion/pyramid-model.js";
import { createSchedule, type Hop } from "../../diffusion/schedule.js";
import type { ResumeState } from "../method.js";
import { expectResumable } from "../resumable.js";
import type { ResolvedPyramidOptions } from "./options.js";
import { type PyramidResult, type PyramidStep, scaleName } from "./pyramid-step.js";
import { channelsOf, joined, pooled, repeated, upperLeft, withChannels } from "./scale-change.js";
import { stagePredictor } from "./stage-predictor.js";

/** What the algorithm works with. Stages' own maps are [N,own,h_s,w_s], at the stage's resolution. */
export interface BegunPyramid {
  readonly options: ResolvedPyramidOptions;
  readonly path: readonly Hop[];
  /** S */
  readonly stages: number;
  /** the first stage that is sampled */
  readonly first: number;
  /** What a stage begins with: its noise; of a resumed run, its channels after the last step that was finished. */
  start(stage: number): Tensor;
  /** Whether a step was finished before the run was resumed. */
  isDone(stage: number, hop: Hop): boolean;
  /** The guided noise of a stage's map at a timestep. */
  predict(stage: number, x: Tensor, timestep: number): Promise<Tensor>;
  /** The next fresh noise of a stage's map. */
  fresh(stage: number): Tensor;
  /** The map after a hop, with what is kept of another picture put back at the hop's next level. */
  held(stage: number, x: Tensor, hop: Hop): Tensor;
  /** @throws NumericError if the map is not finite */
  record(stage: number, hop: Hop, x: Tensor, x0: Tensor): PyramidStep;
  /** Ends a stage: its map goes into the latent at the finest resolution, where finer stages read it. */
  complete(stage: number, x: Tensor): Promise<void>;
  finish(): Promise<PyramidResult>;
}

/** What a run is begun with besides its options. */
export interface BeginPyramidOptions {
  readonly signal?: AbortSignal;
  readonly resume?: ResumeState;
}

/** Prepares a run. The network is first called here, for the condition. */
export async function beginPyramid(
  model: PyramidModel,
  options: ResolvedPyramidOptions,
  { signal, resume }: BeginPyramidOptions,
): Promise<BegunPyramid> {
  signal?.throwIfAborted();
  const { config } = model;
  const { steps, timesteps, from, quantiseBetween } = options;
  const stages = config.stageChannels.length;
  const first = from?.stage ?? 0;
  const path = createSchedule(config.schedule).path(steps, { timesteps });
  const predict = await stagePredictor(model, options, signal);
  const shape = latentShape(model, options);
  const rng = createRng(options.seed ?? 0);
  const begun = options.latent ?? randn(rng, shape); // [N,C,h,w], the noise of all stages
  let latent = from ? withChannels(begun, 0, channelsOf(from.latent, 0, channelsBefore(config.stageChannels, first))) : begun;
  const done = resume ? resume.index + 1 : 0;
  if (resume) {
    expectResumable(resume, shape, (stages - first) * steps);
    latent = resume.latent;
  }
  const side = (stage: number) => (config.coarseAt === "own" ? 2 ** (stages - 1 - stage) : 1); // fine pixels per pixel of the stage
  const channels = (stage: number) => channelsBefore(config.stageChannels, stage);
  const own = (z: Tensor, stage: number) => channelsOf(z, channels(stage), channels(stage + 1));
  const place = (stage: number, hop: Hop) => (stage - first) * steps + hop.index;
  const fresh = noises(options, rng, (stage) => [shape[0], config.stageChannels[stage], shape[2] / side(stage), shape[3] / side(stage)]);
  for (let k = 0; k < done && options.eta > 0; k++) fresh(first + Math.floor(k / steps)); // drawn before the run was resumed
  let before: Tensor | undefined;

  return {
    options,
    path,
    stages,
    first,
    start: (stage) => upperLeft(own(latent, stage), side(stage)),
    isDone: (stage, hop) => place(stage, hop) < done,
    predict(stage, x, timestep) {
      if (config.coarseAt === "fine") return predict(withChannels(latent, channels(stage), x), { timestep, stage });
      const coarser = upperLeft(channelsOf(latent, 0, channels(stage)), side(stage));
      return predict(stage === 0 ? x : joined(coarser, x), { timestep, stage });
    },
    fresh,
    held: (stage, x, hop) =>
      held(options, x, hop, { noise: () => upperLeft(own(begun, stage), side(stage)), of: (z) => own(z, stage), side: side(stage) }),
    record(stage, hop, x, x0) {
      const finished = channels(stage);
      latent = withChannels(latent, finished, repeated(x, side(stage)));
      expectFiniteStep(x, stage, hop);
      const foreseen = withChannels(firstChannels(latent, finished), finished, repeated(x0, side(stage)));
      const change: Readonly<Record<string, number>> = before && hop.index > 0 ? { change: rootMeanSquare(before, x0) } : {};
      before = x0;
      return {
        stage,
        stages,
        index: hop.index,
        place: place(stage, hop),
        timestep: hop.now.t,
        latent,
        foreseen,
        finished,
        series: change,
        preview: async () => unitImage((await model.decode(foreseen)).image),
      };
    },
    async complete(stage, x) {
      const within = 2 ** (stages - 1 - stage); // fine pixels per pixel of the scale
      const map = repeated(config.coarseAt === "own" ? x : pooled(x, within), within); // [N,own,h,w]
      latent = withChannels(latent, channels(stage), map);
      if (quantiseBetween) latent = withChannels(latent, channels(stage), own(await model.quantise(latent), stage));
    },
    async finish() {
      signal?.throwIfAborted();
      const { image, codes } = await model.decode(latent);
      const picture = unitImage(image);
      if (picture.data.some(Number.isNaN)) throw new NumericError("NaN in the decoded picture; the records of all steps stay usable");
      const named = Object.fromEntries(codes.map((each, scale) => [scaleName(scale, stages), each]));
      return { latent, image: picture, codes: named, notices: [] };
    },
  };
}

/** The first channels of a latent, zeros in the others. */
function firstChannels(latent: Tensor, count: number): Tensor {
  const blank = { data: new Float32Array(latent.data.length), shape: latent.shape };
  return count === 0 ? blank : withChannels(blank, 0, channelsOf(latent, 0, count));
}

/** [N,C,h,w] of a run's latent. */
function latentShape({ config }: PyramidModel, { count, width, height }: ResolvedPyramidOptions): readonly number[] {
  return [count, config.latentChannels, height / config.scaleFactor, width / config.scaleFactor];
}

const channelsBefore = (stageChannels: readonly number[], stage: number): number =>
  stageChannels.slice(0, stage).reduce((a, b) => a + b, 0);

/** The fresh noise of each step: recorded, or drawn. */
function noises(
  { noise }: ResolvedPyramidOptions,
  rng: ReturnType<typeof createRng>,
  shapeOf: (stage: number) => readonly number[],
): (stage: number) => Tensor {
  let taken = 0;
  return (stage) => noise?.[taken++] ?? randn(rng, shapeOf(stage));
}

interface StageMap {
  /** what the stage began with */
  readonly noise: () => Tensor;
  /** its channels of a latent */
  readonly of: (latent: Tensor) => Tensor;
  readonly side: number;
}

/** x where the mask is 0; where it is 1, the kept picture noised to the hop's next level, and the picture itself after the last hop. */
function held({ kept, steps }: ResolvedPyramidOptions, x: Tensor, { index, next }: Hop, { noise, of, side }: StageMap): Tensor {
  if (!kept) return x;
  const z = pooled(of(kept.latent), side); // [1|N,own,h_s,w_s]
  const mask = pooled(kept.mask, side).data; // 1 where all pixels of a coarse one are kept
  const w = noise();
  const [perPicture, size] = [z.shape[0] === 1 ? z.data.length : Number.POSITIVE_INFINITY, mask.length];
  const [alpha, sigma] = index === steps - 1 ? [1, 0] : [next.alpha, next.sigma];
  const data = x.data.map((value, k) => (mask[k % size] === 1 ? alpha * z.data[k % perPicture] + sigma * w.data[k] : value));
  return { data, shape: x.shape };
}

/** Refuses NaN and infinity, and names stage, step and picture. */
function expectFiniteStep(x: Tensor, stage: number, hop: Hop): void {
  const wrong = x.data.findIndex((value) => !Number.isFinite(value));
  if (wrong < 0) return;
  const picture = Math.floor(wrong / (x.data.length / x.shape[0]));
  throw new NumericError(
    `stage ${stage}, step ${hop.index} (timestep ${hop.now.t}): ${x.data[wrong]} in the latent of picture ${picture}; the records so far stay usable`,
  );
}

function rootMeanSquare(a: Tensor, b: Tensor): number {
  const { data } = lincomb(1, a, -1, b);
  return Math.sqrt(data.reduce((sum, value) => sum + value * value, 0) / data.length);
}
