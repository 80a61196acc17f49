/** @file The library's errors. Each message says who refuses, what it got, what it wants, and what to do. */

/** A tensor has a shape that the callee does not accept. */
export class ShapeError extends Error {
  override name = "ShapeError";
  constructor(who: string, { got, want, fix }: { got: unknown; want: unknown; fix?: string }) {
    super(`${who}: got ${show(got)}, want ${show(want)}${fix ? `; ${fix}` : ""}`);
  }
}

/** A file or folder cannot be used. The message names the file, what was expected and what was found. */
export class CheckpointError extends Error {
  override name = "CheckpointError";
  readonly file: string;
  readonly expected: string;
  readonly found: string;
  constructor(file: string, { expected, found, fix }: { expected: string; found: string; fix?: string }) {
    super(`${file}: expected ${expected}, found ${found}${fix ? `; ${fix}` : ""}`);
    this.file = file;
    this.expected = expected;
    this.found = found;
  }
}

/** A notebook is malformed or cannot be written. The message names the file and the place in it, what was expected and what was found. */
export class NotebookError extends Error {
  override name = "NotebookError";
  constructor(where: string, { expected, found, fix }: { expected: string; found: string; fix?: string }) {
    super(`${where}: expected ${expected}, found ${found}${fix ? `; ${fix}` : ""}`);
  }
}

/** A notebook's kernel did not start, or a cell failed. The message names the cell and quotes its error. */
export class KernelError extends Error {
  override name = "KernelError";
}

/** The device is not available. The message lists those that are, and how to get the one asked for. */
export class DeviceError extends Error {
  override name = "DeviceError";
}

/** A run would not fit into memory. The message says how much it needs, for what, and how much is free. */
export class MemoryError extends Error {
  override name = "MemoryError";
}

/** A step produced NaN or infinity. The message names the first step and window where it appeared. Earlier records stay usable. */
export class NumericError extends Error {
  override name = "NumericError";
}

/** The server of a model does not answer, refuses, or answers with something else. The message names its address. */
export class ServerError extends Error {
  override name = "ServerError";
}

/** A record or a call needed a model that was closed. */
export class ClosedError extends Error {
  override name = "ClosedError";
}

const show = (x: unknown): string => (typeof x === "string" ? x : JSON.stringify(x));

/** The first line of an ONNX Runtime error, without the C++ condition that failed. */
export const reasonOf = (error: unknown): string => {
  const [line] = (error instanceof Error ? error.message : String(error)).split("\n");
  return line.replace(/^.* was false\. /, "");
};
