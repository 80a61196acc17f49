/** @file `veduta models fabricate`: a checkpoint of a published architecture, filled with random numbers. */
import { Argument, type Command, Option } from "commander";
import { gigabytes } from "../core/bytes.js";
import { ARCHITECTURES, type Architecture } from "../fabricate/architectures.js";
import { fabricate } from "../fabricate/fabricate.js";
import { duration } from "../notebook/report.js";
import { createByteProgress } from "./byte-progress.js";
import { type CliDeps, InterruptedError } from "./paint.js";
import { wholeNumber } from "./values.js";

interface FabricateFlags {
  readonly out: string;
  readonly precision: "fp32" | "fp16";
  readonly seed: number;
  readonly force?: true;
}

/** What fabricating needs of the command line. */
export type FabricateDeps = Pick<CliDeps, "stdout" | "stderr" | "onInterrupt">;

/**
 * Adds the command to the group `veduta models`.
 * @param architectures by the names that the command takes
 */
export function fabricateCommand(
  models: Command,
  deps: FabricateDeps,
  architectures: Readonly<Record<string, Architecture>> = ARCHITECTURES,
): void {
  models
    .command("fabricate")
    .summary("write a full-size checkpoint of random numbers")
    .description(
      "Write a diffusers folder of a published architecture, filled with random numbers: time and memory are those of the trained model, its pictures show nothing.",
    )
    .addArgument(new Argument("<architecture>", "whose sizes").choices(Object.keys(architectures)))
    .requiredOption("--out <dir>", "the folder")
    .addOption(new Option("--precision <name>", "of the numbers in the files").choices(["fp32", "fp16"]).default("fp32"))
    .option("--seed <n>", "names the numbers", wholeNumber(0), 0)
    .option("--force", "replace a checkpoint that the folder holds already")
    .action((name: string, flags: FabricateFlags) => run(name, architectures[name], flags, deps));
}

async function run(name: string, architecture: Architecture, flags: FabricateFlags, deps: FabricateDeps): Promise<void> {
  const { out, precision, seed, force } = flags;
  const stop = new AbortController();
  const deaf = deps.onInterrupt(() => stop.abort());
  const begun = performance.now();
  const progress = createByteProgress({ doing: `${name}, ${precision}:`, out: deps.stderr });
  try {
    const { dir, bytes, parameters } = await fabricate(architecture, out, {
      precision,
      seed,
      existing: force ? "replace" : "refuse",
      signal: stop.signal,
      progress: progress.show,
    }).finally(progress.end);
    const seconds = Math.round((performance.now() - begun) / 100) / 10;
    deps.stdout.write(`${dir}\n${(parameters / 1e6).toFixed(1)} M parameters, ${gigabytes(bytes)}, ${duration(seconds)}\n`);
  } catch (error) {
    if (stop.signal.aborted) throw new InterruptedError("Stopped; nothing was left behind.");
    throw error;
  } finally {
    deaf();
  }
}
