/** @file The number formats of a safetensors file, and how each widens to float32. */

/** A number format as a safetensors header names it. */
export type Dtype = "F64" | "F32" | "F16" | "BF16" | "I64" | "I32" | "I16" | "I8" | "U8" | "BOOL";

/** Bytes of one number. */
export const DTYPE_BYTES: Readonly<Record<Dtype, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

/** Whether a word is a number format. */
export const isDtype = (name: unknown): name is Dtype => typeof name === "string" && Object.hasOwn(DTYPE_BYTES, name);

let halves: Float32Array | undefined;

/** Every float16 by its bits: (-1)^s · 2^(e-15) · (1 + m/1024); e = 0 is subnormal, e = 31 infinity or NaN (IEEE 754). */
function halfTable(): Float32Array {
  halves ??= Float32Array.from({ length: 65536 }, (_, bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const mantissa = bits & 1023;
    if (exponent === 31) return mantissa ? Number.NaN : sign * Number.POSITIVE_INFINITY;
    return exponent === 0 ? sign * mantissa * 2 ** -24 : sign * 2 ** (exponent - 15) * (1 + mantissa / 1024);
  });
  return halves;
}

/** Little-endian bytes of one format, as float32. F64 and I64 round to nearest; BOOL is 0 or 1. */
export function widen(bytes: Uint8Array, dtype: Dtype): Float32Array {
  const n = bytes.byteLength / DTYPE_BYTES[dtype];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out = new Float32Array(n);
  switch (dtype) {
    case "F32":
      // Bits, not values: a NaN keeps its payload.
      new Uint8Array(out.buffer).set(bytes);
      break;
    case "BF16": {
      const bits = new Uint32Array(out.buffer);
      for (let k = 0; k < n; k++) bits[k] = view.getUint16(2 * k, true) << 16;
      break;
    }
    case "F16": {
      const table = halfTable();
      for (let k = 0; k < n; k++) out[k] = table[view.getUint16(2 * k, true)];
      break;
    }
    case "F64":
      for (let k = 0; k < n; k++) out[k] = view.getFloat64(8 * k, true);
      break;
    case "I64":
      for (let k = 0; k < n; k++) out[k] = Number(view.getBigInt64(8 * k, true));
      break;
    case "I32":
      for (let k = 0; k < n; k++) out[k] = view.getInt32(4 * k, true);
      break;
    case "I16":
      for (let k = 0; k < n; k++) out[k] = view.getInt16(2 * k, true);
      break;
    case "I8":
      for (let k = 0; k < n; k++) out[k] = view.getInt8(k);
      break;
    case "U8":
      out.set(bytes);
      break;
    case "BOOL":
      for (let k = 0; k < n; k++) out[k] = bytes[k] ? 1 : 0;
      break;
  }
  return out;
}

/** Float32 to float16, to the nearest, ties to even; beyond 65504 becomes infinity as IEEE 754 rounds it. */
export function toHalf(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return Uint16Array.from(bits, (x) => {
    const sign = (x >>> 16) & 0x8000;
    const magnitude = x & 0x7fffffff;
    if (magnitude >= 0x7f800000) return sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7c00);
    if (magnitude >= 0x47800000) return sign | 0x7c00;
    if (magnitude < 0x38800000) return sign | roundEven(Math.abs(asFloat(magnitude)) * 2 ** 24);
    // Rebias the exponent by 112 and drop 13 bits; a carry out of the mantissa is the next exponent, as it should be.
    const rebased = magnitude - 0x38000000;
    return sign | ((rebased + 0xfff + ((rebased >>> 13) & 1)) >>> 13);
  });
}

const scratch = new DataView(new ArrayBuffer(4));
function asFloat(bits: number): number {
  scratch.setUint32(0, bits);
  return scratch.getFloat32(0);
}
function roundEven(x: number): number {
  const low = Math.floor(x);
  const rest = x - low;
  return rest > 0.5 || (rest === 0.5 && low % 2 === 1) ? low + 1 : low;
}
