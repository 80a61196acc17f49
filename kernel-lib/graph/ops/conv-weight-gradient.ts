/** @file dL/dW of a convolution. Four ways give the same numbers; shapes choose the fastest (findings of docs/training.md). */
import { sizeOf } from "../../core/tensor.js";
import type { Value } from "../graph.js";
import { blockedConv, reorderInput } from "./blocked-conv.js";
import { matmul } from "./matmul.js";
import { reduceSum } from "./reduce.js";
import { concat, pad, reshape, slices, transpose } from "./shape.js";

/** Pixels of a map below which one product over batch and pixels is faster than one product per batch entry. */
const FEW_PIXELS = 256;
/** Pixels of a map up to which dy is small enough to be the kernel of a convolution. */
const KERNEL_PIXELS = 64;

/**
 * dW[:,:,i,j] = Σ_N dy · (x shifted by (i,j))ᵀ for y = W ⋆ x.
 * @param x [N,C,H,W]  @param w [O,C,kh,kw]  @param dy [N,O,h,w]
 */
export function weightGradient(x: Value, w: Value, dy: Value, attrs: { readonly stride: number; readonly padding: number }): Value {
  const [O, , kh] = w.shape;
  const [N, , h, wd] = dy.shape;
  const { convBlock } = w.graph;
  if (convBlock !== undefined && kh === 3 && attrs.stride === 1 && attrs.padding === 1) {
    if (h * wd <= KERNEL_PIXELS && N % convBlock === 0 && O % convBlock === 0) return asConvolution(x, w, dy, convBlock);
    return byRows(x, w, dy);
  }
  return byTaps(x, w, dy, attrs);
}

/** The batch plays the channels: x [C,N,h+2,w+2] under the kernels dy [O,N,h,w] gives [C,O,3,3]. One blocked convolution. */
function asConvolution(x: Value, w: Value, dy: Value, block: number): Value {
  const [N, O, h, wd] = dy.shape;
  const split = reshape(reorderInput(dy), [N / block, block, O / block, h * wd, block]);
  const kernel = reshape(transpose(split, [2, 0, 3, 1, 4]), [O, N, h, wd]);
  const padded = pad(transpose(x, [1, 0, 2, 3]), [0, 0, 1, 1], [0, 0, 1, 1]); // [C,N,h+2,w+2]
  return reshape(transpose(blockedConv({ x: padded, kernel }), [1, 0, 2, 3]), w.shape); // [C,O,3,3] -> [O,C,3,3]
}

/** Three products instead of nine: dy stands at its three rows of a padded map, so that one product covers the three taps of a column. */
function byRows(x: Value, w: Value, dy: Value): Value {
  const [O, C] = w.shape;
  const [N, , h, wd] = dy.shape;
  const length = (h + 2) * wd;
  const padded = pad(x, [0, 0, 1, 1], [0, 0, 1, 1]); // [N,C,h+2,w+2]
  const rows = concat(
    [0, 1, 2].map((i) => pad(dy, [0, 0, i, 0], [0, 0, 2 - i, 0])),
    1,
  ); // [N,3·O,h+2,w]
  const flat = reshape(rows, [N, 3 * O, length]);
  const columns = [0, 1, 2].map((j) => {
    const shifted = reshape(slices(padded, [3], [j], [j + wd], [1]), [N, C, length]);
    return reshape(reduceSum(matmul(flat, transpose(shifted, [0, 2, 1])), [0]), [3, O, C, 1]);
  });
  return transpose(concat(columns, 3), [1, 2, 0, 3]); // [3 rows,O,C,3 columns] -> [O,C,3,3]
}

/** One product per tap. */
function byTaps(x: Value, w: Value, dy: Value, { stride, padding }: { readonly stride: number; readonly padding: number }): Value {
  const [O, C, kh, kw] = w.shape;
  const [N, , h, wd] = dy.shape;
  const pixels = h * wd;
  const padded = pad(x, [0, 0, padding, padding], [0, 0, padding, padding]);
  const tap = (i: number, j: number) => {
    const whole = kh === 1 && kw === 1 && stride === 1;
    return whole ? padded : slices(padded, [2, 3], [i, j], [i + (h - 1) * stride + 1, j + (wd - 1) * stride + 1], [stride, stride]); // [N,C,h,w]
  };
  const taps = Array.from({ length: kh * kw }, (_, k) => tap(Math.floor(k / kw), k % kw));
  const products =
    pixels < FEW_PIXELS
      ? taps.map((t) => matmul(rowsOf(dy, O), transpose(rowsOf(t, C), [1, 0]))) // [O,N·hw]·[N·hw,C]
      : taps.map((t) => {
          const each = matmul(reshape(dy, [N, O, pixels]), transpose(reshape(t, [N, C, pixels]), [0, 2, 1])); // [N,O,C]
          return reshape(reduceSum(each, [0]), [O, C]);
        });
  const stacked =
    products.length === 1
      ? products[0]
      : concat(
          products.map((p) => reshape(p, [O, C, 1])),
          2,
        ); // [O,C,kh·kw]
  return reshape(stacked, w.shape);
}

/** [N,C,h,w] -> [C,N·h·w] */
const rowsOf = (t: Value, channels: number): Value => reshape(transpose(t, [1, 0, 2, 3]), [channels, sizeOf(t.shape) / channels]);
