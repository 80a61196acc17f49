/** @file A tensor is its numbers and its shape, nothing more. NCHW everywhere. */
import { ShapeError } from "./errors.js";

/** Row-major float32 numbers with their shape. Empty tensors (`[0]`) are legal. */
export interface Tensor {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

export type Shape = readonly number[];

/** A tensor in a device's memory: what later calls on that device take without its being sent. */
export interface DeviceTensor {
  /** the number of its buffer on the device */
  readonly buffer: number;
  readonly shape: Shape;
  /** Frees it; twice is once. One that nothing refers to is freed with the garbage. */
  release(): void;
}

/** The number of elements of a shape; 1 for a scalar. */
export const sizeOf = (shape: Shape): number => shape.reduce((n, d) => n * d, 1);

/**
 * A tensor of these numbers. `data` is kept, not copied, when it is a Float32Array.
 * @throws ShapeError where the shape is not whole numbers >= 0 or does not hold exactly the numbers given.
 */
export function tensor(data: Float32Array | readonly number[], shape: Shape): Tensor {
  if (!shape.every((d) => Number.isInteger(d) && d >= 0)) throw new ShapeError("tensor", { got: shape, want: "whole numbers >= 0" });
  if (data.length !== sizeOf(shape))
    throw new ShapeError("tensor", { got: `${data.length} numbers for shape [${shape}]`, want: `${sizeOf(shape)} numbers` });
  return { data: data instanceof Float32Array ? data : Float32Array.from(data), shape: [...shape] };
}

/** A tensor of zeros. */
export const zeros = (shape: Shape): Tensor => tensor(new Float32Array(sizeOf(shape)), shape);

/** The shape, or an error that names who asked. */
export function expectShape(who: string, got: Pick<Tensor, "shape">, want: readonly (number | string)[], fix?: string): void {
  const fits = got.shape.length === want.length && want.every((d, k) => typeof d === "string" || d === got.shape[k]);
  if (!fits) throw new ShapeError(who, { got: `[${got.shape}]`, want: `[${want}]`, fix });
}

/** Rows [from, to) of the first axis; shares memory with `x`. */
export function rows(x: Tensor, from: number, to: number): Tensor {
  const stride = sizeOf(x.shape.slice(1));
  return { data: x.data.subarray(from * stride, to * stride), shape: [to - from, ...x.shape.slice(1)] };
}

/** Tensors of equal row shape, one after the other along the first axis. */
export function stack(parts: readonly Tensor[]): Tensor {
  const rest = parts[0].shape.slice(1);
  for (const part of parts) expectShape("stack", part, [part.shape[0], ...rest], "stack rows of one shape");
  const data = new Float32Array(parts.reduce((n, part) => n + part.data.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return { data, shape: [parts.reduce((n, part) => n + part.shape[0], 0), ...rest] };
}
