/** @file `veduta sweep`: the runs of a plan, into one folder; how far it is, and its report. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { DEVICE_CHOICES } from "../engine/device.js";
import { PRECISIONS } from "../graph/half.js";
import { parseShard, type Shard } from "../sweeps/shard.js";
import type { CliDeps } from "./command.js";
import type { SweepFlags } from "./sweep-action.js";
import type { CancelFlags, StatusFlags } from "./sweep-look-action.js";
import { wholeNumber } from "./values.js";

/** What the command is. */
export function sweepCommand(command: Command, deps: CliDeps): void {
  command
    .description(
      "Paint the runs of a plan that are not in the folder yet: every combination of the plan's lists. Stopped or killed, the same command goes on where it was.",
    )
    .argument("<plan>", 'JSON: { "format": 1, "fixed": { … }, "grid": { "seed": { "from": 0, "count": 10 }, … } }')
    .option("--out <dir>", "the sweep's folder; required")
    .option(
      "--workers <n>",
      "child processes; default one for each core as far as memory goes, one on a GPU; with --queue none",
      wholeNumber(1),
    )
    .option("--threads <n>", "of each; default the cores, shared among them", wholeNumber(1))
    .addOption(queueOption())
    .addOption(
      new Option("--shard <i/n>", "only the runs i, i+n, i+2n, …, from 0: for job arrays that share the folder").argParser(shardOf),
    )
    .option("--detach", "with --queue: end once the runs are in the queue")
    .option("--retry-failed", "try failed runs again")
    .option("--attempts <n>", "of a run that fails", wholeNumber(1), 3)
    .option("--dry-run", "say how many runs are there and missing, and what they would take; write nothing")
    .addOption(
      new Option("--keep <parts>", "what each run keeps beside its picture and its steps: report, foreseen")
        .argParser(keptParts)
        .default([], "nothing"),
    )
    .option("--model <path>", "a checkpoint's folder, single file or name; default the plan's, else the bundled one")
    .addOption(new Option("--device <name>", "where the networks run; default the plan's, else auto").choices(DEVICE_CHOICES))
    .addOption(new Option("--precision <name>", "of the U-Net; default float16 on cuda, float32 on cpu and webgpu").choices(PRECISIONS))
    .option("--batch <n>", "windows per network call; default from the memory that is free", wholeNumber(1))
    .addHelpText(
      "after",
      "\nExamples:\n  veduta sweep plan.json --out runs/lakes\n  veduta sweep plan.json --out /shared/lakes --queue redis://head\n  veduta sweep plan.json --out /shared/lakes --shard 3/16\n  veduta sweep status runs/lakes\n",
    )
    .action(async (plan: string, flags: SweepFlags) => (await import("./sweep-action.js")).sweepAction(plan, flags, deps));
  const look = () => import("./sweep-look-action.js");
  command
    .command("status")
    .description("Say how many runs of a sweep are there, failed, missing and under way.")
    .argument("<dir>", "the sweep's folder")
    .addOption(queueOption())
    .option("--json", "as JSON")
    .option("--prometheus", "as Prometheus' text; with --queue the queue's too")
    .action(async (dir: string, flags: StatusFlags) => (await look()).statusAction(dir, withQueue(command, flags), deps));
  command
    .command("report")
    .description("Measure what the plan names, and write report.html and table.csv, from the runs that are there.")
    .argument("<dir>", "the sweep's folder")
    .action(async (dir: string) => (await look()).reportAction(dir, deps));
  command
    .command("cancel")
    .description("Take a sweep's waiting runs out of the queue; those under way stop within one network call. What is there stays.")
    .argument("<dir>", "the sweep's folder")
    .addOption(queueOption())
    .action(async (dir: string, flags: CancelFlags) => (await look()).cancelAction(dir, withQueue(command, flags), deps));
}

const queueOption = (): Option => new Option("--queue <url>", "a Redis whose workers paint: redis://, rediss://").env("VEDUTA_QUEUE");

/** A flag of the same name before the subcommand's word is the command's own. */
const withQueue = <F extends { readonly queue?: string }>(command: Command, flags: F): F => ({
  ...flags,
  queue: flags.queue ?? command.opts().queue,
});

function shardOf(word: string): Shard {
  try {
    return parseShard(word);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message.replace(/^got/, "Got"));
  }
}

const PARTS = ["report", "foreseen"] as const;

function keptParts(words: string): readonly (typeof PARTS)[number][] {
  const parts = words
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "panorama" && word !== "steps"); // always kept
  const wrong = parts.find((word) => !(PARTS as readonly string[]).includes(word));
  if (wrong !== undefined) throw new InvalidArgumentError(`Want some of ${PARTS.join(", ")}, separated by commas.`);
  return parts as (typeof PARTS)[number][];
}
