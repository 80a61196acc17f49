/** @file CycleDiffusion: edits a picture by the noise with which a stochastic sampler makes it (Wu and De la Torre, arXiv:2210.05559). */
import type { Tensor } from "../../core/tensor.js";
import { ddimNoise, ddimStep } from "../../diffusion/ddim.js";
import { toggleOption } from "../option-table.js";
import { attentionControl, CONTROL_OPTIONS, resolveControl } from "./attention-control.js";
import { editMethod } from "./edit-method.js";
import { expectEta, noiseOption, sourceNoise } from "./noise-option.js";
import { skipStepsOption } from "./options.js";
import { posteriorPath } from "./posterior-path.js";
import { CYCLE_SERIES, etaOption, SOURCE_OPTIONS } from "./source-options.js";

/**
 * Edits pictures step by step. x_t is the source's path, x̂_t the edited one, w_i standard normal noise; mu(x, eps) = alpha'·x0(x, eps) + d·eps.
 *
 *   (a) start      x_T = alpha·x_0 + sigma·w_0,   x̂_T = x_T
 *   (b) posterior  x_next ~ q(x_next | x_t, x_0) with noise w_i; in the last step x_next = x_0
 *   (c) record     z_i = (x_next − mu(x_t, eps(x_t; source prompt))) / s        their eq. 4
 *                  x_next ← mu(x_t, eps(x_t; source prompt)) + s·z_i, the same up to rounding
 *   (d) decode     x̂_next = mu(x̂_t, eps(x̂_t; prompt)) + s·z_i                   their eq. 1
 *
 * With the source's prompt and guidance in (d), x̂_0 is x_0 up to one rounding: the noise z remembers the picture.
 * With `control` the attention of eps(x̂_t; prompt) follows that of eps(x_t; source prompt) in the first steps: see `attentionControl`.
 * Differs from the official code: in (c) the source goes on from x_next as (d) rounds it. Otherwise a difference in the last bit can grow in every step
 * where the network is unstable, as under guidance with a prompt that does not fit the picture: reconstructions of the bundled model were off by up to
 * 2.3 there, and by 1e-8 now. All noises are recorded (there `white_box_steps` below steps + 1 draws fresh ones), and the posterior's mean is encoded
 * instead of a sample, so that a run repeats.
 */
export const cycle = editMethod({
  name: "cycle",
  title: "CycleDiffusion",
  who: "cycleDiffusion",
  summary: "decodes the noise of a stochastic sampler, which remembers the picture, under another prompt",
  source: "Wu and De la Torre arXiv:2210.05559; ChenWu98/cycle-diffusion, ldm/models/diffusion/ddim.py",
  options: {
    ...SOURCE_OPTIONS,
    skipSteps: skipStepsOption,
    eta: etaOption,
    noise: noiseOption,
    ...CONTROL_OPTIONS,
    keepCode: toggleOption({ means: "keep every step's noise in its record and the code in the result", default: true, flag: null }),
  },
  series: CYCLE_SERIES,
  resolve: ({ control, crossSteps, selfSteps, weights, ...own }, shared, config) => {
    expectEta("cycleDiffusion", own.eta);
    return {
      ...own,
      keepCode: own.keepCode && shared.windows === undefined,
      ...sourceNoise("cycleDiffusion", own, shared, config),
      ...resolveControl("cycleDiffusion", { control, crossSteps, selfSteps, weights }, { ...shared, ...own }),
    };
  },
  skip: ({ skipSteps }) => skipSteps,
  async *steps(run, options) {
    const { eta, steps, skipSteps, guidanceScale, sourceGuidanceScale, noise, keepCode } = options;
    const controlAt = await attentionControl(run, options);
    const path = posteriorPath(run, { eta, noise });
    let x = run.resumed?.source ?? path.start; // (a) [N,c,h,w]
    let edited = run.resumed?.latent ?? x; // [N,c,h,w]
    const code: Tensor[] = [];
    for (const hop of run.hops.slice(run.done)) {
      const [eps, editedEps] = await run.predict(
        [
          { latent: x, text: run.sourceText, guidanceScale: sourceGuidanceScale },
          { latent: edited, text: run.text, guidanceScale },
        ],
        hop.now.t,
        controlAt(hop.index),
      );
      const z = ddimNoise(x, eps, path.next(x, hop), hop.now, hop.next, { eta }); // (b), (c)
      const stochastic = { eta, noise: z };
      const source = ddimStep(x, eps, hop.now, hop.next, { stochastic }); // x_next as (d) rounds it
      const { x0, prev } = ddimStep(edited, editedEps, hop.now, hop.next, { stochastic }); // (d)
      [x, edited] = [source.prev, prev];
      if (keepCode) code.push(z);
      yield run.record(hop, { latent: edited, x0, source: { latent: x, x0: source.x0 }, noise: { z, keep: keepCode } });
    }
    return run.finish(edited, code.length === run.hops.length ? { start: path.start, noise: code, steps, skipSteps, eta } : undefined);
  },
});

/**
 * Edits pictures by CycleDiffusion, step by step: the algorithm is at `cycle`, above.
 * @param model anything that implements `EditModel`
 * @returns one record per step; at the end the edited latent and picture, and the latent code. `.options` holds all options in use.
 * @throws at once for a wrong option: RangeError, ShapeError, TypeError
 * @throws while running: NumericError at the first step with NaN or infinity; the signal's reason, within one network call
 * @example
 * const run = cycleDiffusion(model, { image, sourcePrompt: "mountains at noon", prompt: "mountains at night", seed: 7 });
 * const { image: edited, code } = await track(run);
 */
export const cycleDiffusion = cycle.run;

/** The options of `cycleDiffusion`. */
export type CycleOptions = Parameters<typeof cycleDiffusion>[1];
