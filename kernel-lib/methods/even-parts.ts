/** @file Splits rows for network calls. */
import { rows, type Tensor } from "../core/tensor.js";

/** Splits the rows of x into the fewest, nearly equal parts of at most `size` rows: few sizes need few loaded graphs. */
export function evenParts(x: Tensor, size: number): Tensor[] {
  const [n] = x.shape;
  const even = Math.ceil(n / Math.ceil(n / size));
  const parts: Tensor[] = [];
  for (let from = 0; from < n; from += even) parts.push(rows(x, from, Math.min(n, from + even)));
  return parts;
}
