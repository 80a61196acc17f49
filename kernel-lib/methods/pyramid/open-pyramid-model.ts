/** @file Opens a model of Frido's kind, with the calls that a lesson makes by hand. */
import type { SceneCondition } from "../../conditions/scene.js";
import { CheckpointError } from "../../core/errors.js";
import { rows, stack, type Tensor } from "../../core/tensor.js";
import { guide } from "../../diffusion/guidance.js";
import type { FridoModel } from "../../pipelines/model.js";
import { type OpenModelOptions, openModel } from "../../pipelines/open-model.js";
import { sceneContext } from "./scene-context.js";

/** Options of `SceneModel.predictNoise`. */
export interface GuidedStageOptions {
  /** training timestep, 0..999 */
  readonly timestep: number;
  /** from 0, the coarsest */
  readonly stage: number;
  /** [2,T,D] without and with the condition, as `condition` gives it; or [1,T,D] with it alone */
  readonly condition?: Tensor;
  /** how strongly the condition is followed; default 1: without guidance */
  readonly guidanceScale?: number;
}

/** A model of Frido's kind, for runs and for single calls. */
export interface SceneModel extends FridoModel {
  /** What the network attends to, without and with a condition: [2,T,D]. @throws TypeError, RangeError for a condition that it does not take */
  condition(condition: SceneCondition): Promise<Tensor>;
  /** The guided noise of a stage's own channels: latent [N,C',h,w] -> [N,own,h,w]. */
  predictNoise(latent: Tensor, options: GuidedStageOptions): Promise<Tensor>;
}

/**
 * Opens a model of Frido's kind.
 * @param pathOrName default "tiny-scenes"
 * @throws CheckpointError for an unknown name, a folder that does not fit, or a checkpoint of another kind; DeviceError for a device that is not there
 */
export async function openPyramidModel(pathOrName: string = "tiny-scenes", options: OpenModelOptions = {}): Promise<SceneModel> {
  const model = await openModel<FridoModel>(pathOrName, options);
  if (!("predictStageNoise" in model)) {
    await (model as { close(): Promise<void> }).close();
    throw new CheckpointError(pathOrName, { expected: "a checkpoint of Frido's kind", found: "another kind", fix: "openModel opens it" });
  }
  return Object.assign(model, {
    async condition(condition: SceneCondition) {
      const { unconditional, condition: given } = await sceneContext(model, condition);
      return stack([unconditional, given]);
    },
    async predictNoise(latent: Tensor, { timestep, stage, condition, guidanceScale = 1 }: GuidedStageOptions) {
      const last = condition && rows(condition, condition.shape[0] - 1, condition.shape[0]); // [1,T,D]
      const noise = await model.predictStageNoise(latent, { timestep, stage, context: last });
      if (guidanceScale === 1) return noise;
      if (condition?.shape[0] !== 2)
        throw new TypeError(
          `predictNoise: guidanceScale ${guidanceScale} wants condition [2,T,D], without and with it; got ${condition?.shape}`,
        );
      return guide(await model.predictStageNoise(latent, { timestep, stage, context: rows(condition, 0, 1) }), noise, guidanceScale);
    },
  });
}
