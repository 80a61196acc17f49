/**
 * @file Convolutions in ONNX Runtime's blocked layout (NCHWc) on the CPU. ONNX Runtime chooses that layout by itself where weights are
 * initializers. While a network is trained its weights are inputs, so the graph emits the same nodes: ReorderInput -> Conv -> ReorderOutput of
 * the domain "com.microsoft.nchwc". B channels lie together, B the processor's block (engine: probeConvBlock); another B gives wrong
 * numbers without an error.
 */
import type { Shape } from "../../core/tensor.js";
import type { Value } from "../graph.js";
import { reshape, slices, transpose } from "./shape.js";

const DOMAIN = "com.microsoft.nchwc";

/** The graph's block, where it divides both channel counts of a kernel W [O,C,k,k]; else undefined. */
export function blockOf(w: Value): number | undefined {
  const { convBlock } = w.graph;
  return convBlock !== undefined && w.shape[0] % convBlock === 0 && w.shape[1] % convBlock === 0 ? convBlock : undefined;
}

/** W [O,C,k,k] in the layout of the blocked convolution, [O/B,C/B,k,k,B of C,B of O] seen as [O,C,k,k]. */
export function blockedKernel(w: Value, block: number): Value {
  const [O, C, kh, kw] = w.shape;
  const split = reshape(w, [O / block, block, C / block, block, kh, kw]);
  return reshape(transpose(split, [0, 2, 4, 5, 3, 1]), w.shape);
}

/** W [O,C,k,k] with channels swapped and turned by 180°, in the blocked layout: [C,O,k,k]. */
export function blockedTurnedKernel(w: Value, block: number): Value {
  const [O, C, kh, kw] = w.shape;
  const turned = kh === 1 && kw === 1 ? w : slices(w, [2, 3], [kh - 1, kw - 1], [-1, -1], [-1, -1]);
  const split = reshape(turned, [O / block, block, C / block, block, kh, kw]);
  return reshape(transpose(split, [2, 0, 4, 5, 1, 3]), [C, O, kh, kw]);
}

export interface BlockedConv {
  readonly x: Value; // [N,C,H,W]
  /** of blockedKernel, or a blocked picture as a kernel, [O,C,kh,kw] */
  readonly kernel: Value;
  readonly bias?: Value; // [O]
  readonly stride?: number;
  readonly padding?: number;
}

/** The convolution of x by a kernel that is blocked already -> [N,O,H',W'] in the plain layout. */
export function blockedConv({ x, kernel, bias, stride = 1, padding = 0 }: BlockedConv): Value {
  const [N, , H, W] = x.shape;
  const [O, , kh, kw] = kernel.shape;
  const out = [N, O, Math.floor((H + 2 * padding - kh) / stride) + 1, Math.floor((W + 2 * padding - kw) / stride) + 1];
  const attributes = { kernel_shape: [kh, kw], pads: [padding, padding, padding, padding], strides: [stride, stride], group: 1 };
  const y = node("Conv", bias ? [reorderInput(x), kernel, bias] : [reorderInput(x), kernel], attributes, out);
  return node("ReorderOutput", [y], { channels: O }, out);
}

/** x [N,C,H,W] with B channels together: [N,C/B,H,W,B] seen as [N,C,H,W]. */
export const reorderInput = (x: Value): Value => node("ReorderInput", [x], {}, x.shape);

const node = (type: string, inputs: readonly Value[], attributes: Parameters<Value["graph"]["node"]>[2], shape: Shape): Value =>
  inputs[0].graph.node(`${DOMAIN}.${type}`, inputs, attributes, [{ shape, dtype: inputs[0].dtype }])[0];
