/** @file Matrix products and what is made of them: linear layers and attention. */
import { ShapeError } from "../../core/errors.js";
import { sizeOf } from "../../core/tensor.js";
import type { Value } from "../graph.js";
import type { Operator } from "../operator.js";
import { apply, broadcastShape, plain } from "../operator.js";
import { add, mul, sub } from "./elementwise.js";
import { reduceSum, softmax } from "./reduce.js";
import { reshape, transpose } from "./shape.js";

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

export const matmul = (a: Value, b: Value): Value => apply(MatMul, [a, b], undefined);

/** y = x·Wᵀ + b with W [out,in] as PyTorch stores it; ONNX Runtime folds the transposition into its product. */
export function linear(x: Value, weight: Value, bias?: Value): Value {
  const y = matmul(x, transpose(weight, [1, 0])); // […,in] · [in,out]
  return bias ? add(y, bias) : y;
}

export interface AttentionAttrs {
  readonly heads: number;
}

/**
 * softmax(Q·Kᵀ/√d + mask)·V a head, d = C/heads; q [B,S,C], k and v [B,T,C], mask [S,T] -> [B,S,C].
 * With S the scores, P the probabilities, O the result and D = Σ dO∘O a row (∘ elementwise): dV = Pᵀ·dO, dS = P∘(dO·Vᵀ − D),
 * dQ = dS·K/√d, dK = dSᵀ·Q/√d, dmask = dS summed over batch and heads (the walker's). Source of D: FlashAttention, arXiv:2205.14135, B.4.
 */
export const Attention: Operator<AttentionAttrs> = {
  name: "Attention",
  build: ([q, k, v, mask], { heads }) => {
    const [B, S, C] = q.shape;
    const T = k.shape[1];
    const fits = q.shape.length === 3 && [k, v].every(({ shape }) => `${shape}` === `${[B, T, C]}`) && C % heads === 0;
    if (!fits || (mask && `${mask.shape}` !== `${[S, T]}`))
      throw new ShapeError("Attention", {
        got: `${[q, k, v].map(({ shape }) => `[${shape}]`)}${mask ? `, mask [${mask.shape}]` : ""} with ${heads} heads`,
        want: "[B,S,C], [B,T,C], [B,T,C], a mask [S,T], C a multiple of heads",
      });
    const Q = toHeads(q, heads); // [B,heads,S,d]
    const K = toHeads(k, heads); // [B,heads,T,d]
    const V = toHeads(v, heads); // [B,heads,T,d]
    const scores = mul(matmul(Q, swap(K)), (C / heads) ** -0.5); // [B,heads,S,T]
    const P = softmax(mask ? add(scores, mask) : scores);
    const O = matmul(P, V); // [B,heads,S,d]
    return { outputs: [fromHeads(O, [B, S, C])], saved: [Q, K, V, P, O] };
  },
  pullBack: ({ inputs: [q, k], attrs: { heads }, saved: [Q, K, V, P, O], dy }) => {
    const scale = (q.shape[2] / heads) ** -0.5;
    const once = <T>(f: () => T) => {
      let made: T | undefined;
      return () => (made ??= f());
    };
    const dO = once(() => toHeads(dy, heads)); // [B,heads,S,d]
    const dS = once(() => mul(P, sub(matmul(dO(), swap(V)), reduceSum(mul(dO(), O), [-1])))); // [B,heads,S,T]
    return [
      () => fromHeads(mul(matmul(dS(), K), scale), q.shape),
      () => fromHeads(mul(matmul(swap(dS()), Q), scale), k.shape),
      () => fromHeads(matmul(swap(P), dO()), k.shape),
      dS,
    ];
  },
};

/** [B,S,C] -> [B,heads,S,C/heads] */
const toHeads = (x: Value, heads: number): Value => {
  const [B, S, C] = x.shape;
  return transpose(reshape(x, [B, S, heads, C / heads]), [0, 2, 1, 3]);
};
const fromHeads = (x: Value, shape: readonly number[]): Value => reshape(transpose(x, [0, 2, 1, 3]), shape);

export const attention = (q: Value, k: Value, v: Value, heads: number, mask?: Value): Value =>
  apply(Attention, mask ? [q, k, v, mask] : [q, k, v], { heads });
