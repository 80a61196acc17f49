/** @file A deviation of stock tslab from the protocol: it reports a cell's error as text on standard error, without an error message. */
import { type ErrorOutput, joined, type Output } from "../nbformat.js";

/** Finds a cell's error in its standard error. */
export function errorOfStderr(outputs: readonly Output[]): Omit<ErrorOutput, "output_type"> {
  const text = outputs
    .flatMap((output) => (output.output_type === "stream" && output.name === "stderr" ? [joined(output.text)] : []))
    .join("");
  const [, ename, evalue] = /^(?:Uncaught )?([A-Z]\w*(?:Error|Exception)?): (.*)/m.exec(text) ?? [];
  return { ename: ename ?? "Error", evalue: evalue ?? text.trim().split("\n", 1)[0], traceback: text.trimEnd().split("\n") };
}
