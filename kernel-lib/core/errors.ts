/** @file The errors a reader of Veduta meets. Each says who, got, want and what to do. The only classes with `extends`. */

/** An operator, or a tensor, whose shape does not fit. */
export class ShapeError extends Error {
  override name = "ShapeError";
  constructor(who: string, { got, want, fix }: { got: unknown; want: unknown; fix?: string }) {
    super(`${who}: got ${show(got)}, want ${show(want)}${fix ? `; ${fix}` : ""}`);
  }
}

/** A checkpoint's file or folder that does not fit: which file, what was expected, what was found. */
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

/** A notebook that does not fit, or cannot be kept: which place of which file, what was expected, what was found. */
export class NotebookError extends Error {
  override name = "NotebookError";
  constructor(where: string, { expected, found, fix }: { expected: string; found: string; fix?: string }) {
    super(`${where}: expected ${expected}, found ${found}${fix ? `; ${fix}` : ""}`);
  }
}

/** A notebook's kernel that does not start, or a cell of it that failed: which cell, and what it said. */
export class KernelError extends Error {
  override name = "KernelError";
}

/** A device that is not there: which are, and how to get it. */
export class DeviceError extends Error {
  override name = "DeviceError";
}

/** A run that would not fit into memory: what it needs, for what, and what is free. */
export class MemoryError extends Error {
  override name = "MemoryError";
}

/** NaN or infinity in a step: the step and the window where it was seen first. Earlier records stay usable. */
export class NumericError extends Error {
  override name = "NumericError";
}

/** The model was closed, and a record or a call needed it. */
export class ClosedError extends Error {
  override name = "ClosedError";
}

const show = (x: unknown): string => (typeof x === "string" ? x : JSON.stringify(x));

/** What ONNX Runtime says of a failure, in one line and without the C++ condition that failed. */
export const reasonOf = (error: unknown): string => {
  const [line] = (error instanceof Error ? error.message : String(error)).split("\n");
  return line.replace(/^.* was false\. /, "");
};
