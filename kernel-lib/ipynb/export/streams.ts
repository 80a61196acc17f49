/** @file A cell's printed text as Jupyter's front ends show it: outputs of one stream that follow each other are one text, with \r and \b applied. */
import { joined, type Output, type StreamOutput } from "../nbformat.js";
import { createStreamText } from "../runner/stream-text.js";

/** A cell's outputs with its streams merged: a progress bar that a notebook holds in pieces ends as its last state. */
export function mergedStreams(outputs: readonly Output[]): Output[] {
  const merged: Output[] = [];
  for (const output of outputs) {
    const last = merged[merged.length - 1];
    if (output.output_type !== "stream") merged.push(output);
    else if (last?.output_type === "stream" && last.name === output.name)
      merged[merged.length - 1] = { ...last, text: joined(last.text) + joined(output.text) };
    else merged.push(output);
  }
  return merged.map((output) => (output.output_type === "stream" ? applied(output) : output));
}

function applied({ text, ...output }: StreamOutput): StreamOutput {
  const shown = createStreamText();
  shown.append(joined(text));
  return { ...output, text: shown.text() };
}
