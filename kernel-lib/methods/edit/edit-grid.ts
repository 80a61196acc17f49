/** @file Many edits of one picture by CycleDiffusion, ranked by a score. */
import { createRng } from "../../core/random.js";
import { rows, stack, type Tensor } from "../../core/tensor.js";
import { dpmDecode } from "./dpm-decode.js";
import { type DpmEncodeOptions, dpmEncode } from "./dpm-encode.js";
import type { EditModel } from "./edit-model.js";
import type { EditResult, EditRun } from "./edit-step.js";
import type { LatentCode } from "./latent-code.js";
import type { ResolvedEditOptions } from "./options.js";

/** Scores an edited picture, [1,3,H,W] in [0,1]; higher is better. */
export type CandidateScore = (image: Tensor) => Promise<number>;

/** Options of `editGrid`. */
export interface EditGridOptions extends Omit<DpmEncodeOptions, "skipSteps" | "guidanceScale" | "noise" | "windows" | "window" | "stride"> {
  readonly sourcePrompt: string;
  /** default 1 */
  readonly sourceGuidanceScale?: number;
  /** default 1, 2, 3, 5 */
  readonly guidanceScales?: readonly number[];
  /** default no step and a fifth of them */
  readonly skipSteps?: readonly number[];
  /** draws of the noise for each skipSteps; default 1 */
  readonly trials?: number;
  readonly score: CandidateScore;
}

/** One edit of a grid. */
export interface Candidate {
  readonly guidanceScale: number;
  readonly skipSteps: number;
  /** from 0, and the seed of its noise */
  readonly trial: number;
  readonly seed: number;
  readonly score: number;
  /** [1,c,h,w] */
  readonly latent: Tensor;
  /** [1,3,H,W] in [0,1] */
  readonly image: Tensor;
}

/**
 * Edits one picture with every combination of trial, skipped steps and guidance scale, and scores each. The picture is encoded once for each trial and
 * skipSteps; all guidance scales are decoded together.
 * @returns yields the candidates as they come; returns all of them, the best first
 * @throws RangeError or TypeError, in the first step, for an empty list or several pictures
 * @source ChenWu98/cycle-diffusion, the ensemble of `stable_diffusion_stochastic_text_wrapper.py`, which ranks by directional CLIP
 */
export async function* editGrid(model: EditModel, options: EditGridOptions): AsyncGenerator<Candidate, readonly Candidate[], void> {
  const { prompt, text, sourcePrompt, sourceGuidanceScale = 1, guidanceScales = [1, 2, 3, 5], trials = 1, score, ...shared } = options;
  const { steps = 100, seed = Math.floor(Math.random() * 2 ** 32), negativePrompt, batch, signal, loop } = shared;
  const skips = options.skipSteps ?? [0, Math.floor(steps / 5)];
  if (guidanceScales.length === 0 || skips.length === 0 || !(Number.isInteger(trials) && trials >= 1))
    throw new RangeError(
      `editGrid: got ${guidanceScales.length} scales, ${skips.length} skips, ${trials} trials; want at least one of each`,
    );
  const pictures = (options.image ?? options.latent)?.shape[0];
  if (pictures !== 1) throw new RangeError(`editGrid: got ${pictures ?? "no"} pictures, want one`);
  const edge = loop ? "wrap" : "open";
  const latent = options.latent ?? (await model.encode(options.image as Tensor, { edge })); // [1,c,h,w]
  const seeds = createRng(seed);
  const found: Candidate[] = [];
  for (let trial = 0; trial < trials; trial++) {
    const drawn = trial === 0 ? seed : seeds.below(2 ** 32);
    for (const skipSteps of skips) {
      const encoding = { ...shared, image: undefined, latent, seed: drawn, steps, skipSteps };
      const encoded = await finished(dpmEncode(model, { ...encoding, prompt: sourcePrompt, guidanceScale: sourceGuidanceScale }));
      const code = repeated(encoded.code as LatentCode, guidanceScales.length);
      const { latent: latents, image } = await finished(
        dpmDecode(model, code, { prompt, text, negativePrompt, guidanceScales, batch, signal, loop }),
      );
      for (const [k, guidanceScale] of guidanceScales.entries()) {
        const picture = rows(image, k, k + 1); // [1,3,H,W]
        const place = { guidanceScale, skipSteps, trial, seed: drawn };
        const candidate = { ...place, score: await score(picture), latent: rows(latents, k, k + 1), image: picture };
        found.push(candidate);
        yield candidate;
      }
    }
  }
  return [...found].sort((a, b) => b.score - a.score);
}

/** A run's result. */
async function finished<Result extends EditResult>(run: EditRun<ResolvedEditOptions, Result>): Promise<Result> {
  for (;;) {
    const { done, value } = await run.next();
    if (done) return value;
  }
}

/** The same code for n pictures. */
function repeated({ start, noise, ...rest }: LatentCode, n: number): LatentCode {
  const times = (x: Tensor) => stack(Array<Tensor>(n).fill(x));
  return { start: times(start), noise: noise.map(times), ...rest };
}
