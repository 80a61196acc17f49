/** @file Numbers of a constant as the bytes of an initializer. */
/** The bytes of numbers in a number format. @throws TypeError for a format that constants are not written in */
export function constantBytes(numbers: readonly number[] | Float32Array, dtype: string): Uint8Array {
  const array =
    dtype === "float32"
      ? Float32Array.from(numbers)
      : dtype === "int64"
        ? BigInt64Array.from(Array.from(numbers, BigInt))
        : dtype === "int32"
          ? Int32Array.from(numbers)
          : undefined;
  if (!array) throw new TypeError(`Graph.constant: got dtype ${dtype}, want float32, int64 or int32; cast after it`);
  return new Uint8Array(array.buffer);
}
