/** @file Every operator once more, in float64 and in the slowest, plainest way: what the law tests hold kernel-lib/graph/ops against. */

import { aroundAt, type Edge } from "#kernel-lib/core/edge.js";
import type { Operator } from "#kernel-lib/graph/operator.js";
import type { OPERATORS, OperatorName } from "#kernel-lib/graph/operators.js";

/** Row-major numbers with their shape. */
export interface Numbers {
  readonly data: readonly number[];
  readonly shape: readonly number[];
}

export type Attrs<K extends OperatorName> = (typeof OPERATORS)[K] extends Operator<infer A> ? A : never;

/** Numbers of a shape, from the index of each. */
export function fill(shape: readonly number[], at: (index: readonly number[]) => number): Numbers {
  const data: number[] = [];
  const visit = (index: readonly number[]) => {
    if (index.length === shape.length) data.push(at(index));
    else for (let k = 0; k < shape[index.length]; k++) visit([...index, k]);
  };
  visit([]);
  return { data, shape };
}

/** x at an index, counted from the last axis; an axis of length 1 repeats. */
function read({ data, shape }: Numbers, index: readonly number[]): number {
  let at = 0;
  for (const [axis, side] of shape.entries()) at = at * side + (side === 1 ? 0 : index[index.length - shape.length + axis]);
  return data[at];
}

const sum = (n: number, term: (k: number) => number): number => {
  let total = 0;
  for (let k = 0; k < n; k++) total += term(k);
  return total;
};
const without = (index: readonly number[], axis: number, k: number): number[] => index.map((i, a) => (a === axis ? k : i));

function broadcast(...shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => Math.max(...shapes.map((shape) => shape[shape.length - rank + axis] ?? 1)));
}
const map =
  (f: (x: number) => number) =>
  ([x]: readonly Numbers[]) => [fill(x.shape, (i) => f(read(x, i)))];
const zip =
  (f: (a: number, b: number) => number) =>
  ([a, b]: readonly Numbers[]) => [fill(broadcast(a.shape, b.shape), (i) => f(read(a, i), read(b, i)))];

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
/** erf x = 2/√π·e^(−x²)·Σ 2ⁿx^(2n+1)/(1·3·…·(2n+1)); all terms have one sign. Source: Abramowitz and Stegun, 7.1.6. */
function erf(x: number): number {
  let [term, total] = [x, 0];
  for (let n = 0; n < 200; n++) {
    total += term;
    term *= (2 * x * x) / (2 * n + 3);
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total;
}

/** Mean and standard deviation (of n, not n − 1, plus epsilon under the root). */
function moments(values: readonly number[], epsilon: number): { mean: number; sigma: number } {
  const mean = sum(values.length, (k) => values[k]) / values.length;
  const variance = sum(values.length, (k) => (values[k] - mean) ** 2) / values.length;
  return { mean, sigma: Math.sqrt(variance + epsilon) };
}

function softmax(row: readonly number[]): number[] {
  const top = Math.max(...row);
  const raised = row.map((x) => Math.exp(x - top));
  const total = sum(row.length, (k) => raised[k]);
  return raised.map((x) => x / total);
}

function attention([q, k, v, mask]: readonly Numbers[], { heads }: Attrs<"Attention">): Numbers[] {
  const [, , C] = q.shape;
  const T = k.shape[1];
  const d = C / heads;
  return [
    fill(q.shape, ([b, s, c]) => {
      const head = Math.floor(c / d);
      const scores = Array.from({ length: T }, (_, t) => {
        const dot = sum(d, (e) => read(q, [b, s, head * d + e]) * read(k, [b, t, head * d + e]));
        return dot / Math.sqrt(d) + (mask ? read(mask, [b, head, s, t]) : 0);
      });
      const p = softmax(scores);
      return sum(T, (t) => p[t] * read(v, [b, t, c]));
    }),
  ];
}

/** Zeros outside the picture; where edges meet, its other side. */
export function convolution([x, w, b]: readonly Numbers[], { stride, padding }: Attrs<"Conv">, edge: Edge = "open"): Numbers[] {
  const around = aroundAt(edge);
  const [N, C, H, W] = x.shape;
  const [O, , size] = w.shape;
  const side = (d: number) => Math.floor((d + 2 * padding - size) / stride) + 1;
  const pixel = (n: number, c: number, row: number, column: number) => {
    const [i, j] = [around.y ? (row + H) % H : row, around.x ? (column + W) % W : column];
    return i < 0 || i >= H || j < 0 || j >= W ? 0 : x.data[((n * C + c) * H + i) * W + j];
  };
  const out = ([n, o, i, j]: readonly number[]) => {
    let total = b ? b.data[o] : 0;
    for (let c = 0; c < C; c++)
      for (let u = 0; u < size; u++)
        for (let v = 0; v < size; v++)
          total += w.data[((o * C + c) * size + u) * size + v] * pixel(n, c, i * stride + u - padding, j * stride + v - padding);
    return total;
  };
  return [fill([N, O, side(H), side(W)], out)];
}

/** Each pixel of x puts its kernel into a larger picture, of which `padding` is cut off on every side. */
function transposedConvolution([x, w, b]: readonly Numbers[], { stride, padding }: Attrs<"ConvTranspose">): Numbers[] {
  const [N, C, h, wd] = x.shape;
  const [, O, size] = w.shape;
  const side = (d: number) => (d - 1) * stride + size - 2 * padding;
  const [H, W] = [side(h), side(wd)];
  const data = fill([N, O, H, W], ([, o]) => (b ? b.data[o] : 0)).data.slice();
  fill([N, C, h, wd, O, size, size], ([n, c, i, j, o, u, v]) => {
    const [row, column] = [i * stride + u - padding, j * stride + v - padding];
    if (row >= 0 && row < H && column >= 0 && column < W)
      data[((n * O + o) * H + row) * W + column] += read(x, [n, c, i, j]) * read(w, [c, o, u, v]);
    return 0;
  });
  return [{ data, shape: [N, O, H, W] }];
}

/** Every pixel twice in both directions. */
function doubled(x: Numbers): Numbers {
  const [N, C, H, W] = x.shape;
  return fill([N, C, 2 * H, 2 * W], ([n, c, i, j]) => read(x, [n, c, i >> 1, j >> 1]));
}

function groupNorm([x, gamma, beta]: readonly Numbers[], { groups, epsilon }: Attrs<"GroupNorm">): Numbers[] {
  const [N, C, H, W] = x.shape;
  const M = (C / groups) * H * W; // a group's numbers lie together
  const stats = Array.from({ length: N * groups }, (_, k) => moments(x.data.slice(k * M, (k + 1) * M), epsilon));
  return [
    fill(x.shape, (index) => {
      const [n, c] = index;
      const { mean, sigma } = stats[n * groups + Math.floor((c * groups) / C)];
      return ((read(x, index) - mean) / sigma) * gamma.data[c] + beta.data[c];
    }),
  ];
}

/** The pixels around one, itself among them, inside the picture. */
function neighbours(x: Numbers, [n, c, i, j]: readonly number[]): number[] {
  const [, , H, W] = x.shape;
  const places = [-1, 0, 1].flatMap((u) => [-1, 0, 1].map((v) => [i + u, j + v]));
  return places
    .filter(([row, column]) => row >= 0 && column >= 0 && row < H && column < W)
    .map(([row, column]) => read(x, [n, c, row, column]));
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

function maxPool([x]: readonly Numbers[], { size, rounding }: Attrs<"MaxPool">): Numbers[] {
  const [N, C, H, W] = x.shape;
  // "ceil": windows start at 0, 2, 4, … as long as they reach a pixel that the window before did not; "floor": whole windows only
  const starts = (d: number) =>
    Array.from({ length: d }, (_, k) => 2 * k).filter((at) =>
      rounding === "floor" ? at + size <= d : at < d && (at === 0 || at - 2 + size < d),
    );
  const [tops, lefts] = [starts(H), starts(W)];
  return [
    fill([N, C, tops.length, lefts.length], ([n, c, i, j]) => {
      let top = Number.NEGATIVE_INFINITY;
      for (let u = tops[i]; u < Math.min(tops[i] + size, H); u++)
        for (let v = lefts[j]; v < Math.min(lefts[j] + size, W); v++) top = Math.max(top, read(x, [n, c, u, v]));
      return top;
    }),
  ];
}

function reduceSum([x]: readonly Numbers[], { axes }: { readonly axes: readonly number[] }): Numbers[] {
  const inner = x.shape.map((side, axis) => (axes.includes(axis) ? side : 1));
  const offsets: (readonly number[])[] = [];
  fill(inner, (index) => offsets.push(index));
  return [
    fill(
      x.shape.map((side, axis) => (axes.includes(axis) ? 1 : side)),
      (at) =>
        sum(offsets.length, (k) =>
          read(
            x,
            at.map((i, axis) => i + offsets[k][axis]),
          ),
        ),
    ),
  ];
}

/** The positions a Slice visits on one axis of length `size`. */
function positions(size: number, start: number, end: number, step: number): number[] {
  const list: number[] = [];
  for (let at = start; at >= 0 && at < size && (step > 0 ? at < end : at > end); at += step) list.push(at);
  return list;
}

export const REFERENCE: { readonly [K in OperatorName]: (inputs: readonly Numbers[], attrs: Attrs<K>) => readonly Numbers[] } = {
  Add: zip((a, b) => a + b),
  Sub: zip((a, b) => a - b),
  Mul: zip((a, b) => a * b),
  Div: zip((a, b) => a / b),
  Max: zip(Math.max),
  Neg: map((x) => -x),
  Abs: map(Math.abs),
  Exp: map(Math.exp),
  Log: map(Math.log),
  Sqrt: map(Math.sqrt),
  Sin: map(Math.sin),
  Cos: map(Math.cos),
  Erf: map(erf),
  Sigmoid: map(sigmoid),
  Relu: map((x) => (x > 0 ? x : 0)),
  Clip: (inputs, { low, high }) => map((x) => Math.min(Math.max(x, low), high))(inputs),
  Greater: zip((a, b) => (a > b ? 1 : 0)),
  Equal: zip((a, b) => (a === b ? 1 : 0)),
  Cast: map((x) => x), // the cases hold numbers that both types hold
  Silu: map((x) => x * sigmoid(x)),
  Gelu: map((x) => (x * (1 + erf(x / Math.SQRT2))) / 2),
  QuickGelu: map((x) => x * sigmoid(1.702 * x)),
  Gemm: ([x, w, b]) => [
    fill([x.shape[0], w.shape[0]], ([i, j]) => sum(x.shape[1], (k) => read(x, [i, k]) * read(w, [j, k])) + (b ? read(b, [j]) : 0)),
  ],
  MatMul: ([a, b]) => {
    const [m, k, n] = [a.shape[a.shape.length - 2], a.shape[a.shape.length - 1], b.shape[b.shape.length - 1]];
    const batch = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
    return [
      fill([...batch, m, n], (index) => {
        const [at, i, j] = [index.slice(0, -2), index[index.length - 2], index[index.length - 1]];
        return sum(k, (e) => read(a, [...at, i, e]) * read(b, [...at, e, j]));
      }),
    ];
  },
  Attention: attention,
  Conv: (inputs, attrs) => convolution(inputs, attrs),
  UpsampleConv: ([x, w, b]) => convolution(b ? [doubled(x), w, b] : [doubled(x), w], { stride: 1, padding: 1 }),
  ConvTranspose: transposedConvolution,
  LayerNorm: ([x, gamma, beta], { epsilon }) => {
    const last = x.shape.length - 1;
    const width = x.shape[last];
    return [
      fill(x.shape, (index) => {
        const { mean, sigma } = moments(
          Array.from({ length: width }, (_, k) => read(x, without(index, last, k))),
          epsilon,
        );
        return ((read(x, index) - mean) / sigma) * gamma.data[index[last]] + beta.data[index[last]];
      }),
    ];
  },
  GroupNorm: groupNorm,
  UnitLength: ([x], { epsilon, place }) => [
    fill(x.shape, (index) => {
      const square = sum(x.shape[1], (c) => read(x, without(index, 1, c)) ** 2);
      return read(x, index) / (place === "inside" ? Math.sqrt(square + epsilon) : Math.sqrt(square) + epsilon);
    }),
  ],
  AveragePool: ([x]) => {
    const [N, C, H, W] = x.shape;
    return [fill([N, C, H / 2, W / 2], ([n, c, i, j]) => sum(4, (k) => read(x, [n, c, 2 * i + (k >> 1), 2 * j + (k & 1)])) / 4)];
  },
  MaxPool: maxPool,
  AverageAround: ([x]) => [fill(x.shape, (index) => mean(neighbours(x, index)))],
  MaxAround: ([x]) => [fill(x.shape, (index) => Math.max(...neighbours(x, index)))],
  LineConv: ([x, w, b]) => {
    const [N, C, H, W] = x.shape;
    const [O, , kh, kw] = w.shape;
    const pixel = (n: number, c: number, i: number, j: number) => (i < 0 || j < 0 || i >= H || j >= W ? 0 : read(x, [n, c, i, j]));
    return [
      fill([N, O, H, W], ([n, o, i, j]) => {
        let total = b ? b.data[o] : 0;
        for (let c = 0; c < C; c++)
          for (let u = 0; u < kh; u++)
            for (let v = 0; v < kw; v++) total += read(w, [o, c, u, v]) * pixel(n, c, i + u - (kh - 1) / 2, j + v - (kw - 1) / 2);
        return total;
      }),
    ];
  },
  Resize: ([x]) => [doubled(x)],
  ReduceSum: reduceSum,
  ReduceMean: (inputs, attrs) => {
    const count = attrs.axes.reduce((n, axis) => n * inputs[0].shape[axis], 1);
    return map((x) => x / count)(reduceSum(inputs, attrs));
  },
  Softmax: ([x]) => {
    const last = x.shape.length - 1;
    return [
      fill(x.shape, (index) => softmax(Array.from({ length: x.shape[last] }, (_, k) => read(x, without(index, last, k))))[index[last]]),
    ];
  },
  Reshape: ([x], { shape }) => [{ data: x.data, shape }],
  Transpose: ([x], { perm }) => [
    fill(
      perm.map((axis) => x.shape[axis]),
      (index) =>
        read(
          x,
          x.shape.map((_, axis) => index[perm.indexOf(axis)]),
        ),
    ),
  ],
  Concat: (parts, { axis }) => {
    const owners = parts.flatMap((part) => Array.from({ length: part.shape[axis] }, (_, k) => ({ part, k })));
    return [
      fill(
        parts[0].shape.map((side, a) => (a === axis ? owners.length : side)),
        (index) => {
          const { part, k } = owners[index[axis]];
          return read(part, without(index, axis, k));
        },
      ),
    ];
  },
  Split: ([x], { axis, sizes }) =>
    sizes.map((size, part) => {
      const before = sum(part, (k) => sizes[k]);
      return fill(
        x.shape.map((side, a) => (a === axis ? size : side)),
        (index) => read(x, without(index, axis, before + index[axis])),
      );
    }),
  Slice: ([x], { axes, starts, ends, steps }) => {
    const kept = x.shape.map((side, axis) => {
      const k = axes.indexOf(axis);
      return k < 0 ? positions(side, 0, side, 1) : positions(side, starts[k], ends[k], steps[k]);
    });
    return [
      fill(
        kept.map((list) => list.length),
        (index) =>
          read(
            x,
            index.map((i, axis) => kept[axis][i]),
          ),
      ),
    ];
  },
  Pad: ([x], { before, after, mode }) => [
    fill(
      x.shape.map((side, axis) => before[axis] + side + after[axis]),
      (index) => {
        const from = index.map((i, axis) => i - before[axis]);
        if (mode === "wrap")
          return read(
            x,
            from.map((i, axis) => (i + x.shape[axis]) % x.shape[axis]),
          );
        return from.every((i, axis) => i >= 0 && i < x.shape[axis]) ? read(x, from) : 0;
      },
    ),
  ],
  Expand: ([x], { shape }) => [fill(broadcast(x.shape, shape), (index) => read(x, index))],
  Gather: ([table, ids]) => [
    fill([...ids.shape, ...table.shape.slice(1)], (index) => {
      const row = read(ids, index.slice(0, ids.shape.length));
      return read(table, [row, ...index.slice(ids.shape.length)]);
    }),
  ],
  ArgMin: ([x], { axis }) => [
    fill(
      x.shape.filter((_, k) => k !== axis),
      (index) => {
        const row = Array.from({ length: x.shape[axis] }, (_, k) => read(x, [...index.slice(0, axis), k, ...index.slice(axis)]));
        return row.indexOf(Math.min(...row));
      },
    ),
  ],
  StopGradient: map((x) => x),
};
