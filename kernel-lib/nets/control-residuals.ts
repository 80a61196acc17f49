/** @file The residuals of a call's ControlNets: which rows each sees, how its residuals count, and their sum. */
import type { ControlMode } from "../diffusion/capabilities.js";
import type { Graph, Value } from "../graph/graph.js";
import type { Precision } from "../graph/half.js";
import { add, cast } from "../graph/ops/elementwise.js";
import { concat, expand, slice } from "../graph/ops/shape.js";
import { type ControlNetConfig, controlNet } from "./control-net.js";
import { checkpointParameters, type Part } from "./parameters.js";
import type { Encoded } from "./unet-encoder.js";

/** Which ControlNets a call uses; both lists have an entry for each use. Absent: none. */
export interface ControlSize {
  /** indices among the network's, one ControlNet more than once if it is used so */
  readonly nets?: readonly number[];
  readonly modes?: readonly ControlMode[];
}

/** The condition of each row for use k of a ControlNet: [N,3,f·h,f·w] in [0,1], RGB. */
export type ControlRow = `control${number}`;
/** The scale of use k of a ControlNet: [1]. */
export type ControlScale = `controlScale${number}`;

/** One use of a ControlNet in a graph. */
export interface ControlUse {
  readonly part: Part<ControlNetConfig>;
  readonly mode: ControlMode;
  /** [M,3,f·h,f·w]: of the last M rows of the network's batch, the others see no ControlNet */
  readonly image: Value;
  /** [1] */
  readonly scale: Value;
}

/** Pixels per latent pixel of a ControlNet's condition. */
export const conditionFactor = ({ embeddingChannels }: ControlNetConfig): number => 2 ** (embeddingChannels.length - 1);

/** The graph's inputs of all uses. @param rows the axes before a row's own, [N], or [P,n] of panoramas of n windows; images come as [P·n,…] */
export function controlInputs(
  graph: Graph,
  all: readonly Part<ControlNetConfig>[],
  { height, width, nets = [], modes = [] }: ControlSize & { readonly height: number; readonly width: number },
  flat: (image: Value) => Value,
  rows: readonly number[],
): readonly ControlUse[] {
  return nets.map((net, k) => {
    const part = all[net];
    const f = conditionFactor(part.config);
    const image = graph.input(`control${k}` satisfies ControlRow, [...rows, 3, f * height, f * width]);
    return { part, mode: modes[k], image: flat(image), scale: graph.input(`controlScale${k}` satisfies ControlScale, [1]) };
  });
}

/**
 * Whether a use leaves the negative prompt's row without a ControlNet: guess mode does. diffusers' pipeline switches it on for pooled residuals too.
 * @source diffusers 0.21.4, pipelines/controlnet/pipeline_controlnet.py
 */
export const seesPromptAlone = ({ mode, part }: Pick<ControlUse, "mode" | "part">): boolean =>
  mode === "guess" || part.config.residuals === "pooled";

/** The sum over all uses of what each adds: skips [N,C_level,…] and middle. Undefined without any. */
export function controlResiduals(
  uses: readonly ControlUse[],
  precision: Precision,
  { latent, embedding, text }: { readonly latent: Value; readonly embedding: Value; readonly text: Value },
): Encoded | undefined {
  const [N] = latent.shape;
  const parts = uses.map(({ part, mode, image, scale }): Encoded => {
    const [M] = image.shape;
    const last = (x: Value) => (M === N ? x : slice(x, 0, N - M, N));
    const p = checkpointParameters(latent.graph, part, precision);
    const inputs = { latent: last(latent), embedding, text: last(text), image, scale: cast(scale, precision) };
    const { skips, middle } = controlNet(part.config, p, inputs, mode === "balanced" ? "equal" : "guess");
    const whole = (r: Value) => (M === N ? r : concat([zerosLike(r, N - M), r], 0)); // [N,C_level,…]
    return { skips: skips.map(whole), middle: whole(middle) };
  });
  if (parts.length === 0) return undefined;
  return parts.reduce((a, b) => ({ skips: a.skips.map((r, i) => add(r, b.skips[i])), middle: add(a.middle, b.middle) }));
}

/** So many rows of zeros, each of the shape of a row of x. */
const zerosLike = ({ graph, shape, dtype }: Value, rows: number): Value =>
  expand(
    graph.constant(
      [0],
      shape.map(() => 1),
      dtype,
    ),
    [rows, ...shape.slice(1)],
  );
