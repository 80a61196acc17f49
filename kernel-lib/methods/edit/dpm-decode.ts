/** @file Decodes a latent code: the sampler with recorded noise (Wu and De la Torre, arXiv:2210.05559, eq. 1). */
import { ShapeError } from "../../core/errors.js";
import { ddimStep } from "../../diffusion/ddim.js";
import { givenOption } from "../option-table.js";
import { editMethod } from "./edit-method.js";
import type { EditModel } from "./edit-model.js";
import { expectCode, type LatentCode } from "./latent-code.js";

/** Step (d) of CycleDiffusion, see `cycle`, on a code that was recorded before. */
export const dpmDecoder = editMethod({
  name: "dpm-decode",
  title: "DPM-Decoder",
  who: "dpmDecode",
  summary: "the picture that a latent code makes under a prompt",
  source: "Wu and De la Torre arXiv:2210.05559, eq. 1",
  options: {
    code: givenOption<LatentCode>({ means: "the latent code, of `dpmEncode` or `cycleDiffusion`", want: "a latent code" }),
    guidanceScales: givenOption<readonly number[]>({
      means: "a guidance scale for each picture; replaces guidanceScale",
      want: "a list of numbers",
    }),
  },
  series: [],
  resolve: ({ code, guidanceScales }) => {
    if (!code) throw new TypeError("dpmDecode: got no code, want one of dpmEncode or cycleDiffusion");
    expectCode("dpmDecode", code);
    const pictures = code.start.shape[0];
    if (guidanceScales && (guidanceScales.length !== pictures || !guidanceScales.every(Number.isFinite)))
      throw new ShapeError("dpmDecode: guidanceScales", { got: guidanceScales, want: `${pictures} numbers, one for each picture` });
    return { code, guidanceScales };
  },
  resumable: "no",
  skip: ({ code }) => code.skipSteps,
  async *steps(run, { code, guidanceScale, guidanceScales = guidanceScale }) {
    let edited = code.start; // [N,c,h,w]
    for (const hop of run.hops) {
      const [eps] = await run.predict([{ latent: edited, text: run.text, guidanceScale: guidanceScales }], hop.now.t);
      const stochastic = { eta: code.eta, noise: code.noise[hop.index] };
      const { x0, prev } = ddimStep(edited, eps, hop.now, hop.next, { stochastic });
      edited = prev;
      yield run.record(hop, { latent: edited, x0, noise: { z: code.noise[hop.index], keep: false } });
    }
    return run.finish(edited);
  },
});

/** The options of `dpmDecode`. Steps, skipped steps and eta are the code's. */
export type DpmDecodeOptions = Omit<Parameters<typeof dpmDecoder.run>[1], "code" | "image" | "latent" | "steps">;

/**
 * Decodes a latent code step by step. With the prompt and guidance that it was encoded with, the result is the picture up to rounding.
 * @throws ShapeError for a code whose noises do not fit its steps; RangeError, TypeError at once; NumericError while running
 */
export const dpmDecode = (model: EditModel, code: LatentCode, options: DpmDecodeOptions): ReturnType<typeof dpmDecoder.run> =>
  dpmDecoder.run(model, { ...options, code, latent: code.start, steps: code.steps });
