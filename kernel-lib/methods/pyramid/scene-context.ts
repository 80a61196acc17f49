/** @file A condition becomes what the network attends to. */
import type { SceneCondition, SceneKind, SceneTokenizer, SceneTokens } from "../../conditions/scene.js";
import { sceneTokenizer } from "../../conditions/scene-tokenizer.js";
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

/** The kinds of condition. */
export const SCENE_KINDS: readonly SceneKind[] = ["layout", "labels", "graph", "prompt"];

/**
 * The context of a condition, and that of guidance without one.
 * @throws TypeError, RangeError for a condition that the model does not take
 */
export async function sceneContext(
  model: Pick<PyramidModel, "encodeTokens" | "tokenFile">,
  condition: SceneCondition,
): Promise<SceneContext> {
  const tokenizer = tokenizerOf(model);
  const encode = ({ ids, keep }: SceneTokens) =>
    model.encodeTokens({ ids: { data: ids, shape: [1, ids.length] }, ...(keep && { keep: { data: keep, shape: [1, keep.length] } }) });
  const conditional = await encode(tokenizer.tokens(condition));
  const without = tokenizer.unconditional(SCENE_KINDS.find((kind) => kind in condition) ?? "prompt");
  const zeros = () => ({ data: new Float32Array(conditional.data.length), shape: conditional.shape });
  return { condition: conditional, unconditional: without === "zero embedding" ? zeros() : await encode(without) };
}
