/** @file Attention whose probabilities are changed before they weigh the values. From plain operators; `Attention` (matmul.ts) stays as it is. */
import { ShapeError } from "../../core/errors.js";
import type { Value } from "../graph.js";
import { fromHeads, matmul, probabilities, toHeads } from "./matmul.js";

/**
 * change(softmax(q·kᵀ/√d))·v for each head; q [B,S,C], k and v [B,T,C] -> [B,S,C]. All probabilities are in memory at once, unlike in `attention`:
 * for few pixels or few tokens.
 * @param change [B·heads,S,T] -> the same shape; the heads of a batch entry follow each other
 */
export function changedAttention(q: Value, k: Value, v: Value, heads: number, change: (P: Value) => Value): Value {
  const [Q, K, V] = [q, k, v].map((x) => toHeads(x, heads)); // [B·heads,S|T,d]
  const P = probabilities(Q, K, undefined); // [B·heads,S,T]
  const changed = change(P);
  if (`${changed.shape}` !== `${P.shape}`)
    throw new ShapeError("changedAttention", { got: `[${changed.shape}]`, want: `[${P.shape}]`, fix: "keep the probabilities' shape" });
  return fromHeads(matmul(changed, V), q.shape);
}
