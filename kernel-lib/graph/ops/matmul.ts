/** @file Matrix products and what is made of them: linear layers and attention. */
import { ShapeError } from "../../core/errors.js";
import { once } from "../../core/once.js";
import { type Shape, sizeOf } from "../../core/tensor.js";
import type { Value } from "../graph.js";
import type { Operator } from "../operator.js";
import { apply, broadcastShape, plain } from "../operator.js";
import { after } from "./after.js";
import { add, cast, mul, sub } from "./elementwise.js";
import { reduceSum, softmax } from "./reduce.js";
import { concat, reshape, slice, transpose } from "./shape.js";

/** C = A·B over the last two axes, the others broadcast; dA = dC·Bᵀ, dB = Aᵀ·dC. */
export const MatMul = plain({
  name: "MatMul",
  shape: ([a, b]) => {
    const batches = [a.slice(0, -2), b.slice(0, -2)];
    const [p, q] = batches.map((batch) => [...batch].reverse());
    const apart = p.some((d, k) => d !== 1 && (q[k] ?? 1) !== 1 && q[k] !== d);
    if (a.length < 2 || b.length < 2 || a[a.length - 1] !== b[b.length - 2] || apart)
      throw new ShapeError("MatMul", { got: `[${a}] · [${b}]`, want: "[…,m,k] · […,k,n]" });
    return [[...broadcastShape("MatMul", batches), a[a.length - 2], b[b.length - 1]]];
  },
  pullBack: ({ inputs: [a, b], dy }) => [
    () => matmul(dy, swap(b)),
    // one matrix for a whole batch: flatten the batch into rows rather than sum a product a batch entry
    () => (b.shape.length === 2 ? matmul(swap(flat(a)), flat(dy)) : matmul(swap(a), dy)),
  ],
});

const swap = (x: Value): Value => {
  const r = x.shape.length;
  return transpose(
    x,
    [...x.shape.keys()].map((k) => (k === r - 1 ? r - 2 : k === r - 2 ? r - 1 : k)),
  );
};
const flat = (x: Value): Value => (x.shape.length === 2 ? x : reshape(x, [sizeOf(x.shape.slice(0, -1)), x.shape[x.shape.length - 1]]));

/** The matrix product over the last two axes, broadcast over the others. */
export const matmul = (a: Value, b: Value): Value => apply(MatMul, [a, b], undefined);

/**
 * y = x·Wᵀ + b; x [m,in], W [out,in] as PyTorch stores it, b [out] -> [m,out]; dx = dy·W, dW = dyᵀ·x, db = Σ dy. Neither direction needs
 * W transposed, so a session can use it where it lies in its file.
 */
export const Gemm = plain({
  name: "Gemm",
  shape: ([x, w, b]) => {
    if (x.length !== 2 || w.length !== 2 || x[1] !== w[1] || (b && `${b}` !== `${w[0]}`))
      throw new ShapeError("Gemm", { got: `x [${x}], W [${w}]${b ? `, b [${b}]` : ""}`, want: "x [m,in], W [out,in], b [out]" });
    return [[x[0], w[0]]];
  },
  node: () => ({ attributes: { transB: 1 } }),
  pullBack: ({ inputs: [x, w], dy }) => [() => matmul(dy, w), () => matmul(swap(dy), x), () => reshape(reduceSum(dy, [0]), [w.shape[0]])],
});

/** A linear layer: x […,in], W [out,in], b [out] -> […,out]. */
export function linear(x: Value, weight: Value, bias?: Value): Value {
  const rows = flat(x); // [m,in]
  return reshape(apply(Gemm, bias ? [rows, weight, bias] : [rows, weight], undefined), [...x.shape.slice(0, -1), weight.shape[0]]);
}

export interface AttentionAttrs {
  readonly heads: number;
}

/**
 * softmax(Q·Kᵀ/√d + mask)·V a head, d = C/heads; q [B,S,C], k and v [B,T,C], mask [S,T] -> [B,S,C].
 * With S the scores, P the probabilities, O the result and D = Σ dO∘O a row (∘ elementwise): dV = Pᵀ·dO, dS = P∘(dO·Vᵀ − D),
 * dQ = dS·K/√d, dK = dSᵀ·Q/√d, dmask = dS summed over batch and heads. Source of D, and of P computed again: FlashAttention,
 * arXiv:2205.14135, B.4.
 */
export const Attention: Operator<AttentionAttrs> = {
  name: "Attention",
  build: ([q, k, v, mask], { heads }, graph) => {
    const [B, S, C] = q.shape;
    const T = k.shape[1];
    const fits = q.shape.length === 3 && [k, v].every(({ shape }) => `${shape}` === `${[B, T, C]}`) && C % heads === 0;
    if (!fits || (mask && `${mask.shape}` !== `${[S, T]}`))
      throw new ShapeError("Attention", {
        got: `${[q, k, v].map(({ shape }) => `[${shape}]`)}${mask ? `, mask [${mask.shape}]` : ""} with ${heads} heads`,
        want: "[B,S,C], [B,T,C], [B,T,C], a mask [S,T], C a multiple of heads",
      });
    const [Q, K, V] = [q, k, v].map((x) => toHeads(x, heads)); // [B·heads,S|T,d]
    const tiles = tilesOf(Q, K);
    if (tiles.length === 1 && tiles[0].length === 1) {
      const P = probabilities(Q, K, mask); // [B·heads,S,T]
      const O = graph.keep(() => matmul(P, V)); // [B·heads,S,d]
      return { outputs: [fromHeads(O, q.shape)], saved: [Q, K, V, O, P] };
    }
    const O = graph.keep(() => {
      let before: Value[] = [];
      const one = ({ ofQueries, ofKeys, ofMask }: Tile) => {
        const P = probabilities(before.reduce(after, ofQueries(Q)), ofKeys(K), mask && ofMask(mask)); // [rows,queries,T]
        before = [matmul(P, ofKeys(V))]; // [rows,queries,d]
        return before[0];
      };
      return joined(
        tiles.map((queries) => joined(queries.map(one), 1)),
        0,
      ); // [B·heads,S,d]
    });
    return { outputs: [fromHeads(O, q.shape)], saved: [Q, K, V, O] };
  },
  pullBack: ({ inputs: [q, k, v, mask], attrs: { heads }, saved: [Q, K, V, O, P], dy, needed }) => {
    const scale = Q.shape[2] ** -0.5;
    const [forQ, forK, forV, forMask] = [q, k, v, mask].map((x) => x !== undefined && needed.includes(x));
    const grads = once(() => {
      const dO = toHeads(dy, heads); // [B·heads,S,d]
      let before: Value[] = [];
      return tilesOf(Q, K).map((queries) =>
        queries.map(({ ofQueries, ofKeys, ofMask }) => {
          const [Qp, dOp] = [Q, dO].map((x) => before.reduce(after, ofQueries(x))); // [rows,queries,d]
          const Pp = P ?? probabilities(Qp, ofKeys(K), mask && ofMask(mask)); // [rows,queries,T]
          const dS = once(() => mul(Pp, sub(matmul(dOp, swap(ofKeys(V))), reduceSum(mul(dOp, ofQueries(O)), [-1])))); // [rows,queries,T]
          const found = {
            dQ: forQ && mul(matmul(dS(), ofKeys(K)), scale), // [rows,queries,d]
            dK: forK && mul(matmul(swap(dS()), Qp), scale), // [rows,T,d]
            dV: forV && matmul(swap(Pp), dOp), // [rows,T,d]
            dmask: forMask && reduceSum(dS(), [0]), // [1,queries,T]
          };
          before = Object.values(found).filter((d) => d !== false);
          return found;
        }),
      );
    });
    const get = (name: "dQ" | "dK" | "dV" | "dmask") => grads().map((queries) => queries.map((tile) => tile[name] as Value));
    const sum = (values: readonly Value[]) => values.reduce((a, b) => add(a, b));
    return [
      () =>
        fromHeads(
          joined(
            get("dQ").map((queries) => joined(queries, 1)),
            0,
          ),
          q.shape,
        ),
      () => fromHeads(joined(get("dK").map(sum), 0), k.shape),
      () => fromHeads(joined(get("dV").map(sum), 0), v.shape),
      () => sum(get("dmask").map((queries) => joined(queries, 1))),
    ];
  },
};

/** Some rows (a head of a batch entry each) and some of their queries, cut out of [rows,S,d], [rows,T,d] and [S,T]. */
type Tile = Readonly<Record<"ofQueries" | "ofKeys" | "ofMask", (x: Value) => Value>>;

/** Beyond this many, a graph would take longer to load than to run. */
const MOST_TILES = 256;

/** Tiles of the attention: [row tile][query tile]. One tile normally; with checkpointing, as many as keep a tile's scores under `scoreBytes`. */
function tilesOf({ graph, shape: [rows, S] }: Value, { shape: [, T] }: Value): Tile[][] {
  const all = rows * S * T;
  const most = graph.checkpointing ? Math.max(graph.scoreBytes / 4, all / MOST_TILES) : all;
  const ranges = (n: number, size: number) =>
    Array.from({ length: Math.ceil(n / size) }, (_, k) => [k * size, Math.min(n, (k + 1) * size)] as const);
  const queries = ranges(S, Math.max(1, Math.min(S, Math.floor(most / T))));
  const cut = (x: Value, axis: number, [from, to]: readonly [number, number]) =>
    to - from === x.shape[axis] ? x : slice(x, axis, from, to);
  return ranges(rows, Math.max(1, Math.min(rows, Math.floor(most / (S * T))))).map((row) =>
    queries.map((query) => ({
      ofQueries: (x) => cut(cut(x, 0, row), 1, query),
      ofKeys: (x) => cut(x, 0, row),
      ofMask: (x) => cut(x, 0, query),
    })),
  );
}

const joined = (parts: readonly Value[], axis: number): Value => (parts.length === 1 ? parts[0] : concat(parts, axis));

/**
 * softmax(Q·Kᵀ/√d + mask): [rows,S,d], [rows,T,d] -> [rows,S,T]. In float32 whatever the inputs' type: half precision ends at 65504, below
 * the scores of some networks (Stable Diffusion 2.1).
 */
export function probabilities(Q: Value, K: Value, mask: Value | undefined): Value {
  const [wideQ, wideK] = [Q, K].map((x) => cast(x, "float32"));
  const scores = mul(matmul(wideQ, swap(wideK)), Q.shape[2] ** -0.5);
  return cast(softmax(mask ? add(scores, cast(mask, "float32")) : scores), Q.dtype);
}

/** [B,S,C] -> [B·heads,S,C/heads] */
export const toHeads = (x: Value, heads: number): Value => {
  const [B, S, C] = x.shape;
  return reshape(transpose(reshape(x, [B, S, heads, C / heads]), [0, 2, 1, 3]), [B * heads, S, C / heads]);
};
/** [B·heads,S,C/heads] -> [B,S,C] */
export const fromHeads = (x: Value, [B, S, C]: Shape): Value =>
  reshape(transpose(reshape(x, [B, x.shape[0] / B, S, x.shape[2]]), [0, 2, 1, 3]), [B, S, C]);

/** softmax(q·kᵀ/√d)·v for each head; q [N,T,C], k and v [N,S,C] -> [N,T,C]. */
export const attention = (q: Value, k: Value, v: Value, heads: number, mask?: Value): Value =>
  apply(Attention, mask ? [q, k, v, mask] : [q, k, v], { heads });
