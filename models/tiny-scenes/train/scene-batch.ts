/** @file A batch of encoded scenes with conditions of all four kinds. */
import type { SceneCondition, SceneKind, SceneTokenizer } from "../../../kernel-lib/conditions/scene.js";
import { sceneTokenizer } from "../../../kernel-lib/conditions/scene-tokenizer.js";
import type { JsonObject } from "../../../kernel-lib/core/json.js";
import type { Rng } from "../../../kernel-lib/core/random.js";
import { randn } from "../../../kernel-lib/core/random.js";
import { sizeOf, type Tensor } from "../../../kernel-lib/core/tensor.js";
import { createSchedule, type Schedule } from "../../../kernel-lib/diffusion/schedule.js";
import type { Feed, Feeds } from "../../../kernel-lib/engine/session.js";
import { type TimestepConfig, timestepEmbedding } from "../../../kernel-lib/nets/timestep-embedding.js";
import { schedulerConfig } from "../../../kernel-lib/pipelines/scheduler-config.js";
import type { SharedData } from "../../train/training.js";
import { SCENE_TOKENS_JSON, SCHEDULER_JSON } from "./configs.js";
import { ROW, sceneOf } from "./encoded-scenes.js";
import { CONDITIONS } from "./scene-conditions.js";

/** Rows of a micro-batch. */
export const COUNT = 32;
/** How often the condition is left out, so that guidance has something to compare with. */
const DROPPED = 0.1;
/** The last rows are never trained on. */
const HELD_OUT = 2000;
/** An error of x0 weighs SNR + 1 in the loss of v; capped, so that the lowest noise does not outweigh all else. */
const WEIGHT_CAP = 5;

const KINDS = Object.keys(CONDITIONS) as SceneKind[];
const SCENE_TOKENIZER = sceneTokenizer("condition/scene_tokens.json", SCENE_TOKENS_JSON as unknown as JsonObject);
const SCHEDULE = createSchedule(schedulerConfig("scheduler_config.json", SCHEDULER_JSON));

/** Which rows a batch is drawn from. */
export type Rows = "trained" | "held out";

/**
 * coarse [32,4,8,8] and fine [32,4,16,16]; coarseNoise and fineNoise of their shapes; ids and keep [32,37]. Each kind of condition has a quarter of
 * the rows.
 */
export function sceneBatch(rng: Rng, { coarse, fine, scenes }: SharedData, from: Rows): Feeds {
  const count = coarse.length / ROW.coarse;
  const [c, f] = [new Float32Array(COUNT * ROW.coarse), new Float32Array(COUNT * ROW.fine)];
  const conditions: (SceneCondition | undefined)[] = [];
  for (let n = 0; n < COUNT; n++) {
    const row = from === "trained" ? rng.below(count - HELD_OUT) : count - HELD_OUT + rng.below(HELD_OUT);
    c.set(coarse.subarray(row * ROW.coarse, (row + 1) * ROW.coarse), n * ROW.coarse);
    f.set(fine.subarray(row * ROW.fine, (row + 1) * ROW.fine), n * ROW.fine);
    const kind = KINDS[n % KINDS.length];
    conditions.push(rng.uniform() < DROPPED ? undefined : CONDITIONS[kind](rng, sceneOf(scenes, row)));
  }
  const [coarseShape, fineShape] = [
    [COUNT, 4, 8, 8],
    [COUNT, 4, 16, 16],
  ];
  return {
    coarse: { data: c, shape: coarseShape },
    fine: { data: f, shape: fineShape },
    coarseNoise: randn(rng, coarseShape),
    fineNoise: randn(rng, fineShape),
    ...tokenRows(SCENE_TOKENIZER, conditions),
  };
}

/** ids and keep [N,T] of conditions; undefined stands for none. @throws TypeError for a model whose guidance wants zeros in place of tokens */
export function tokenRows(
  tokenizer: SceneTokenizer,
  conditions: readonly (SceneCondition | undefined)[],
): { readonly ids: { readonly data: Int32Array; readonly shape: readonly number[] }; readonly keep: Tensor } {
  const shape = [conditions.length, tokenizer.length];
  const [ids, keep] = [new Int32Array(sizeOf(shape)), new Float32Array(sizeOf(shape))];
  for (const [n, condition] of conditions.entries()) {
    const tokens = condition ? tokenizer.tokens(condition) : tokenizer.unconditional("prompt");
    if (tokens === "zero embedding")
      throw new TypeError("tokenRows: got a tokenizer without tokens for no condition, want one of our models'");
    ids.set(tokens.ids, n * tokenizer.length);
    keep.set(tokens.keep ?? [], n * tokenizer.length);
  }
  return { ids: { data: ids, shape }, keep: { data: keep, shape } };
}

/** Timesteps that are spread evenly over the batch, in a random order: alpha, sigma and weight [32,1,1,1], and their embedding. */
export function levels(rng: Rng, config: TimestepConfig): Readonly<Record<"alpha" | "sigma" | "weight" | "embedding", Feed>> {
  const { alphaBar, config: schedule }: Schedule = SCHEDULE;
  const offset = rng.below(COUNT);
  const timesteps = Float32Array.from({ length: COUNT }, (_, n) =>
    Math.floor((((n * 5 + offset) % COUNT) + rng.uniform()) * (schedule.trainTimesteps / COUNT)),
  );
  const perRow = (of: (alphaBar: number) => number): Feed => ({ data: timesteps.map((t) => of(alphaBar[t])), shape: [COUNT, 1, 1, 1] });
  return {
    alpha: perRow(Math.sqrt),
    sigma: perRow((a) => Math.sqrt(1 - a)),
    weight: perRow((a) => Math.min(1, WEIGHT_CAP * (1 - a))), // SNR + 1 = 1/(1 − ᾱ)
    embedding: timestepEmbedding(config, timesteps),
  };
}
