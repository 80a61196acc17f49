/** @file The package's entry `veduta/graph`: what the author of an operator, a gradient, a network or a pipeline uses. */

export type { Edge } from "./core/edge.js";
export type { JsonObject } from "./core/json.js";
export type { DeviceTensor, Shape, Tensor } from "./core/tensor.js";
export type { Device } from "./engine/device.js";
export type { Engine, OnDevice, Uninferred } from "./engine/engine.js";
export type { MemoryDemand } from "./engine/memory-demand.js";
export type { AnyProgram, Plan } from "./engine/plan.js";
export type { GraphMemory, Program, ProgramFeeds, ProgramResults } from "./engine/program.js";
export type { Runtime } from "./engine/runtime.js";
export { startRuntime } from "./engine/runtime.js";
export type { DeviceBuffer, Feed, Feeds, Results, Session, SessionOptions, WeightLayout } from "./engine/session.js";
export { gradient } from "./graph/gradient.js";
export type {
  Attribute,
  Attributes,
  DType,
  ExternalData,
  GraphOptions,
  Initializer,
  Keeper,
  Node,
  TapeEntry,
  Value,
} from "./graph/graph.js";
export { Graph } from "./graph/graph.js";
export type { Precision } from "./graph/half.js";
export type { Call, Operator, PlainOperator, PullBack } from "./graph/operator.js";
export { apply, applyAll, plain } from "./graph/operator.js";
export type { OperatorName } from "./graph/operators.js";
export { OPERATORS } from "./graph/operators.js";
export { argMin, stopGradient } from "./graph/ops/arg.js";
export type { ConvOptions } from "./graph/ops/conv.js";
export { conv } from "./graph/ops/conv.js";
export type { ConvTransposeOptions } from "./graph/ops/conv-transpose.js";
export { convTranspose } from "./graph/ops/conv-transpose.js";
export type { Binary, Unary } from "./graph/ops/elementwise.js";
export {
  abs,
  add,
  cast,
  clip,
  cos,
  div,
  exp,
  gelu,
  greater,
  log,
  max,
  mul,
  neg,
  relu,
  sigmoid,
  silu,
  sin,
  sqrt,
  sub,
} from "./graph/ops/elementwise.js";
export { attention, linear, matmul } from "./graph/ops/matmul.js";
export { groupNorm, layerNorm } from "./graph/ops/norm.js";
export { reduceMean, reduceSum, softmax } from "./graph/ops/reduce.js";
export { concat, expand, gather, pad, reshape, slice, split, transpose } from "./graph/ops/shape.js";
export type { Parameters } from "./nets/parameters.js";
export { checkpointParameters } from "./nets/parameters.js";
export { networkReader } from "./pipelines/folder.js";
export type { CheckpointKind, OpenParts, PartReader, Pipeline } from "./pipelines/pipeline.js";
export { registerPipeline } from "./pipelines/pipelines.js";
export type { Dtype } from "./weights/dtype.js";
export type { TensorRef } from "./weights/safetensors.js";
export type { AppendedRows, LowRankUpdate, WeightUpdate, WeightUpdates } from "./weights/weight-updates.js";
export type { Weights } from "./weights/weights.js";
