/** @file The numbers that a lesson prints, to compare one host with another: without times, free memory, and what only one host says. */
import { joined, type Notebook, type Output } from "#kernel-lib/ipynb/nbformat.js";

/** What a notebook's outputs say, in their order: streams, and the plain text of what is shown. Deno shows the value of a loop too, which is left out. */
export const printedIn = ({ cells }: Notebook): string =>
  cells
    .flatMap((cell) => (cell.cell_type === "code" ? cell.outputs.map(textOf) : []))
    .filter((text) => !/^\[the (viewer|plots) for this notebook's figures\]$/.test(text)) // a script has them as files
    .join("\n");

function textOf(output: Output): string {
  if (output.output_type === "stream") return joined(output.text);
  const { "text/plain": plain = "" } = (output.output_type === "display_data" ? output.data : {}) as Record<
    string,
    string | string[] | undefined
  >;
  return joined(plain);
}

/** Lines of a plain script alone: each step of a progress bar, and where the figures lie. */
const OF_SCRIPTS = [/^step \d+ of \d+ · .*$/gm, /^all figures: .*$/gm, /^\S*\/\d{3}\.\w+$/gm, / {2}\S*\/\d{3}\.\w+$/gm];

/** Times, and memory that is free, differ from run to run. */
const OF_RUNS = [
  /\d+ \w+ in \d+(:\d\d)+/g, // a bar of `progress` says it in a notebook only
  /[\d.]+ (µs|ms|s|seconds|minutes|hours|days)\b/g,
  /[\d.]+ .?B are free/g,
  /\ba batch of \d+ would fit/g,
];

/** All numbers of what a host printed, in their order, as they are written. */
export function numbersOf(printed: string): string[] {
  const text = [...OF_SCRIPTS, ...OF_RUNS].reduce((left, pattern) => left.replace(pattern, ""), withoutSeconds(printed));
  return text.match(/-?\d+(\.\d+)?(e[-+]?\d+)?/gi) ?? [];
}

/** Tables without their column of times; a line of strokes below the head says where a column begins and ends. */
function withoutSeconds(printed: string): string {
  const lines = printed.split("\n");
  let column: readonly [number, number] | undefined;
  return lines
    .map((line, k) => {
      const strokes = lines[k + 1] ?? "";
      if (/^─+( {2}─+)*$/.test(strokes))
        column = [...strokes.matchAll(/─+/g)]
          .map(({ index, 0: { length } }) => [index, index + length] as const)
          .find(([from, to]) => line.slice(from, to).trim() === "seconds");
      else if (column && line.length < column[1]) column = undefined;
      return column ? line.slice(0, column[0]) + line.slice(column[1]) : line;
    })
    .join("\n");
}
