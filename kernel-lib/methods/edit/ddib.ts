/** @file DDIB: encodes a picture by running DDIM backwards, and decodes it under another prompt (Su et al., arXiv:2203.08382). */
import type { Tensor } from "../../core/tensor.js";
import { ddimStep } from "../../diffusion/ddim.js";
import { editMethod } from "./edit-method.js";
import { skipStepsOption } from "./options.js";
import { SOURCE_OPTIONS, SOURCE_SERIES } from "./source-options.js";

/**
 * Edits pictures step by step, without any noise:
 *
 *   (a) encode  x_t = DDIM from the next, less noisy level back up to this one, eps at the level where it starts, source prompt
 *   (b) decode  x̂_next = DDIM(x̂_t, eps(x̂_t; prompt)), from x̂_T = x_T
 *
 * Half of the records belong to (a): there the latent is the source's. A reconstruction is not exact, since DDIM backwards takes eps one level early.
 */
export const ddibMethod = editMethod({
  name: "ddib",
  title: "DDIB",
  who: "ddib",
  summary: "encodes the picture by deterministic DDIM backwards and decodes it under the prompt",
  source: "Su et al. arXiv:2203.08382, algorithm 1",
  options: { ...SOURCE_OPTIONS, skipSteps: skipStepsOption },
  series: SOURCE_SERIES,
  skip: ({ skipSteps }) => skipSteps,
  stepsPerHop: 2,
  async *steps(run, { guidanceScale, sourceGuidanceScale }) {
    const n = run.hops.length;
    const path: (Tensor | undefined)[] = []; // the source at every hop's next level, last hop first
    let x = run.resumed?.latent ?? run.x0; // [N,c,h,w]
    for (const [k, { now, next }] of [...run.hops].reverse().entries()) {
      if (k < run.done) continue;
      path[k] = x;
      const back = { index: k, now: { ...next, t: Math.max(0, next.t) }, next: now };
      const [eps] = await run.predict([{ latent: x, text: run.sourceText, guidanceScale: sourceGuidanceScale }], back.now.t);
      const { x0, prev } = ddimStep(x, eps, back.now, back.next); // (a)
      x = prev;
      yield run.record(back, { latent: x, x0 });
    }
    let edited = x; // [N,c,h,w]
    for (const hop of run.hops.slice(Math.max(0, run.done - n))) {
      const [eps] = await run.predict([{ latent: edited, text: run.text, guidanceScale }], hop.now.t);
      const { x0, prev } = ddimStep(edited, eps, hop.now, hop.next); // (b)
      edited = prev;
      const passed = path[n - 1 - hop.index]; // unknown where a resumed run had passed before
      const source = passed && { latent: passed, x0: run.x0 };
      yield run.record({ ...hop, index: n + hop.index }, { latent: edited, x0, source });
    }
    return run.finish(edited);
  },
});

/** Edits pictures by DDIB, step by step: the algorithm is at `ddibMethod`. @throws RangeError, ShapeError, TypeError at once; NumericError */
export const ddib = ddibMethod.run;
