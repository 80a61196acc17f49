/** @file A training's loss and its gradients as one graph, whose inputs are the parameters. */
import type { Shape } from "../../kernel-lib/core/tensor.js";
import { gradient } from "../../kernel-lib/graph/gradient.js";
import { Graph } from "../../kernel-lib/graph/graph.js";
import { onnxBytes } from "../../kernel-lib/graph/onnx.js";
import { inputParameters } from "../../kernel-lib/nets/parameters.js";
import type { LossGraph } from "./training.js";

/** What stands before a parameter's key in the names of inputs and outputs. */
export const PARAMETER = "parameter:";
export const GRADIENT = "gradient:";

export interface TrainingProgram {
  readonly model: Uint8Array;
  readonly shapes: ReadonlyMap<string, Shape>;
}

/** @param convBlock of probeConvBlock; undefined for plain convolutions */
export function trainingProgram(loss: LossGraph, convBlock: number | undefined): TrainingProgram {
  const graph = new Graph({ convBlock });
  const parameters = inputParameters(graph, PARAMETER);
  const logged = loss(graph, parameters);
  for (const [name, value] of Object.entries(logged)) graph.output(name, value);
  const keys = [...parameters.all.keys()];
  for (const [k, d] of gradient(graph, logged.loss, [...parameters.all.values()]).entries()) graph.output(GRADIENT + keys[k], d);
  return { model: onnxBytes(graph), shapes: new Map([...parameters.all].map(([key, value]) => [key, value.shape])) };
}
