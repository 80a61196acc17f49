/** @file The action of `veduta models random-weights`. */
import { bytesInWords, duration } from "../core/words.js";
import type { Architecture } from "../pipelines/random-weights/architectures.js";
import type { CheckpointLayout } from "../pipelines/random-weights/layouts.js";
import { writeRandomWeights } from "../pipelines/random-weights/write-random-weights.js";
import { createByteProgress } from "./byte-progress.js";
import { type CliDeps, InterruptedError } from "./command.js";

/** The flags of `veduta models random-weights`. */
export interface RandomWeightsFlags {
  readonly out: string;
  readonly layout?: CheckpointLayout;
  readonly precision: "fp32" | "fp16";
  readonly seed: number;
  readonly force?: true;
}

/** What `veduta models random-weights` needs. */
export type RandomWeightsDeps = Pick<CliDeps, "stdout" | "stderr" | "onInterrupt">;

/** Writes the folder. @throws InterruptedError if the user stops it */
export async function randomWeightsAction(
  name: string,
  architecture: Architecture,
  flags: RandomWeightsFlags,
  deps: RandomWeightsDeps,
): Promise<void> {
  const { out, layout, precision, seed, force } = flags;
  const stop = new AbortController();
  const stopListening = deps.onInterrupt(() => stop.abort());
  const begun = performance.now();
  const progress = createByteProgress(deps.stderr);
  try {
    const { dir, bytes, parameters } = await writeRandomWeights(architecture, out, {
      layout,
      precision,
      seed,
      existing: force ? "replace" : "refuse",
      signal: stop.signal,
      progress: (done, total) => progress.show(`${name}, ${precision}`, done, total),
    }).finally(progress.end);
    const seconds = Math.round((performance.now() - begun) / 100) / 10;
    deps.stdout.write(`${dir}\n${(parameters / 1e6).toFixed(1)} M parameters, ${bytesInWords(bytes)}, ${duration(seconds)}\n`);
  } catch (error) {
    if (stop.signal.aborted) throw new InterruptedError("Stopped; nothing was left behind.");
    throw error;
  } finally {
    stopListening();
  }
}
