/** @file Feature pyramid diffusion: a picture from coarse to fine. Source: Fan et al., Frido, arXiv:2208.13753, section 3.2. */
import type { Tensor } from "../../core/tensor.js";
import { ddimStep } from "../../diffusion/ddim.js";
import { type PlmsState, plmsAhead, plmsStart, plmsStep } from "../../diffusion/plms.js";
import type { PyramidModel } from "../../diffusion/pyramid-model.js";
import type { Hop } from "../../diffusion/schedule.js";
import type { Method } from "../method.js";
import { PYRAMID_OPTIONS, type PyramidOptions, resolvePyramidOptions } from "./options.js";
import { type BegunPyramid, beginPyramid } from "./pyramid-run.js";
import type { PyramidRun, PyramidSteps } from "./pyramid-step.js";
import { expectScene } from "./scene-context.js";

/**
 * Samples each stage's channels x_s with the coarser ones as they are, all stages by one network (arXiv:2208.13753, algorithm 1):
 *
 *     w ~ N(0, 1)                                          drawn once, for all stages
 *     for s = 0 … S−1:                                     coarse to fine
 *       x_s = w_s
 *       for each hop t → t':
 *         e   = eps(z_{<s}, x_s; t, s, c)                  guided
 *         x0  = (x_s − sigma·e) / alpha
 *         x_s ← alpha'·x0 + √(sigma'² − d²)·e + d·noise    DDIM; or PLMS's step
 *       z_s = up(x_s)                                      at the finest resolution
 *
 * With `coarseAt` "fine" a stage has the finest resolution throughout and its mean over the coarse pixels is taken when it is done, as in the
 * official code; with "own" it is sampled at its own resolution.
 * Differences: exactly `steps` timesteps (the official code visits one more where 1000 is no multiple of them); noise is drawn where eta is above
 * 0, and for the stage's own channels alone; `from` takes the coarser stages of a latent, which the official code does with `x_T`.
 */
async function* coarseToFine(run: BegunPyramid): PyramidSteps {
  const { path, stages, first } = run;
  for (let s = first; s < stages; s++) {
    let x = run.start(s); // [N,own,h_s,w_s]
    let state = plmsStart();
    for (const hop of path) {
      if (run.isDone(s, hop)) continue;
      const e = await run.predict(s, x, hop.now.t);
      const { x0, prev, next } = run.options.sampler === "plms" ? await plms(run, s, x, e, hop, state) : ddim(run, s, x, e, hop);
      if (next) state = next;
      x = run.held(s, prev, hop);
      yield run.record(s, hop, x, x0);
    }
    await run.complete(s, x);
  }
  return run.finish();
}

interface Stepped {
  readonly x0: Tensor;
  readonly prev: Tensor;
  readonly next?: PlmsState;
}

function ddim({ options: { eta }, fresh }: BegunPyramid, s: number, x: Tensor, e: Tensor, { now, next }: Hop): Stepped {
  return ddimStep(x, e, now, next, eta > 0 ? { stochastic: { eta, noise: fresh(s) } } : {});
}

async function plms({ predict }: BegunPyramid, s: number, x: Tensor, e: Tensor, hop: Hop, state: PlmsState): Promise<Stepped> {
  const ahead = plmsAhead(state, x, e, hop);
  const step = plmsStep(state, x, e, hop, ahead && (await predict(s, ahead.sample, ahead.timestep)));
  return { x0: step.x0, prev: step.prev, next: step.state };
}

/** Frido as a method: its row of the table, and the function that runs it. */
export const frido: Method<PyramidOptions, PyramidRun, PyramidModel> = {
  name: "frido",
  title: "Frido",
  summary: "samples a pyramid of codes from coarse to fine, under a layout, labels, a scene graph or a prompt",
  source: "Fan et al., Frido: Feature Pyramid Diffusion for Complex Scene Image Synthesis, arXiv:2208.13753",
  family: "pyramid",
  sharedOptions: PYRAMID_OPTIONS,
  options: {},
  needs: ["noise"],
  series: [{ name: "change", per: "step", title: "How much the foreseen latent changes", unit: "root mean square" }],
  run(model, options) {
    const resolved = resolvePyramidOptions(model.config, options);
    const { signal, resume } = options;
    if (resume && resolved.sampler === "plms")
      throw new RangeError("pyramidDiffusion: got resume with sampler plms, want a run from its start; PLMS needs the steps before");
    if (model.config.conditioned && !resolved.condition) expectScene(model, resolved);
    async function* running(): PyramidSteps {
      return yield* coarseToFine(await beginPyramid(model, resolved, { signal, resume }));
    }
    const stages = model.config.stageChannels.length - (resolved.from?.stage ?? 0);
    const batch = resolved.batch === undefined ? {} : { noise: resolved.batch };
    return Object.assign(running(), { method: frido, options: resolved, batch, stepCount: stages * resolved.steps });
  },
};

/**
 * Samples pictures from coarse to fine: an async generator of its steps.
 *
 *     for await (const step of pyramidDiffusion(model, { layout: [{ what: "boat", box: [0.2, 0.6, 0.15, 0.2] }], seed: 7 })) …
 *
 * @throws TypeError, RangeError, ShapeError at once for an option that does not fit; NumericError for a step that is not finite
 * @source arXiv:2208.13753; Frido, frido/models/diffusion/ddim.py and plms.py
 */
export const pyramidDiffusion = (model: PyramidModel, options: PyramidOptions = {}): PyramidRun => frido.run(model, options);
