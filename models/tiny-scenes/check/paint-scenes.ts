/** @file Pictures of scene conditions, many at a time. */
import type { SceneCondition } from "../../../kernel-lib/conditions/scene.js";
import { rows, stack, type Tensor } from "../../../kernel-lib/core/tensor.js";
import type { SceneModel } from "../../../kernel-lib/methods/pyramid/open-pyramid-model.js";
import type { PyramidOptions } from "../../../kernel-lib/methods/pyramid/options.js";
import { pyramidDiffusion } from "../../../kernel-lib/methods/pyramid/pyramid-diffusion.js";
import type { PyramidResult, PyramidRun } from "../../../kernel-lib/methods/pyramid/pyramid-step.js";
import { tokenizerOf } from "../../../kernel-lib/methods/pyramid/scene-context.js";
import { tokenRows } from "../train/scene-batch.js";

/** Pictures of one run. */
const BATCH = 20;
/** Steps of each stage. */
export const STEPS = 25;
export const GUIDANCE = 2;

/** A picture for each condition. */
export interface PaintedScenes {
  /** [N,3,128,128] in [-1,1] */
  readonly images: Tensor;
  /** [N,8,16,16], as sampled */
  readonly latent: Tensor;
}

/** @param options `seed` of the first run; each further one has the next */
export async function paintScenes(
  model: SceneModel,
  conditions: readonly SceneCondition[],
  { seed = 0, from, ...options }: Pick<PyramidOptions, "seed" | "steps" | "guidanceScale" | "from">,
): Promise<PaintedScenes> {
  const images: Tensor[] = [];
  const latents: Tensor[] = [];
  for (let at = 0; at < conditions.length; at += BATCH) {
    const part = conditions.slice(at, at + BATCH);
    const run = pyramidDiffusion(model, {
      ...{ steps: STEPS, guidanceScale: GUIDANCE, ...options },
      condition: await pairsOf(model, part),
      count: part.length,
      seed: seed + at / BATCH,
      ...(from && { from: { stage: from.stage, latent: rows(from.latent, at, at + part.length) } }),
    });
    const { image, latent } = await resultOf(run);
    images.push({ data: image.data.map((x) => 2 * x - 1), shape: image.shape });
    latents.push(latent);
  }
  return { images: stack(images), latent: stack(latents) };
}

/** Contexts without and with each condition, in one call: [N,2,T,D]. */
async function pairsOf(model: SceneModel, conditions: readonly SceneCondition[]): Promise<Tensor> {
  const { ids, keep } = tokenRows(
    tokenizerOf(model),
    conditions.flatMap((condition) => [undefined, condition]),
  );
  const { data, shape } = await model.encodeTokens({ ids, keep });
  return { data, shape: [conditions.length, 2, ...shape.slice(1)] };
}

async function resultOf(run: PyramidRun): Promise<PyramidResult> {
  for (;;) {
    const next = await run.next();
    if (next.done) return next.value;
  }
}
