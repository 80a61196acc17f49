/** @file What `veduta models fabricate` does. */
import { bytesInWords, duration } from "../core/words.js";
import type { Architecture } from "../pipelines/fabricate/architectures.js";
import { fabricate } from "../pipelines/fabricate/fabricate.js";
import { createByteProgress } from "./byte-progress.js";
import { type CliDeps, InterruptedError } from "./command.js";

export interface FabricateFlags {
  readonly out: string;
  readonly precision: "fp32" | "fp16";
  readonly seed: number;
  readonly force?: true;
}

/** What fabricating needs of the command line. */
export type FabricateDeps = Pick<CliDeps, "stdout" | "stderr" | "onInterrupt">;

/** Writes the folder. @throws InterruptedError where the user stops it */
export async function fabricateModel(name: string, architecture: Architecture, flags: FabricateFlags, deps: FabricateDeps): Promise<void> {
  const { out, precision, seed, force } = flags;
  const stop = new AbortController();
  const deaf = deps.onInterrupt(() => stop.abort());
  const begun = performance.now();
  const progress = createByteProgress(deps.stderr);
  try {
    const { dir, bytes, parameters } = await fabricate(architecture, out, {
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
    deaf();
  }
}
