/** @file The noise of a stage under guidance. */
import { expectShape, rows, stack, type Tensor } from "../../core/tensor.js";
import { guide } from "../../diffusion/guidance.js";
import type { PyramidModel } from "../../diffusion/pyramid-model.js";
import type { ResolvedPyramidOptions } from "./options.js";
import { sceneContext } from "./scene-context.js";

/** The guided noise of a stage's own channels: latent [N,C',h,w] -> [N,own,h,w]. */
export type PredictStage = (latent: Tensor, at: { readonly timestep: number; readonly stage: number }) => Promise<Tensor>;

/** Contexts of the rows of a call: without the condition (absent without guidance) and with it, [1,T,D] or [N,T,D] each. */
interface Contexts {
  readonly unconditional?: Tensor;
  readonly condition: Tensor;
}

/**
 * Prepares eps_∅ + w·(eps_c − eps_∅), both in one call. With w = 1, and where the network has no condition, it is eps_c alone.
 * @throws TypeError, RangeError, ShapeError for a condition that the model does not take
 */
export async function stagePredictor(
  model: PyramidModel,
  options: ResolvedPyramidOptions,
  signal: AbortSignal | undefined,
): Promise<PredictStage> {
  const { guidanceScale, batch, count } = options;
  const contexts = model.config.conditioned ? await contextsOf(model, options) : undefined;
  return async (latent, { timestep, stage }) => {
    signal?.throwIfAborted();
    const { unconditional, condition } = contexts ?? {};
    if (!unconditional || guidanceScale === 1) return model.predictStageNoise(latent, { timestep, stage, context: condition, batch });
    const both = await model.predictStageNoise(stack([latent, latent]), {
      timestep,
      stage,
      context: stack([each(unconditional, count), each(condition as Tensor, count)]), // [2N,T,D]
      batch,
    });
    return guide(rows(both, 0, count), rows(both, count, 2 * count), guidanceScale);
  };
}

async function contextsOf(model: PyramidModel, options: ResolvedPyramidOptions): Promise<Contexts> {
  const { condition: given, count, guidanceScale } = options;
  if (!given) return sceneContext(model, options);
  if (given.shape.length === 4) {
    expectShape("pyramidDiffusion: condition", given, [count, 2, "T", "D"], "give a pair for each picture");
    return { unconditional: everySecond(given, 0), condition: everySecond(given, 1) };
  }
  expectShape(
    "pyramidDiffusion: condition",
    given,
    [given.shape[0] === 1 ? 1 : 2, "T", "D"],
    "stack the embeddings without and with the condition",
  );
  if (given.shape[0] === 2) return { unconditional: rows(given, 0, 1), condition: rows(given, 1, 2) };
  if (guidanceScale !== 1)
    throw new TypeError(
      `pyramidDiffusion: got condition [1,T,D] with guidanceScale ${guidanceScale}, want [2,T,D], without and with the condition, or guidanceScale 1`,
    );
  return { condition: given };
}

/** [1,T,D] or [N,T,D] -> [N,T,D] */
const each = (context: Tensor, count: number): Tensor =>
  context.shape[0] === count ? context : stack(Array.from({ length: count }, () => context));

/** The first or second of each pair: [N,2,T,D] -> [N,T,D] */
function everySecond({ data, shape: [N, , T, D] }: Tensor, k: number): Tensor {
  const out = new Float32Array(N * T * D);
  for (let n = 0; n < N; n++) out.set(data.subarray((2 * n + k) * T * D, (2 * n + k + 1) * T * D), n * T * D);
  return { data: out, shape: [N, T, D] };
}
