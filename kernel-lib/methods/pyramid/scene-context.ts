/** @file A condition becomes what the network attends to. */

import type { SceneCondition, SceneTokenizer, SceneTokens } from "../../conditions/scene.js";
import { checkScene, sceneKind, sceneTokenizer } from "../../conditions/scene-tokenizer.js";
import type { Tensor } from "../../core/tensor.js";
import type { PyramidModel } from "../../diffusion/pyramid-model.js";

/** What guidance needs of a condition. */
export interface SceneContext {
  /** [1,T,D] */
  readonly condition: Tensor;
  /** what the network was trained with in place of a condition, [1,T,D] */
  readonly unconditional: Tensor;
}

/** The tokenizer of a model's conditions. @throws CheckpointError for a scene_tokens.json that does not fit */
export const tokenizerOf = ({ tokenFile }: Pick<PyramidModel, "tokenFile">): SceneTokenizer =>
  sceneTokenizer(tokenFile.file, tokenFile.json);

/**
 * Refuses a condition that a model does not take, before anything runs.
 * @throws TypeError, RangeError, as the model's tokenizer
 */
export function expectScene(model: Pick<PyramidModel, "tokenFile">, condition: object): void {
  tokenizerOf(model).tokens(checkScene(condition));
}

/**
 * The context of a condition, and that of guidance without one.
 * @param condition keys that are no condition's do not count, so a method's options may be given as they are
 * @throws TypeError, RangeError for a condition that the model does not take
 */
export async function sceneContext(
  model: Pick<PyramidModel, "encodeTokens" | "tokenFile">,
  condition: SceneCondition | object,
): Promise<SceneContext> {
  const tokenizer = tokenizerOf(model);
  const encode = ({ ids, keep }: SceneTokens) =>
    model.encodeTokens({ ids: { data: ids, shape: [1, ids.length] }, ...(keep && { keep: { data: keep, shape: [1, keep.length] } }) });
  const conditional = await encode(tokenizer.tokens(checkScene(condition)));
  const without = tokenizer.unconditional(sceneKind(condition));
  const zeros = () => ({ data: new Float32Array(conditional.data.length), shape: conditional.shape });
  return { condition: conditional, unconditional: without === "zero embedding" ? zeros() : await encode(without) };
}
