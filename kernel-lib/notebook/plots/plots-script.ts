/** @file The built script of the figures, Plotly within, to be put into a page once. */
import { readFileSync } from "node:fs";
import { CheckpointError } from "../../core/errors.js";

let script: string | undefined;

/** @throws CheckpointError where it was not built */
export function plotsScript(): string {
  const file = new URL("../../../viewer/veduta-plots.js", import.meta.url);
  try {
    script ??= readFileSync(file, "utf8")
      .replace(/<\/(script)/gi, "<\\/$1")
      .replace(/<!--/g, "<\\!--");
  } catch {
    throw new CheckpointError(file.pathname, { expected: "the figures' script", found: "no file", fix: "run npm run build" });
  }
  return script;
}
