/** @file The table of all operators by name: what the law tests go through, and what a lesson can list. */

import type { Operator } from "./operator.js";
import { ArgMin, StopGradient } from "./ops/arg.js";
import { Conv, UpsampleConv } from "./ops/conv.js";
import { ConvTranspose } from "./ops/conv-transpose.js";
import {
  Abs,
  Add,
  Cast,
  Clip,
  Cos,
  Div,
  Equal,
  Erf,
  Exp,
  Gelu,
  Greater,
  Log,
  Max,
  Mul,
  Neg,
  QuickGelu,
  Relu,
  Sigmoid,
  Silu,
  Sin,
  Sqrt,
  Sub,
} from "./ops/elementwise.js";
import { LineConv } from "./ops/line-conv.js";
import { Attention, Gemm, MatMul } from "./ops/matmul.js";
import { GroupNorm, LayerNorm, UnitLength } from "./ops/norm.js";
import { AverageAround, AveragePool, MaxAround, MaxPool, Resize } from "./ops/pool.js";
import { ReduceMean, ReduceSum, Softmax } from "./ops/reduce.js";
import { Concat, Expand, Gather, Pad, Reshape, Slice, Split, Transpose } from "./ops/shape.js";

/** Every operator under its own name, family by family. */
export const OPERATORS = {
  Add,
  Sub,
  Mul,
  Div,
  Max,
  Neg,
  Abs,
  Exp,
  Log,
  Sqrt,
  Sin,
  Cos,
  Erf,
  Sigmoid,
  Relu,
  Clip,
  Greater,
  Equal,
  Cast,
  Silu,
  Gelu,
  QuickGelu,
  MatMul,
  Gemm,
  Attention,
  Conv,
  UpsampleConv,
  ConvTranspose,
  LineConv,
  LayerNorm,
  GroupNorm,
  UnitLength,
  AveragePool,
  MaxPool,
  AverageAround,
  MaxAround,
  Resize,
  ReduceSum,
  ReduceMean,
  Softmax,
  Reshape,
  Transpose,
  Concat,
  Split,
  Slice,
  Pad,
  Expand,
  Gather,
  ArgMin,
  StopGradient,
} as const satisfies Record<string, Operator<never>>;

/** The name of an operator of the table. */
export type OperatorName = keyof typeof OPERATORS;
