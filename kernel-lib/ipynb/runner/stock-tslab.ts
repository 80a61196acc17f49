/** @file What stock tslab does otherwise than the protocol says: an error of a cell is text on standard error, with no message of its own. */
import { type ErrorOutput, joined, type Output } from "../nbformat.js";

/** The error that a cell's standard error tells of. */
export function errorOfStderr(outputs: readonly Output[]): Omit<ErrorOutput, "output_type"> {
  const text = outputs
    .flatMap((output) => (output.output_type === "stream" && output.name === "stderr" ? [joined(output.text)] : []))
    .join("");
  const [, ename, evalue] = /^(?:Uncaught )?([A-Z]\w*(?:Error|Exception)?): (.*)/m.exec(text) ?? [];
  return { ename: ename ?? "Error", evalue: evalue ?? text.trim().split("\n", 1)[0], traceback: text.trimEnd().split("\n") };
}
