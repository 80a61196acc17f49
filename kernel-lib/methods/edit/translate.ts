/** @file Unpaired translation: one diffusion model encodes a picture, another one decodes it (Wu and De la Torre, arXiv:2210.05559, section 4). */
import { CheckpointError } from "../../core/errors.js";
import type { Tensor } from "../../core/tensor.js";
import type { UnconditionalDenoiser } from "../../diffusion/capabilities.js";
import { ddimNoise, ddimStep } from "../../diffusion/ddim.js";
import type { JointModelConfig } from "../../diffusion/joint-model.js";
import { addNoise } from "../../diffusion/notation.js";
import type { MethodInfo } from "../method.js";
import { takeOptions, type ValuesOf, wholeOption } from "../option-table.js";
import type { PictureModel } from "./edit-model.js";
import { editPath } from "./edit-path.js";
import { beginEdit, type Editing } from "./edit-run.js";
import type { EditRun, EditSteps } from "./edit-step.js";
import { expectEta, noiseOption, sourceNoise } from "./noise-option.js";
import { EDIT_OPTIONS, type EditOptions, type ResolvedEditOptions, resolveEditOptions, skipStepsOption } from "./options.js";
import { posteriorPath } from "./posterior-path.js";
import { CYCLE_SERIES, etaOption } from "./source-options.js";

/** A model without text, such as one that was trained on pictures of one kind: an `UnconditionalModel`. */
export interface UnpairedModel extends PictureModel, UnconditionalDenoiser {}

const OWN = {
  skipSteps: skipStepsOption,
  eta: etaOption,
  noise: noiseOption,
  refineSteps: wholeOption({ means: "steps of a refinement by the target after the translation", least: 0, default: 0 }),
  refineIterations: wholeOption({ means: "how often the refinement is repeated", least: 1, default: 1 }),
} as const;

const { image, latent, steps, seed, batch } = EDIT_OPTIONS;
const SHARED = { image, latent, steps, seed, batch } as const;

/** The options of `translate`. */
export interface TranslateOptions extends Pick<EditOptions, keyof typeof SHARED | "signal">, ValuesOf<typeof OWN> {}

/** What is known of the method. */
const TRANSLATE: MethodInfo = {
  name: "translate",
  title: "Unpaired translation",
  summary: "one model encodes the picture, another one decodes it",
  source: "Wu and De la Torre arXiv:2210.05559; ChenWu98/cycle-diffusion, ddpm_ddim_wrapper.py",
  family: "edit",
  sharedOptions: SHARED,
  options: OWN,
  needs: ["noise"],
  series: CYCLE_SERIES,
};

/**
 * Translates pictures from what one model knows to what another knows, step by step:
 *
 *   (a) encode  z_i = (x_next − mu_1(x_t)) / s on the posterior's path of x_0          eps of the source model
 *   (b) decode  x̂_next = mu_2(x̂_t) + s·z_i, from x̂_T = x_T                            eps of the target model
 *   (c) refine  x̂ ← alpha·x̂ + sigma·w at the level of the last `refineSteps` steps, then these steps with eta 1; `refineIterations` times
 *
 * With one model for both, and without (c), x̂_0 is x_0 up to rounding. The official code leaves the last step without its noise, so that it returns the
 * predicted x0 instead; here every step is corrected.
 * @throws CheckpointError for models whose latents, sizes or schedules differ; RangeError, ShapeError, TypeError at once; NumericError while running
 */
export function translate(source: UnpairedModel, target: UnpairedModel, given: TranslateOptions): EditRun {
  expectCompatible(source.config, target.config);
  const shared = resolveEditOptions("translate", source.config, given, "none");
  const own = takeOptions(OWN, { ...given });
  expectEta("translate", own.eta);
  const options = { ...shared, ...own, ...sourceNoise("translate", own, shared, source.config) };
  const path = editPath(source.config.schedule, options.steps, own.skipSteps);
  if (own.refineSteps > path.hops.length)
    throw new RangeError(`translate: refineSteps ${own.refineSteps}, want at most the ${path.hops.length} steps that are run`);
  const { batch: rows } = options;
  const eps = (model: UnpairedModel, x: Tensor, timestep: number): Promise<Tensor> => {
    given.signal?.throwIfAborted();
    return model.predictNoise(x, { timestep, batch: rows });
  };
  const stepCount = path.hops.length + own.refineSteps * own.refineIterations;
  async function* running(): EditSteps {
    const run = await beginEdit(source, options, { notices: path.notices, signal: given.signal, decoder: target, stepCount });
    const decoded = yield* translated({ ...run, ...path }, options, {
      source: (x, t) => eps(source, x, t),
      target: (x, t) => eps(target, x, t),
    });
    return run.finish(decoded);
  }
  return Object.assign(running(), { method: TRANSLATE, options, batch: rows === undefined ? {} : { noise: rows }, stepCount });
}

type Eps = (x: Tensor, timestep: number) => Promise<Tensor>;
type Options = ResolvedEditOptions & {
  readonly eta: number;
  readonly noise?: Tensor;
  readonly refineSteps: number;
  readonly refineIterations: number;
};

async function* translated(
  run: Editing & ReturnType<typeof editPath>,
  { eta, noise, refineSteps, refineIterations }: Options,
  eps: { readonly source: Eps; readonly target: Eps },
) {
  const { hops } = run;
  const path = posteriorPath(run, { eta, noise });
  let x = path.start; // [N,c,h,w]
  let edited = x; // [N,c,h,w]
  for (const hop of hops) {
    const e = await eps.source(x, hop.now.t);
    const z = ddimNoise(x, e, path.next(x, hop), hop.now, hop.next, { eta }); // (a)
    const stochastic = { eta, noise: z };
    const source = ddimStep(x, e, hop.now, hop.next, { stochastic }); // x_next as (b) rounds it
    const { x0, prev } = ddimStep(edited, await eps.target(edited, hop.now.t), hop.now, hop.next, { stochastic }); // (b)
    [x, edited] = [source.prev, prev];
    yield run.record(hop, { latent: edited, x0, source: { latent: x, x0: source.x0 }, noise: { z, keep: true } });
  }
  const last = refineSteps === 0 ? [] : hops.slice(-refineSteps);
  for (let k = 0; k < refineIterations && last.length > 0; k++) {
    edited = addNoise(edited, run.fresh(), last[0].now); // (c)
    for (const [i, hop] of last.entries()) {
      const stochastic = { eta: 1, noise: run.fresh() };
      const { x0, prev } = ddimStep(edited, await eps.target(edited, hop.now.t), hop.now, hop.next, { stochastic });
      edited = prev;
      yield run.record({ ...hop, index: hops.length + k * last.length + i }, { latent: edited, x0 });
    }
  }
  return edited;
}

function expectCompatible(source: JointModelConfig, target: JointModelConfig): void {
  const facts = ({ latentChannels, scaleFactor, schedule: { prediction: _, ...levels } }: JointModelConfig) => ({
    "channels of the latent": latentChannels,
    "pixels per latent pixel": scaleFactor,
    schedule: JSON.stringify(levels),
  });
  const [a, b] = [facts(source), facts(target)] as Record<string, number | string>[];
  for (const [what, value] of Object.entries(a))
    if (value !== b[what])
      throw new CheckpointError("translate: target", { expected: `${what} ${value}, the source's`, found: String(b[what]) });
}
