/** @file `veduta work`: a worker of a queue. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { CliDeps } from "./command.js";
import { addControlNetOption, addModelOptions } from "./run-options.js";
import { number, wholeNumber } from "./values.js";
import type { FolderPlace, WorkFlags } from "./work-action.js";

/** What the command is. */
export function workCommand(command: Command, deps: CliDeps): void {
  command
    .description(
      "Paint the runs that veduta sweep --queue puts into the queue of one model: loaded once, one run at a time, into the sweep's folder, which this machine must see.",
    )
    .addOption(new Option("--queue <url>", "the Redis: redis://, rediss://; required").env("VEDUTA_QUEUE"));
  addControlNetOption(addModelOptions(command))
    .option("--batch <n>", "windows per network call; default from the memory that is free", wholeNumber(1))
    .addOption(new Option("--at <from=to>", "this machine sees the folder FROM as TO; stands once for each").argParser(placeOf))
    .option("--once", "end when no run waits")
    .option("--for <minutes>", "take no new run after so many minutes", number(0))
    .addHelpText(
      "after",
      "\nExamples:\n  veduta work --queue redis://head --model sd2-base\n  veduta work --queue redis://head --at /shared=/mnt/lab --once\n",
    )
    .action(async (flags: WorkFlags) => (await import("./work-action.js")).workAction(flags, deps));
}

function placeOf(word: string, before: readonly FolderPlace[] | undefined): readonly FolderPlace[] {
  const [, from, to] = /^(\/[^=]*)=(.+)$/.exec(word) ?? [];
  if (from === undefined) throw new InvalidArgumentError("Want FROM=TO, two absolute folders such as /shared=/mnt/lab.");
  return [...(before ?? []), { from, to }];
}
