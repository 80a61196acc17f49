/** @file The action of `veduta models convert frido`. */
import { basename } from "node:path";
import { bytesInWords, duration } from "../core/words.js";
import { convertFrido } from "../pipelines/convert-frido.js";
import { createByteProgress } from "./byte-progress.js";
import { type CliDeps, InterruptedError } from "./command.js";

/** The flags of `veduta models convert frido`. */
export interface ConvertFridoFlags {
  readonly out: string;
  readonly classes?: string;
  readonly vocabulary?: string;
  readonly force?: true;
}

/** What `veduta models convert` needs. */
export type ConvertDeps = Pick<CliDeps, "stdout" | "stderr" | "onInterrupt">;

/** Writes the folder. @throws InterruptedError if the user stops it */
export async function convertFridoAction(ckpt: string, yaml: string, flags: ConvertFridoFlags, deps: ConvertDeps): Promise<void> {
  const { out, classes, vocabulary, force } = flags;
  const stop = new AbortController();
  const stopListening = deps.onInterrupt(() => stop.abort());
  const begun = performance.now();
  const progress = createByteProgress(deps.stderr);
  try {
    const { dir, bytes, parameters, notices } = await convertFrido(ckpt, yaml, out, {
      classes,
      vocabulary,
      existing: force ? "replace" : "refuse",
      signal: stop.signal,
      progress: (done, total) => progress.show(basename(ckpt), done, total),
    }).finally(progress.end);
    for (const notice of notices) deps.stderr.write(`${notice}\n`);
    const seconds = Math.round((performance.now() - begun) / 100) / 10;
    deps.stdout.write(`${dir}\n${(parameters / 1e6).toFixed(1)} M parameters, ${bytesInWords(bytes)}, ${duration(seconds)}\n`);
  } catch (error) {
    if (stop.signal.aborted) throw new InterruptedError("Stopped; nothing was left behind.");
    throw error;
  } finally {
    stopListening();
  }
}
