/** @file SDEdit: adds noise to a picture and removes it under a prompt (Meng et al., arXiv:2108.01073). */
import { ddimStep } from "../../diffusion/ddim.js";
import { addNoise } from "../../diffusion/notation.js";
import { realOption } from "../option-table.js";
import { editMethod } from "./edit-method.js";
import { skipStepsOption } from "./options.js";

/**
 * Edits pictures step by step:
 *
 *   (a) start  x̂ = alpha·x_0 + sigma·w_0 at the level of the first step     their algorithm 1
 *   (b) step   x̂_next = mu(x̂, eps(x̂; prompt)) + s·w_i, fresh noise w_i
 *
 * Only the start knows the picture: the fewer steps are left (skipSteps), the more of it stays. eta 1 is the discretised reverse SDE, eta 0 draws no
 * noise after the start.
 */
export const sdeditMethod = editMethod({
  name: "sdedit",
  title: "SDEdit",
  who: "sdedit",
  summary: "adds noise to the picture and removes it under the prompt",
  source: "Meng et al. arXiv:2108.01073, algorithm 1",
  options: {
    skipSteps: skipStepsOption,
    eta: realOption({ means: "share of fresh noise in each step; 0: none, 1: the reverse SDE", least: 0, default: 1 }),
  },
  series: [],
  resolve: (own) => {
    if (own.eta > 1) throw new RangeError(`sdedit: eta ${own.eta}, want a number from 0 to 1`);
    return own;
  },
  skip: ({ skipSteps }) => skipSteps,
  async *steps(run, { eta, guidanceScale }) {
    const start = addNoise(run.x0, run.fresh(), run.hops[0].now); // (a) [N,c,h,w]
    let edited = run.resumed?.latent ?? start;
    if (eta > 0) for (let k = 0; k < run.done; k++) run.fresh(); // the noise of the steps before
    for (const hop of run.hops.slice(run.done)) {
      const [eps] = await run.predict([{ latent: edited, text: run.text, guidanceScale }], hop.now.t);
      const stochastic = eta > 0 ? { eta, noise: run.fresh() } : undefined;
      const { x0, prev } = ddimStep(edited, eps, hop.now, hop.next, { stochastic }); // (b)
      edited = prev;
      yield run.record(hop, { latent: edited, x0 });
    }
    return run.finish(edited);
  },
});

/** Edits pictures by SDEdit, step by step: the algorithm is at `sdeditMethod`. @throws RangeError, ShapeError, TypeError at once; NumericError */
export const sdedit = sdeditMethod.run;
