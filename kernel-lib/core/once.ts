/** @file A value that is made when it is first asked for. */

/** A function that makes its value at the first call and gives it again at every other. One that throws is tried again. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
