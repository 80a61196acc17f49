/** @file Tensors: float32 numbers and a shape. Images and latents are NCHW. */
import { ShapeError } from "./errors.js";

/** Row-major float32 numbers with their shape. Empty tensors (`[0]`) are legal. */
export interface Tensor {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** The length of each axis, outermost first. */
export type Shape = readonly number[];

/** A tensor in a device's memory, which later calls on the device use without a transfer. */
export interface DeviceTensor {
  /** the number of its buffer on the device */
  readonly buffer: number;
  readonly shape: Shape;
  /** Frees the memory; a second call does nothing. The garbage collector frees it too. */
  release(): void;
}

/** The number of elements of a shape; 1 for a scalar. */
export const sizeOf = (shape: Shape): number => shape.reduce((n, d) => n * d, 1);

/**
 * Creates a tensor. A Float32Array is used as it is, not copied.
 * @throws ShapeError if the shape is not whole numbers >= 0, or its size is not the number of values
 */
export function tensor(data: Float32Array | readonly number[], shape: Shape): Tensor {
  if (!shape.every((d) => Number.isInteger(d) && d >= 0)) throw new ShapeError("tensor", { got: shape, want: "whole numbers >= 0" });
  if (data.length !== sizeOf(shape))
    throw new ShapeError("tensor", { got: `${data.length} numbers for shape [${shape}]`, want: `${sizeOf(shape)} numbers` });
  return { data: data instanceof Float32Array ? data : Float32Array.from(data), shape: [...shape] };
}

/** A tensor of zeros. */
export const zeros = (shape: Shape): Tensor => tensor(new Float32Array(sizeOf(shape)), shape);

/** Refuses another shape than `want`, whose names stand for any length. @throws ShapeError that names `who` */
export function expectShape(who: string, got: Pick<Tensor, "shape">, want: readonly (number | string)[], fix?: string): void {
  const fits = got.shape.length === want.length && want.every((d, k) => typeof d === "string" || d === got.shape[k]);
  if (!fits) throw new ShapeError(who, { got: `[${got.shape}]`, want: `[${want}]`, fix });
}

/** Rows [from, to) of the first axis; shares memory with `x`. */
export function rows(x: Tensor, from: number, to: number): Tensor {
  const stride = sizeOf(x.shape.slice(1));
  return { data: x.data.subarray(from * stride, to * stride), shape: [to - from, ...x.shape.slice(1)] };
}

/** Concatenates tensors along the first axis; their other axes must be equal. */
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
