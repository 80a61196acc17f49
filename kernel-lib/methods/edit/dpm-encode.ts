/** @file DPM-Encoder: the latent code of a picture (Wu and De la Torre, arXiv:2210.05559, eq. 4). */
import type { Tensor } from "../../core/tensor.js";
import { ddimNoise, ddimStep } from "../../diffusion/ddim.js";
import { editMethod } from "./edit-method.js";
import type { EditResult } from "./edit-step.js";
import type { LatentCode } from "./latent-code.js";
import { expectEta, noiseOption, sourceNoise } from "./noise-option.js";
import { skipStepsOption } from "./options.js";
import { posteriorPath } from "./posterior-path.js";
import { ENCODE_SERIES, etaOption } from "./source-options.js";

/** What an encoding returns: `latent` and `image` are the picture itself. */
export interface EncodeResult extends EditResult {
  readonly code: LatentCode;
}

/** Steps (a) to (c) of CycleDiffusion, see `cycle`: the noise with which the sampler makes the picture under its prompt. */
export const dpmEncoder = editMethod({
  name: "dpm-encode",
  title: "DPM-Encoder",
  who: "dpmEncode",
  summary: "the noise with which a stochastic sampler makes a picture",
  source: "Wu and De la Torre arXiv:2210.05559, eq. 4; ChenWu98/cycle-diffusion, ldm/models/diffusion/ddim.py",
  options: { skipSteps: skipStepsOption, eta: etaOption, noise: noiseOption },
  series: ENCODE_SERIES,
  resolve: (own, shared, config) => {
    expectEta("dpmEncode", own.eta);
    return { ...own, ...sourceNoise("dpmEncode", own, shared, config) };
  },
  resumable: "no",
  skip: ({ skipSteps }) => skipSteps,
  async *steps(run, { eta, steps, skipSteps, guidanceScale, noise: given }) {
    const path = posteriorPath(run, { eta, noise: given });
    let x = path.start; // [N,c,h,w]
    const noise: Tensor[] = [];
    for (const hop of run.hops) {
      const [eps] = await run.predict([{ latent: x, text: run.text, guidanceScale }], hop.now.t);
      const z = ddimNoise(x, eps, path.next(x, hop), hop.now, hop.next, { eta });
      const { x0, prev } = ddimStep(x, eps, hop.now, hop.next, { stochastic: { eta, noise: z } });
      noise.push(z);
      x = prev;
      yield run.record(hop, { latent: x, x0, noise: { z, keep: true } });
    }
    const code: LatentCode = { start: path.start, noise, steps, skipSteps, eta };
    return { ...(await run.finish(x)), code };
  },
});

/** The options of `dpmEncode`: `prompt` says what the picture shows. */
export type DpmEncodeOptions = Parameters<typeof dpmEncoder.run>[1];

/**
 * Encodes pictures step by step; the result's `code` holds every noise. `prompt` is what the picture shows, and `guidanceScale` is 1 by default.
 * @throws RangeError, ShapeError, TypeError at once; NumericError at the first step with NaN or infinity
 */
export const dpmEncode = (model: Parameters<typeof dpmEncoder.run>[0], options: DpmEncodeOptions): ReturnType<typeof dpmEncoder.run> =>
  dpmEncoder.run(model, { guidanceScale: 1, ...options });
