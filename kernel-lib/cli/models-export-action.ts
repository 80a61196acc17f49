/** @file The action of `veduta models export`. */
import { bytesInWords, duration } from "../core/words.js";
import type { Prediction } from "../diffusion/notation.js";
import type { Precision } from "../graph/half.js";
import { exportModel } from "../pipelines/serving/export-model.js";
import type { ExportName, PanoramaSize } from "../pipelines/serving/exported-functions.js";
import { type CliDeps, UsageError } from "./command.js";

/** The flags of `veduta models export`. */
export interface ExportFlags {
  readonly out: string;
  readonly what: readonly ExportName[];
  readonly batch: number;
  readonly width?: readonly number[];
  readonly height?: readonly number[];
  readonly precision: Precision;
  readonly prediction?: Prediction;
  readonly keeps?: "all" | "ends";
  readonly timestepEmbedding: "computed" | "fed";
  readonly layout: "triton" | "flat";
  readonly copy?: true;
  readonly force?: true;
}

/** What `veduta models export` needs. */
export type ExportDeps = Pick<CliDeps, "stdout">;

/** Writes the folder. @throws UsageError for sizes that do not fit */
export async function exportModelAction(name: string, flags: ExportFlags, { stdout }: ExportDeps): Promise<void> {
  const { out, what, batch, precision, prediction, keeps, timestepEmbedding, layout, copy, force } = flags;
  const begun = performance.now();
  const written = await exportModel(name, out, {
    ...{ what, batch, precision, prediction, keeps, timestepEmbedding, layout },
    sizes: panoramas(flags),
    weights: copy ? "copied" : "linked",
    existing: force ? "replace" : "refuse",
  }).catch((error: unknown) => {
    throw error instanceof RangeError ? new UsageError(error.message, { cause: error }) : error;
  });
  const lines = written.models.map((model) => `${model.name}: ${model.nodes} nodes, ${bytesInWords(model.bytes)}\n`);
  const seconds = Math.round((performance.now() - begun) / 100) / 10;
  stdout.write(
    `${written.dir}\n${lines.join("")}weights: ${bytesInWords(written.weightBytes)}, ${written.weights}; ${duration(seconds)} in all\n`,
  );
}

/** The sizes of --width and --height, in pairs. */
function panoramas({ width = [], height = [] }: ExportFlags): readonly (Pick<PanoramaSize, "width"> & Partial<PanoramaSize>)[] {
  if (height.length > 0 && height.length !== width.length)
    throw new UsageError(
      `--height stands ${height.length} times and --width ${width.length}; give one for each width, or none for panoramas as high as a window`,
    );
  return width.map((px, k) => ({ width: px, ...(height[k] !== undefined && { height: height[k] }) }));
}
