/** @file `veduta serve`: a model for other machines, over HTTP. */
import type { Command } from "commander";
import { addModelOptions } from "./run-options.js";
import type { ServeDeps, ServeFlags } from "./serve-action.js";
import { wholeNumber } from "./values.js";

/** What the command is. */
export function serveCommand(command: Command, deps: ServeDeps): void {
  command.description(
    "Hold a model and answer the Open Inference Protocol (KServe v2) over HTTP: every command takes the address as --model, and openModel too. One call runs at a time; clients take turns.",
  );
  addModelOptions(command)
    .option("--host <name>", "address that is listened on; others than this machine's own need --token-file or --open", "127.0.0.1")
    .option("--port <n>", "port; 0: any that is free", wholeNumber(0), 8000)
    .option("--token-file <file>", "tokens, one a line, of which requests must have one; several: those of one token are one client")
    .option("--open", "answer anybody who reaches the address")
    .option("--batch <n>", "rows that a network call takes at most, where a client does not say; default 8, or what fits", wholeNumber(1))
    .option("--max-waiting <n>", "calls that wait; the next is refused", wholeNumber(1), 256)
    .addHelpText(
      "after",
      '\nExamples:\n  veduta serve --model sd2-base --host 0.0.0.0 --token-file tokens\n  VEDUTA_TOKEN=… veduta paint "mountains" --model http://gpu:8000\n',
    )
    .action(async (flags: ServeFlags) => (await import("./serve-action.js")).serve(flags, deps));
}
